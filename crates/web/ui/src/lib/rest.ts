// When what can wait is asked for: the dashboard, on which most begin, stands with as few requests as it can.

import { route } from './router.svelte'

const REST_MS = 1000

/** Resolves at once where the app begins on another page. */
export const atRest = (): Promise<void> => new Promise((resolve) => (route.path === '/' ? setTimeout(resolve, REST_MS) : resolve()))
