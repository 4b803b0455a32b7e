// The types of the studio's questions and answers. `npm run api` makes schema.d.ts from what the server says of itself,
// with every schema by its name.

export type * from './schema'

/** Which files a listing of a folder names. */
export type FileKind = 'sounds' | 'imports'
