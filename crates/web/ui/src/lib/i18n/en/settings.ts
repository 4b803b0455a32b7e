/** Words of the settings page. */
export const settings = {
  'settings.appearance': 'Appearance',
  'settings.theme': 'Theme',
  'settings.theme.system': 'As the system',
  'settings.theme.dark': 'Dark',
  'settings.theme.light': 'Light',
  'settings.theme.contrast': 'High contrast',
  'settings.density': 'Density',
  'settings.density.compact': 'Compact',
  'settings.density.default': 'Default',
  'settings.density.comfortable': 'Comfortable',
  'settings.textSize': 'Text size',
  'settings.textReset': 'Back to 100%',

  'settings.keyboard': 'Keyboard',
  'settings.singleKeys': 'Single-key shortcuts',
  'settings.singleKeysHelp': 'Keys like n and / act at once outside text fields. Turn them off if you speak or switch your input.',
  'settings.showShortcuts': 'Show all shortcuts',

  'settings.guide': 'First steps',
  'settings.guideHelp': 'The list of first steps on the dashboard.',
  'settings.guideShow': 'Show the first steps',

  'settings.workspace': 'Workspace',
  'settings.workspaceHelp': 'Everything is in this folder: datasets, runs and models. To keep it safe, copy it; to move it, move it while Maquette is closed.',
  'settings.copyPath': 'Copy the path',
  'settings.started': 'Studio started',

  'settings.doctor': 'What this computer has',
  'settings.check.ok': 'Good',
  'settings.check.warning': 'Could be better',
  'settings.check.failed': 'Does not work',

  'settings.about': 'About',
  'settings.version': 'Version',
  'settings.licence': 'Licence',
  'settings.privacy': 'Nothing leaves this computer: there is no account, no telemetry, and no page loads anything from elsewhere.',
  'settings.api': 'For programs: the same verbs over HTTP',
} as const
