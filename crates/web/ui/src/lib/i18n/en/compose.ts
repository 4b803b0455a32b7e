/** Text about where a setting comes from. */
export const compose = {
  'origin.default': 'Default',
  'origin.preset': 'Preset',
  'origin.dataset': 'Dataset',
  'origin.setting': 'Changed',
  'originHelp.default': 'The default',
  'originHelp.preset': 'Set by the preset',
  'originHelp.dataset': 'Taken from the dataset',
  'originHelp.switch': 'Set by this switch',
  'originHelp.setting': 'Changed by you for this run',
} as const
