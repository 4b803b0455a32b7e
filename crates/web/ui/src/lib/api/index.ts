// What pages can ask of the studio: one function a verb, in the order of the lists they work on.

import { filePath, path, request, sendFile } from './request'
import type {
  Control,
  Curves,
  Dataset,
  DatasetDetail,
  Doctor,
  Event,
  Family,
  FolderListing,
  Health,
  Imported,
  Job,
  Limit,
  Log,
  Machine,
  Model,
  ModelDetail,
  NewDataset,
  NewModel,
  NewRun,
  Peaks,
  Reconstruction,
  Run,
  RunDetail,
  RunForecast,
  Upload,
} from './types'

export { ProblemError, problemOf } from './problem'
export type * from './types'

type Signal = AbortSignal | undefined
const get = <T>(from: string, signal?: Signal) => request<T>('GET', from, undefined, signal)
const post = <T>(to: string, body?: unknown) => request<T>('POST', to, body)

// The computer and the studio
export const health = (signal?: Signal) => get<Health>('/api/health', signal)
export const machine = (signal?: Signal) => get<Machine>('/api/machine', signal)
export const doctor = (signal?: Signal) => get<Doctor>('/api/doctor', signal)
export const families = (signal?: Signal) => get<Family[]>('/api/families', signal)
export const jobs = (signal?: Signal) => get<Job[]>('/api/jobs', signal)
/** Folders on this computer; the home folder without a path. */
export const folders = (at?: string, signal?: Signal) =>
  get<FolderListing>(at === undefined ? '/api/folders' : `/api/folders?path=${encodeURIComponent(at)}`, signal)
export const importFolder = (from: string) => post<Imported>('/api/imports', { path: from })

// Uploads
export const newUpload = () => post<Upload>('/api/uploads')
export const sendUpload = (id: string, name: string, file: Blob, onShare: (share: number) => void, signal?: Signal) =>
  sendFile<Upload>('PUT', path('uploads', id, 'files', name), file, onShare, signal)
export const deleteUpload = (id: string) => request<void>('DELETE', path('uploads', id))

// Datasets
export const datasets = (signal?: Signal) => get<Dataset[]>('/api/datasets', signal)
export const dataset = (id: string, signal?: Signal) => get<DatasetDetail>(path('datasets', id), signal)
export const createDataset = (order: NewDataset) => post<Dataset>('/api/datasets', order)
export const cancelDataset = (id: string) => post<void>(path('datasets', id, 'cancel'))
export const renameDataset = (id: string, name: string) => request<Dataset>('PATCH', path('datasets', id), { name })
export const deleteDataset = (id: string) => request<void>('DELETE', path('datasets', id))
export const restoreDataset = (id: string) => post<void>(path('datasets', id, 'restore'))
export const datasetLog = (id: string, signal?: Signal) => get<Log>(path('datasets', id, 'log'), signal)
export const datasetPeaks = (id: string, idx: number, signal?: Signal) =>
  get<Peaks>(path('datasets', id, 'files', idx, 'peaks'), signal)
export const datasetAudioUrl = (id: string, idx: number) => path('datasets', id, 'files', idx, 'audio')

// Runs
export const runs = (signal?: Signal) => get<Run[]>('/api/runs', signal)
export const run = (id: string, signal?: Signal) => get<RunDetail>(path('runs', id), signal)
export const checkRun = (order: NewRun, signal?: Signal) =>
  request<RunForecast>('POST', '/api/runs/check', order, signal)
export const createRun = (order: NewRun) => post<Run>('/api/runs', order)
export const stopRun = (id: string) => post<void>(path('runs', id, 'stop'))
export const resumeRun = (id: string, limit?: Limit) => post<Run>(path('runs', id, 'resume'), limit ? { limit } : {})
export const controlRun = (id: string, control: Control) => post<void>(path('runs', id, 'control'), control)
export const renameRun = (id: string, name: string) => request<Run>('PATCH', path('runs', id), { name })
export const deleteRun = (id: string) => request<void>('DELETE', path('runs', id))
export const restoreRun = (id: string) => post<void>(path('runs', id, 'restore'))
/** Curves of the named metrics (all without names), thinned to about `points` each. */
export const curves = (id: string, names: string[], points: number, signal?: Signal) => {
  const query = new URLSearchParams({ points: String(points) })
  if (names.length > 0) query.set('names', names.join(','))
  return get<Curves>(`${path('runs', id, 'curves')}?${query}`, signal)
}
export const events = (id: string, after: number, limit: number, signal?: Signal) =>
  get<Event[]>(`${path('runs', id, 'events')}?after=${after}&limit=${limit}`, signal)
export const runLog = (id: string, bytes: number, signal?: Signal) =>
  get<Log>(`${path('runs', id, 'log')}?bytes=${bytes}`, signal)
export const runFileUrl = (id: string, file: string) => filePath('runs', id, file)

// Models
export const models = (signal?: Signal) => get<Model[]>('/api/models', signal)
export const model = (id: string, signal?: Signal) => get<ModelDetail>(path('models', id), signal)
export const addModel = (order: NewModel) => post<Model>('/api/models', order)
export const renameModel = (id: string, name: string) => request<Model>('PATCH', path('models', id), { name })
export const deleteModel = (id: string) => request<void>('DELETE', path('models', id))
export const restoreModel = (id: string) => post<void>(path('models', id, 'restore'))

// Reconstructions
export const reconstructFile = (model: string, file: File, onShare: (share: number) => void, signal?: Signal) => {
  const to = `${path('models', model, 'reconstructions')}?name=${encodeURIComponent(file.name)}`
  return sendFile<Reconstruction>('POST', to, file, onShare, signal)
}
export const reconstructSound = (model: string, dataset: string, idx: number) =>
  post<Reconstruction>(path('models', model, 'reconstructions', 'from-dataset'), { dataset, idx })
export const reconstruction = (id: string, signal?: Signal) => get<Reconstruction>(path('reconstructions', id), signal)
export const deleteReconstruction = (id: string) => request<void>('DELETE', path('reconstructions', id))
export const reconstructionFileUrl = (id: string, file: string) => filePath('reconstructions', id, file)
