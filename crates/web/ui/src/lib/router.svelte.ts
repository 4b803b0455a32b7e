// Where the reader is: the address is the state, so that Back, bookmarks and reports work.

interface Place {
  path: string
  query: URLSearchParams
}

const here = (): Place => ({ path: location.pathname, query: new URLSearchParams(location.search) })

let place = $state.raw<Place>(typeof location === 'undefined' ? { path: '/', query: new URLSearchParams() } : here())

/** The address now. */
export const route = {
  get path(): string {
    return place.path
  },
  get query(): URLSearchParams {
    return place.query
  },
}

/** Goes to an address of ours, like `/datasets/new?from=samples`. */
export function go(to: string, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push') history.pushState(null, '', to)
  else history.replaceState(null, '', to)
  place = here()
}

/** Changes some of the query and keeps the rest; null takes a name out. No new step for Back. */
export function setQuery(changes: Record<string, string | null>): void {
  const query = new URLSearchParams(place.query)
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) query.delete(name)
    else query.set(name, value)
  }
  const text = query.toString()
  go(text ? `${place.path}?${text}` : place.path, 'replace')
}

/** Follows Back and Forward, and turns clicks on our own links into page changes. */
export function startRouter(): () => void {
  const onBack = () => (place = here())
  const onClick = (event: MouseEvent) => {
    const link = event.target instanceof Element ? event.target.closest('a') : null
    if (!link || !isOurs(event, link)) return
    event.preventDefault()
    if (link.href !== location.href) go(link.pathname + link.search)
  }
  addEventListener('popstate', onBack)
  document.addEventListener('click', onClick)
  return () => {
    removeEventListener('popstate', onBack)
    document.removeEventListener('click', onClick)
  }
}

function isOurs(event: MouseEvent, link: HTMLAnchorElement): boolean {
  const isPlainClick = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
  const isElsewhere = link.target !== '' || link.hasAttribute('download') || link.hash !== ''
  const isPage = link.origin === location.origin && !link.pathname.startsWith('/api/')
  return isPlainClick && !event.defaultPrevented && !isElsewhere && isPage
}

/** The names in a pattern like `/datasets/:id`, or null if the path is another one. */
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
