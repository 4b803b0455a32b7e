// Some engines report `C` as the language under LANG=C.UTF-8, and libraries that hand it to Intl
// throw while they load. This must be imported before anything else.
try {
  Intl.getCanonicalLocales(navigator.language)
} catch {
  Object.defineProperty(navigator, 'language', { value: 'en', configurable: true })
  Object.defineProperty(navigator, 'languages', { value: ['en'], configurable: true })
}
