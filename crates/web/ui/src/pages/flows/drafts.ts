// Flows that were edited and not saved, by their identifiers: they are there again when the editor is opened again.

import type { FlowPlan } from '$lib/api'

export const drafts = new Map<string, FlowPlan>()
