// Whether the user wants things to move.

const query = typeof matchMedia === 'undefined' ? undefined : matchMedia('(prefers-reduced-motion: reduce)')
let isReduced = $state(query?.matches ?? false)
query?.addEventListener('change', ({ matches }) => (isReduced = matches))

/** Whether the system asks for less motion, as reactive state. */
export const reducedMotion = (): boolean => isReduced
