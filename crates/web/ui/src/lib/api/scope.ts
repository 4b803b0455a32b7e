// Which requests depend on the current project: they list what is in it, or create something in it.

/** By method; a star is any identifier. The user's presets work in every project, and all projects share one queue: these lists are complete. */
const SCOPED: Record<string, readonly string[]> = {
  GET: ['datasets', 'daw/files', 'daw/picture', 'exports', 'films', 'generations', 'imports', 'library/folders', 'library/items', 'library/items/*/similar', 'library/words', 'models', 'patches', 'runs', 'sounds'],
  POST: [
    'changes',
    'compositions',
    'conversions',
    'datasets',
    'daw/sounds',
    'exports',
    'films',
    'generations',
    'imports',
    'imports/foreign',
    'jobs',
    'library/analyses',
    'library/folders',
    'library/scan',
    'library/similar',
    'maps',
    'measures',
    'models',
    'patches',
    'plays',
    'presets',
    'presets/import',
    'runs',
    'runs/check',
    'sessions',
  ],
}

/** Whether an address is one of the list. */
function isOf(listed: string, address: string): boolean {
  const [parts, others] = [listed.split('/'), address.split('/')]
  return parts.length === others.length && parts.every((part, i) => part === '*' || part === others[i])
}

/** A request's address, with the current project where it depends on it; an empty one means all projects. */
export function inProject(method: string, address: string, project: string): string {
  const [path = '', query] = address.split('?')
  const asked = path.replace(/^\/api\//, '')
  if (!project || !SCOPED[method.toUpperCase()]?.some((listed) => isOf(listed, asked))) return address
  return `${path}?${query ? `${query}&` : ''}project=${encodeURIComponent(project)}`
}
