// How to play an export, in a few steps, depending on the target.

import './en'

import type { Export } from '$lib/api'
import { t } from '$lib/i18n'
import { below } from '$lib/paths'

import { madeStem } from './source'

export interface PlayStep {
  text: string
  /** Lines to type or copy. */
  code?: string[]
}

export function stepsFor(one: Export): PlayStep[] {
  const { form } = one.task
  const name = madeStem(one)
  const at = (...path: string[]) => quoted(path.reduce(below, one.folder))
  switch (form.to) {
    case 'torchscript': {
      const place = { text: t('play.torchscript.place', { name }) }
      const switches = { text: t('play.torchscript.switches') }
      if (!form.play.streaming) return [place, { text: t('play.torchscript.whole') }, switches]
      const code = ['forward', 'encode', 'decode'].map((method) => `nn~ ${name} ${method}`)
      return [place, { text: t('play.torchscript.object'), code }, switches, { text: t('play.torchscript.vst') }]
    }
    case 'onnx': {
      const memory = form.play.streaming ? [{ text: t('play.onnx.memory') }] : []
      return [{ text: t('play.onnx.files') }, { text: t('play.onnx.inputs') }, ...memory]
    }
    case 'maq':
      return [{ text: t('play.maq.take'), code: [`maquette model add ${at(`${name}.maq`)}`] }]
    case 'safetensors': {
      const code = [`safetensors.torch.load_file("${name}.safetensors")`]
      return [{ text: t('play.safetensors.read'), code }, { text: t('play.safetensors.header') }]
    }
    case 'ckpt': {
      const folder = at(name)
      return [
        { text: t('play.ckpt.train'), code: [`rave train --ckpt ${folder}`] },
        { text: t('play.ckpt.export'), code: [`rave export --run ${folder}`] },
      ]
    }
  }
}

/** A path quoted for a shell. */
const quoted = (path: string): string => (/^[\w./\\:-]+$/.test(path) ? path : `"${path}"`)
