/** Text of the help pages. */
import { say } from '$lib/i18n'

export const helpPages = say({
  'help.intro': 'How to get from a folder of recordings to a model that you can play, and what to do when something goes wrong.',
  'help.search': 'Search the guide',
  'help.placeholder': 'Search the guide, like latency or out of memory',
  'help.found': 'Results',
  'help.results_one': '{n} result',
  'help.results_other': '{n} results',
  'help.none': 'Nothing in the guide matches “{query}”.',
  'help.notLoaded': 'The guide could not be loaded. Reload the page.',
  'help.topics': 'Topics',
  'help.onThisPage': 'On this page',
  'help.neighbours': 'Previous and next topic',
  'help.previous': 'Previous',
  'help.next': 'Next',
  'help.open': 'Open {page}',
  'help.keys': 'Keyboard shortcuts',
  'help.keysText': 'Every key that does something, here and anywhere.',
})
