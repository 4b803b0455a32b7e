// The types of the studio's API. `npm run api` generates schema.d.ts from the server's own description,
// including every schema by its name.

export type * from './schema'

/** Which files a folder listing includes. */
export type FileKind = 'sounds' | 'imports' | 'projects'
