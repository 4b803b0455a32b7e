//! Blends: sounds that are made of others, by grains, spectra or latents of a model, or in layers.

use std::path::Path;

use anyhow::Context;
use api::{BlendSource, BlendWay, EventBody, Outcome, Recipe, RecipeSource, Warning};
use audio::{Clip, blend, resample, with_channels};
use models::Randomness;

use super::{
    super::{
        model_file::{Opened, codec},
        sound_place,
    },
    keep,
    plan::Plan,
    prepare::open_one,
    refuse_recipe,
    render::Made,
};
use crate::{
    folder::JobFolder,
    log::log,
    progress::{Goal, ProgressMeter},
};

/// The loudest sample of a blend, in dB of full scale.
const CEILING_DB: f64 = -1.0;
/// The shortest blend, in seconds.
const SHORTEST_SECS: f64 = 0.05;

/// Makes the sounds that are missing.
pub(super) fn run(
    folder: &mut JobFolder,
    plan: &Plan,
    recipe: &Recipe,
    missing: Vec<u32>,
) -> anyhow::Result<Outcome> {
    let RecipeSource::Blend(source) = &recipe.source else { anyhow::bail!("read the blend") };
    let n_there = u64::from(plan.n_sounds()) - missing.len() as u64;
    let mut meter = ProgressMeter::new("sounds", Goal::Units(u64::from(plan.n_sounds())), 0.0);
    folder.emit(EventBody::Progress(meter.progress("reading the sounds", n_there)))?;
    let home = folder.path().to_owned();
    let mut notes = vec![];
    let opened = match (&recipe.models[..], source.way) {
        ([model], way) if way.needs_model() => Some(open_one(&home, "model-0", model, &mut notes)?),
        _ => None,
    };
    let mut go_on = || !folder.should_stop();
    let sounds =
        Sounds::read(&home, source, opened.as_ref().map(|it| &it.0), &mut notes, &mut go_on)?;
    let Some(sounds) = sounds else { return Ok(Outcome::Stopped) };
    for message in notes {
        folder.warn(Warning { code: "note".into(), file: None, message })?;
    }
    let name = folder.order().name.clone();
    for (n_done, number) in (n_there..).zip(missing) {
        if let Some(progress) = meter.mark("blending", n_done) {
            folder.emit(EventBody::Progress(progress))?;
        }
        if folder.should_stop() {
            return Ok(Outcome::Stopped);
        }
        let mut recipe = plan.recipe(number);
        if let Some((_, completed)) = &opened {
            recipe.models = vec![completed.clone()];
        }
        let clip = sounds.blended(&recipe, source, opened.as_ref().map(|it| &it.0))?;
        let name = if plan.n_sounds() == 1 { name.clone() } else { format!("{name} ({number})") };
        let made = Made {
            number,
            name,
            recipe,
            rate_hz: clip.rate_hz,
            channels: clip.channels,
            input: None,
            files: vec![],
            parts: vec![],
        };
        keep::keep(&home.join(job::files::GENERATED), made)?;
    }
    let progress = meter.progress("done", u64::from(plan.n_sounds()));
    folder.emit(EventBody::Progress(progress))?;
    Ok(Outcome::Done)
}

/// The sounds of a blend, alike in rate and channels.
struct Sounds {
    clips: Vec<Clip>,
    weights: Vec<f64>,
    /// Of each its latents, `[latent][frame]`; empty where no model blends.
    latents: Vec<Vec<Vec<f32>>>,
}

impl Sounds {
    /// Nothing where the job is to stop. At the rate and with the channels of the model; without one, the highest rate of all, and two channels if any has.
    fn read(
        home: &Path,
        source: &BlendSource,
        opened: Option<&Opened>,
        notes: &mut Vec<String>,
        go_on: &mut dyn FnMut() -> bool,
    ) -> anyhow::Result<Option<Self>> {
        let mut clips = vec![];
        for sound in &source.sounds {
            if !go_on() {
                return Ok(None);
            }
            let (mut clip, name) =
                sound_place::read(home, &sound.sound, sound_place::LONGEST_SECS)?;
            let longest = (BlendSource::SECS_MAX * f64::from(clip.rate_hz)) as usize;
            if clip.n_frames() > longest {
                let secs = BlendSource::SECS_MAX;
                notes.push(format!("“{name}” is cut: the first {secs:.0} s of it are blended."));
                for channel in &mut clip.channels {
                    channel.truncate(longest);
                    channel.shrink_to_fit();
                }
            }
            clips.push(clip);
        }
        let (rate_hz, n_channels) = match opened {
            Some(opened) => {
                let shape = codec(opened.model.as_ref(), "the model")?.shape();
                (opened.rate_hz.unwrap_or(shape.rate_hz), shape.channels)
            }
            None => (
                clips.iter().map(|it| it.rate_hz).max().unwrap_or(44_100),
                clips.iter().map(|it| it.channels.len()).max().unwrap_or(1).min(2),
            ),
        };
        let alike = |clip: Clip| resample(&with_channels(clip, n_channels), rate_hz);
        let clips: Vec<Clip> = clips.into_iter().map(alike).collect();
        let mut latents = vec![];
        for clip in clips.iter().filter(|_| opened.is_some()) {
            if !go_on() {
                return Ok(None);
            }
            let opened = opened.context("find the model")?;
            latents.push(encoded(opened, clip)?);
        }
        let weights = source.sounds.iter().map(|it| it.weight).collect();
        Ok(Some(Self { clips, weights, latents }))
    }

