// How this reader likes the pages, kept in the browser.

export type Theme = 'system' | 'dark' | 'light' | 'contrast'
export type Density = 'compact' | 'default' | 'comfortable'

interface Prefs {
  theme: Theme
  density: Density
  /** In percent of the browser's own size. */
  textSize: number
  hasSingleKeys: boolean
  isRailNarrow: boolean
  isGuideClosed: boolean
  /** Whether a sound that a model made was ever played here. */
  hasHeard: boolean
  /** Whether the chosen file of a dataset shows its spectrogram. */
  hasSpectrogram: boolean
  /** The project that the pages show; empty for all of them. */
  project: string
  /** Projects that were chosen here, the last one first. */
  recentProjects: string[]
}

const KEY = 'maquette.prefs'
const defaults: Prefs = {
  theme: 'system',
  density: 'default',
  textSize: 100,
  hasSingleKeys: true,
  isRailNarrow: false,
  isGuideClosed: false,
  hasHeard: false,
  hasSpectrogram: false,
  project: '',
  recentProjects: [],
}

/** Change a field and it is applied and kept. */
export const prefs = $state<Prefs>(load())

/** Applies the preferences to the document, now and whenever they or the system's change. */
export function startPrefs(): void {
  const light = matchMedia('(prefers-color-scheme: light)')
  const contrast = matchMedia('(prefers-contrast: more)')
  let isLight = $state(light.matches)
  let isContrast = $state(contrast.matches)
  light.addEventListener('change', () => (isLight = light.matches))
  contrast.addEventListener('change', () => (isContrast = contrast.matches))

  $effect.pre(() => {
    const system = isContrast ? 'contrast' : isLight ? 'light' : 'dark'
    const root = document.documentElement
    root.dataset.theme = prefs.theme === 'system' ? system : prefs.theme
    root.dataset.density = prefs.density
    root.style.setProperty('--text-scale', String(prefs.textSize / 100))
    save($state.snapshot(prefs))
  })
}

function load(): Prefs {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}')
    return { ...defaults, ...(kept as Partial<Prefs>) }
  } catch {
    return { ...defaults }
  }
}

function save(kept: Prefs): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(kept))
  } catch {
    // A browser that keeps nothing (private mode) still works, with the defaults next time.
  }
}
