// Which requests depend on the current project: they list what is in it, or create something in it.

/** By method. The user's presets work in every project, and all projects share one queue: these lists are complete. */
const SCOPED: Record<string, readonly string[]> = {
  GET: ['datasets', 'daw/files', 'daw/picture', 'exports', 'films', 'flow-runs', 'generations', 'imports', 'library/folders', 'library/items', 'library/words', 'models', 'patches', 'runs', 'sounds'],
  POST: [
    'changes',
    'compositions',
    'conversions',
    'datasets',
    'daw/sounds',
    'engines',
    'exports',
    'films',
    'flow-runs',
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
    'memory/mend',
    'memory/patterns',
    'memory/queries',
    'memory/take',
    'models',
    'patches',
    'plays',
    'presets',
    'presets/import',
    'runs',
    'runs/check',
    'sessions',
    'weights',
  ],
}

/** A request's address, with the current project where it depends on it; an empty one means all projects. */
export function inProject(method: string, address: string, project: string): string {
  const [path = '', query] = address.split('?')
  // Sounds that are like one are listed as all sounds are.
  const asked = path.replace(/^\/api\//, '').replace(/\/[^/]+\/similar$/, '')
  if (!project || !SCOPED[method.toUpperCase()]?.includes(asked)) return address
  return `${path}?${query ? `${query}&` : ''}project=${encodeURIComponent(project)}`
}
