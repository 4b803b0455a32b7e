// Which of the shell's dialogs is open: one at a time.

type Overlay = 'palette' | 'shortcuts' | 'newProject' | 'move'

export const overlays = $state<{ open: Overlay | null }>({ open: null })
