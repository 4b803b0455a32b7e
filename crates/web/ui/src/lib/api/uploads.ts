// Requests about uploads: dropped files that will become a dataset.

import { answer, at, client, path, sendFile, type Signal } from './request'
import type { Upload } from './types'

export const newUpload = () => answer(client.POST('/api/uploads'))
export const sendUpload = (id: string, name: string, file: Blob, onShare: (share: number) => void, signal?: Signal) =>
  sendFile<Upload>('PUT', path('uploads', id, 'files', name), file, onShare, signal)
export const deleteUpload = (id: string) => answer(client.DELETE('/api/uploads/{id}', at(id)))
