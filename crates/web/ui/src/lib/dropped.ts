// Files that were dropped or chosen, those inside dropped folders included.

/** A file and its path below what was dropped: `loops/a.wav`. */
export interface Dropped {
  file: File
  path: string
}

// Both lists are those of `crates/api/src/names.rs`; a test compares them.

/** Endings that mean sound, those that cannot be decoded included: a file like that is refused in words. */
const SOUND_ENDINGS = [
  'wav', 'wave', 'bwf', 'rf64', 'w64', 'aif', 'aiff', 'aifc', 'flac', 'mp3', 'ogg', 'oga', 'm4a',
  'm4b', 'mp4', 'aac', 'opus', 'wma', 'caf', 'wv', 'ape', 'ac3', 'amr', 'mp2',
]

/** Folders that systems keep for themselves. */
const SYSTEM_NAMES = ['__macosx', '$recycle.bin', '$winreagent', 'recycler', 'system volume information', 'lost+found', '@eadir']

/** Whether a name looks like a sound. */
export const isSound = (name: string): boolean => SOUND_ENDINGS.includes(/.\.([^.]*)$/.exec(name)?.[1]?.toLowerCase() ?? '')

const isHiddenName = (name: string): boolean => name.startsWith('.') || SYSTEM_NAMES.includes(name.toLowerCase())

/** Whether a file inside a dropped folder, or a folder to it, is hidden. What was dropped itself is not. */
const isHidden = (path: string): boolean => path.split('/').slice(1).some(isHiddenName)

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
