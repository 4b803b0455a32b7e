// What a session and its page say to each other, as types: those of the studio's API.

export type {
  DirectionSpread,
  Generation,
  LatentMap,
  LiveWeights,
  LoadedSound,
  MapJob,
  MappedSound,
  NewGeneration,
  NewPatch,
  NewSession,
  Patch,
  PatchKind,
  SessionCommand,
  SessionControl,
  SessionHello,
  SessionLoaded,
  SessionNotice,
  SoundPlace,
  Way,
} from '$lib/api'
