/** Text of the list of all jobs, and of the generic job page. */
import { say } from '$lib/i18n'

export const jobs = say({
  'jobs.about': 'Everything that Maquette has worked on, and what is running or waiting.',
  'jobs.name': 'Name',
  'jobs.kind': 'Makes',
  'jobs.state': 'State',
  'jobs.took': 'Time',
  'jobs.created': 'Queued',
  'jobs.search': 'Filter, like notes or state:failed',
  'jobs.emptyTitle': 'No jobs yet',
  'jobs.emptyText': 'Prepare a dataset or train a model, and it shows up here.',
  'jobs.open': 'Open',
  'jobs.details': 'Log and files',
  'jobs.hurry': 'To the front',
  'jobs.hurried': '“{name}” goes first now',
  'jobs.stopFirst': 'Stop it first',
  'jobs.deletedOne': '“{name}” deleted',
  'jobs.deleted_one': '{n} job deleted',
  'jobs.deleted_other': '{n} jobs deleted',
  'jobs.askOne': 'Delete “{name}” forever?',
  'jobs.askMany_one': 'Delete {n} job forever?',
  'jobs.askMany_other': 'Delete {n} jobs forever?',
  'jobs.askText': 'Jobs of this kind do not go to the trash: what they made is gone at once.',

  'jobPage.log': 'Log',
  'jobPage.logEmpty': 'Nothing was printed.',
  'jobPage.logCut': 'Only the end of it is shown.',
  'jobPage.files': 'Files',
  'jobPage.download': 'Download {name}',
})
