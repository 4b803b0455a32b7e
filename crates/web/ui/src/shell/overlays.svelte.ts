// Which of the shell's dialogs is open: one at a time.

type Overlay = 'palette' | 'shortcuts' | 'newProject' | 'move'

export const overlays = $state<{ open: Overlay | null; typed: string }>({
  open: null,
  /** What is typed into the palette, also before it has been loaded. */
  typed: '',
})
