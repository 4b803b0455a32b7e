//! The workbench: what is done to sounds and MIDI files of the library, and what comes out of it.
//!
//! The settings are those of the commands `maquette convert-sound`, `stretch`, `tune`, `to-grid`, `separate`, `spectral-edit` and
//! `midi`: a change computes the same as its command. It has over 600 lines because every kind of change stands here with
//! its settings and with what comes out of it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    ConvertedSound, DawConverted, DawForm, DawOfSound, DawPart, EditedNotes, EditedSound,
    GriddedSound, Id, Job, MidiQuantised, MidiRendered, MidiWritten, Problem, SeparatedSound,
    SoundDither, SoundFileFormat, SoundMap, SpectrumEdit, StretchedSound, SungNote, TunedSound,
    UnixMs,
};

/// A change to make.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewChange {
    /// What is changed. With several, each is changed alone, and becomes a file of its own.
    pub inputs: Vec<ChangeInput>,
    /// What is done.
    pub change: Change,
}

/// A file that is changed. It stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum ChangeInput {
    /// A sound of the library.
    Item {
        /// Its identifier.
        id: Id,
    },
    /// A file on this computer.
    Path {
        /// Absolute path.
        #[schema(value_type = String)]
        path: PathBuf,
    },
}

/// What is done to a sound or a MIDI file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// A sound is written in another format.
    Convert(ConvertChange),
    /// A sound becomes longer or shorter, higher or lower.
    Stretch(StretchChange),
    /// The notes of a voice come to their pitches.
    Tune(TuneChange),
    /// The beats of a take become even, and its notes come on the steps between them.
    ToGrid(GridChange),
    /// Fields of a sound's spectrum are cut, turned up or down, or healed.
    SpectralEdit(SpectrumChange),
    /// A sound is taken apart into what goes on and what strikes.
    Separate,
    /// Notes of a MIDI file come to a grid.
    Quantise(QuantiseChange),
    /// Notes of a MIDI file move off the grid a little, as people play.
    Humanise(HumaniseChange),
    /// Four voices are written for a melody.
    Harmonise(HarmoniseChange),
    /// A band is written for a lead sheet.
    Arrange(ArrangeChange),
    /// Suggestions of a part are written for the harmony of a piece.
    Write(WriteChange),
    /// A MIDI file becomes a sound.
    Render(RenderChange),
    /// A project of an audio workstation is written in another form.
    ConvertDaw(ConvertDawChange),
    /// A project is made of a sound: the sound with its tempo map, bars, chords and sections.
    WriteDaw(WriteDawChange),
}

impl Change {
    /// Whether it only finds out what would be done, and makes no file.
    #[must_use]
    pub fn is_plan(&self) -> bool {
        match self {
            Self::Tune(tune) => tune.is_plan,
            Self::ToGrid(grid) => grid.is_plan,
            _ => false,
        }
    }

    /// Whether it says something of one file alone, so that it cannot be made of several.
    #[must_use]
    pub fn is_of_one_file(&self) -> bool {
        match self {
            Self::Tune(tune) => tune.notes.is_some(),
            Self::ToGrid(grid) => grid.beats_s.is_some(),
            Self::SpectralEdit(_) => true,
            Self::ConvertDaw(daw) => daw.part.is_some(),
            Self::WriteDaw(daw) => daw.map.is_some(),
            _ => false,
        }
    }
}

/// How a sound is converted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ConvertChange {
    /// The format of the file that is written.
    pub format: SoundFileFormat,
    /// Samples per second; none keeps the file's.
    #[serde(default)]
    pub rate_hz: Option<u32>,
    /// Channels; none keeps the file's.
    #[serde(default)]
    pub channels: Option<u32>,
    /// How loud it becomes; none leaves it as it is.
    #[serde(default)]
    pub loudness: Option<LoudnessGoal>,
    /// What noise is added where samples are rounded.
    #[serde(default)]
    pub dither: SoundDither,
}

/// How loud a sound becomes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "goal", rename_all = "snake_case")]
pub enum LoudnessGoal {
    /// What streaming services play back unchanged.
    Streaming,
    /// What broadcasters in Europe ask for (EBU R 128).
    Broadcast,
    /// What club music is mastered to.
    Club,
    /// A loudness of one's own.
    Own {
        /// Integrated loudness, in LUFS.
        lufs: f64,
        /// What its peaks stay below, between the samples too, in dB.
        ceiling_dbtp: f64,
    },
}

