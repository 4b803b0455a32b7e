//! Models as files that play: modules for nn~ and graphs for code, read again, compared with the model,
//! and timed.

use anyhow::Context;
use api::{ExportSpeed, ExportedPlay, ModelPlace};
use models::{
    DIFFERENCE_MAX, ExportSettings, Finished, OnnxPart, Playable, PlayedGraphs, PlayedModule,
    Plays, Prior, PriorSettings, Verified, agent::Player,
};

use super::{Destination, Report, no_such_form, not_equal, prior::open_prior};
use crate::jobs::{
    model_file::{Opened, open_model},
    refuse,
    steps::Steps,
};

/// Writes a module; `None` if it was told to stop.
pub(super) fn module(
    steps: &mut Steps<'_>,
    (place, prior): (&ModelPlace, Option<&ModelPlace>),
    play: &ExportedPlay,
    to: Destination<'_>,
) -> anyhow::Result<Option<Report>> {
    let (opened, settings, mut report) = begin(steps, place, play)?;
    let model = playable(opened.as_ref())?;
    let prior = prior.map(|prior| open_prior(steps.folder.path(), place, prior)).transpose()?;
    let prior = prior.as_ref().and_then(|it| it.as_prior());
    let path = to.file(".ts");
    model.write_torch_script(settings, prior, &path).context("write the module")?;
    report.good("written", "Wrote the module.".into());
    if !steps.go_on(0.2) {
        return Ok(None);
    }
    let opened = PlayedModule::open(&path).and_then(|mut module| {
        let answered = module.ask()?;
        Ok((module, answered))
    });
    let (mut module, [n_methods, n_attributes]) = match opened {
        Ok(opened) => opened,
        Err(error) => return unreadable(&error),
    };
    let what = "Read back: it has what nn~ looks for";
    report.good("read", format!("{what}, {n_methods} methods and {n_attributes} attributes."));
    report.result.notes.extend(model.torch_script_notes(settings));
    if let Some(prior) = prior {
        match plays_prior(model, settings, prior, &mut module) {
            Ok(Some(words)) => report.good("prior", words),
            Ok(None) => {
                let why = "Its latents are unlike those that the prior makes here.";
                return not_equal("The exported prior does not match the prior.", why);
            }
            Err(error) => return unreadable(&error),
        }
    }
    finish(steps, model, settings, &mut module, play, report)
}

/// Frames of latents that are compared.
const PRIOR_FRAMES: usize = 96;
/// How many times as widely, or as little, a file's latents may vary: they are drawn at random.
const PRIOR_SPREAD_MAX: f64 = 2.0;

/// Lets the prior of a module play beside the prior itself, and compares how widely their latents vary; a sentence
/// if they are alike.
fn plays_prior(
    model: &dyn Playable,
    settings: ExportSettings,
    prior: &dyn Prior,
    module: &mut PlayedModule,
) -> Result<Option<String>, models::Error> {
    let shown = module.prior(1.0, PRIOR_FRAMES)?;
    let is_whole = shown.values.len() == shown.rows * PRIOR_FRAMES
        && shown.rows == model.export_facts(settings).latents
        && shown.values.iter().all(|x| x.is_finite());
    let mut live = prior.live(PriorSettings { seed: 1, temperature: 1.0 });
    let space = model.ordered_space();
    let mut frame = vec![0.0; model.shape().latent_size];
    let n = shown.rows / settings.n_parallel.max(1);
    let mut expected = vec![Vec::with_capacity(PRIOR_FRAMES); n];
    for _ in 0..PRIOR_FRAMES {
        live.next(&mut frame);
        for (i, row) in expected.iter_mut().enumerate() {
            row.push(match space {
                None => frame[i],
                Some(space) => {
                    let centred = frame.iter().zip(&space.mean).map(|(x, mean)| x - mean);
                    centred.zip(&space.directions[i]).map(|(x, a)| x * a).sum()
                }
            });
        }
    }
    let spread = |values: &[f32]| {
        let squares: f64 = values.iter().map(|x| f64::from(*x).powi(2)).sum();
        (squares / values.len().max(1) as f64).sqrt()
    };
    let ratio = spread(&shown.values) / spread(&expected.concat()).max(1e-9);
    let is_alike = (1.0 / PRIOR_SPREAD_MAX..=PRIOR_SPREAD_MAX).contains(&ratio);
    Ok((is_whole && is_alike).then(|| {
        format!(
            "Its prior made {PRIOR_FRAMES} frames, which vary {} times as widely as those of the prior itself.",
            figure(ratio)
        )
    }))
}

