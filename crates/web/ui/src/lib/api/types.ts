// The words of the `api` crate. Stands in for the generated schema until openapi.json exists.

export type Split = 'training' | 'validation'
export type JobKind = 'prepare' | 'train' | 'reconstruct'

export interface FieldProblem {
  key: string
  message: string
  suggestion?: unknown
}
export interface Problem {
  code: string
  what: string
  why?: string | null
  remedy?: string | null
  fields?: FieldProblem[]
}

export type JobState =
  | { state: 'queued'; place: number }
  | { state: 'running'; started_ms: number; stopping: boolean }
  | { state: 'done'; started_ms: number; ended_ms: number }
  | { state: 'stopped'; started_ms: number; ended_ms: number }
  | { state: 'failed'; started_ms?: number | null; ended_ms: number; problem: Problem }
  | { state: 'interrupted'; started_ms?: number | null; noticed_ms: number }

export interface Progress {
  phase: string
  n_done: number
  n_total?: number | null
  unit: string
  share?: number | null
  rate_per_sec?: number | null
  elapsed_secs: number
  left_secs?: number[] | null
}
export interface Job {
  id: string
  kind: JobKind
  name: string
  created_ms: number
  state: JobState
  progress?: Progress | null
  last_seq: number
  n_warnings: number
}

export interface Warning {
  code: string
  file?: string | null
  message: string
}
export interface DatasetSummary {
  source: string
  rate_hz: number
  channels: number
  n_files: number
  n_skipped: number
  n_validation: number
  length_secs: number
  bytes: number
  hash: string
  prepare_secs: number
}
export interface Dataset {
  id: string
  name: string
  created_ms: number
  job: Job
  summary?: DatasetSummary | null
}
export interface SoundFile {
  idx: number
  path: string
  length_secs: number
  source_rate_hz: number
  source_channels: number
  peak_db: number
  rms_db: number
  split: Split
}
export interface DatasetDetail extends Dataset {
  files: SoundFile[]
  warnings: Warning[]
  used_by: string[]
}
export type SoundSource =
  | { from: 'folder'; path: string }
  | { from: 'upload'; upload: string }
  | { from: 'samples' }
export interface NewDataset {
  name?: string | null
  source: SoundSource
  rate_hz?: number | null
  channels?: number | null
  validation_share?: number | null
  seed?: number | null
}
export interface Upload {
  upload: string
  n_files: number
  bytes: number
}
export interface FolderListing {
  path: string
  parent?: string | null
  folders: string[]
  n_sounds: number
}

export type Limit =
  | { until: 'steps'; steps: number }
  | { until: 'minutes'; minutes: number }
  | { until: 'forever' }
export interface Score {
  metric: string
  first: number
  best: number
  latest: number
}
export interface Run {
  id: string
  name: string
  created_ms: number
  job: Job
  dataset: string
  family: string
  preset: string
  limit: Limit
  step: number
  latest: Record<string, number>
  score?: Score | null
}
export interface Sample {
  step: number
  name: string
  original: string
  rendered: string
  length_secs: number
  distances: Record<string, number>
}
export interface Checkpoint {
  step: number
  path: string
  bytes: number
  sha256: string
  validation?: number | null
  is_best: boolean
}
export interface SystemUse {
  cpu_percent: number
  memory_bytes: number
}
export interface RunDetail extends Run {
  settings: unknown
  seed: number
  dataset_hash: string
  version: string
  checkpoints: Checkpoint[]
  samples: Sample[]
  warnings: Warning[]
  system?: SystemUse | null
  metrics: string[]
  models: string[]
  folder: string
}
export interface NewRun {
  name?: string | null
  dataset: string
  family?: string | null
  preset?: string | null
  settings?: Record<string, unknown>
  seed?: number | null
  limit?: Limit | null
}
export interface RunForecast {
  settings: unknown
  n_parameters: number
  memory_bytes: number
  ratio: number
  notes: string[]
}
export interface Curve {
  name: string
  steps: number[]
  values: number[]
  n_points: number
}
export interface Curves {
  last_seq: number
  curves: Curve[]
}
export interface Log {
  text: string
  is_cut: boolean
}
export type Control = { control: 'stop' } | { control: 'checkpoint' } | { control: 'sample' }

export interface Metrics {
  step: number
  values: Record<string, number>
}
export type Outcome = { outcome: 'done' } | { outcome: 'stopped' } | { outcome: 'failed'; problem: Problem }
export type Event = { seq: number; time_ms: number } & (
  | { event: 'started'; pid: number; version: string; n_threads: number; from_step: number }
  | ({ event: 'progress' } & Progress)
  | ({ event: 'metrics' } & Metrics)
  | ({ event: 'system' } & SystemUse)
  | ({ event: 'sample' } & Sample)
  | ({ event: 'checkpoint' } & Checkpoint)
  | { event: 'checkpoint_removed'; step: number }
  | ({ event: 'warning' } & Warning)
  | ({ event: 'finished' } & Outcome)
)
export type Live =
  | { live: 'event'; job: Job; event: Event }
  | { live: 'job'; job: Job }
  | { live: 'changed'; list: string; id: string }

export interface Lineage {
  run: string
  run_name: string
  step: number
  dataset: string
  dataset_hash: string
  seed: number
  preset: string
  version: string
  validation?: number | null
}
export interface Model {
  format: number
  id: string
  name: string
  created_ms: number
  family: string
  settings: unknown
  rate_hz: number
  bytes: number
  sha256: string
  lineage: Lineage
}
export interface ReconstructionResult {
  original: string
  reconstruction: string
  rate_hz: number
  channels: number
  length_secs: number
  compute_secs: number
  distances: Record<string, number>
}
export interface Reconstruction {
  id: string
  model: string
  input_name: string
  job: Job
  result?: ReconstructionResult | null
}
export interface ModelDetail extends Model {
  folder: string
  reconstructions: Reconstruction[]
}
export interface NewModel {
  run: string
  step?: number | null
  name?: string | null
}
export interface Peaks {
  rate_hz: number
  n_samples: number
  block: number
  min: number[]
  max: number[]
}

export type KnobKind =
  | { type: 'integer'; min: number; max: number; multiple_of: number }
  | { type: 'number'; min: number; max: number; is_logarithmic: boolean }
  | { type: 'bool' }
  | { type: 'choice'; options: string[] }
  | { type: 'integer_list'; min: number; max: number; len_min: number; len_max: number }
export interface Knob {
  key: string
  title: string
  help: string
  group: string
  is_advanced: boolean
  unit: string
  kind: KnobKind
  default: unknown
}
export interface Preset {
  name: string
  title: string
  summary: string
  settings: Record<string, unknown>
  limit: Limit
}
export interface Family {
  name: string
  title: string
  summary: string
  presets: Preset[]
  knobs: Knob[]
}

export interface Health {
  status: string
  version: string
  workspace: string
  started_ms: number
  pid: number
}
export interface Machine {
  system: string
  cpu: string
  n_cores: number
  simd: string
  memory_bytes: number
  memory_free_bytes: number
  disk_free_bytes: number
  cpu_percent?: number | null
}
export type CheckStatus = 'ok' | 'warning' | 'failed'
export interface Check {
  name: string
  status: CheckStatus
  found: string
  remedy?: string | null
}
export interface Doctor {
  version: string
  machine: Machine
  checks: Check[]
}
export interface Imported {
  list: string
  id: string
  name: string
}
