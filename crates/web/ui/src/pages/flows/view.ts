// A picture that may be larger than its frame: what is looked at is scrolled into view, and edges fade where there is more.

/** How far an edge fades, in CSS pixels. */
const FADE = 28

/** For `{@attach}` on the frame that scrolls; `target` is the selector of what is looked at. The page stays where it is. */
export const inView = (target: string) => (frame: HTMLElement) => {
  const fade = () => {
    const to = (side: string, before: number, after: number) => `linear-gradient(to ${side}, transparent, #000 ${Math.min(FADE, before)}px calc(100% - ${Math.min(FADE, after)}px), transparent)`
    const { scrollLeft: x, scrollTop: y } = frame
    frame.style.mask = `${to('right', x, frame.scrollWidth - frame.clientWidth - x)} intersect, ${to('bottom', y, frame.scrollHeight - frame.clientHeight - y)}`
  }
  const show = () => {
    const [outer, box] = [frame.getBoundingClientRect(), frame.querySelector(target)?.getBoundingClientRect()]
    // It stays where it is if what is beside it can be seen, too.
    if (box && (box.left - box.width < outer.left || box.right + box.width > outer.right)) frame.scrollLeft += (box.left + box.right - outer.left - outer.right) / 2
    if (box && (box.top - box.height < outer.top || box.bottom + box.height > outer.bottom)) frame.scrollTop += (box.top + box.bottom - outer.top - outer.bottom) / 2
    fade()
  }
  // It tells of the first size, too.
  const sizes = new ResizeObserver(show)
  for (const one of [frame, ...frame.children]) sizes.observe(one)
  frame.addEventListener('scroll', fade)
  return () => {
    sizes.disconnect()
    frame.removeEventListener('scroll', fade)
  }
}
