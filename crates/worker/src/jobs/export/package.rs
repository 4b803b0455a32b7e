//! A model as a package for another Maquette: one archive (`.maq`) of weights, what is known of it, sounds,
//! and a card for people.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use api::{
    CardWords, DatasetSummary, ExportOrder, KnownModel, Lineage, Model, ModelPlace, Packaged,
};
use job::Shelf;
use models::{CodecShape, Finished};

use super::{Destination, Report, not_equal, prior::open_prior};
use crate::{
    jobs::{
        model_file::{Opened, load, open_model},
        steps::Steps,
        train::sha256_of_file,
    },
    package::{self, Contents},
};

/// Pairs of sounds that a package has at most.
const SOUNDS_MAX: usize = 4;

/// Writes a package, and reads it again.
pub(super) fn write(
    steps: &mut Steps<'_>,
    order: &ExportOrder,
    words: &CardWords,
    to: Destination<'_>,
) -> anyhow::Result<Option<Report>> {
    let folder = steps.folder.path().to_owned();
    let Opened { model, rate_hz, notes } = open_model(&folder, &order.task.model)?;
    let mut report = Report::new(model.as_ref(), notes);
    report.result.rate_hz = rate_hz;
    let weights = folder.join("packed.safetensors");
    model.save(&weights).context("write the weights")?;
    let prior = order.task.prior.as_ref();
    let prior = prior.map(|prior| packed_prior(&folder, &order.task.model, prior, &weights));
    let prior = prior.transpose()?;
    let known = order.known.as_deref();
    let packaged = packaged(&order.task.model, known);
    let words = &with_words_of(words, packaged.as_ref());
    let sounds = match &order.task.model {
        ModelPlace::Library { id } if packaged.is_some() => {
            sounds_of_package(&job::shelf::find(&folder, None, Shelf::Models, id))
        }
        ModelPlace::File { .. } if packaged.is_some() => sounds_of_package(&folder.join("package")),
        _ => sounds(&folder, known),
    };
    let lineage = packaged.as_ref().and_then(|it| it.lineage.as_ref());
    let here = known.and_then(|known| known.model.lineage.as_ref());
    let card =
        card_of(&order.model_name, model.as_ref(), rate_hz, (known, lineage), words, &sounds);
    let path = to.file(".maq");
    let contents = Contents {
        name: order.model_name.clone(),
        family: model.family().into(),
        rate_hz,
        model: known.map(|known| shared(&known.model)),
        lineage: lineage.or(here).cloned(),
        author: words.author.clone(),
        license: words.license.clone(),
        weights: &weights,
        prior: prior.as_ref().map(|it| (format!("{} prior", order.model_name), &*it.path)),
        card: &card,
        sounds: &sounds,
    };
    let written = package::write(&path, &contents);
    if !steps.go_on(0.6) {
        return Ok(None);
    }
    let n_files = written.context("write the package")?;
    report.good("written", format!("Packed {n_files} files, each with its SHA-256."));
    let again = folder.join("again");
    fs::create_dir(&again).context("make a folder")?;
    let read =
        package::unpack(&path, &again).and_then(|_| Ok(load(&again.join(package::WEIGHTS))?.model));
    let read = match read {
        Ok(read) => read,
        Err(error) => {
            return not_equal(
                "The exported package cannot be read back.",
                &format!("Failed to {error:#}."),
            );
        }
    };
    report.good("whole", "Read back: every file matches its SHA-256.".into());
    if !read.equals(model.as_ref()) {
        return not_equal("The exported package holds a different model.", "");
    }
    report.good("equal", "Every weight is identical to the model's.".into());
    if let Some(prior) = prior {
        let read = load(&again.join(package::PRIOR))?.model;
        if !read.equals(prior.model.as_ref()) {
            return not_equal("The exported package holds a different prior.", "");
        }
        report.good("prior", "Its prior is in it, and every weight is identical.".into());
    }
    if sounds.is_empty() {
        report
            .result
            .notes
            .push("The package has no sounds: the run has none, or was deleted.".into());
    }
    Ok(Some(report))
}

/// A prior as it goes into a package.
struct PackedPrior {
    model: Box<dyn Finished>,
    path: PathBuf,
}

