// What a session and its page say to each other, as types.

import type { Job, Problem } from '$lib/api'

export interface SessionControl {
  number: number
  key: string
  title: string
  least: number
  most: number
  default: number
  unit: string
  help: string
}
export interface LoadedSound {
  name: string
  secs: number
  /** Least and largest samples in equal parts, in 1/127 of full scale. */
  min: number[]
  max: number[]
}
export interface SessionLoaded {
  sound?: LoadedSound | null
  prior?: string | null
  path_secs?: number | null
  recording?: string | null
}
export interface SessionHello {
  models: string[]
  rate_hz: number
  channels: number
  ratio: number
  latent_size: number
  n_directions: number
  latency_samples: number
  block_max: number
  can_share_latents: boolean
  deviations: number[]
  controls: SessionControl[]
  direction_controls: SessionControl[]
  values: [number, number][]
  loaded: SessionLoaded
}
export type SoundPlace =
  | { in: 'library'; id: string }
  | { in: 'dataset'; dataset: string; idx: number }
  | { in: 'generation'; id: string; number: number }
  | { in: 'upload'; upload: string }
  | { in: 'file'; path: string }
export type Way = 'linear' | 'sphere'
export type SessionCommand =
  | { do: 'load'; sound: SoundPlace }
  | { do: 'seek'; secs: number }
  | { do: 'loop'; from: number; to: number }
  | { do: 'path'; points: number[][]; way: Way; is_closed: boolean; secs: number }
  | { do: 'trajectory'; frames: number[][]; rate_hz: number }
  | { do: 'seek_path'; secs: number }
  | { do: 'prior'; model: string }
  | { do: 'restart_prior'; seed: number }
  | { do: 'record'; name: string }
  | { do: 'stop_recording' }
  | { do: 'reset' }
export type SessionNotice =
  | { is: 'loaded'; loaded: SessionLoaded }
  | { is: 'recorded'; path: string; name: string; secs: number }
  | { is: 'failed'; problem: Problem }
  | { is: 'taken_over' }
export type LiveWeights = 'float32' | 'int16' | 'int8'
export interface NewSession {
  models: string[]
  weights: LiveWeights
  seed: number
  has_noise: boolean
}

/** How a direction of the latent space is spread over a dataset. */
export interface DirectionSpread {
  deviation: number
  share: number
  percentiles: number[]
  /** 64 equal parts from −4 to 4 standard deviations, in shares of the fullest. */
  histogram: number[]
  /** With loudness, pitch, spectral centroid: correlations. */
  goes_with: number[]
}
export interface MappedSound {
  idx: number
  name: string
  secs: number
}
export interface LatentMap {
  rate_hz: number
  ratio: number
  n_points: number
  n_directions: number
  directions: DirectionSpread[]
  sounds: MappedSound[]
  pitch_hz?: number[] | null
  loudness_db: number[]
}
export interface MapJob {
  id: string
  model: string
  dataset: string
  job: Job
  map?: LatentMap | null
  has_embedding: boolean
}

export type PatchKind = 'favourite' | 'trajectory' | 'instrument' | 'recipe'
export interface NewPatch {
  kind: PatchKind
  name: string
  model: string
  body: unknown
}
export interface Patch extends NewPatch {
  id: string
  model_sha256: string
  created_ms: number
}
export interface NewGeneration {
  name?: string
  recipe: object
}
export interface Generation {
  id: string
  name: string
  job: Job
  n_made: number
}
