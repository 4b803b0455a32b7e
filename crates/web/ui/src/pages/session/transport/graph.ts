// The page's audio graph: microphone, player, loudspeaker, at the model's rate.

import type { PlayerNews, PlayerOptions } from './player.worklet'
import workletUrl from './player.worklet.ts?worker&url'

export interface Graph {
  context: AudioContext
  node: AudioWorkletNode
  options: PlayerOptions
}

/** Opens a graph; `deviceHz` is another rate than the model's, where the browser cannot change a microphone's. */
export async function openGraph(options: PlayerOptions, onNews: (news: PlayerNews) => void, deviceHz?: number): Promise<Graph> {
  const context = new AudioContext({ sampleRate: deviceHz ?? options.rateHz, latencyHint: 'interactive' })
  try {
    await context.audioWorklet.addModule(workletUrl)
    const node = new AudioWorkletNode(context, 'maquette-player', {
      numberOfInputs: 1,
      numberOfOutputs: 1,
      outputChannelCount: [options.channels],
      channelCount: options.channels,
      channelCountMode: 'explicit',
      processorOptions: options,
    })
    node.port.onmessage = ({ data }: MessageEvent<PlayerNews>) => onNews(data)
    node.connect(context.destination)
    return { context, node, options }
  } catch (thrown) {
    void context.close()
    throw thrown
  }
}

/** Lets the player and the connection speak with each other. */
export function join({ node }: Graph, connection: Worker): void {
  const { port1, port2 } = new MessageChannel()
  node.port.postMessage(port1, [port1])
  connection.postMessage({ player: port2 }, [port2])
}

export async function closeGraph({ context, node }: Graph): Promise<void> {
  node.port.postMessage('end')
  node.disconnect()
  await context.close()
}

/** What the sound needs between the microphone and the ear besides the model and the buffer, in seconds. */
export function deviceSecs({ context }: Graph, track: MediaStreamTrack | undefined): { input: number; output: number } {
  // Not every browser tells it of a microphone.
  const { latency = 0 } = (track?.getSettings() ?? {}) as { latency?: number }
  return { input: latency, output: (context.baseLatency || 0) + (context.outputLatency || 0) }
}
