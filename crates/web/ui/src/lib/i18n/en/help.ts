/** Text about the guide used outside its pages. */
export const help = {
  'help.title': 'Help',
  'help.thisPage': 'Guide to this page: {title}',
  'help.all': 'All topics',
  'help.group': 'Help',
} as const
