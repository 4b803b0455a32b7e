// Which of the shell's dialogs is open: one at a time.

type Overlay = 'palette' | 'shortcuts' | 'newProject' | 'move'

export const overlays = $state<{ open: Overlay | null; typed: string }>({
  open: null,
  /** The text typed into the palette, including before it has loaded. */
  typed: '',
})
