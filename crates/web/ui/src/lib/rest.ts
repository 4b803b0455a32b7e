// Delays requests that can wait, so that the dashboard, where most users start, appears after as few as possible.

import { route } from './router.svelte'

const REST_MS = 1000

/** Resolves at once if the app starts on another page. */
export const atRest = (): Promise<void> => new Promise((resolve) => (route.path === '/' ? setTimeout(resolve, REST_MS) : resolve()))