/// How a sound is stretched.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct StretchChange {
    /// How many times as long it becomes; not with `seconds`.
    pub ratio: Option<f64>,
    /// How long it becomes, in seconds.
    pub seconds: Option<f64>,
    /// How much higher it becomes, in semitones.
    pub semitones: f64,
    /// Whether its colour stays where it is when the pitch moves.
    pub keeps_formants: bool,
    /// Whether less is computed.
    pub is_fast: bool,
}

/// How a voice is tuned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct TuneChange {
    /// The notes that it may have: a key like `A minor`, `chromatic`, or notes like `C,D,E`.
    pub scale: String,
    /// The frequency of A, in Hz.
    pub a_hz: f64,
    /// How far notes are moved, in percent.
    pub strength: f64,
    /// How fast notes are moved, in milliseconds.
    pub speed_ms: f64,
    /// Whether vibrato stays.
    pub keeps_vibrato: bool,
    /// Whether the colour of the voice stays.
    pub keeps_formants: bool,
    /// Targets of one's own instead of those of the scale: the notes of a plan, with other targets.
    pub notes: Option<Vec<SungNote>>,
    /// Whether only the notes, their targets and the pitch over time are found out.
    pub is_plan: bool,
}

impl Default for TuneChange {
    fn default() -> Self {
        Self {
            scale: "chromatic".into(),
            a_hz: 440.0,
            strength: 100.0,
            speed_ms: 20.0,
            keeps_vibrato: true,
            keeps_formants: true,
            notes: None,
            is_plan: false,
        }
    }
}

/// How a take comes to the grid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct GridChange {
    /// Beats per minute afterwards; none keeps the take's.
    pub bpm: Option<f64>,
    /// The steps that notes come to: `1/4`, `1/8`, `1/16`, `1/32`, or triplets as `1/8t`.
    pub grid: String,
    /// How far notes come to their steps, in percent; beats become even in any case.
    pub strength: f64,
    /// Beats of the take that are known, in seconds; none finds them.
    pub beats_s: Option<Vec<f64>>,
    /// Whether a click on every beat is written, too.
    pub has_click: bool,
    /// Whether the tempo of the take as it was is written as a MIDI file, too.
    pub has_tempo_map: bool,
    /// Whether it is only found out what would be moved.
    pub is_plan: bool,
}

impl Default for GridChange {
    fn default() -> Self {
        Self {
            bpm: None,
            grid: "1/16".into(),
            strength: 100.0,
            beats_s: None,
            has_click: false,
            has_tempo_map: false,
            is_plan: false,
        }
    }
}

/// What is edited in a sound's spectrum.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SpectrumChange {
    /// The edits, in their order.
    pub edits: Vec<SpectrumEdit>,
}

/// How notes come to a grid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct QuantiseChange {
    /// The grid: `1/16` for 16ths, `1/8t` for triplets of 8ths.
    pub grid: String,
    /// How late every second step is, in percent: 0 is straight, 67 a triplet.
    pub swing: f64,
    /// How far notes go to their places, in percent.
    pub strength: f64,
    /// Whether beats may be tuplets where they are played so.
    pub has_tuplets: bool,
    /// Whether ends go to the grid too.
    pub moves_ends: bool,
    /// Absolute path of a MIDI file or a sound whose groove is followed.
    #[schema(value_type = Option<String>)]
    pub groove: Option<PathBuf>,
}

impl Default for QuantiseChange {
    fn default() -> Self {
        Self {
            grid: "1/16".into(),
            swing: 0.0,
            strength: 100.0,
            has_tuplets: false,
            moves_ends: false,
            groove: None,
        }
    }
}

/// How notes are played less exactly.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct HumaniseChange {
    /// The standard deviation of the times, in milliseconds.
    pub timing_ms: f64,
    /// The standard deviation of the velocities.
    pub velocity: f64,
    /// The random seed; the same gives the same.
    pub seed: u64,
}

impl Default for HumaniseChange {
    fn default() -> Self {
        Self { timing_ms: 8.0, velocity: 6.0, seed: 0 }
    }
}

/// How a melody gets its voices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HarmoniseChange {
    /// The style, as `maquette midi harmonise --help` lists them.
    pub style: String,
}

/// How a band is written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ArrangeChange {
    /// The style, as `maquette midi arrange --help` lists them.
    pub style: String,
    /// The random seed; the same gives the same.
    #[serde(default)]
    pub seed: u64,
}

