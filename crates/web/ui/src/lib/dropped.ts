// Dropped or chosen files, including those in dropped folders.

/** A file and its path within the drop: `loops/a.wav`. */
export interface Dropped {
  file: File
  path: string
}

// These lists match those of `crates/api/src/names.rs`; a test compares them.

/** Extensions of sound files, even undecodable ones, which are rejected with a message. */
const SOUND_ENDINGS = [
  'wav', 'wave', 'bwf', 'rf64', 'w64', 'aif', 'aiff', 'aifc', 'flac', 'mp3', 'ogg', 'oga', 'm4a',
  'm4b', 'mp4', 'aac', 'opus', 'wma', 'caf', 'wv', 'ape', 'ac3', 'amr', 'mp2',
]

/** Folders that operating systems reserve. */
const SYSTEM_NAMES = ['__macosx', '$recycle.bin', '$winreagent', 'recycler', 'system volume information', 'lost+found', '@eadir']

/** Extensions of files of notes. */
const MIDI_ENDINGS = ['mid', 'midi', 'kar', 'rmi']

/** Extensions of projects of audio workstations; those of Logic Pro are folders. */
const DAW_ENDINGS = ['dawproject', 'rpp', 'als', 'logicx']

/** Whether a path is that of a project of an audio workstation, or of a file inside one that is a folder. */
export const isProject = (path: string): boolean => {
  const parts = path.split(/[\\/]/)
  const ending = (name: string | undefined) => /.\.([^.]*)$/.exec(name ?? '')?.[1]?.toLowerCase() ?? ''
  return DAW_ENDINGS.includes(ending(parts.at(-1))) || parts.slice(0, -1).some((part) => ending(part) === 'logicx')
}

/** Whether a path may be that of a project that was packed with its sounds; opening it shows whether one is in it. */
export const isPackedProject = (path: string): boolean => /[^\\/]\.zip$/i.test(path)

/** Whether a name has the extension of a MIDI file. */
export const isMidi = (name: string): boolean => MIDI_ENDINGS.includes(/.\.([^.]*)$/.exec(name)?.[1]?.toLowerCase() ?? '')

/** Whether a name has the extension of a sound file. */
export const isSound = (name: string): boolean => SOUND_ENDINGS.includes(/.\.([^.]*)$/.exec(name)?.[1]?.toLowerCase() ?? '')

const stemOf = (path: string): string => path.replace(/\.[^./\\]*$/, '')

/** Sounds with the text files beside them that have the same names and say what they are. */
export function withCaptions(sounds: Dropped[], all: Dropped[]): Dropped[] {
  const stems = new Set(sounds.map(({ path }) => stemOf(path)))
  return [...sounds, ...all.filter(({ path }) => path.endsWith('.txt') && stems.has(stemOf(path)))]
}

const isHiddenName = (name: string): boolean => name.startsWith('.') || SYSTEM_NAMES.includes(name.toLowerCase())

/** Whether a file in a dropped folder, or a folder on its path, is hidden. The dropped item itself never is. */
const isHidden = (path: string): boolean => path.split('/').slice(1).some(isHiddenName)

/** Files chosen in a file dialog, except hidden ones in a folder. */
export function chosen(list: FileList | null): Dropped[] {
  const all = [...(list ?? [])].map((file) => ({ file, path: file.webkitRelativePath || file.name }))
  return all.filter(({ path }) => !isHidden(path))
}

/** Dropped files, including those in folders but not hidden ones. */
export async function dropped(transfer: DataTransfer): Promise<Dropped[]> {
  // The entries must be read before the first await: the list is emptied after the event.
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
    // Browsers return a folder's entries in batches; an empty one marks the end.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (some.length === 0) return
    for (const one of some) await walk(one, found)
  }
}
