//! Everything that is done with MIDI files without a workspace, for the commands `maquette midi …`.

mod check;
mod edit;
mod file;
mod parts;
mod piece;
mod render;
mod search;
mod shape;

pub use check::midi_check;
pub use edit::{heard_notes, midi_edit_notes, midi_notes};
pub(crate) use file::{open_score, save_bytes};
pub use parts::{WritePart, midi_arrange, midi_harmonise, midi_write};
pub use piece::midi_piece;
pub(crate) use piece::midi_time;
pub(crate) use render::midi_render_together;
pub use render::{MidiRender, midi_render};
pub use search::midi_patterns;
pub use shape::{MidiHumanise, MidiQuantise, midi_humanise, midi_quantise, midi_restyle};

/// Names of the styles in which melodies are harmonised.
pub fn chord_styles() -> Vec<&'static str> {
    music::ChordStyle::ALL.iter().map(|it| it.0).collect()
}

/// Names of the styles in which a band plays.
pub fn band_styles() -> Vec<&'static str> {
    music::BandStyle::ALL.iter().map(|it| it.0).collect()
}

/// Names of the parts that can be written.
pub fn band_parts() -> Vec<&'static str> {
    music::Part::ALL.iter().map(|it| it.0).collect()
}
