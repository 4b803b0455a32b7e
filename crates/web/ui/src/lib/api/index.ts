// The studio's API: one function per request, one file per resource, as on the server. What only some pages ask for
// is imported from its own file, so that it does not travel with the first page.

export * from './about'
export * from './datasets'
export * from './exports'
export * from './games'
export * from './imports'
export * from './jobs'
export * from './models'
export * from './presets'
export * from './projects'
export * from './runs'
export * from './sounds'
export * from './trash'
export * from './uploads'
export { ProblemError, problemOf } from './problem'
export type * from './types'
