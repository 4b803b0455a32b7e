/** Words of projects that are said on every page: the switcher, moving things, which project something is of. */
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