/// Which suggestions are written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WriteChange {
    /// The part, like `drums`, `bass` or `melody`.
    pub part: String,
    /// The style, as `maquette midi write --help` lists them.
    pub style: String,
    /// The random seed; the same gives the same.
    #[serde(default)]
    pub seed: u64,
    /// How many suggestions, 1 to 100.
    pub variations: u32,
}

/// How a MIDI file becomes a sound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct RenderChange {
    /// Absolute path of a `SoundFont` (SF2) that plays; else our own instruments do.
    #[schema(value_type = Option<String>)]
    pub sound_font: Option<PathBuf>,
    /// Samples per second.
    pub rate_hz: u32,
}

impl Default for RenderChange {
    fn default() -> Self {
        Self { sound_font: None, rate_hz: 44_100 }
    }
}

/// How a project of an audio workstation is written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ConvertDawChange {
    /// The form.
    pub form: DawForm,
    /// Absolute path of a folder to look for its sounds in, by their names.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub sounds: Option<PathBuf>,
    /// Only this part, which then starts with its bar; the whole project if absent.
    #[serde(default)]
    pub part: Option<DawPart>,
}

/// How a project is made of a sound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WriteDawChange {
    /// The form: `dawproject` or `reaper`.
    pub form: DawForm,
    /// Time and harmony of the sound; found anew if absent.
    #[serde(default)]
    pub map: Option<SoundMap>,
}

/// The order to make a change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangeTask {
    /// What is changed.
    pub files: Vec<ChangeFile>,
    /// What is done.
    pub change: Change,
}

/// A file that a change reads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChangeFile {
    /// The sound of the library that it is, if it is one.
    #[serde(default)]
    pub item: Option<Id>,
    /// The file: absolute, or relative to the job's folder.
    #[schema(value_type = String)]
    pub path: PathBuf,
    /// Its name, for people.
    pub name: String,
}

/// A change: under way, or made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChangeJob {
    /// Its identifier.
    pub id: Id,
    /// What is changed.
    pub files: Vec<ChangeFile>,
    /// What is done.
    pub change: Change,
    /// The job that does it.
    pub job: Job,
    /// What came out, once it is whole.
    pub result: Option<ChangeResult>,
}

/// `result.json` of a change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChangeResult {
    /// Version of this format; see [`ChangeResult::FORMAT`].
    pub format: u32,
    /// The files that were made; none for a plan.
    pub files: Vec<ChangedFile>,
    /// What was done to each file that could be changed, as the commands print it.
    pub reports: Vec<ChangeReport>,
    /// Files that could not be changed, where others could.
    pub failures: Vec<ChangeFailure>,
}

impl ChangeResult {
    /// The version that this program writes.
    pub const FORMAT: u32 = 1;
    /// The folder of the files, in that of the job.
    pub const FILES: &'static str = "files";
}

/// A file that a change made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChangedFile {
    /// Its path in the job's folder.
    pub path: String,
    /// What it is.
    pub kind: ChangedKind,
    /// What it is for.
    pub role: ChangedRole,
    /// A name, for people.
    pub name: String,
    /// The file that it was made of: its place among the job's files.
    pub of: u32,
    /// Its size.
    pub bytes: u64,
}

/// What a file is that a change made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangedKind {
    /// A sound.
    Sound,
    /// A MIDI file.
    Midi,
    /// A project of an audio workstation.
    Project,
    /// A table, as text.
    Table,
}

/// What a file is for that a change made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangedRole {
    /// What was asked for.
    Result,
    /// Of a sound that was taken apart, what goes on: tones and voices.
    Harmonic,
    /// Of a sound that was taken apart, what strikes: drums and attacks.
    Percussive,
    /// A click on every beat of it.
    Click,
    /// The tempo of the take as it was, or that of a project.
    TempoMap,
    /// The sound of one track of a project.
    Stem,
    /// A sound that lay inside a project, and was taken out of it.
    Part,
    /// The sound of a MIDI file that was made, with what it was made for: its name is that of the file.
    Preview,
}