/// Writes graphs; `None` if it was told to stop.
pub(super) fn graphs(
    steps: &mut Steps<'_>,
    place: &ModelPlace,
    play: &ExportedPlay,
    to: Destination<'_>,
) -> anyhow::Result<Option<Report>> {
    let Opened { model, notes, .. } = open_model(steps.folder.path(), place)?;
    if let Some(player) = model.as_player() {
        return policy(steps, player, Report::new(model.as_ref(), notes), to);
    }
    let (opened, settings, mut report) = begin(steps, place, play)?;
    let model = playable(opened.as_ref())?;
    let path_of = |part: OnnxPart| to.file(part.ending());
    for (i, part) in (1..).zip(OnnxPart::ALL) {
        model.write_onnx(settings, part, &path_of(part)).context("write the graph")?;
        if !steps.go_on(0.07 * f64::from(i)) {
            return Ok(None);
        }
    }
    report.good("written", "Wrote the whole model, the encoder and the decoder.".into());
    let mut graphs = match PlayedGraphs::open(path_of) {
        Ok(graphs) => graphs,
        Err(error) => return unreadable(&error),
    };
    let states = match graphs.n_states() {
        0 => "the graphs keep no state".to_owned(),
        n => format!("the whole model carries {n} states from block to block"),
    };
    report.good("read", format!("Read back: {states}."));
    finish(steps, model, settings, &mut graphs, play, report)
}

/// Writes the policy of an agent.
fn policy(
    steps: &mut Steps<'_>,
    player: &Player,
    mut report: Report,
    to: Destination<'_>,
) -> anyhow::Result<Option<Report>> {
    let path = to.file(".onnx");
    player.write_onnx(&path).context("write the graph")?;
    report.good("written", "Wrote the network as one graph.".into());
    if !player.is_in_onnx(&path).context("read the graph again")? {
        return not_equal("The exported graph does not match the agent.", "");
    }
    report.good("equal", "Read back: every weight is identical to the agent's.".into());
    Ok(steps.go_on(1.0).then_some(report))
}

fn begin(
    steps: &mut Steps<'_>,
    place: &ModelPlace,
    play: &ExportedPlay,
) -> anyhow::Result<(Box<dyn Finished>, ExportSettings, Report)> {
    let Opened { model, notes, .. } = open_model(steps.folder.path(), place)?;
    let played = playable(model.as_ref())?;
    let settings = settings(played, play)?;
    let mut report = Report::new(model.as_ref(), notes);
    let facts = played.export_facts(settings);
    let result = &mut report.result;
    result.rate_hz = Some(facts.rate_hz);
    result.channels = Some(u16::try_from(facts.channels).unwrap_or(u16::MAX));
    result.latents = Some(u32::try_from(facts.latents).unwrap_or(u32::MAX));
    result.ratio = Some(u32::try_from(facts.ratio).unwrap_or(u32::MAX));
    result.latency_samples = Some(facts.latency_samples as u64);
    Ok((model, settings, report))
}

/// A model as what other programs can play; refuses one that they cannot.
fn playable(model: &dyn Finished) -> anyhow::Result<&dyn Playable> {
    model.as_playable().map_or_else(|| no_such_form(model), Ok)
}

/// What an order asks of a model, if that can be had.
fn settings(model: &dyn Playable, play: &ExportedPlay) -> anyhow::Result<ExportSettings> {
    let shape = model.shape();
    let mut settings = ExportSettings::new(play.streaming);
    settings.n_latents = n_latents(model, play)?;
    if let Some(channels) = play.channels.map(usize::from).filter(|it| *it != shape.channels) {
        if shape.channels != 1 || channels != 2 {
            let why =
                format!("The model is {}.", ["mono", "stereo"][usize::from(shape.channels > 1)]);
            let remedy = "Keep the model's channels. Only a mono model can be made stereo.";
            return refuse(
                "bad_channels",
                "The model cannot be exported with this number of channels.",
                &why,
                remedy,
            );
        }
        settings.n_parallel = channels;
    }
    if let Some(rate_hz) = play.rate_hz.filter(|it| *it != shape.rate_hz) {
        let multiple = rate_hz / shape.rate_hz;
        let is_whole = rate_hz % shape.rate_hz == 0;
        if !is_whole || !(2..=RATE_MULTIPLE_MAX).contains(&multiple) {
            let why = format!(
                "The model runs at {} Hz and can be exported at 2 to {RATE_MULTIPLE_MAX} times that rate.",
                shape.rate_hz
            );
            let remedy = "Choose one of these rates, or set the player to the model's rate.";
            return refuse(
                "bad_rate",
                "The model cannot be exported at this sample rate.",
                &why,
                remedy,
            );
        }
        if !play.streaming {
            let why = "Exports for whole sounds run at the model's own rate.";
            let remedy =
                "Export it for streaming, or resample the sound before it enters the model.";
            return refuse(
                "bad_rate",
                "The model cannot be exported at this sample rate.",
                why,
                remedy,
            );
        }
        settings.rate_multiple = multiple as usize;
    }
    Ok(settings)
}

