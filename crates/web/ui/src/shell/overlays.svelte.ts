// Which of the shell's dialogs is open: one at a time.

export const overlays = $state<{ open: 'palette' | 'shortcuts' | null }>({ open: null })
