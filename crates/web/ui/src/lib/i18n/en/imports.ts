/** Text about imports used outside their pages. */
export const imports = {
  'import.pending': 'Unfinished imports',
  'import.finish': 'Add to library',
} as const
