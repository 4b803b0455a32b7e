// Points that say fewer directions than a session has are at the mean in the others.

/** A point with a value for every direction. */
export const widened = (point: ArrayLike<number>, nDirections: number): number[] => Array.from({ length: nDirections }, (_, i) => point[i] ?? 0)
