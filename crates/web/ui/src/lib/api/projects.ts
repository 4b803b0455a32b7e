// Requests about projects and their archives.

import { answer, at, client, path, sendFile, type Signal, until } from './request'
import type { NewProject, Project, ProjectChange, ProjectItem } from './types'

/** All projects, the most recently used first. */
export const projects = (signal?: Signal) => answer(client.GET('/api/projects', until(signal)))
/** One project, with its folder and its size on disk. */
export const project = (id: string, signal?: Signal) =>
  answer(client.GET('/api/projects/{id}', { ...at(id), ...until(signal) }))
export const createProject = (body: NewProject) => answer(client.POST('/api/projects', { body }))
export const changeProject = (id: string, body: ProjectChange) =>
  answer(client.PATCH('/api/projects/{id}', { ...at(id), body }))
export const deleteProject = (id: string) => answer(client.DELETE('/api/projects/{id}', at(id)))
export const restoreProject = (id: string) => answer(client.POST('/api/projects/{id}/restore', at(id)))
/** Moves something into a project; a model's reconstructions move with it. */
export const moveToProject = (id: string, body: ProjectItem) =>
  answer(client.POST('/api/projects/{id}/items', { ...at(id), body }))
export const archiveUrl = (id: string) => path('projects', id, 'archive')
/** Creates a project from an archive; `onShare` receives the share sent, 0 to 1. */
export const importProject = (archive: Blob, onShare: (share: number) => void, signal?: Signal) =>
  sendFile<Project>('POST', path('projects', 'import'), archive, onShare, signal)
