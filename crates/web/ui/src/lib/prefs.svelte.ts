// The user's preferences, kept in the browser.

export type Theme = 'system' | 'dark' | 'light' | 'contrast'
export type Density = 'compact' | 'default' | 'comfortable'

interface Prefs {
  theme: Theme
  density: Density
  /** In percent of the browser's default size. */
  textSize: number
  hasSingleKeys: boolean
  isRailNarrow: boolean
  isGuideClosed: boolean
  /** Whether a model's output was ever played here. */
  hasHeard: boolean
  /** Whether the selected file of a dataset shows its spectrogram. */
  hasSpectrogram: boolean
  /** The current project; empty for all of them. */
  project: string
  /** Projects chosen here, the most recent first. */
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

/** Changes to a field are applied and saved. */
export const prefs = $state<Prefs>(load())

/** Applies the preferences to the document, now and whenever they or the system's settings change. */
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
    // A browser without storage (private mode) still works, but starts with the defaults next time.
  }
}
