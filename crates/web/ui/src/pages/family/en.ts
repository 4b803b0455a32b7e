/** Text of family trees. */
import { say } from '$lib/i18n'

export const familyPages = say({
  'family.title': 'Family tree',
  'family.picture': 'What {name} was made from, and what was made from it. Arrow keys move between members, Enter opens one.',
  'family.none': 'Nothing has been made from it yet.',
  'family.alone': 'Nothing has been made from it yet, and nothing is known about what it was made from.',
  'family.cut': 'There are more than can be shown.',
  'family.gone': 'no longer there',
  'family.this': 'this one',
  'family.asList': 'As a list',
  'family.of': '{how} {parent}',
  'family.memberOf': '{name}, {kind}',

  'kin.sound': 'kept sound',
  'kin.generated': 'generated sound',
  'kin.pattern': 'pattern',
  'kin.item': 'library sound',
  'kin.dataset': 'dataset sound',
  'kin.file': 'file',
  'kin.model': 'model',
  'kin.flow': 'flow run',
} as const)
