/** Text of the settings page. */
import { say } from '$lib/i18n'

export const settings = say({
  'settings.appearance': 'Appearance',
  'settings.theme': 'Theme',
  'settings.theme.system': 'System',
  'settings.theme.dark': 'Dark',
  'settings.theme.light': 'Light',
  'settings.theme.contrast': 'High contrast',
  'settings.density': 'Density',
  'settings.density.compact': 'Compact',
  'settings.density.default': 'Default',
  'settings.density.comfortable': 'Comfortable',
  'settings.textSize': 'Text size',
  'settings.textReset': 'Reset to 100%',

  'settings.keyboard': 'Keyboard',
  'settings.singleKeys': 'Single-key shortcuts',
  'settings.singleKeysHelp': 'Keys like n and / act at once outside text fields. Turn off if you use voice or switch control.',
  'settings.showShortcuts': 'Show keyboard shortcuts',
  'settings.guideShow': 'Show the first steps',

  'settings.storage': 'Storage',
  'settings.workspace': 'Workspace folder',
  'settings.workspaceHelp': 'Everything is in this folder. Copy it to back it up; close Maquette before you move it.',
  'settings.copyPath': 'Copy path',
  'settings.trashEmpty': 'empty',
  'settings.openTrash': 'Open trash',
  'settings.started': 'Running since',

  'settings.doctor': 'System check',
  'settings.toHealth': 'Memory, jobs and space: Health',
  'settings.check.ok': 'Good',
  'settings.check.warning': 'Could be better',
  'settings.check.failed': 'Not working',

  'settings.about': 'About',
  'settings.version': 'Version',
  'settings.licence': 'Licence',
  'settings.privacy': 'Everything stays on this computer: no account, no telemetry, and nothing is loaded from elsewhere.',
  'settings.api': 'HTTP API description',
} as const)
