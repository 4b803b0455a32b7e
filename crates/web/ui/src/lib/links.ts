// Addresses of pages.

/** As many runs as charts have colours for. */
export const MOST_COMPARED = 4
/** The page that compares runs. */
export const compareHref = (ids: readonly string[]): string => `/compare?ids=${ids.map(encodeURIComponent).join(',')}`
