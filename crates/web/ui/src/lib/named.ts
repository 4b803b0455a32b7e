// Items by their names: the one that an address names, even if it is in another project; and names that are free.

/** The list, with the named item appended if it exists but is not in the list. */
export async function withNamed<T extends { id: string }>(list: T[], id: string | null | undefined, ask: (id: string) => Promise<T>): Promise<T[]> {
  if (!id || list.some((one) => one.id === id)) return list
  const named = await ask(id).catch(() => undefined)
  return named ? [...list, named] : list
}

/** A name that is not taken yet: with the first number from 2 that makes it so. */
export function freeName(wanted: string, taken: readonly string[]): string {
  for (let n = 1; ; n++) {
    const name = n === 1 ? wanted : `${wanted} ${n}`
    if (!taken.includes(name)) return name
  }
}
