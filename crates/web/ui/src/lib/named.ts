// Lists that include the item an address names, even if it is in another project than the current one.

/** The list, with the named item appended if it exists but is not in the list. */
export async function withNamed<T extends { id: string }>(list: T[], id: string | null | undefined, ask: (id: string) => Promise<T>): Promise<T[]> {
  if (!id || list.some((one) => one.id === id)) return list
  const named = await ask(id).catch(() => undefined)
  return named ? [...list, named] : list
}
