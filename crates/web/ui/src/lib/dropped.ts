// Files that were dropped or chosen, those inside dropped folders included.

/** A file and its path below what was dropped: `loops/a.wav`. */
export interface Dropped {
  file: File
  path: string
}

const SOUND = /\.(wav|wave|aif|aiff|aifc|flac|mp3|ogg|oga|m4a|mp4|aac)$/i

/** Whether a name looks like a sound that can be read. */
export const isSound = (name: string): boolean => SOUND.test(name)

/** Files that a person chose with a file dialog. */
export function chosen(list: FileList | null): Dropped[] {
  return [...(list ?? [])].map((file) => ({ file, path: file.webkitRelativePath || file.name }))
}

/** Files that were dropped; folders are walked. */
export async function dropped(transfer: DataTransfer): Promise<Dropped[]> {
  // The entries must be taken before the first await: the list is emptied after the event.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null)
  if (entries.length === 0) return chosen(transfer.files)
  const found: Dropped[] = []
  for (const entry of entries) await walk(entry, found)
  return found
}

async function walk(entry: FileSystemEntry, found: Dropped[]): Promise<void> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject))
    found.push({ file, path: entry.fullPath.replace(/^\//, '') })
    return
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  for (;;) {
    // A browser gives a folder's entries in portions, an empty one at the end.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (some.length === 0) return
    for (const one of some) await walk(one, found)
  }
}
