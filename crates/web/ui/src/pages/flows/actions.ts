// What is done with flows, wherever they are shown.

import './en'

import { type Flow, type FlowPlan, type FlowRun, models as askForModels } from '$lib/api'
import { changeFlow, deleteFlow, flow as askForFlow, runFlow, saveFlow, watchForFlow } from '$lib/api/flows'
import { t } from '$lib/i18n'
import { go } from '$lib/router.svelte'
import { attempt, toast, toastUndo } from '$lib/toasts.svelte'

import { download, fileName } from '../session/files'

/** A flow as a file. */
export const saveFile = (plan: FlowPlan): void => download(fileName(plan.name, 'json'), `${JSON.stringify(plan, null, 2)}\n`, 'application/json')

/** Keeps a copy of one's own, and opens it to be changed. */
export const copyFlow = (plan: FlowPlan): Promise<boolean> =>
  attempt(async () => {
    const name = t('flow.copyName', { name: plan.name }).slice(0, 120)
    go(`/flows/${(await saveFlow({ ...plan, name })).id}/edit`)
  })

/** Deletes a flow, with an undo that brings it back under its address, with the folder that it watched. */
export const removeFlow = (id: string): Promise<boolean> =>
  attempt(async () => {
    const { plan, watch } = await deleteFlow(id)
    toastUndo(t('flow.deleted', { name: plan.name }), async () => {
      await changeFlow(id, plan)
      if (watch) await watchForFlow(id, watch)
    })
  })

export const stopWatching = ({ id }: Pick<Flow, 'id'>): Promise<boolean> =>
  attempt(async () => {
    await watchForFlow(id, null)
    toast(t('flow.watchStopped'))
  })

/** Runs the flow of a run once more with the same inputs: as it is now if it is still there, else as it was. */
export const runAgain = ({ flow, plan, inputs }: FlowRun): Promise<boolean> =>
  attempt(async () => {
    const isThere = flow ? await askForFlow(flow).then(() => true, () => false) : false
    const { id } = await runFlow({ ...(isThere && flow ? { flow } : { plan }), inputs })
    go(`/flow-runs/${id}`)
  })

/** What models are called, by their identifiers. */
export async function modelNames(signal?: AbortSignal): Promise<Map<string, string>> {
  return new Map((await askForModels(signal)).map(({ id, name }) => [id, name]))
}
