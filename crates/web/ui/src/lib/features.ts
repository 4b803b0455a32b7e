// All features, in the order of the rail: a new one is a folder in src/pages and a line here.

import type { Feature } from './feature'

import { compare } from '../pages/compare/feature'
import { create } from '../pages/create/feature'
import { dashboard } from '../pages/dashboard/feature'
import { daw } from '../pages/daw/feature'
import { datasets } from '../pages/datasets/feature'
import { exports } from '../pages/exports/feature'
import { films } from '../pages/films/feature'
import { games } from '../pages/games/feature'
import { help } from '../pages/help/feature'
import { imports } from '../pages/import/feature'
import { jobs } from '../pages/jobs/feature'
import { library } from '../pages/library/feature'
import { memory } from '../pages/memory/feature'
import { models } from '../pages/models/feature'
import { notes } from '../pages/notes/feature'
import { play } from '../pages/play/feature'
import { projects } from '../pages/projects/feature'
import { runs } from '../pages/runs/feature'
import { session } from '../pages/session/feature'
import { settings } from '../pages/settings/feature'
import { trash } from '../pages/trash/feature'
import { workbench } from '../pages/workbench/feature'

export const features: Feature[] = [dashboard, datasets, runs, compare, games, play, films, session, models, create, workbench, library, memory, notes, daw, exports, imports, projects, jobs, trash, settings, help]
