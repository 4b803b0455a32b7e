/** Words of the runs pages. */
export const runs = {} as const