/// How many times the model's rate a player can have.
const RATE_MULTIPLE_MAX: u32 = 4;

/// How many latents are shown, if not all.
fn n_latents(model: &dyn Playable, play: &ExportedPlay) -> anyhow::Result<Option<usize>> {
    if play.latents.is_none() && play.fidelity.is_none() {
        return Ok(None);
    }
    let what = "This number of latents cannot be exported.";
    let Some(space) = model.ordered_space() else {
        let why = "Only variational models whose latent space was measured have their latents in order of importance.";
        let remedy =
            "Export all latents, or choose a checkpoint that was measured on held-out sounds.";
        return refuse("no_latent_space", what, why, remedy);
    };
    let size = model.shape().latent_size;
    match (play.latents.map(|it| it as usize), play.fidelity) {
        (Some(n), _) if (1..=size).contains(&n) => Ok(Some(n)),
        (Some(_), _) => {
            let why = format!("This model has {size} latents.");
            refuse("bad_latents", what, &why, "Choose a number from 1 to that.")
        }
        (None, share) => Ok(share.map(|share| space.n_directions(share as f32).min(size))),
    }
}

/// Compares and times; `None` if it was told to stop.
fn finish(
    steps: &mut Steps<'_>,
    model: &dyn Playable,
    settings: ExportSettings,
    file: &mut dyn Plays,
    play: &ExportedPlay,
    mut report: Report,
) -> anyhow::Result<Option<Report>> {
    let block = play.block as usize;
    let go_on = &mut |share| steps.go_on(0.25 + 0.75 * share);
    let found = model.verify(settings, file, block, go_on);
    let found = match found {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(None),
        Err(error) => return unreadable(&error),
    };
    if !found.is_good() {
        let why =
            format!("{} The largest difference allowed is {DIFFERENCE_MAX:e}.", words(&found));
        return not_equal("The exported file does not sound like the model.", &why);
    }
    report.good("equal", words(&found));
    report.result.difference = Some(found.difference());
    if let Some(live) = found.live {
        report.good(
            "speed",
            format!(
                "On this computer, Maquette plays the model at {} times real time in blocks of {block} samples; \
                 its check of the file ran at {} times real time in blocks of {}.",
                figure(live),
                figure(found.file),
                found.block
            ),
        );
        report.result.speed = Some(ExportSpeed { block: play.block, live, file: found.file });
        if live < 1.5 {
            let note = "This computer is barely fast enough to play it live.";
            report.result.notes.push(note.to_owned());
        }
    }
    Ok(Some(report))
}

/// What a comparison found, as a sentence.
fn words(found: &Verified) -> String {
    let latents = match found.codes_apart > 0.0 {
        true => String::new(),
        false => format!("latents differ by at most {:.0e} and ", found.latents),
    };
    let mut words = format!(
        "Compared with the model over {} s of sound, {latents}sound differs by at most {:.0e} of its peak",
        figure(found.secs),
        found.sound.max(found.whole)
    );
    if found.codes_apart > 0.0 {
        words += &format!("; {:.2} % of the codes differ", 100.0 * found.codes_apart);
    }
    words + "."
}

/// Two digits are enough.
fn figure(x: f64) -> String {
    if x >= 10.0 { format!("{x:.0}") } else { format!("{x:.1}") }
}

fn unreadable<T>(error: &models::Error) -> anyhow::Result<T> {
    not_equal("The exported file cannot be played.", &format!("Failed to {error}."))
}
