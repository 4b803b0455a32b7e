// Whether the moving pictures of games move, for all of them at once.

let isPlaying = $state(true)

export const clips = {
  get isPlaying(): boolean {
    return isPlaying
  },
  toggle: (): void => void (isPlaying = !isPlaying),
}