    fn blended(
        &self,
        recipe: &Recipe,
        source: &BlendSource,
        opened: Option<&Opened>,
    ) -> anyhow::Result<Clip> {
        let rate_hz = self.clips[0].rate_hz;
        let n_clips = self.clips.len() as f64;
        let usual = self.clips.iter().map(Clip::length_secs).sum::<f64>() / n_clips;
        let secs = recipe.secs.unwrap_or(usual.max(SHORTEST_SECS));
        let n_out = (secs * f64::from(rate_hz)).round().max(1.0) as usize;
        let mut clip = match (source.way, opened) {
            (BlendWay::Grains, _) => {
                let how = blend::Grains {
                    grain_secs: source.grain_secs,
                    scatter_secs: source.scatter_secs,
                    seed: recipe.variation.map_or(recipe.seed, |it| it.seed),
                };
                blend::grains(&self.clips, &self.weights, n_out, &how)
            }
            (BlendWay::Spectra, _) => blend::spectra(&self.clips, &self.weights, n_out),
            (BlendWay::Layers, _) => {
                let mut clip = blend::layers(&self.clips, &self.weights);
                if recipe.secs.is_some() {
                    clip.channels.iter_mut().for_each(|it| it.resize(n_out, 0.0));
                }
                clip
            }
            (BlendWay::Latents | BlendWay::Path, Some(opened)) => {
                let codec = codec(opened.model.as_ref(), "the model")?;
                let n_frames = n_out.div_ceil(codec.shape().ratio).max(1);
                let weights: &dyn Fn(f64) -> Vec<f64> = match source.way {
                    BlendWay::Path => &|share| on_the_way(&self.weights, share),
                    _ => &|_| self.weights.clone(),
                };
                let rows = averaged(&self.latents, weights, n_frames);
                decoded(opened, rows, rate_hz, n_out, recipe.seed)?
            }
            (BlendWay::Latents | BlendWay::Path, None) => {
                return refuse_recipe("Latents need a model.", "Choose one.");
            }
        };
        if let Some(of) = source.rhythm.and_then(|number| self.clips.get(number as usize)) {
            blend::take_rhythm(&mut clip, of);
        }
        blend::soften_ends(&mut clip);
        // Short loud sounds add up beyond full scale, and so do layers.
        let quieter_db = blend::bring_below(&mut clip, CEILING_DB);
        if quieter_db >= 0.1 {
            log(&format!("it is {quieter_db:.1} dB quieter, so that it is not distorted"));
        }
        Ok(clip)
    }
}

/// The latents of a sound, `[latent][frame]`.
fn encoded(opened: &Opened, clip: &Clip) -> anyhow::Result<Vec<Vec<f32>>> {
    let codec = codec(opened.model.as_ref(), "the model")?;
    let mut rows: Vec<Vec<f32>> = vec![vec![]; codec.shape().latent_size];
    let pull = |channels: &mut [Vec<f32>]| -> anyhow::Result<bool> {
        for (to, from) in channels.iter_mut().zip(&clip.channels) {
            to.extend_from_slice(from);
        }
        Ok(false)
    };
    codec.encode_pieces(Randomness::Off, pull, |made| -> anyhow::Result<()> {
        rows.iter_mut().zip(made).for_each(|(row, made)| row.extend_from_slice(made));
        Ok(())
    })?;
    Ok(rows)
}

/// The mean of latents, moment by moment: directions are averaged, and lengths, so that a blend is as far from the mean
/// as what it is made of. Of two, that is the way along a sphere. `weights_at` says the shares at a share of the time.
fn averaged(
    all: &[Vec<Vec<f32>>],
    weights_at: &dyn Fn(f64) -> Vec<f64>,
    n_frames: usize,
) -> Vec<Vec<f32>> {
    let n_latents = all.first().map_or(0, Vec::len);
    let mut out = vec![vec![0.0f32; n_frames]; n_latents];
    for i in 0..n_frames {
        let (mut mean, mut length) = (vec![0.0f64; n_latents], 0.0);
        let time = (i as f64 + 0.5) / n_frames as f64;
        let weights = weights_at(time);
        let sum: f64 = weights.iter().sum();
        for (rows, weight) in all.iter().zip(&weights) {
            let share = weight / sum.max(f64::MIN_POSITIVE);
            let frame = frame_at(rows, time);
            let norm = frame.iter().map(|x| x * x).sum::<f64>().sqrt();
            mean.iter_mut().zip(&frame).for_each(|(mean, x)| *mean += share * x);
            length += share * norm;
        }
        let norm = mean.iter().map(|x| x * x).sum::<f64>().sqrt();
        // Opposite directions have no mean one: then the plain mean stays.
        let gain = if norm > 1e-3 * length { length / norm } else { 1.0 };
        out.iter_mut().zip(&mean).for_each(|(row, x)| row[i] = (x * gain) as f32);
    }
    out
}

