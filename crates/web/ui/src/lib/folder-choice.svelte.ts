// The folder chosen in a form. Its text field is the single source of truth: the folder it names is used, or
// none. Late answers about an earlier text are ignored.

import { type FileKind, type FolderListing, folders, type Problem, problemOf } from '$lib/api'
import { t } from '$lib/i18n'

const WAIT_MS = 300

type Ask = (path: string | undefined, signal: AbortSignal) => Promise<FolderListing>

export class FolderChoice {
  /** The text of the field. Empty at first, until the studio names the home folder. */
  #text = $state('')
  /** The folder last listed; the field may name another one by now. */
  listing = $state.raw<FolderListing>()
  /** Why the folder in the field cannot be used. */
  problem = $state.raw<Problem>()
  /** Whether a check of the field's text is in progress or imminent. */
  isChecking = $state(false)

  /** The text that the newest answer, good or bad, is about. */
  #answered = $state<string>()
  #coming: { text: string; abort: AbortController; done: Promise<void> } | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #ask: Ask

  constructor(start = '', files: FileKind = 'sounds', ask: Ask = (path, signal) => folders(path, files, signal)) {
    this.#text = start
    this.#ask = ask
  }

  get text(): string {
    return this.#text
  }

  /** The folder named in the field, if the studio has found it; nothing else may be used. */
  get found(): FolderListing | undefined {
    return this.problem === undefined && this.#isAnswered() ? this.listing : undefined
  }

  /** Checks the field's folder when it is shown for the first time or again, as it may have changed. */
  start(): void {
    void this.#check()
  }

  /** The user types: the text is checked once they pause. */
  type(text: string): void {
    this.#text = text
    this.#forget()
    this.isChecking = true
    this.#timer = setTimeout(() => void this.#check(), WAIT_MS)
  }

  /** The user opens a folder: the field shows it, and it is checked at once. */
  open(path: string): void {
    this.#text = path
    this.#forget()
    void this.#check()
  }

  /** Checks again, after a problem. */
  retry(): void {
    this.#forget()
    void this.#check()
  }

  /** Waits until the field's folder has been checked; returns it if it can be used. */
  async settle(): Promise<FolderListing | undefined> {
    // Text typed in the meantime is waited for as well.
    while (!this.#isAnswered()) await this.#check()
    return this.found
  }

  /** Stops all checks. */
  leave(): void {
    clearTimeout(this.#timer)
    this.#coming?.abort.abort()
    this.#coming = undefined
  }

  #isAnswered(): boolean {
    return this.#answered === this.#text
  }

  /** Discards results about an earlier text. */
  #forget(): void {
    this.leave()
    this.#answered = undefined
    this.problem = undefined
  }

  async #check(): Promise<void> {
    clearTimeout(this.#timer)
    const text = this.#text
    if (this.#coming?.text === text) return this.#coming.done
    this.#coming?.abort.abort()
    const abort = new AbortController()
    const coming = { text, abort, done: this.#look(text, abort.signal) }
    this.#coming = coming
    await coming.done
  }

  async #look(text: string, signal: AbortSignal): Promise<void> {
    this.isChecking = true
    const path = text.trim()
    // Once a folder has been listed, an empty field has been emptied by the user.
    const isEmptied = path === '' && this.listing !== undefined
    const answer = isEmptied
      ? { code: 'no_folder', what: t('folder.empty') }
      : await this.#ask(path || undefined, signal).catch((thrown: unknown) => (signal.aborted ? undefined : problemOf(thrown)))
    // The text has changed since, so the answer no longer applies.
    if (signal.aborted || answer === undefined || text !== this.#text) return
    if ('path' in answer) {
      this.listing = answer
      this.problem = undefined
      if (path === '') this.#text = answer.path
    } else this.problem = answer
    this.#answered = this.#text
    this.#coming = undefined
    this.isChecking = false
  }
}