/// Writes the prior of a model so that it names the file of weights that goes into the package.
fn packed_prior(
    folder: &Path,
    model: &ModelPlace,
    prior: &ModelPlace,
    weights: &Path,
) -> anyhow::Result<PackedPrior> {
    let opened = open_prior(folder, model, prior)?;
    let path = folder.join("packed.prior.safetensors");
    let sha256 = sha256_of_file(weights).context("read back the weights")?;
    let written = opened.as_prior().expect("it was seen to be one").save_as_of(&sha256, &path);
    written.context("write the prior")?;
    Ok(PackedPrior { model: load(&path)?.model, path })
}

/// What of a model's card may leave this computer: not where files lie on it.
fn shared(model: &Model) -> Model {
    let mut model = model.clone();
    if let Some(added) = &mut model.added {
        added.path.clear();
    }
    model
}

/// What the package said that a model was taken from, if there was one.
fn packaged(place: &ModelPlace, known: Option<&KnownModel>) -> Option<Packaged> {
    match place {
        ModelPlace::Library { .. } => known?.model.added.as_ref()?.packaged.as_deref().cloned(),
        ModelPlace::File { path } => package::manifest_of(path).ok().map(|it| it.packaged()),
    }
}

/// Author and license of the package that a model was taken from, where nobody says otherwise: they do not end
/// with a copy.
fn with_words_of(words: &CardWords, packaged: Option<&Packaged>) -> CardWords {
    let mut words = words.clone();
    if let Some(Packaged { author, license, .. }) = packaged {
        for (said, before) in [(&mut words.author, author), (&mut words.license, license)] {
            if said.trim().is_empty() {
                said.clone_from(before);
            }
        }
    }
    words
}

/// Sounds that came with a package, under the names that they have in one.
fn sounds_of_package(model: &Path) -> Vec<(String, PathBuf)> {
    let pairs = (1..=SOUNDS_MAX).flat_map(|i| ["original", "reconstruction"].map(|kind| (i, kind)));
    let sounds = pairs.map(|(i, kind)| {
        let name = format!("sounds/{i}-{kind}.wav");
        let path = model.join(&name);
        (name, path)
    });
    sounds.filter(|(_, path)| fs::symlink_metadata(path).is_ok_and(|it| it.is_file())).collect()
}

/// Sounds of the model's run at its step: pairs of an original and what the model made of it.
fn sounds(folder: &Path, known: Option<&KnownModel>) -> Vec<(String, PathBuf)> {
    let Some((run, step)) = known.and_then(|known| {
        let (said, lineage) = (known.run_path.as_deref()?, known.model.lineage.as_ref()?);
        let run = job::shelf::find(folder, Some(said), Shelf::Runs, &lineage.run);
        Some((run, lineage.step))
    }) else {
        return vec![];
    };
    let found = crate::folder::sounds_up_to(&run, step);
    let mut sounds = vec![];
    for (i, sample) in (1..).zip(found.into_iter().take(SOUNDS_MAX)) {
        let original = sample.original.map(|path| ("original", path));
        for (kind, path) in original.into_iter().chain([("reconstruction", sample.rendered)]) {
            sounds.push((format!("sounds/{i}-{kind}.wav"), run.join(path)));
        }
    }
    // A sound that is gone is no reason to fail, and one that a link leads to elsewhere is none of the run's.
    let inside = run.canonicalize().unwrap_or_default();
    sounds.retain(|(_, path)| {
        path.is_file() && path.canonicalize().is_ok_and(|path| path.starts_with(&inside))
    });
    sounds
}

/// The card in Markdown.
fn card_of(
    name: &str,
    model: &dyn Finished,
    rate_hz: Option<u32>,
    (known, lineage): (Option<&KnownModel>, Option<&Lineage>),
    words: &CardWords,
    sounds: &[(String, PathBuf)],
) -> String {
    let mut lines = vec![format!("# {}", one_line(name)), String::new()];
    if !words.about.trim().is_empty() {
        lines.extend([words.about.trim().to_owned(), String::new()]);
    }
    let given = |text: &str, otherwise: &str| match text.trim() {
        "" => otherwise.to_owned(),
        text => one_line(text),
    };
    lines.extend([
        "| | |".to_owned(),
        "|---|---|".to_owned(),
        format!("| License | {} |", given(&words.license, "not stated: ask before you use it")),
        format!("| Author | {} |", given(&words.author, "not stated")),
        format!("| Kind | {} |", model.kind()),
    ]);
    lines
        .extend(model.as_codec().into_iter().flat_map(|codec| about_codec(codec.shape(), rate_hz)));
    lines.extend(["", "## What it was trained on", ""].map(str::to_owned));
    lines.extend(trained_on(known, lineage));
    lines.extend([String::new(), "## How to play it".to_owned(), String::new()]);
    lines.extend(
        ["With Maquette:", "", "```", "maquette model add THIS_FILE.maq"].map(str::to_owned),
    );
    if model.as_playable().is_some() {
        lines.extend(PLAYING.map(str::to_owned));
    }
    if model.as_codec().is_some() {
        lines.extend(CONVERTING.map(str::to_owned));
    }
    lines.extend(["```", ""].map(str::to_owned));
    let about = model.about_weights();
    lines.push(format!("`weights.safetensors` {about}, and the settings as JSON in its header."));
    if !sounds.is_empty() {
        lines.extend(["", "## Sounds", ""].map(str::to_owned));
        lines.push("Held-out sounds and their reconstructions:".to_owned());
        lines.push(String::new());
        lines.extend(sounds.iter().map(|(path, _)| format!("- `{path}`")));
    }
    lines.join("\n") + "\n"
}

