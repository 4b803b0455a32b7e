/** Words of imports that are said outside of their pages. */
export const imports = {
  'import.pending': 'Unfinished imports',
  'import.finish': 'Add to library',
} as const
