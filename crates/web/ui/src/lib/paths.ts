// Paths on the studio's computer, which may use backslashes.

export const separatorOf = (path: string): string => (path.includes('\\') ? '\\' : '/')

/** The path of an entry of a folder. */
export function below(folder: string, name: string): string {
  const separator = separatorOf(folder)
  return folder.endsWith(separator) ? folder + name : folder + separator + name
}

/** The folders leading to a path, outermost first, each with its name. */
export function crumbsOf(path: string): { name: string; path: string }[] {
  const separator = separatorOf(path)
  const names = path.split(separator).filter(Boolean)
  const root = path.startsWith(separator) ? separator : ''
  const crumbs = names.map((name, i) => ({ name, path: root + names.slice(0, i + 1).join(separator) }))
  // A drive such as `C:` is a folder only with a trailing separator.
  if (separator === '\\' && crumbs[0]) crumbs[0].path += separator
  return root ? [{ name: root, path: root }, ...crumbs] : crumbs
}
