// Files from the page to the person.

/** Hands bytes to the browser as a file to keep. */
export function download(name: string, bytes: BlobPart, type = 'application/octet-stream'): void {
  const url = URL.createObjectURL(new Blob([bytes], { type }))
  downloadFrom(name, url)
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/** Lets the browser keep what is at an address. */
export function downloadFrom(name: string, url: string): void {
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
}

/** A name that every system takes for a file. */
export const fileName = (name: string, ending: string): string => `${name.replace(/[^\p{L}\p{N} ._-]+/gu, '-').slice(0, 80).trim() || 'movement'}.${ending}`
