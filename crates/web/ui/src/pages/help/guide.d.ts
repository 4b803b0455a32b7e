// The output of `vite/guide.ts`, made from docs/guide.

declare module 'virtual:guide' {
  import type { Topic } from '../../../vite/guide'
  export const topics: Topic[]
  export const texts: Record<string, () => Promise<{ default: string }>>
}

declare module 'virtual:guide-search' {
  import type { Section } from '../../../vite/guide'
  const sections: Section[]
  export default sections
}
