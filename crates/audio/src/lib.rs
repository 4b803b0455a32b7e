//! Sound as data: what the worker, the models and the server need to read, shape, measure and write it.
//!
//! Everything is a pure function over a [`Clip`] or a slice of samples, except what reads and writes
//! files. Long sounds are processed block by block: [`SoundReader`], [`Resampler`],
//! [`SpectralDistance`] and [`WavWriter`] give the same results as the functions for whole clips. Nothing
//! here starts threads; callers with many sounds spread them over the cores.
//!
//! | want | call |
//! |---|---|
//! | a file as samples | [`decode_file`], [`SoundReader`], [`scan_file`] |
//! | another rate or another number of channels | [`resample()`], [`Resampler`], [`with_channels`] |
//! | how loud it is, what it looks like | [`peak_db`], [`rms_db`], [`Loudness`], [`peaks()`] |
//! | what is wrong with it | [`quality::check_quality`], [`quality::QualityCheck`] |
//! | features as librosa names them | [`features::FEATURES`], [`features::harmonic_percussive`] |
//! | the pitch of a voice over a recording | [`pyin()`] |
//! | the predominant melody of a mix | [`melody::melody`] |
//! | how high it is, and how bright | [`PitchFinder`], [`pitches`], [`spectral_centroid_hz`] |
//! | what it sounds like, in numbers | [`stft_magnitudes`], [`log_spectral_distance`], [`band_spectrum`] |
//! | whether two are the same sound | [`Fingerprinter`], [`correlation`] |
//! | a WAV file | [`write_wav`], [`WavWriter`], [`GrowingWav`], [`wav_header`] |
//! | a file in any format that we write | [`write_sound`], [`SoundWriter`], [`Ditherer`] |
//! | its tuning, key and chords; its notes | [`harmony`], [`notes`] |
//! | the parts between silences; words for a sound | [`phrases()`], [`describe`] |
//! | the parts that a sound falls into, and vectors of them | [`patterns`] |
//! | synthesised sounds | [`sample_sounds`] |
//! | songs of which everything is known | [`songs::render`] |
//! | when things happen | [`rhythm`] |
//! | notes played by our instruments, or by a `SoundFont` | [`Band`], [`SoundFontPlayer`] |
//! | more variety for training | [`phase_mangle`], [`allpass`], [`at_speed`] |
//! | effects that play live | [`Limiter`], [`TruePeakLimiter`], [`PitchShifter`] |
//! | longer, shorter, higher, lower | [`warped`], [`Warp`] |
//! | several sounds as one | [`blend`] |
//! | edits in time and frequency | [`spectrally_edited`] |
//! | notes on a grid | [`attacks`], [`grid_plan`], [`click_track`] |
//! | a voice in tune | [`pitch_curve`], [`voice_notes`], [`tuned`] |
//! | reproducible random numbers | [`Rng`] |

pub mod blend;
mod clip;
mod decode;
pub mod describe;
mod dither;
mod effects;
mod encode;
pub mod features;
mod grid;
pub mod harmony;
mod instruments;
mod level;
mod loudness;
pub mod melody;
pub mod notes;
mod overlap;
pub mod patterns;
mod peaks;
mod phrases;
mod pitch;
mod pyin;
pub mod quality;
mod resample;
pub mod rhythm;
mod rng;
mod same_sound;
mod sample_set;
pub mod songs;
mod sound_font;
mod spectral_edit;
mod spectrum;
mod stretch;
mod synth;
mod tune;
mod wav;

pub use clip::{Clip, with_channels};
pub use decode::{
    DecodeLimits, Decoded, Error, Note, SoundEnd, SoundReader, decode_file, scan_file,
};
pub use dither::{Dither, Ditherer, is_in_steps};
pub use effects::{
    compand::{Compander, compand},
    limiter::Limiter,
    phase::{allpass, phase_mangle},
    pitch_shift::PitchShifter,
    speed::at_speed,
    true_peak_limiter::TruePeakLimiter,
};
pub use encode::{Bits, Broadcast, FileFormat, SoundShape, SoundWriter, write_sound};
pub use grid::{GridNote, GridOrder, GridPlan, click_track, grid_plan};
pub use instruments::{Band, BandEvent, BandMove, Instrument};
pub use level::{SILENCE_DB, db_from_gain, gain_from_db, peak_db, rms_db};
pub use loudness::{Loudness, loudness_lufs};
pub use peaks::peaks;
pub use phrases::{Phrase, PhraseSettings, phrases};
pub use pitch::{Pitch, PitchFinder, median_pitch_hz, pitches};
pub use pyin::{PyinFrame, PyinSettings, pyin};
pub use resample::{Resampler, resample, resampled_len};
pub use rng::Rng;
pub use same_sound::{Comparison, Fingerprint, Fingerprinter, SAME_FROM, correlation};
pub use sample_set::sample_sounds;
pub use sound_font::{SoundFontError, SoundFontPlayer};
pub use spectral_edit::{SpectralAction, SpectralEdit, spectrally_edited};
pub use spectrum::{
    Magnitudes, SpectralDistance, band_spectrum, hann_window, log_spectral_distance,
    spectral_centroid_hz, stft_magnitudes,
};
pub use stretch::{Stretch, StretchQuality, Warp, attacks, stretched_len, warped};
pub use tune::{PitchCurve, Tuning, VoiceNote, pitch_curve, tuned, voice_notes};
pub use wav::{GrowingWav, WavFormat, WavWriter, wav_header, write_wav};
