/** Words of the models pages. */
export const models = {} as const
