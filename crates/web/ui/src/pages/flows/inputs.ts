// What whoever runs a flow gives: as a form has it, and as the studio wants it.

import type { FlowInput, FlowPlan, SoundPlace } from '$lib/api'

import type { Chosen } from '../create/draft'

/** By the keys of inputs: a sound that was chosen, or a text. */
export type Given = Record<string, Chosen | string | undefined>

/** What a form shows at first: what is usual, and what an earlier run was given. */
export function givenOf(plan: FlowPlan, before: Record<string, unknown> = {}, nameOf: (place: SoundPlace) => string = () => ''): Given {
  return Object.fromEntries(
    (plan.inputs ?? []).map(({ key, kind, usual }) => {
      const value = before[key] ?? usual
      if (kind !== 'sound') return [key, value === undefined || value === null ? '' : String(value)]
      return [key, isPlace(value) ? { place: value, name: nameOf(value) } : undefined]
    }),
  )
}

const isPlace = (value: unknown): value is SoundPlace => typeof value === 'object' && value !== null && 'in' in value

/** What is wrong with an input, as the end of a key of words; undefined if it can be used. */
export function wrongInput({ kind, usual }: FlowInput, value: Chosen | string | undefined): 'sound' | 'words' | 'number' | undefined {
  const hasUsual = usual !== undefined && usual !== null
  if (kind === 'sound') return value ? undefined : 'sound'
  const text = typeof value === 'string' ? value.trim() : ''
  if (text === '') return hasUsual ? undefined : kind
  return kind === 'number' && numberIn(text) === undefined ? 'number' : undefined
}

/** As the studio wants them; those that are left empty are the usual ones. */
export function inputsOf(plan: FlowPlan, given: Given): Record<string, unknown> {
  return Object.fromEntries(
    (plan.inputs ?? []).flatMap(({ key, kind, usual }): [string, unknown][] => {
      const value = given[key]
      if (kind === 'sound') return value && typeof value !== 'string' ? [[key, value.place]] : []
      const text = typeof value === 'string' ? value.trim() : ''
      if (kind === 'number') return text === '' ? [] : [[key, numberIn(text)]]
      // Words may be taken away where some are usual.
      return text === '' && (usual === undefined || usual === null) ? [] : [[key, text]]
    }),
  )
}

function numberIn(text: string): number | undefined {
  const value = Number(text.replace(',', '.'))
  return Number.isFinite(value) ? value : undefined
}

/** Why a flow cannot run with them: the first input that is missing or wrong. */
export const lacking = (plan: FlowPlan, given: Given): FlowInput | undefined => (plan.inputs ?? []).find((input) => wrongInput(input, given[input.key]) !== undefined)