/// What was done to a file, as the command prints it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum ChangeReport {
    /// It was converted.
    Convert(ConvertedSound),
    /// It was stretched.
    Stretch(StretchedSound),
    /// It was tuned, or that is planned.
    Tune(TunedSound),
    /// It was put on the grid, or that is planned.
    ToGrid(GriddedSound),
    /// Its spectrum was edited.
    SpectralEdit(EditedSound),
    /// It was taken apart.
    Separate(SeparatedSound),
    /// Its notes came to a grid.
    Quantise(MidiQuantised),
    /// Its notes were moved a little.
    Humanise {
        /// Notes of the file.
        notes: u64,
    },
    /// Voices were written for it.
    Harmonise(MidiWritten),
    /// A band was written for it.
    Arrange(MidiWritten),
    /// Suggestions were written for it.
    Write(MidiWritten),
    /// It became a sound.
    Render(MidiRendered),
    /// It was written in another form.
    ConvertDaw(DawConverted),
    /// A project was made of it.
    WriteDaw(DawOfSound),
}

/// A file that could not be changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChangeFailure {
    /// Its place among the job's files.
    pub of: u32,
    /// What happened, why, and what to do.
    pub problem: Problem,
}

/// What a change made and the library is to keep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct KeepChanged {
    /// The file: its path in the job's folder.
    pub path: String,
    /// Another name than that of the file.
    #[serde(default)]
    pub name: Option<String>,
}

/// What a sound or MIDI file of the library was made of: by a change that was kept, or by hand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChangedFrom {
    /// The sound of the library that was changed, if it was one.
    #[serde(default)]
    pub item: Option<Id>,
    /// Its name.
    pub name: String,
    /// What was done.
    #[serde(flatten)]
    pub by: ChangedBy,
    /// When it was kept.
    pub kept_ms: UnixMs,
}

/// What made a sound or MIDI file of the library of another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum ChangedBy {
    /// A change.
    Change {
        /// What was done.
        change: Change,
        /// The job that did it.
        job: Id,
        /// The file, in the job's folder.
        file: String,
    },
    /// Notes were edited by hand.
    Notes {
        /// How many.
        edited: EditedNotes,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_was_made_of_reads_as_it_did() {
        let by_job = r#"{"item":null,"name":"Take","change":{"change":"separate"},"job":"job-000001","file":"files/a.wav","kept_ms":5}"#;
        let by_hand = r#"{"item":null,"name":"Song","edited":{"added":1,"changed":2,"removed":0},"kept_ms":6}"#;
        for text in [by_job, by_hand] {
            let from: ChangedFrom = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&from).unwrap(), text);
            assert_eq!(matches!(from.by, ChangedBy::Notes { .. }), text == by_hand);
        }
        assert!(serde_json::from_str::<ChangedFrom>(r#"{"name":"Song","kept_ms":6}"#).is_err());
    }

    #[test]
    fn a_change_needs_no_more_than_its_name_and_keeps_what_it_says() {
        let check = |text: &str, expected: Change| {
            let change: Change = serde_json::from_str(text).unwrap();
            assert_eq!(change, expected, "{text}");
            let again: Change =
                serde_json::from_str(&serde_json::to_string(&change).unwrap()).unwrap();
            assert_eq!(again, expected);
        };
        check(r#"{"change": "tune"}"#, Change::Tune(TuneChange::default()));
        check(r#"{"change": "to_grid"}"#, Change::ToGrid(GridChange::default()));
        check(
            r#"{"change": "stretch", "ratio": 2}"#,
            Change::Stretch(StretchChange { ratio: Some(2.0), ..StretchChange::default() }),
        );
        check(
            r#"{"change": "convert", "format": "flac", "loudness": {"goal": "streaming"}}"#,
            Change::Convert(ConvertChange {
                format: SoundFileFormat::Flac,
                rate_hz: None,
                channels: None,
                loudness: Some(LoudnessGoal::Streaming),
                dither: SoundDither::On,
            }),
        );
        assert!(serde_json::from_str::<Change>(r#"{"change": "louder"}"#).is_err());
    }

    #[test]
    fn what_is_said_of_one_file_is_not_said_of_many() {
        let plain = Change::Tune(TuneChange::default());
        let own = Change::Tune(TuneChange { notes: Some(vec![]), ..TuneChange::default() });
        assert!(!plain.is_of_one_file() && own.is_of_one_file());
        let beats = GridChange { beats_s: Some(vec![0.5, 1.0]), ..GridChange::default() };
        assert!(Change::ToGrid(beats).is_of_one_file());
        assert!(Change::SpectralEdit(SpectrumChange::default()).is_of_one_file());
    }
}
