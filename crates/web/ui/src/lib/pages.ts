// The list of pages. A new page is one line here and one file in src/pages.

import type { Component } from 'svelte'

import type { PlainKey } from '$lib/i18n'

import { match } from './router.svelte'

interface Module {
  default: Component<{ params: Record<string, string> }> | Component
}
export interface Page {
  /** The address, with `:names` for what changes. */
  pattern: string
  /** Its title, until the page itself knows a better one. */
  title: PlainKey
  /** Which entry of the rail it belongs to. */
  section: Section
  load: () => Promise<Module>
}
export type Section = 'dashboard' | 'datasets' | 'runs' | 'models' | 'exports' | 'import' | 'trash' | 'settings' | 'help'

/** The first pattern that fits wins: `/datasets/new` stands before `/datasets/:id`. */
export const pages: Page[] = [
  { pattern: '/', title: 'nav.dashboard', section: 'dashboard', load: () => import('../pages/dashboard/DashboardPage.svelte') },
  { pattern: '/datasets', title: 'nav.datasets', section: 'datasets', load: () => import('../pages/datasets/DatasetsPage.svelte') },
  { pattern: '/datasets/new', title: 'title.newDataset', section: 'datasets', load: () => import('../pages/datasets/NewDatasetPage.svelte') },
  { pattern: '/datasets/:id', title: 'nav.datasets', section: 'datasets', load: () => import('../pages/datasets/DatasetPage.svelte') },
  { pattern: '/runs', title: 'nav.runs', section: 'runs', load: () => import('../pages/runs/RunsPage.svelte') },
  { pattern: '/runs/new', title: 'title.newRun', section: 'runs', load: () => import('../pages/runs/NewRunPage.svelte') },
  { pattern: '/runs/:id', title: 'nav.runs', section: 'runs', load: () => import('../pages/runs/RunPage.svelte') },
  { pattern: '/compare', title: 'compareRuns.title', section: 'runs', load: () => import('../pages/compare/ComparePage.svelte') },
  { pattern: '/models', title: 'nav.models', section: 'models', load: () => import('../pages/models/ModelsPage.svelte') },
  { pattern: '/models/:id', title: 'nav.models', section: 'models', load: () => import('../pages/models/ModelPage.svelte') },
  { pattern: '/export', title: 'title.newExport', section: 'exports', load: () => import('../pages/exports/NewExportPage.svelte') },
  { pattern: '/exports', title: 'nav.exports', section: 'exports', load: () => import('../pages/exports/ExportsPage.svelte') },
  { pattern: '/exports/:id', title: 'nav.exports', section: 'exports', load: () => import('../pages/exports/ExportPage.svelte') },
  { pattern: '/import', title: 'title.import', section: 'import', load: () => import('../pages/import/ImportPage.svelte') },
  { pattern: '/trash', title: 'trash.title', section: 'trash', load: () => import('../pages/trash/TrashPage.svelte') },
  { pattern: '/settings', title: 'nav.settings', section: 'settings', load: () => import('../pages/settings/SettingsPage.svelte') },
  { pattern: '/help', title: 'help.title', section: 'help', load: () => import('../pages/help/HelpPage.svelte') },
  { pattern: '/help/:topic', title: 'help.title', section: 'help', load: () => import('../pages/help/TopicPage.svelte') },
]

/** The page of an address and the names in it. */
export function pageAt(path: string): { page: Page; params: Record<string, string> } | null {
  for (const page of pages) {
    const params = match(page.pattern, path)
    if (params) return { page, params }
  }
  return null
}
