// Files that were dropped or chosen, those inside dropped folders included.

/** A file and its path below what was dropped: `loops/a.wav`. */
export interface Dropped {
  file: File
  path: string
}

const SOUND = /\.(wav|wave|bwf|rf64|w64|aif|aiff|aifc|flac|mp3|ogg|oga|m4a|m4b|mp4|aac)$/i

const HIDDEN =
  /^(\..*|__macosx|\$recycle\.bin|\$winreagent|recycler|system volume information|lost\+found|@eadir)$/i

/** Whether a name looks like a sound that can be read. */
export const isSound = (name: string): boolean => SOUND.test(name)

/** Whether a file inside a dropped folder, or a folder to it, is hidden. What was dropped itself is not. */
const isHidden = (path: string): boolean => path.split('/').slice(1).some((part) => HIDDEN.test(part))

/** Files that a person chose with a file dialog, hidden ones of a folder left out. */
export function chosen(list: FileList | null): Dropped[] {
  const all = [...(list ?? [])].map((file) => ({ file, path: file.webkitRelativePath || file.name }))
  return all.filter(({ path }) => !isHidden(path))
}

/** Files that were dropped; folders are walked, hidden files and folders in them left out. */
export async function dropped(transfer: DataTransfer): Promise<Dropped[]> {
  // The entries must be taken before the first await: the list is emptied after the event.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null)
  if (entries.length === 0) return chosen(transfer.files)
  const found: Dropped[] = []
  for (const entry of entries) await walk(entry, found)
  return found
}

async function walk(entry: FileSystemEntry, found: Dropped[]): Promise<void> {
  if (isHidden(entry.fullPath.replace(/^\//, ''))) return
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
