// Paths of the studio's computer, which may write them with backslashes.

export const separatorOf = (path: string): string => (path.includes('\\') ? '\\' : '/')

/** The path of a name in a folder. */
export function below(folder: string, name: string): string {
  const separator = separatorOf(folder)
  return folder.endsWith(separator) ? folder + name : folder + separator + name
}
