// Requests about flows: small graphs of steps, as data, and their runs.

import { answer, at, client, type Signal, until } from './request'
import type { FlowAnswer, FlowPlan, FlowWatch, NewFlowRun } from './types'

/** Every flow: ready-made ones, then one's own. */
export const flows = (signal?: Signal) => answer(client.GET('/api/flows', until(signal)))
export const flow = (id: string, signal?: Signal) => answer(client.GET('/api/flows/{id}', { ...at(id), ...until(signal) }))
/** Keeps a new flow. */
export const saveFlow = (body: FlowPlan) => answer(client.POST('/api/flows', { body }))
/** Gives a flow another form, or brings one back that was deleted. */
export const changeFlow = (id: string, body: FlowPlan) => answer(client.PUT('/api/flows/{id}', { ...at(id), body }))
/** Deletes a flow; the answer is what it was. */
export const deleteFlow = (id: string) => answer(client.DELETE('/api/flows/{id}', at(id)))
/** What is wrong with a flow, and in which order its steps go. */
export const checkFlow = (body: FlowPlan, signal?: Signal) => answer(client.POST('/api/flows/check', { body, ...until(signal) }))
/** Runs a flow on each new sound of a folder from now on, or not any more. A ready-made one becomes one's own for that. */
export const watchForFlow = (id: string, watch: FlowWatch | null) => answer(client.PUT('/api/flows/{id}/watch', { ...at(id), body: { watch } }))

/** Runs, newest first; of one flow, if it is given. */
export const flowRuns = (flow: string | undefined, signal?: Signal) =>
  answer(client.GET('/api/flow-runs', { params: { query: flow === undefined ? {} : { flow } }, ...until(signal) }))
export const flowRun = (id: string, signal?: Signal) => answer(client.GET('/api/flow-runs/{id}', { ...at(id), ...until(signal) }))
export const runFlow = (body: NewFlowRun) => answer(client.POST('/api/flow-runs', { body }))
/** Says to a step how it goes on. */
export const answerFlow = (id: string, body: FlowAnswer) => answer(client.POST('/api/flow-runs/{id}/answer', { ...at(id), body }))
export const stopFlow = (id: string) => answer(client.POST('/api/flow-runs/{id}/stop', at(id)))
/** Deletes a run that has ended; what it kept stays. */
export const deleteFlowRun = (id: string) => answer(client.DELETE('/api/flow-runs/{id}', at(id)))
