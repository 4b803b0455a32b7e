// Lists that hold what an address names: it may lie in another project than the one that is shown.

/** The list, with the named one at its end if it is not in it and there is one. */
export async function withNamed<T extends { id: string }>(list: T[], id: string | null | undefined, ask: (id: string) => Promise<T>): Promise<T[]> {
  if (!id || list.some((one) => one.id === id)) return list
  const named = await ask(id).catch(() => undefined)
  return named ? [...list, named] : list
}
