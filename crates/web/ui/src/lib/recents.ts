// Which of many a short list offers: those that were chosen here last, then as the studio has them.

/** The chosen one in front of those that were chosen before, at most `most` of them. */
export const remembered = (id: string, before: readonly string[], most: number): string[] => [id, ...before.filter((one) => one !== id)].slice(0, most)

/** The project to show: all of them, with an empty name, where the chosen one is not there any more. */
export const stillThere = (id: string, all: readonly { id: string }[]): string => (all.some((one) => one.id === id) ? id : '')

/** At most `most` of the list: those chosen last first, as far as they are still there. */
export function recentFirst<T extends { id: string }>(all: readonly T[], recent: readonly string[], most: number): T[] {
  const chosen = recent.flatMap((id) => all.find((one) => one.id === id) ?? [])
  return [...chosen, ...all.filter((one) => !recent.includes(one.id))].slice(0, most)
}
