// Some browsers report the language `C` under LANG=C.UTF-8, and libraries that pass it to Intl
// throw while loading. This must be imported before anything else.
try {
  Intl.getCanonicalLocales(navigator.language)
} catch {
  Object.defineProperty(navigator, 'language', { value: 'en', configurable: true })
  Object.defineProperty(navigator, 'languages', { value: ['en'], configurable: true })
}
