// The current time, for texts like «3 minutes ago», updated often enough for them.

let nowMs = $state(Date.now())
if (typeof window !== 'undefined') setInterval(() => (nowMs = Date.now()), 20_000)

/** Milliseconds since 1970, as reactive state. */
export const now = (): number => nowMs
