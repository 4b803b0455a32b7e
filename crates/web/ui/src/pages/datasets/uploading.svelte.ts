// The upload of files to the studio: two at a time, without retries; failures are listed.

import { deleteUpload, newUpload, problemOf, sendUpload } from '$lib/api'
import type { Dropped } from '$lib/dropped'

const AT_ONCE = 2

export class Uploading {
  /** The upload's identifier, once the studio has assigned one. */
  id = $state<string>()
  nFiles = $state(0)
  nDone = $state(0)
  bytes = $state(0)
  /** Files that could not be sent, and why. */
  failed = $state.raw<{ path: string; why: string }[]>([])

  #waiting: Dropped[] = []
  #nBusy = 0
  #sentBytes = $state(0)
  #place: Promise<string> | undefined
  #abort = new AbortController()

  readonly isBusy = $derived(this.nDone + this.failed.length < this.nFiles)
  readonly share = $derived(this.bytes === 0 ? 0 : Math.min(1, this.#sentBytes / this.bytes))

  add(files: Dropped[]): void {
    this.nFiles += files.length
    for (const { file } of files) this.bytes += file.size
    this.#waiting.push(...files)
    while (this.#nBusy < AT_ONCE && this.#waiting.length > 0) void this.#work()
  }

  /** Discards everything, here and in the studio, unless a dataset has been made from it. */
  discard(): void {
    this.#abort.abort()
    if (this.id) deleteUpload(this.id).catch(() => undefined)
  }

  async #work(): Promise<void> {
    this.#nBusy += 1
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) await this.#send(next)
    this.#nBusy -= 1
  }

  async #send({ file, path }: Dropped): Promise<void> {
    let sent = 0
    const count = (share: number) => {
      this.#sentBytes += share * file.size - sent
      sent = share * file.size
    }
    try {
      this.#place ??= newUpload().then(({ upload }) => (this.id = upload))
      await sendUpload(await this.#place, path, file, count, this.#abort.signal)
      this.nDone += 1
    } catch (thrown) {
      if (this.#abort.signal.aborted) return
      const problem = problemOf(thrown)
      this.failed = [...this.failed, { path, why: [problem.what, problem.why].filter(Boolean).join(': ') }]
      // The next file may request an upload again.
      if (!this.id) this.#place = undefined
    }
    count(1)
  }
}