/// What plays a model that other programs can play.
const PLAYING: [&str; 2] = [
    "maquette export NAME --to torchscript --streaming -o NAME.ts    # for nn~ in Max and Pure Data",
    "maquette export NAME --to onnx -o NAME.onnx                     # for code and browsers",
];
/// What makes latents of sound and back.
const CONVERTING: [&str; 2] = [
    "maquette encode NAME SOUND.wav -o latents.npy",
    "maquette decode NAME latents.npy -o SOUND.wav",
];

/// The sound and the latents of a codec, a line of the table each.
fn about_codec(shape: CodecShape, rate_hz: Option<u32>) -> [String; 2] {
    let rate_hz = rate_hz.unwrap_or(shape.rate_hz);
    let channels = match shape.channels {
        1 => "mono".to_owned(),
        2 => "stereo".to_owned(),
        n => format!("{n} channels"),
    };
    let sound = format!("| Sound | {rate_hz} Hz, {channels} |");
    let latents = format!(
        "| Latents | {}, one frame every {} samples ({:.1} per second) |",
        shape.latent_size,
        shape.ratio,
        f64::from(rate_hz) / shape.ratio as f64
    );
    [sound, latents]
}

/// What a model was trained on: here, or as the package says that it was taken from.
fn trained_on(known: Option<&KnownModel>, packaged: Option<&Lineage>) -> Vec<String> {
    let here = known.and_then(|known| known.model.lineage.as_ref());
    let Some(lineage) = here.or(packaged) else {
        let added = known.and_then(|known| known.model.added.as_ref());
        return vec![match added {
            Some(added) => {
                format!("Unknown: it was added to the library as {}.", added.kind)
            }
            None => "Unknown: it was exported from a file.".to_owned(),
        }];
    };
    let dataset = known.and_then(|known| known.dataset_name.as_deref());
    let dataset = dataset.or(lineage.dataset.as_ref().map(api::Id::as_str));
    let mut lines: Vec<_> =
        dataset.map(|dataset| format!("- Dataset: {}", one_line(dataset))).into_iter().collect();
    let summary = known.and_then(|known| known.dataset.as_ref());
    if let Some(DatasetSummary { n_files, length_secs, rate_hz, .. }) = summary {
        let minutes = length_secs / 60.0;
        lines.push(format!("- {n_files} files, {minutes:.1} minutes at {rate_hz} Hz"));
    }
    lines.push(format!("- {} training steps with the preset {}", lineage.step, lineage.preset));
    if let Some(score) = lineage.validation {
        let metric = &lineage.score_metric;
        let better = if metric.is_smaller_better { "lower" } else { "higher" };
        let unit = Some(&metric.unit).filter(|it| !it.is_empty());
        let unit = unit.map_or(String::new(), |unit| format!(" {unit}"));
        let title = one_line(&metric.title);
        lines.push(format!("- {title}: {score:.2}{} ({better} is better)", one_line(&unit)));
    }
    if !lineage.dataset_hash.is_empty() {
        lines.push(format!("- Content of the dataset (SHA-256): `{}`", lineage.dataset_hash));
    }
    lines
}

/// Text from people, on one line of a table.
fn one_line(text: &str) -> String {
    let plain = |c: char| if c.is_control() || c == '|' { ' ' } else { c };
    text.chars().map(plain).collect::<String>().trim().to_owned()
}
