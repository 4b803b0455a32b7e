//! The code of child processes: one file per kind of job, the training loop, the dataset format.
//!
//! `maquette worker FOLDER` is [`run`]: it reads `job.json`, does the job, appends to
//! `events.jsonl` while it works, follows `control.jsonl`, and writes `exit.json` last. Started
//! again on a folder that it left half-done, it continues from there.

#[cfg(test)]
mod allocations;
mod annotations;
mod bad_sound;
mod change;
mod check_file;
mod codec;
mod dataset;
mod daw;
mod duration;
mod embed;
mod engine;
mod facts;
mod folder;
mod forecast;
mod games;
mod inspect;
mod instrument;
mod jobs;
mod listen;
mod log;
mod measured;
mod memory;
mod midi;
mod movement;
mod pace;
mod package;
mod patterns;
mod play;
mod play_through;
mod progress;
mod session;
mod stop;
mod system;
mod tensorboard;
mod text_to_audio;
mod transcribe;
mod warm;
mod words;

use std::path::Path;

pub use annotations::{annotation_ending, annotations};
pub use change::convert_sound::{ConvertSound, LoudnessTarget, convert_sound};
pub use change::separate::separate_sound;
pub use change::spectral_edit::edit_spectrum;
pub use change::stretch::{StretchLength, StretchSound, stretch_sound};
pub use change::to_grid::{GridFiles, ToGrid, to_grid};
pub use change::tune::{Scale, TuneSound, tune_sound};
pub use check_file::check_file;
pub use codec::{check_weights, decode_codes, encode_codes};
pub use daw::{DawConvert, daw_convert, daw_from_sound, daw_picture, daw_read};
pub use duration::{run_measure, run_measure_of};
pub use embed::{ToEmbed, embed};
pub use engine::check_engine;
pub use facts::{codec_rate_hz, codec_sound, model_facts};
pub use forecast::{compose, families, forecast, unfolded};
pub use games::games;
pub use inspect::inspect;
pub use listen::{Heard, analyse, analyse_many, sound_files};
pub use measured::{
    FeatureOrder, PitchOrder, feature_names, measure_feature, measure_melody, measure_pitch,
};
pub use midi::{
    MidiHumanise, MidiQuantise, MidiRender, WritePart, band_parts, band_styles, chord_styles,
    heard_notes, midi_arrange, midi_check, midi_edit_notes, midi_harmonise, midi_humanise,
    midi_notes, midi_patterns, midi_piece, midi_quantise, midi_render, midi_restyle, midi_write,
};
pub use movement::read_movement;
pub use pace::measured_excerpts;
pub use play::play;
pub use play_through::{PlayThrough, play_through};
pub use text_to_audio::{
    ThoughtOf, WordsOrder, WordsStartHow, check_weights_here, forecast_words, generate_text,
};
pub use transcribe::{Voices, transcribe};

/// Does the job of a folder, or the rest of it, and records in the folder how it ended.
///
/// # Errors
/// When the folder cannot be used at all: it has no readable order, or another worker holds it. A job that fails is not an error here; its `exit.json` says so.
pub fn run(folder: &Path) -> anyhow::Result<()> {
    jobs::run(folder)?;
    warm::stay(jobs::run)
}

/// The exit code by which the studio knows why a worker could not record how its job ended.
pub fn exit_code(error: &anyhow::Error) -> u8 {
    if jobs::is_disk_full(error) { api::Exit::DISK_FULL as u8 } else { 1 }
}
