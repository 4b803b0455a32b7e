// Which items a short list offers: those chosen here most recently, then the others in the studio's order.

/** The chosen one followed by earlier choices, at most `most` of them. */
export const remembered = (id: string, before: readonly string[], most: number): string[] => [id, ...before.filter((one) => one !== id)].slice(0, most)

/** The project to show: all of them (an empty id) if the chosen one no longer exists. */
export const stillThere = (id: string, all: readonly { id: string }[]): string => (all.some((one) => one.id === id) ? id : '')

/** At most `most` of the list: the most recently chosen first, if they still exist. */
export function recentFirst<T extends { id: string }>(all: readonly T[], recent: readonly string[], most: number): T[] {
  const chosen = recent.flatMap((id) => all.find((one) => one.id === id) ?? [])
  return [...chosen, ...all.filter((one) => !recent.includes(one.id))].slice(0, most)
}
