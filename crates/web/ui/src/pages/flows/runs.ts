// Runs of flows: how far they are, and what a step of one allows.

import type { FlowRun, FlowState, FlowStepRun, FlowStepState, SoundPlace } from '$lib/api'

import { placeOf } from '../create/recipe'
import { shortened } from '$lib/shortened'

/** Steps that are behind it: done, or left out. */
const isOver = ({ state }: FlowStepRun): boolean => state === 'done' || state === 'skipped' || state === 'failed'
export const nOver = (run: Pick<FlowRun, 'steps'>): number => run.steps.filter(isOver).length

export const hasEnded = (state: FlowState): boolean => state === 'done' || state === 'failed' || state === 'stopped'

/** Those that wait for the person first, then the newest. */
export const inOrder = (runs: readonly FlowRun[]): FlowRun[] => [...runs].sort((a, b) => Number(b.state === 'waiting') - Number(a.state === 'waiting') || b.created_ms - a.created_ms)

/** The step that is looked at first: the one that asks, else the one that is under way, else the last that is over. */
export function firstShown(run: Pick<FlowRun, 'steps'>): string | undefined {
  const by = (...states: FlowStepState[]) => run.steps.find(({ state }) => states.includes(state))
  return (by('asking', 'stuck', 'failed') ?? by('running') ?? run.steps.filter(isOver).at(-1) ?? run.steps[0])?.key
}

/** Where a step stands: in a run that was stopped, one that was under way waits for nobody. */
export type Stand = FlowStepState | 'stopped'
export const standOf = ({ state }: Pick<FlowRun, 'state'>, step: Pick<FlowStepRun, 'state'>): Stand => (state === 'stopped' && step.state === 'stuck' ? 'stopped' : step.state)

/** What a run was given: sounds, words and numbers, by the labels of its inputs. */
export const givenTo = ({ plan, inputs }: Pick<FlowRun, 'plan' | 'inputs'>): { label: string; text: string; isUsual: boolean }[] =>
  (plan.inputs ?? []).flatMap(({ key, label, usual }) => {
    const value = inputs[key] ?? usual ?? ''
    const text = typeof value === 'object' ? placeOf(value as SoundPlace) : String(value)
    return text === '' ? [] : [{ label: label || key, text, isUsual: value === usual }]
  })
/** What tells a run from others of its flow, on a line. */
export const aboutOf = (run: Pick<FlowRun, 'plan' | 'inputs'>): string =>
  givenTo(run)
    .filter(({ isUsual }) => !isUsual)
    .map(({ text }) => shortened(text, 36))
    .join(', ')

/** What the person may say to a step. */
export function sayable({ state, choices }: Pick<FlowStepRun, 'state' | 'choices'>): { canChoose: boolean; canRetry: boolean; canSkip: boolean; canAgain: boolean } {
  return {
    canChoose: (state === 'asking' || state === 'stuck') && (choices?.length ?? 0) > 0,
    canRetry: state === 'stuck' || state === 'failed',
    canSkip: state === 'asking' || state === 'stuck' || state === 'failed',
    canAgain: state === 'done' || state === 'skipped',
  }
}

