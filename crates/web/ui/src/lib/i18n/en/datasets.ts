/** Words of the datasets pages. */
export const datasets = {} as const
