// The words of the studio, by name. `npm run api` makes schema.d.ts from what the server says of itself.

import type { components } from './schema'

type Schemas = components['schemas']

export type CardWords = Schemas['CardWords']
export type Check = Schemas['Check']
export type CheckStatus = Schemas['CheckStatus']
export type Checkpoint = Schemas['Checkpoint']
export type Control = Schemas['Control']
export type Curve = Schemas['Curve']
export type Curves = Schemas['Curves']
export type Dataset = Schemas['Dataset']
export type DatasetDetail = Schemas['DatasetDetail']
export type DatasetSummary = Schemas['DatasetSummary']
export type Doctor = Schemas['Doctor']
export type Event = Schemas['Event']
export type Export = Schemas['Export']
export type ExportCheck = Schemas['ExportCheck']
export type ExportForm = Schemas['ExportForm']
export type ExportResult = Schemas['ExportResult']
export type ExportTask = Schemas['ExportTask']
export type ExportedPlay = Schemas['ExportedPlay']
export type Family = Schemas['Family']
export type FieldProblem = Schemas['FieldProblem']
export type Finding = Schemas['Finding']
export type Findings = Schemas['Findings']
export type FolderListing = Schemas['FolderListing']
export type Health = Schemas['Health']
export type Import = Schemas['Import']
export type ImportTask = Schemas['ImportTask']
export type Imported = Schemas['Imported']
export type Job = Schemas['Job']
export type JobKind = Schemas['JobKind']
export type JobState = Schemas['JobState']
export type Knob = Schemas['Knob']
export type KnobKind = Schemas['KnobKind']
export type Limit = Schemas['Limit']
export type Lineage = Schemas['Lineage']
export type Live = Schemas['Live']
export type Log = Schemas['Log']
export type Machine = Schemas['Machine']
export type Measure = Schemas['Measure']
export type Metrics = Schemas['Metrics']
export type Model = Schemas['Model']
export type ModelDetail = Schemas['ModelDetail']
export type ModelFacts = Schemas['ModelFacts']
export type ModelPlace = Schemas['ModelPlace']
export type NewComposition = Schemas['NewComposition']
export type NewDataset = Schemas['NewDataset']
export type NewModel = Schemas['NewModel']
export type NewPreset = Schemas['NewPreset']
export type NewRun = Schemas['NewRun']
export type Origin = Schemas['Origin']
export type Outcome = Schemas['Outcome']
export type Outdated = Schemas['Outdated']
export type OwnPreset = Schemas['OwnPreset']
export type Peaks = Schemas['Peaks']
export type Preset = Schemas['Preset']
export type PresetFile = Schemas['PresetFile']
export type Problem = Schemas['Problem']
export type Progress = Schemas['Progress']
export type Reconstruction = Schemas['Reconstruction']
export type ReconstructionResult = Schemas['ReconstructionResult']
export type Run = Schemas['Run']
export type RunDetail = Schemas['RunDetail']
export type RunForecast = Schemas['RunForecast']
export type RunMeasure = Schemas['RunMeasure']
export type Sample = Schemas['Sample']
export type Score = Schemas['Score']
export type SoundFile = Schemas['SoundFile']
export type SoundSource = Schemas['SoundSource']
export type Split = Schemas['Split']
export type SystemUse = Schemas['SystemUse']
export type Switch = Schemas['Switch']
export type TrashItem = Schemas['TrashItem']
export type Unreadable = Schemas['Unreadable']
export type UnreadableFolder = Schemas['UnreadableFolder']
export type Upload = Schemas['Upload']
export type Warning = Schemas['Warning']

/** Which files a listing of a folder names. */
export type FileKind = 'sounds' | 'imports'
/** A folder of this computer; what an older studio does not say of it is absent. */
export type Folder = FolderListing & {
  /** Sounds in it and in its sub-folders; hidden ones are not counted. */
  n_sounds_below?: number
  /** Whether counting them was given up at some point. */
  is_count_partial?: boolean
  files?: { name: string; bytes: number }[]
}
/** Files of a dataset that hold the same sound, by their place in it. */
export interface SoundGroup {
  kind: 'exact' | 'near'
  files: number[]
}
