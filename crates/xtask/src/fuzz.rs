//! Damaged and hostile files for every reader of other people's bytes, many more than the tests give.

use std::time::Instant;

use anyhow::bail;
use clap::ValueEnum;

use crate::step::{Step, say};

/// Whose readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Reader {
    /// gin configurations.
    Gin,
    /// TensorBoard's event files.
    Events,
    /// LMDB databases.
    Databases,
    /// Records of datasets and what stands beside them.
    Datasets,
    /// The stack machine of pickles.
    Pickles,
    /// PyTorch's checkpoints and exported modules.
    Torch,
    /// Sound files of every format.
    Audio,
    /// MIDI files.
    Midi,
    /// Projects of audio workstations.
    Workstations,
    /// `SoundFont`s.
    SoundFonts,
    /// Files of weights from a model hub, and the index of several.
    Weights,
    /// Configurations of models from a model hub.
    Configurations,
}

/// Where the property tests of a reader are: the package, which of its tests, and their names.
struct Place {
    reader: Reader,
    package: &'static str,
    target: &'static [&'static str],
    filters: &'static [&'static str],
}

const FOREIGN: &[&str] = &["--test", "foreign"];
const PLACES: &[Place] = &[
    Place {
        reader: Reader::Gin,
        package: "foreign",
        target: FOREIGN,
        filters: &["hostile::gin_configurations", "gin::every_value"],
    },
    Place {
        reader: Reader::Events,
        package: "foreign",
        target: FOREIGN,
        filters: &["hostile::event"],
    },
    Place {
        reader: Reader::Databases,
        package: "foreign",
        target: FOREIGN,
        filters: &["hostile::databases"],
    },
    Place {
        reader: Reader::Datasets,
        package: "foreign",
        target: FOREIGN,
        filters: &["hostile::audio_examples", "hostile::dataset_metadata", "every_record"],
    },
    Place {
        reader: Reader::Pickles,
        package: "nn",
        target: &["--lib"],
        filters: &["torch_checkpoint::pickle::tests::any_instructions"],
    },
    Place {
        reader: Reader::Torch,
        package: "nn",
        target: &["--test", "torch_files"],
        filters: &["hostile_"],
    },
    Place {
        reader: Reader::Audio,
        package: "audio",
        target: &["--test", "hostile"],
        filters: &["any_bytes_are_survived"],
    },
    Place {
        reader: Reader::Midi,
        package: "music",
        target: &["--test", "hostile"],
        filters: &["hostile_midi_any_bytes", "hostile_midi_any_score", "hostile_midi_damaged"],
    },
    Place {
        reader: Reader::Workstations,
        package: "foreign",
        target: FOREIGN,
        filters: &[
            "daw::hostile_reaper",
            "daw::hostile_ableton",
            "daw::hostile_dawprojects",
            "daw::hostile_dawproject_archives",
            "daw::hostile_logic",
        ],
    },
    Place {
        reader: Reader::SoundFonts,
        package: "audio",
        target: &["--lib"],
        filters: &["sound_font::tests::damaged_fonts"],
    },
    Place {
        reader: Reader::Weights,
        package: "nn",
        target: &["--test", "weight_files"],
        filters: &["hostile_"],
    },
    Place {
        reader: Reader::Configurations,
        package: "models",
        target: &["--lib"],
        filters: &["hub::tests::hostile_"],
    },
];

/// Runs the property tests of one reader, or of all, with so many cases each, and says how long it took.
///
/// # Errors
/// A case failed; it is shown in its smallest form.
pub(crate) fn run(reader: Option<Reader>, n_cases: u32) -> anyhow::Result<()> {
    let chosen = |place: &&Place| reader.is_none_or(|reader| reader == place.reader);
    let mut lines = Vec::new();
    for place in PLACES.iter().filter(chosen) {
        let test = |last: &[&'static str]| {
            let first = ["test", "--quiet", "--release", "--package", place.package];
            let args = [&first, place.target, last].concat();
            Step::new("property tests", "cargo", &args).env("PROPTEST_CASES", n_cases.to_string())
        };
        test(&["--no-run"]).run()?;
        let started = Instant::now();
        let output = test(&[&["--"], place.filters].concat()).output()?;
        let secs = started.elapsed().as_secs_f64();
        let n_properties = n_passed(&output);
        if n_properties < place.filters.len() {
            bail!("{:?} has {n_properties} property tests, fewer than it should", place.reader);
        }
        let n_all = n_properties as u64 * u64::from(n_cases);
        lines.push(format!("{:?}: {n_all} cases in {secs:.0} s, none failed", place.reader));
    }
    say("");
    lines.iter().for_each(|line| say(line));
    Ok(())
}

/// How many tests the harness says have passed.
fn n_passed(output: &str) -> usize {
    let results = output.lines().filter_map(|line| line.strip_prefix("test result: ok. "));
    results.filter_map(|rest| rest.split(' ').next()?.parse::<usize>().ok()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passed_tests_are_counted() {
        let check = |output: &str, expected: usize| assert_eq!(n_passed(output), expected);
        check("running 2 tests\n..\ntest result: ok. 2 passed; 0 failed; 0 ignored\n", 2);
        check("test result: FAILED. 2 passed; 1 failed\n", 0);
        check("", 0);
    }
}
