// Moving pictures play only while they can be seen, and not at all where motion is unwanted.

import { reducedMotion } from './motion.svelte'

/** Plays a silent film while it is in sight and `isOn`, for `use:`; what else plays it is left alone. */
export function inSight(video: HTMLVideoElement, isOn = true) {
  let isSeen = false
  let isWanted = isOn
  let isOurs = false
  const apply = () => {
    const isDue = isSeen && isWanted && !reducedMotion()
    // A browser may refuse to play, to save power; then the poster stays.
    if (isDue) void video.play().catch(() => undefined)
    else if (isOurs) video.pause()
    isOurs = isDue
  }
  const observer = new IntersectionObserver((entries) => {
    isSeen = entries.at(-1)?.isIntersecting ?? false
    apply()
  })
  observer.observe(video)
  return {
    update(isNowOn: boolean) {
      isWanted = isNowOn
      apply()
    },
    destroy() {
      observer.disconnect()
    },
  }
}
