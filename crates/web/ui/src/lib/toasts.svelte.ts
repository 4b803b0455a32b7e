// Short messages at the edge of the page, most with an Undo that lasts ten seconds.

import { problemOf } from '$lib/api'
import { sentence } from '$lib/format'
import { t } from '$lib/i18n'

import { announce } from './announce.svelte'

export interface Toast {
  id: number
  text: string
  tone: 'plain' | 'bad'
  undo?: () => Promise<unknown>
}

const LIFE_MS = 10_000
let list = $state.raw<Toast[]>([])
let nextId = 1
const timers = new Map<number, ReturnType<typeof setTimeout>>()

export const toasts = {
  get all(): Toast[] {
    return list
  },
}

/** Confirms an action. */
export const toast = (text: string): void => add({ text, tone: 'plain' })

/** Confirms an action that can be undone for ten seconds, also with Ctrl+Z. */
export const toastUndo = (text: string, undo: () => Promise<unknown>): void => add({ text, tone: 'plain', undo })

/** Reports that an action failed. */
export function toastProblem(thrown: unknown): void {
  const problem = problemOf(thrown)
  add({ text: [problem.what, problem.why, problem.remedy].map((part) => (part ? sentence(part) : '')).filter(Boolean).join(' '), tone: 'bad' })
}

/** Runs an action and reports a failure; returns whether it worked. */
export async function attempt(doing: () => Promise<unknown>): Promise<boolean> {
  try {
    await doing()
    return true
  } catch (thrown) {
    toastProblem(thrown)
    return false
  }
}

/** Undoes the newest undoable action; returns whether there was one. */
export function undoNewest(): boolean {
  const newest = list.findLast((one) => one.undo)
  if (newest) void undo(newest)
  return newest !== undefined
}

export async function undo(toUndo: Toast): Promise<void> {
  close(toUndo.id)
  if (toUndo.undo && (await attempt(toUndo.undo))) toast(t('action.undoDone'))
}

export function close(id: number): void {
  clearTimeout(timers.get(id))
  timers.delete(id)
  list = list.filter((one) => one.id !== id)
}

/** Messages stay while someone reads or reaches for one. */
export function holdAll(): void {
  for (const timer of timers.values()) clearTimeout(timer)
}

export function releaseAll(): void {
  for (const one of list) startTimer(one.id)
}

function add(what: Omit<Toast, 'id'>): void {
  const id = nextId++
  list = [...list.slice(-3), { id, ...what }]
  announce(what.text)
  startTimer(id)
}

function startTimer(id: number): void {
  clearTimeout(timers.get(id))
  timers.set(id, setTimeout(() => close(id), LIFE_MS))
}
