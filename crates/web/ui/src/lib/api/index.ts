// What pages can ask of the studio: one function a verb, in the order of the lists they work on.

import { answer, client, filePath, path, sendFile } from './request'
import type { Control, FileKind, FolderListing, ExportTask, ImportTask, Limit, NewComposition, NewDataset, NewModel, NewPreset, NewRun, PresetFile, Reconstruction, TrashItem, Upload } from './types'

export { ProblemError, problemOf } from './problem'
export * from './projects'
export type * from './types'

type Signal = AbortSignal | undefined
/** What openapi-fetch wants, from what verbs are given. */
const at = (id: string) => ({ params: { path: { id } } })
const until = (signal: Signal) => ({ signal: signal ?? null })

// The computer and the studio
export const health = (signal?: Signal) => answer(client.GET('/api/health', until(signal)))
export const machine = (signal?: Signal) => answer(client.GET('/api/machine', until(signal)))
export const doctor = (signal?: Signal) => answer(client.GET('/api/doctor', until(signal)))
export const families = (signal?: Signal) => answer(client.GET('/api/families', until(signal)))
export const jobs = (signal?: Signal) => answer(client.GET('/api/jobs', until(signal)))
/** Every kind of job, and what can be asked of jobs of it. */
export const kinds = (signal?: Signal) => answer(client.GET('/api/kinds', until(signal)))
/** Every job, also those that have ended, newest first. */
export const allJobs = (signal?: Signal) =>
  answer(client.GET('/api/jobs', { params: { query: { all: true } }, ...until(signal) }))
export const job = (id: string, signal?: Signal) => answer(client.GET('/api/jobs/{id}', { ...at(id), ...until(signal) }))
/** Ends it; what it has made so far is kept or goes with it, as its kind has it. */
export const cancelJob = (id: string) => answer(client.POST('/api/jobs/{id}/cancel', at(id)))
export const restartJob = (id: string) => answer(client.POST('/api/jobs/{id}/restart', at(id)))
/** Into the trash where its kind has that, else for good. */
export const deleteJob = (id: string) => answer(client.DELETE('/api/jobs/{id}', at(id)))
export const restoreJob = (id: string) => answer(client.POST('/api/jobs/{id}/restore', at(id)))
export const jobLog = (id: string, signal?: Signal) =>
  answer(client.GET('/api/jobs/{id}/log', { ...at(id), ...until(signal) }))
export const jobFiles = (id: string, signal?: Signal) =>
  answer(client.GET('/api/jobs/{id}/files', { ...at(id), ...until(signal) }))
export const jobFileUrl = (id: string, file: string) => filePath('jobs', id, file)
/** Puts a job aside that has ended, until it is queued again. */
export const dismissJob = (id: string) => answer(client.POST('/api/jobs/{id}/dismiss', at(id)))
/** A folder on this computer, with its files of a kind; the home folder without a path. */
export const folders = (from: string | undefined, files: FileKind, signal?: Signal): Promise<FolderListing> =>
  answer(client.GET('/api/folders', { params: { query: { ...(from === undefined ? {} : { path: from }), files } }, ...until(signal) }))

// The trash, and what cannot be read
/** What was deleted, newest first. */
export const trash = (signal?: Signal) => answer(client.GET('/api/trash', until(signal)))
export const restoreItem = ({ list, id }: Pick<TrashItem, 'list' | 'id'>) =>
  answer(client.POST('/api/trash/{list}/{id}/restore', { params: { path: { list, id } } }))
/** Deletes it for good; its space is free at once. */
export const deleteForever = ({ list, id }: Pick<TrashItem, 'list' | 'id'>) =>
  answer(client.DELETE('/api/trash/{list}/{id}', { params: { path: { list, id } } }))
export const emptyTrash = () => answer(client.DELETE('/api/trash'))
/** Folders of the library that could not be read. */
export const unreadable = (signal?: Signal) => answer(client.GET('/api/unreadable', until(signal)))

// Imports
/** Takes a folder of our own, of another workspace, at once. */
export const importFolder = (from: string) => answer(client.POST('/api/imports', { body: { path: from } }))
/** What another program left in a folder or a file, and what would become of it. */
export const inspectImport = (from: string, signal?: Signal) =>
  answer(client.POST('/api/imports/inspect', { body: { path: from }, ...until(signal) }))
