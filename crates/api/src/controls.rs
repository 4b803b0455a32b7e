//! The controls of a live session and of recipes: one table for the engine, the pages, MIDI and files.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A control.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ControlRow {
    /// Its number in messages.
    pub number: u16,
    /// Its key in recipes.
    pub key: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// The least value.
    pub least: f32,
    /// The largest value.
    pub most: f32,
    /// The value that it begins with.
    pub default: f32,
    /// Its unit; empty for shares, counts and switches.
    pub unit: &'static str,
    /// What moving it does: a sentence.
    pub help: &'static str,
}

const fn row(
    (number, key, title): (u16, &'static str, &'static str),
    (least, most, default): (f32, f32, f32),
    unit: &'static str,
    help: &'static str,
) -> ControlRow {
    ControlRow { number, key, title, least, most, default, unit, help }
}

/// Every control of a whole session. Switches go from 0 to 1.
pub const CONTROLS: &[ControlRow] = &[
    row((0, "mic", "Microphone"), (0.0, 1.0, 0.0), "", "Whether the microphone is heard."),
    row(
        (1, "mic_gain", "Microphone gain"),
        (-60.0, 24.0, 0.0),
        "dB",
        "How loud the microphone comes in.",
    ),
    row(
        (2, "file", "Sound"),
        (0.0, 1.0, 0.0),
        "",
        "Whether the loaded sound plays into the model.",
    ),
    row(
        (3, "file_gain", "Sound gain"),
        (-60.0, 24.0, 0.0),
        "dB",
        "How loud the loaded sound comes in.",
    ),
    row(
        (4, "file_loop", "Loop sound"),
        (0.0, 1.0, 1.0),
        "",
        "Whether the loaded sound begins anew at its end.",
    ),
    row(
        (5, "wet", "Model"),
        (0.0, 1.0, 1.0),
        "",
        "From the input alone (0) to the model alone (1), in sync with each other.",
    ),
    row(
        (6, "gain", "Output gain"),
        (-60.0, 12.0, 0.0),
        "dB",
        "How loud all of it is. A limiter keeps peaks below full scale.",
    ),
    row(
        (7, "transpose", "Transposition"),
        (-24.0, 24.0, 0.0),
        "semitones",
        "Shifts the input before the model, and the output back.",
    ),
    row(
        (8, "transpose_out", "Output pitch"),
        (-24.0, 24.0, 0.0),
        "semitones",
        "Shifts the output alone.",
    ),
    row(
        (9, "follow", "Follow loudness"),
        (0.0, 1.0, 0.0),
        "",
        "From the model's own loudness (0) to the input's (1).",
    ),
    row(
        (10, "encoder", "Input's latents"),
        (0.0, 1.0, 1.0),
        "",
        "The weight of the latents of what comes in.",
    ),
    row(
        (11, "manual", "Pad and sliders"),
        (0.0, 1.0, 0.0),
        "",
        "The weight of the latents that pad and sliders say.",
    ),
    row((12, "path", "Path"), (0.0, 1.0, 0.0), "", "The weight of the path or trajectory."),
    row((13, "prior", "Prior"), (0.0, 1.0, 0.0), "", "The weight of what the prior makes up."),
    row((14, "walk", "Random walk"), (0.0, 1.0, 0.0), "", "The weight of a random walk."),
    row(
        (15, "temperature", "Temperature"),
        (0.0, 2.0, 1.0),
        "",
        "How bold the prior is: 0 the most likely, 1 as it learnt.",
    ),
    row(
        (16, "path_speed", "Path speed"),
        (-4.0, 4.0, 1.0),
        "×",
        "How fast the path is followed; below 0 backwards.",
    ),
    row(
        (17, "path_loop", "Loop path"),
        (0.0, 1.0, 1.0),
        "",
        "Whether the path begins anew at its end.",
    ),
    row(
        (18, "walk_speed", "Walk speed"),
        (0.01, 20.0, 0.5),
        "Hz",
        "How often a second the walk comes to another place.",
    ),
    row(
        (19, "walk_range", "Walk range"),
        (0.0, 3.0, 1.0),
        "σ",
        "How far the walk goes from the mean.",
    ),
    row(
        (20, "scale", "Scale"),
        (0.0, 4.0, 1.0),
        "×",
        "Moves all latents away from their mean, or towards it.",
    ),
    row((21, "smoothing", "Smoothing"), (0.0, 2.0, 0.0), "s", "How slowly all latents follow."),
    row(
        (22, "noise", "Latent noise"),
        (0.0, 2.0, 0.0),
        "σ",
        "Random numbers added to every latent.",
    ),
    row(
        (23, "rest", "Texture"),
        (0.0, 2.0, 0.0),
        "σ",
        "Random numbers in the directions beyond those of pad, path and walk.",
    ),
    row((24, "hold", "Hold"), (0.0, 1.0, 0.0), "", "Keeps the latents where they are."),
    row((25, "model_1", "First model"), (0.0, 1.0, 1.0), "", "The weight of the first model."),
    row((26, "model_2", "Second model"), (0.0, 1.0, 0.0), "", "The weight of the second model."),
    row((27, "model_3", "Third model"), (0.0, 1.0, 0.0), "", "The weight of the third model."),
    row((28, "model_4", "Fourth model"), (0.0, 1.0, 0.0), "", "The weight of the fourth model."),
    row(
        (29, "share_latents", "Shared latents"),
        (0.0, 1.0, 0.0),
        "",
        "Whether other models decode the first one's latents, where they have as many, as often.",
    ),
];

