import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

import { svelte } from '@sveltejs/vite-plugin-svelte'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

import { guide } from './vite/guide.ts'

const folder = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Compresses once, at build time, so that the server never has to. */
function precompress(): Plugin {
  return {
    name: 'precompress',
    apply: 'build',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        for (const file of Object.values(bundle)) {
          const bytes = Buffer.from(file.type === 'chunk' ? file.code : file.source)
          if (bytes.length < 1024 || /\.(woff2|png|gz|br)$/.test(file.fileName)) continue
          const params = {
            [constants.BROTLI_PARAM_QUALITY]: 11,
            [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
          }
          this.emitFile({ type: 'asset', fileName: `${file.fileName}.gz`, source: gzipSync(bytes, { level: 9 }) })
          this.emitFile({ type: 'asset', fileName: `${file.fileName}.br`, source: brotliCompressSync(bytes, { params }) })
        }
      },
    },
  }
}

/** What most pages need comes in one piece with the first of them; a request costs more than its bytes. */
function isEverywhere(id: string): boolean {
  if (/node_modules\/(svelte|esm-env|clsx|openapi-fetch|@lucide)\//.test(id)) return true
  if (/\/src\/instruments\/(player|engine|sounds|envelope|timeline|transport)\./.test(id)) return true
  // The dashboard needs this little beside itself.
  if (/\/src\/pages\/(runs\/samples|dashboard\/en|import\/en)\.ts/.test(id)) return true
  const isPart = /(Modal|Dialog|Picker|Form|FormLayout|Field|Drop|Popover|Select|Menu|Grid|Facts|Tabs|EditableTitle|ChoiceRow|OriginTag|WarningList|ShortcutSheet|Palette|Figure|Stats|SearchField|CopyButton|EmptyState|Unreadables|PendingImports)\.svelte/.test(id)
  // Requests of the pages that play and make sounds travel with those.
  const isOfSounds = /lib\/api\/(changes|controls|daw|engines|films|flows|generations|library|maps|measures|memory|midi-edits|notes|patches|plays|reconstructions|sessions|similar|sounds|system|weights)\.ts/.test(id)
  const isForm = isPart || isOfSounds || /lib\/(knobs|shortened|dropped|folder-choice\.svelte|folder-words|grid|filter|choosing|placing|compose|paths|metrics|moving\.svelte|named|links|motion\.svelte)\.ts/.test(id)
  return /\/src\/(lib|components|shell|styles)\//.test(id) && !isForm
}

// The studio answers only requests of its own origin; while developing, pages come from vite's.
const studio = process.env.MAQUETTE_URL ?? 'http://127.0.0.1:7901'

export default defineConfig({
  base: '/',
  plugins: [svelte(), guide(folder('../../../docs/guide')), precompress()],
  resolve: {
    alias: {
      $lib: folder('./src/lib'),
      $components: folder('./src/components'),
      $instruments: folder('./src/instruments'),
    },
  },
  build: {
    outDir: '../dist',
    emptyOutDir: true,
    target: ['es2022', 'safari16.4', 'chrome111', 'firefox114'],
    modulePreload: { polyfill: false },
    // One small style sheet: a page that is switched to is never seen without its own.
    cssCodeSplit: false,
    // The first page asks for as little as can be: a part that it shares with another page comes with it.
    rolldownOptions: { output: { codeSplitting: { groups: [
      { name: 'app', test: isEverywhere },
      { name: 'dashboard', test: /(DashboardPage|PendingImports)\.svelte/ },
    ] } } },
    // A data: URL would need a hole in the content security policy.
    assetsInlineLimit: 0,
  },
  server: {
    host: '127.0.0.1',
    port: Number(process.env.PORT ?? 5173),
    proxy: { '/api': { target: studio, changeOrigin: true, ws: true, headers: { origin: studio } } },
  },
  test: { include: ['tests/**/*.test.ts'], environment: 'node' },
})
