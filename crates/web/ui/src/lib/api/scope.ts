// Which requests are of one project: what they list lies in it, and what they make goes into it.

/** By their method. Presets of one's own are useful in every project, and the queue is one for all: these lists are whole. */
const SCOPED: Record<string, readonly string[]> = {
  GET: ['datasets', 'exports', 'imports', 'models', 'runs'],
  POST: [
    'compositions',
    'conversions',
    'datasets',
    'exports',
    'imports',
    'imports/foreign',
    'jobs',
    'measures',
    'models',
    'presets',
    'presets/import',
    'runs',
    'runs/check',
  ],
}

/** The address of a request, with the project that the pages show where it is asked for; an empty one means all projects. */
export function inProject(method: string, address: string, project: string): string {
  const [path = '', query] = address.split('?')
  if (!project || !SCOPED[method.toUpperCase()]?.includes(path.replace(/^\/api\//, ''))) return address
  return `${path}?${query ? `${query}&` : ''}project=${encodeURIComponent(project)}`
}