/// Every control of one latent direction, by its part of the number.
pub const DIRECTION_CONTROLS: &[ControlRow] = &[
    row((0, "value", "Value"), (-4.0, 4.0, 0.0), "σ", "Where pad and sliders put it."),
    row((1, "bias", "Bias"), (-4.0, 4.0, 0.0), "σ", "Added to it."),
    row((2, "scale", "Scale"), (-4.0, 4.0, 1.0), "×", "What it is multiplied with."),
    row((3, "smoothing", "Smoothing"), (0.0, 2.0, 0.0), "s", "How slowly it follows."),
    row((4, "noise", "Noise"), (0.0, 2.0, 0.0), "σ", "Random numbers added to it."),
];

/// The number of the first control of the first direction; each direction has the next [`DIRECTION_STRIDE`].
pub const FIRST_DIRECTION: u16 = 64;
/// Numbers of controls that each direction has.
pub const DIRECTION_STRIDE: u16 = 8;
/// Directions with controls of their own, at most.
pub const DIRECTIONS_MAX: usize = 64;

/// The number of a control by its key: `wet`, or `z3.bias` for the third direction.
#[must_use]
pub fn control_number(key: &str) -> Option<u16> {
    if let Some(row) = CONTROLS.iter().find(|row| row.key == key) {
        return Some(row.number);
    }
    let (direction, of) = key.strip_prefix('z')?.split_once('.')?;
    let direction: usize = direction.parse().ok()?;
    if !(1..=DIRECTIONS_MAX).contains(&direction) {
        return None;
    }
    let row = DIRECTION_CONTROLS.iter().find(|row| row.key == of)?;
    Some(FIRST_DIRECTION + (direction as u16 - 1) * DIRECTION_STRIDE + row.number)
}

/// The control with a number: its row, and the direction that it belongs to, from 0.
#[must_use]
pub fn control(number: u16) -> Option<(&'static ControlRow, Option<usize>)> {
    let Some(beyond) = number.checked_sub(FIRST_DIRECTION) else {
        return CONTROLS.iter().find(|row| row.number == number).map(|row| (row, None));
    };
    let direction = usize::from(beyond / DIRECTION_STRIDE);
    let of = beyond % DIRECTION_STRIDE;
    let row = DIRECTION_CONTROLS.iter().find(|row| row.number == of)?;
    (direction < DIRECTIONS_MAX).then_some((row, Some(direction)))
}

/// The key of a control with a number.
#[must_use]
pub fn control_key(number: u16) -> Option<String> {
    control(number).map(|(row, direction)| match direction {
        None => row.key.to_owned(),
        Some(direction) => format!("z{}.{}", direction + 1, row.key),
    })
}

/// A control, as pages show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SessionControl {
    /// Its number in messages; of a direction, its part of the number.
    pub number: u16,
    /// Its key in recipes; of a direction, the part after the point.
    pub key: String,
    /// What people call it.
    pub title: String,
    /// The least value.
    pub least: f32,
    /// The largest value.
    pub most: f32,
    /// The value that it begins with.
    pub default: f32,
    /// Its unit; empty for shares and switches.
    pub unit: String,
    /// What moving it does: a sentence.
    pub help: String,
}

/// Every control that a session has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SessionControls {
    /// Those of the whole session.
    pub session: Vec<SessionControl>,
    /// Those of each latent direction.
    pub direction: Vec<SessionControl>,
    /// The number of the first control of the first direction.
    pub first_direction: u16,
    /// Numbers that each direction has.
    pub direction_stride: u16,
    /// Directions with controls of their own, at most.
    pub directions_max: u16,
}

impl SessionControls {
    /// All of them, from the tables.
    #[must_use]
    pub fn all() -> Self {
        Self {
            session: CONTROLS.iter().map(SessionControl::from).collect(),
            direction: DIRECTION_CONTROLS.iter().map(SessionControl::from).collect(),
            first_direction: FIRST_DIRECTION,
            direction_stride: DIRECTION_STRIDE,
            directions_max: DIRECTIONS_MAX as u16,
        }
    }
}

impl From<&ControlRow> for SessionControl {
    fn from(row: &ControlRow) -> Self {
        Self {
            number: row.number,
            key: row.key.into(),
            title: row.title.into(),
            least: row.least,
            most: row.most,
            default: row.default,
            unit: row.unit.into(),
            help: row.help.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_control_is_found_by_key_and_number() {
        for row in CONTROLS {
            assert_eq!(control_number(row.key), Some(row.number));
            assert_eq!(control_key(row.number).as_deref(), Some(row.key));
            assert!(
                row.number < FIRST_DIRECTION && row.least <= row.default && row.default <= row.most
            );
        }
        let last = control_number("z64.noise").unwrap();
        assert_eq!(control_key(last).as_deref(), Some("z64.noise"));
        for wrong in ["z0.bias", "z65.bias", "z1.", "z1.what", "what", "z.bias"] {
            assert_eq!(control_number(wrong), None, "{wrong}");
        }
        for wrong in [63, FIRST_DIRECTION + 7, FIRST_DIRECTION + 64 * DIRECTION_STRIDE] {
            assert_eq!(control(wrong), None, "{wrong}");
        }
    }
}