export const createImport = (body: ImportTask) => answer(client.POST('/api/imports/foreign', { body }))
/** Imports that nobody took yet, newest first. */
export const imports = (signal?: Signal) => answer(client.GET('/api/imports', until(signal)))
export const foreignImport = (id: string, signal?: Signal) =>
  answer(client.GET('/api/imports/{id}', { ...at(id), ...until(signal) }))
export const deleteImport = (id: string) => answer(client.DELETE('/api/imports/{id}', at(id)))
/** Puts what an import made into the library; the import is gone then. */
export const takeImport = (id: string) => answer(client.POST('/api/imports/{id}/take', at(id)))

// Uploads
export const newUpload = () => answer(client.POST('/api/uploads'))
export const sendUpload = (id: string, name: string, file: Blob, onShare: (share: number) => void, signal?: Signal) =>
  sendFile<Upload>('PUT', path('uploads', id, 'files', name), file, onShare, signal)
export const deleteUpload = (id: string) => answer(client.DELETE('/api/uploads/{id}', at(id)))

// Datasets
export const datasets = (signal?: Signal) => answer(client.GET('/api/datasets', until(signal)))
export const dataset = (id: string, signal?: Signal) =>
  answer(client.GET('/api/datasets/{id}', { ...at(id), ...until(signal) }))
export const createDataset = (body: NewDataset) => answer(client.POST('/api/datasets', { body }))
export const cancelDataset = (id: string) => answer(client.POST('/api/datasets/{id}/cancel', at(id)))
/** Prepares again what failed or was interrupted. */
export const restartDataset = (id: string) => answer(client.POST('/api/datasets/{id}/restart', at(id)))
export const renameDataset = (id: string, name: string) =>
  answer(client.PATCH('/api/datasets/{id}', { ...at(id), body: { name } }))
export const deleteDataset = (id: string) => answer(client.DELETE('/api/datasets/{id}', at(id)))
export const restoreDataset = (id: string) => answer(client.POST('/api/datasets/{id}/restore', at(id)))
export const datasetLog = (id: string, signal?: Signal) =>
  answer(client.GET('/api/datasets/{id}/log', { ...at(id), ...until(signal) }))
export const datasetPeaks = (id: string, idx: number, signal?: Signal) =>
  answer(client.GET('/api/datasets/{id}/files/{idx}/peaks', { params: { path: { id, idx } }, ...until(signal) }))
export const datasetAudioUrl = (id: string, idx: number) => path('datasets', id, 'files', idx, 'audio')

// Runs
export const runs = (signal?: Signal) => answer(client.GET('/api/runs', until(signal)))
export const run = (id: string, signal?: Signal) => answer(client.GET('/api/runs/{id}', { ...at(id), ...until(signal) }))
/** What is known of a run before it starts, or the problem with its settings. */
export const checkRun = (body: NewRun, signal?: Signal) =>
  answer(client.POST('/api/runs/check', { body, ...until(signal) }))
export const createRun = (body: NewRun) => answer(client.POST('/api/runs', { body }))
export const stopRun = (id: string) => answer(client.POST('/api/runs/{id}/stop', at(id)))
export const resumeRun = (id: string, limit?: Limit) =>
  answer(client.POST('/api/runs/{id}/resume', { ...at(id), body: limit ? { limit } : {} }))
export const controlRun = (id: string, body: Control) =>
  answer(client.POST('/api/runs/{id}/control', { ...at(id), body }))
export const renameRun = (id: string, name: string) =>
  answer(client.PATCH('/api/runs/{id}', { ...at(id), body: { name } }))
export const deleteRun = (id: string) => answer(client.DELETE('/api/runs/{id}', at(id)))
export const restoreRun = (id: string) => answer(client.POST('/api/runs/{id}/restore', at(id)))
/** Curves of the named metrics (all without names), thinned to about `points` each. */
export const curves = (id: string, names: string[], points: number, signal?: Signal) => {
  const query = names.length > 0 ? { points, names: names.join(',') } : { points }
  return answer(client.GET('/api/runs/{id}/curves', { params: { path: { id }, query }, ...until(signal) }))
}
export const events = (id: string, after: number, limit: number, signal?: Signal) =>
  answer(client.GET('/api/runs/{id}/events', { params: { path: { id }, query: { after, limit } }, ...until(signal) }))
