// The current address, which is the state of the app, so that Back, bookmarks and reports work.

const isBrowser = typeof location !== 'undefined'
// Two states: code that depends on the path alone must not rerun on every change of the query.
let path = $state(isBrowser ? location.pathname : '/')
let query = $state.raw(new URLSearchParams(isBrowser ? location.search : ''))
let hash = $state(isBrowser ? location.hash : '')

/** The current address. */
export const route = {
  get path(): string {
    return path
  },
  get query(): URLSearchParams {
    return query
  },
  /** The anchor within the page, such as `#files`; empty for none. */
  get hash(): string {
    return hash
  },
}

function arrive(): void {
  path = location.pathname
  query = new URLSearchParams(location.search)
  hash = location.hash
}

/** Navigates to an address of the app, such as `/datasets/new?from=samples`. */
export function go(to: string, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push') history.pushState(null, '', to)
  else history.replaceState(null, '', to)
  arrive()
}

/** Changes some of the query's parameters and keeps the rest; null removes one. Adds no history entry. */
export function setQuery(changes: Record<string, string | null>): void {
  const wanted = new URLSearchParams(query)
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) wanted.delete(name)
    else wanted.set(name, value)
  }
  const text = wanted.toString()
  go(text ? `${path}?${text}` : path, 'replace')
}

/** Follows Back and Forward, and turns clicks on internal links into page changes. */
export function startRouter(): () => void {
  const onClick = (event: MouseEvent) => {
    const link = event.target instanceof Element ? event.target.closest('a') : null
    if (!link || !isOurs(event, link)) return
    event.preventDefault()
    if (link.href !== location.href) go(link.pathname + link.search + link.hash)
  }
  addEventListener('popstate', arrive)
  document.addEventListener('click', onClick)
  return () => {
    removeEventListener('popstate', arrive)
    document.removeEventListener('click', onClick)
  }
}

function isOurs(event: MouseEvent, link: HTMLAnchorElement): boolean {
  const isPlainClick = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
  // The browser itself handles anchors within the current page.
  const isHere = link.hash !== '' && link.pathname === location.pathname
  const isElsewhere = link.target !== '' || link.hasAttribute('download') || isHere
  const isPage = link.origin === location.origin && !link.pathname.startsWith('/api/')
  return isPlainClick && !event.defaultPrevented && !isElsewhere && isPage
}

/** The parameters of a pattern like `/datasets/:id`, or null if the path does not match. */
export function match(pattern: string, path: string): Record<string, string> | null {
  const want = pattern.split('/').filter(Boolean)
  const have = path.split('/').filter(Boolean)
  if (want.length !== have.length) return null
  const names: Record<string, string> = {}
  for (const [i, part] of want.entries()) {
    const found = have[i] ?? ''
    if (part.startsWith(':')) names[part.slice(1)] = decode(found)
    else if (part !== found) return null
  }
  return names
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
