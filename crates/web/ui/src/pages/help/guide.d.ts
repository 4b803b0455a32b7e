// The output of `vite/guide.ts`, made from docs/guide.

declare module 'virtual:guide' {
  import type { Topic } from '../../../vite/guide'
  export const topics: Topic[]
}

declare module 'virtual:guide-texts' {
  /** HTML by the identifiers of topics. */
  const texts: Record<string, string>
  export default texts
}