export const runLog = (id: string, bytes: number, signal?: Signal) =>
  answer(client.GET('/api/runs/{id}/log', { params: { path: { id }, query: { bytes } }, ...until(signal) }))
export const runFileUrl = (id: string, file: string) => filePath('runs', id, file)

// Presets of one's own, and what choices come to
export const compose = (body: NewComposition, signal?: Signal) =>
  answer(client.POST('/api/compositions', { body, ...until(signal) }))
export const presets = (signal?: Signal) => answer(client.GET('/api/presets', until(signal)))
export const savePreset = (body: NewPreset) => answer(client.POST('/api/presets', { body }))
/** Keeps a preset from a file; the studio says whether it is one. */
export const importPreset = (body: unknown) => answer(client.POST('/api/presets/import', { body: body as PresetFile }))
export const renamePreset = (id: string, name: string) =>
  answer(client.PATCH('/api/presets/{id}', { ...at(id), body: { name } }))
export const deletePreset = (id: string) => answer(client.DELETE('/api/presets/{id}', at(id)))
export const restorePreset = (id: string) => answer(client.POST('/api/presets/{id}/restore', at(id)))
export const presetFileUrl = (id: string) => path('presets', id, 'file')

// Measures of how long a run would take
export const measureRun = (body: NewRun) => answer(client.POST('/api/measures', { body }))
export const deleteMeasure = (id: string) => answer(client.DELETE('/api/measures/{id}', at(id)))

// Models
export const models = (signal?: Signal) => answer(client.GET('/api/models', until(signal)))
export const model = (id: string, signal?: Signal) =>
  answer(client.GET('/api/models/{id}', { ...at(id), ...until(signal) }))
export const addModel = (body: NewModel) => answer(client.POST('/api/models', { body }))
export const renameModel = (id: string, name: string) =>
  answer(client.PATCH('/api/models/{id}', { ...at(id), body: { name } }))
export const deleteModel = (id: string) => answer(client.DELETE('/api/models/{id}', at(id)))
export const restoreModel = (id: string) => answer(client.POST('/api/models/{id}/restore', at(id)))

// Exports
export const exports = (signal?: Signal) => answer(client.GET('/api/exports', until(signal)))
export const exported = (id: string, signal?: Signal) =>
  answer(client.GET('/api/exports/{id}', { ...at(id), ...until(signal) }))
export const createExport = (body: ExportTask) => answer(client.POST('/api/exports', { body }))
/** Moves it to the trash; one under way is cancelled. */
export const deleteExport = (id: string) => answer(client.DELETE('/api/exports/{id}', at(id)))
export const restoreExport = (id: string) => answer(client.POST('/api/exports/{id}/restore', at(id)))
/** Shows its folder in the file manager of the studio's computer. */
export const openExport = (id: string) => answer(client.POST('/api/exports/{id}/open', at(id)))
export const exportFileUrl = (id: string, file: string) => filePath('exports', id, file)

// Reconstructions
export const reconstructFile = (model: string, file: File, onShare: (share: number) => void, signal?: Signal) => {
  const to = `${path('models', model, 'reconstructions')}?name=${encodeURIComponent(file.name)}`
  return sendFile<Reconstruction>('POST', to, file, onShare, signal)
}
export const reconstructSound = (model: string, dataset: string, idx: number) =>
  answer(client.POST('/api/models/{id}/reconstructions/from-dataset', { ...at(model), body: { dataset, idx } }))
export const reconstruction = (id: string, signal?: Signal) =>
  answer(client.GET('/api/reconstructions/{id}', { ...at(id), ...until(signal) }))
export const deleteReconstruction = (id: string) => answer(client.DELETE('/api/reconstructions/{id}', at(id)))
export const restoreReconstruction = (id: string) => answer(client.POST('/api/reconstructions/{id}/restore', at(id)))
export const reconstructionFileUrl = (id: string, file: string) => filePath('reconstructions', id, file)
