/** Text about projects used on every page: the switcher, moving items, naming an item's project. */
export const projects = {
  'projects.title': 'Projects',
  'projects.one': 'Project',
  'projects.all': 'All projects',
  'projects.shown': 'Project: {name}',
  'projects.switchTo': 'Switch to project {name}',
  'projects.new': 'New project…',
  'projects.manage': 'Manage projects',
  'projects.manageAll': 'All {n} projects…',
  'projects.gone': 'The project you were in is gone. You now see all projects.',
  'projects.move': 'Move to project…',
} as const
