// A flow while it is edited: what is added, moved, taken out.

import type { FlowInput, FlowPlan, FlowStep } from '$lib/api'

import { type Do, freshKey, keysOf, workOf } from './work'

/** The version of the format of flows that these pages write. */
export const FORMAT = 1

export const emptyPlan = (name: string): FlowPlan => ({ format: FORMAT, name, about: '', inputs: [], steps: [] })

/** With a new input, under a key of its own. */
export function withInput(plan: FlowPlan, kind: FlowInput['kind'], label: string): { plan: FlowPlan; key: string } {
  const key = freshKey(kind === 'number' ? 'number' : kind, keysOf(plan))
  return { plan: { ...plan, inputs: [...(plan.inputs ?? []), { key, label, kind }] }, key }
}

/** With a new step at the end; it works on what the last step makes, or on the first sound that is given. */
export function withStep(plan: FlowPlan, kind: Do, label: string): { plan: FlowPlan; key: string } {
  const key = freshKey(kind, keysOf(plan))
  const before = plan.steps.at(-1)?.key ?? (plan.inputs ?? []).find((input) => input.kind === 'sound')?.key
  const work = workOf(kind)
  const on = before === undefined || !('sounds' in work) ? work : { ...work, sounds: [before] }
  return { plan: { ...plan, steps: [...plan.steps, { key, label, work: on, otherwise: [], if_fails: 'wait' }] }, key }
}

export const withInputAt = (plan: FlowPlan, key: string, change: Partial<FlowInput>): FlowPlan => ({ ...plan, inputs: (plan.inputs ?? []).map((one) => (one.key === key ? { ...one, ...change } : one)) })
export const withStepAt = (plan: FlowPlan, key: string, change: Partial<FlowStep>): FlowPlan => ({ ...plan, steps: plan.steps.map((one) => (one.key === key ? { ...one, ...change } : one)) })

/** Without an input or a step. What used it still names it, which the check says. */
export const without = (plan: FlowPlan, key: string): FlowPlan => ({ ...plan, inputs: (plan.inputs ?? []).filter((one) => one.key !== key), steps: plan.steps.filter((one) => one.key !== key) })

/** With an item of a list in another place. */
export function movedBy<T>(list: readonly T[], i: number, by: number): T[] {
  const to = Math.max(0, Math.min(list.length - 1, i + by))
  const moved = [...list]
  const [one] = moved.splice(i, 1)
  if (one !== undefined) moved.splice(to, 0, one)
  return moved
}

/** With a step, or an input, one place up or down. */
export function moved(plan: FlowPlan, key: string, by: number): FlowPlan {
  const [input, step] = [(plan.inputs ?? []).findIndex((one) => one.key === key), plan.steps.findIndex((one) => one.key === key)]
  if (input >= 0) return { ...plan, inputs: movedBy(plan.inputs ?? [], input, by) }
  return step >= 0 ? { ...plan, steps: movedBy(plan.steps, step, by) } : plan
}
