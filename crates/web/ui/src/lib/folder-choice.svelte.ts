// The folder that a form is about. What its text field says is the only truth: what is used is what it says, or
// nothing. Answers that come late, of what the field said before, are not listened to.

import { type FileKind, type FolderListing, folders, type Problem, problemOf } from '$lib/api'
import { t } from '$lib/i18n'

const WAIT_MS = 300

type Ask = (path: string | undefined, signal: AbortSignal) => Promise<FolderListing>

export class FolderChoice {
  /** What the field says. Empty at first, until the studio names the home folder. */
  #text = $state('')
  /** The folder last listed; it may be another one than the field says by now. */
  listing = $state.raw<FolderListing>()
  /** Why what the field says cannot be used. */
  problem = $state.raw<Problem>()
  /** Whether an answer for what the field says is on its way, or will be asked for in a moment. */
  isChecking = $state(false)

  /** What the field said when the newest answer, good or bad, was asked for. */
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

  /** The folder that the field says, where the studio has found it; nothing else may be used. */
  get found(): FolderListing | undefined {
    return this.problem === undefined && this.#isAnswered() ? this.listing : undefined
  }

  /** Asks for the folder of the field: when it is first shown, and when it is shown again, as it may have changed. */
  start(): void {
    void this.#check()
  }

  /** Somebody types: what the field says is looked at when they pause. */
  type(text: string): void {
    this.#text = text
    this.#forget()
    this.isChecking = true
    this.#timer = setTimeout(() => void this.#check(), WAIT_MS)
  }

  /** Somebody goes to a folder: the field says it, and it is looked at now. */
  open(path: string): void {
    this.#text = path
    this.#forget()
    void this.#check()
  }

  /** Looks again, after a problem. */
  retry(): void {
    this.#forget()
    void this.#check()
  }

  /** Waits until it is known whether what the field says can be used; gives it if so. */
  async settle(): Promise<FolderListing | undefined> {
    // Whoever types meanwhile is waited for as well.
    while (!this.#isAnswered()) await this.#check()
    return this.found
  }

  /** Asks nothing any more. */
  leave(): void {
    clearTimeout(this.#timer)
    this.#coming?.abort.abort()
    this.#coming = undefined
  }

  #isAnswered(): boolean {
    return this.#answered === this.#text
  }

  /** What was known of another text is not true of this one. */
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
    // Once a folder was listed, an empty field is a field that somebody emptied.
    const isEmptied = path === '' && this.listing !== undefined
    const answer = isEmptied
      ? { code: 'no_folder', what: t('folder.empty') }
      : await this.#ask(path || undefined, signal).catch((thrown: unknown) => (signal.aborted ? undefined : problemOf(thrown)))
    // Whatever it says, it is about another text than the field's.
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