/// The shares on a way from the first sound to the last, at a share of the time. Each is alone in the middle of its own
/// stretch, which is as long as its weight; the first is alone from the start, and the last to the end.
fn on_the_way(weights: &[f64], time: f64) -> Vec<f64> {
    let sum: f64 = weights.iter().sum::<f64>().max(f64::MIN_POSITIVE);
    let mut shares = vec![0.0; weights.len()];
    let (mut from, mut before) = (0.0, None::<(usize, f64)>);
    // One without a share is not on the way.
    for (i, weight) in weights.iter().enumerate().filter(|it| *it.1 > 0.0) {
        let middle = from + weight / sum / 2.0;
        from += weight / sum;
        if middle > time {
            match before {
                None => shares[i] = 1.0,
                Some((last, at)) => {
                    let share = (time - at) / (middle - at).max(f64::MIN_POSITIVE);
                    (shares[last], shares[i]) = (1.0 - share, share);
                }
            }
            return shares;
        }
        before = Some((i, middle));
    }
    if let Some((last, _)) = before {
        shares[last] = 1.0;
    }
    shares
}

/// The latents at a share of the time, between two frames.
fn frame_at(rows: &[Vec<f32>], share: f64) -> Vec<f64> {
    let n = rows.first().map_or(0, Vec::len);
    if n == 0 {
        return vec![0.0; rows.len()];
    }
    let place = (share * n as f64 - 0.5).clamp(0.0, (n - 1) as f64);
    let (from, part) = (place as usize, place.fract());
    let to = (from + 1).min(n - 1);
    rows.iter().map(|row| f64::from(row[from]) * (1.0 - part) + f64::from(row[to]) * part).collect()
}

fn decoded(
    opened: &Opened,
    rows: Vec<Vec<f32>>,
    rate_hz: u32,
    n_out: usize,
    seed: u64,
) -> anyhow::Result<Clip> {
    let codec = codec(opened.model.as_ref(), "the model")?;
    let mut channels: Vec<Vec<f32>> = vec![vec![]; codec.shape().channels];
    let mut rows = Some(rows);
    let pull = |latents: &mut [Vec<f32>]| -> anyhow::Result<bool> {
        for (to, from) in latents.iter_mut().zip(rows.take().context("read the latents")?) {
            to.extend(from);
        }
        Ok(false)
    };
    codec.decode_pieces(Randomness::Seeded(seed), pull, |made| -> anyhow::Result<()> {
        channels.iter_mut().zip(made).for_each(|(to, made)| to.extend_from_slice(made));
        Ok(())
    })?;
    channels.iter_mut().for_each(|it| it.resize(n_out, 0.0));
    Ok(Clip { rate_hz, channels })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_of_latents_is_as_long_as_they_are() {
        let one = vec![vec![2.0f32; 8], vec![0.0; 8]];
        let two = vec![vec![0.0f32; 4], vec![2.0; 4]];
        let even = |_| vec![1.0, 1.0];
        let rows = averaged(&[one.clone(), two.clone()], &even, 6);
        for (x, y) in rows[0].iter().zip(&rows[1]) {
            assert!((x - y).abs() < 1e-6 && (x.hypot(*y) - 2.0).abs() < 1e-5, "{x} {y}");
        }
        let first = |_| vec![1.0, 0.0];
        assert_eq!(averaged(&[one, two], &first, 3), [vec![2.0; 3], vec![0.0; 3]]);
        // Opposite ones cancel, and are no reason to divide by nothing.
        let (up, down) = (vec![vec![1.0f32; 2]], vec![vec![-1.0f32; 2]]);
        assert_eq!(averaged(&[up, down], &even, 2), [vec![0.0; 2]]);
    }

    #[test]
    fn a_way_goes_from_sound_to_sound() {
        let at = |time| on_the_way(&[1.0, 1.0, 2.0], time);
        assert_eq!(at(0.0), [1.0, 0.0, 0.0]);
        assert_eq!(at(0.125), [1.0, 0.0, 0.0]);
        assert_eq!(at(0.25), [0.5, 0.5, 0.0]);
        assert_eq!(at(0.375), [0.0, 1.0, 0.0]);
        assert_eq!(at(0.75), [0.0, 0.0, 1.0]);
        assert_eq!(at(1.0), [0.0, 0.0, 1.0]);
        assert_eq!(on_the_way(&[3.0], 0.4), [1.0]);
        // One that is only listened to is not on the way.
        assert_eq!(on_the_way(&[1.0, 1.0, 0.0], 1.0), [0.0, 1.0, 0.0]);
    }
}
