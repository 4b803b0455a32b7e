/** Words of the help that are said outside of its pages. */
export const help = {
  'help.title': 'Help',
  'help.thisPage': 'Guide to this page: {title}',
  'help.all': 'All topics',
  'help.group': 'Help',
} as const
