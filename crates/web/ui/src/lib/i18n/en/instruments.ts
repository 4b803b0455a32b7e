/** Words of the instruments: player, waveform, spectrogram, plot. */
export const instruments = {} as const
