// The time now, for texts like «3 minutes ago», renewed often enough for them.

let nowMs = $state(Date.now())
if (typeof window !== 'undefined') setInterval(() => (nowMs = Date.now()), 20_000)

/** Milliseconds since 1970, as something that texts can depend on. */
export const now = (): number => nowMs
