// What a session and its page say to each other, as types.

export type {
  DirectionSpread,
  Generation,
  LatentMap,
  LiveWeights,
  LoadedSound,
  MapJob,
  NewGeneration,
  NewPatch,
  NewSession,
  Patch,
  PatchKind,
  Recipe,
  RecipeSource,
  SessionCommand,
  SessionControl,
  SessionHello,
  SessionLoaded,
  SessionNotice,
  SoundPlace,
  Way,
} from '$lib/api'
