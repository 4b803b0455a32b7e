// Names in braces in the texts of a run, filled in for those who read what was tried: as the studio does (`flows/fill.rs`).

import type { FlowRun } from '$lib/api'

/** What `{key}` alone stands for. */
const VALUE = 'value'

/** A text with what the run knows in the place of names; a name that is not known stays. */
export function filled(text: string, { plan, inputs, steps }: Pick<FlowRun, 'plan' | 'inputs' | 'steps'>): string {
  const known = (key: string, fact: string): unknown => {
    const input = (plan.inputs ?? []).find((one) => one.key === key)
    if (input) return fact === VALUE ? (inputs[key] ?? input.usual) : undefined
    return steps.find((one) => one.key === key)?.knows?.facts[fact]
  }
  const values = text.replace(/\{([^}]*)\}/g, (whole, name: string) => {
    const [, path = '', otherwise] = /^([^|]*)(?:\|(.*))?$/s.exec(name) ?? []
    const [, key = '', fact = VALUE] = /^([^.]*)(?:\.(.*))?$/s.exec(path.trim()) ?? []
    const value = known(key, fact)
    // A sound is no text.
    const found = typeof value === 'number' ? String(Math.round(value * 100) / 100) : typeof value === 'string' ? value : ''
    const isGiven = found !== '' || (value === '' && fact === VALUE && otherwise === undefined)
    return isGiven ? found : (otherwise ?? whole)
  })
  // Without commas and blanks where nothing was filled in.
  return values.split(',').map((part) => part.trim()).filter(Boolean).join(', ')
}
