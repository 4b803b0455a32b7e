// Which films a search of the library means. Films stay where they are made; the library lists them, too.

import type { Film } from '$lib/api'

/** The parts of a search that are apart by spaces; those in quotation marks stay together. */
const partsOf = (query: string): string[] => query.split(/\s+(?=(?:[^"]*"[^"]*")*[^"]*$)/).filter(Boolean)

const IS_FILM = /^(?:kind|is)[:=]"?film"?$/i

/** Whether a search asks for films. */
export const asksForFilms = (query: string): boolean => partsOf(query).some((part) => IS_FILM.test(part))

/** The films that pass a search: words are looked for in their names, `len` is their length; no other field is of films. */
export function filmsIn(films: readonly Film[], query: string): Film[] {
  const tests = partsOf(query)
    .filter((part) => !IS_FILM.test(part))
    .map(testOf)
  return films.filter((film) => film.result && tests.every((test) => test(film)))
}

function testOf(part: string): (film: Film) => boolean {
  const length = /^len(?:gth)?:?(<|>)=?(\d+(?:\.\d+)?)s?$/i.exec(part)
  if (length) {
    const limit = Number(length[2])
    return ({ result }) => (length[1] === '<' ? (result?.length_secs ?? 0) < limit : (result?.length_secs ?? 0) > limit)
  }
  const isNegated = part.startsWith('-')
  const bare = isNegated ? part.slice(1) : part
  if (/^[a-z]+[:<>=]/i.test(bare)) return () => isNegated
  const word = bare.replaceAll('"', '').toLowerCase()
  return ({ job, run_name, game }) => `${job.name} ${run_name} ${game}`.toLowerCase().includes(word) !== isNegated
}
