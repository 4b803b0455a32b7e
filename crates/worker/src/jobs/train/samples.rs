//! Samples of a model in training: held-out excerpts, rendered by the newest model, or files that it generates
//! without any.

use std::{collections::BTreeMap, path::PathBuf, rc::Rc};

use anyhow::Context;
use api::{EventBody, Medium, Sample, Split};
use audio::{Clip, WavFormat};
use models::{Rendered, Trainer, Validation};

use super::{encoded::Encoded, source::Source};
use crate::{
    dataset::Dataset,
    folder::JobFolder,
    pace::{
        EXCERPT_SECS_MAX, RENDER_PAUSE_SECS_MIN, RENDER_PAUSE_SHARE, RENDERED_MAX, measured_each,
    },
};

/// Held-out excerpts and what was rendered of them.
pub(super) struct Samples {
    held_out: Vec<Vec<Vec<f32>>>,
    names: Vec<String>,
    originals: Vec<String>,
    rate_hz: u32,
    /// What makes sound of latents, for a model that makes latents.
    encoded: Option<Rc<Encoded>>,
    folder: PathBuf,
    next_secs: f64,
    last_step: Option<u64>,
}

impl Samples {
    /// Cuts the excerpts and writes the originals; there are none without a dataset.
    pub(super) fn new(folder: &JobFolder, source: &Source) -> anyhow::Result<Self> {
        let path = super::create_folder(folder, "samples")?;
        let mut samples = Self {
            held_out: vec![],
            names: vec![],
            originals: vec![],
            rate_hz: 0,
            encoded: None,
            folder: path,
            next_secs: 0.0,
            last_step: folder.past().last_sample_step,
        };
        match source {
            Source::Nothing => {}
            Source::Sounds(excerpts) => samples.cut(excerpts.dataset())?,
            Source::Latents(encoded) => samples.cut_latents(encoded)?,
            Source::Clips(clips) => samples.rate_hz = clips.rate_hz(),
        }
        Ok(samples)
    }

    fn cut(&mut self, dataset: &Dataset) -> anyhow::Result<()> {
        let rate_hz = dataset.index().summary.rate_hz;
        self.rate_hz = rate_hz;
        let mut sounds = dataset.sounds(Split::Validation);
        if sounds.is_empty() {
            sounds = dataset.sounds(Split::Training);
        }
        let each = measured_each(sounds.len());
        let n_frames_max = (EXCERPT_SECS_MAX * f64::from(rate_hz)) as u64;
        for sound in sounds.into_iter().step_by(each) {
            let n_frames = sound.n_frames.min(n_frames_max);
            // From the middle of long recordings; their beginnings are often silence.
            let from = if sound.n_frames > 4 * n_frames { sound.n_frames / 3 } else { 0 };
            let excerpt =
                dataset.read(sound, from, n_frames as usize).context("read the dataset")?;
            self.held_out.push(excerpt);
            self.names.push(sound.file.path.clone());
        }
        self.write_originals()
    }

    /// Stretches of latents take the place of excerpts of sound, and what the codec makes of them that of originals.
    fn cut_latents(&mut self, encoded: &Rc<Encoded>) -> anyhow::Result<()> {
        self.rate_hz = encoded.rate_hz();
        for (name, latents) in encoded.held_out().context("read the latents")? {
            self.names.push(name);
            self.held_out.push(latents);
        }
        self.encoded = Some(Rc::clone(encoded));
        self.write_originals()
    }

    /// The excerpts to measure on. Shape: `[excerpts][channels][frames]`, or `[excerpts][latents][frames]`.
    pub(super) fn held_out(&self) -> &[Vec<Vec<f32>>] {
        &self.held_out
    }

    /// The step of the last rendering.
    pub(super) fn last_step(&self) -> Option<u64> {
        self.last_step
    }

    /// Forgets renderings after a step that the run went back to.
    pub(super) fn forget_after(&mut self, step: u64) {
        self.last_step = self.last_step.filter(|last| *last <= step);
    }

    /// Whether it is time to render.
    pub(super) fn is_due(&self, elapsed_secs: f64) -> bool {
        elapsed_secs >= self.next_secs
    }

    /// Renders the excerpts with the current model and reports them.
    pub(super) fn render(
        &mut self,
        folder: &mut JobFolder,
        trainer: &dyn Trainer,
        elapsed_secs: f64,
    ) -> anyhow::Result<()> {
        let step = trainer.global_step();
        self.next_secs =
            elapsed_secs + RENDER_PAUSE_SECS_MIN.max(elapsed_secs * RENDER_PAUSE_SHARE);
        if self.last_step == Some(step) {
            return Ok(());
        }
        for i in 0..self.originals.len() {
            let original = &self.held_out[i];
            let distances = trainer.measure(std::slice::from_ref(original));
            let Some(rendered) = trainer.render(original) else { continue };
            let sample = self.write(step, i, rendered)?;
            folder.emit(EventBody::Sample(Sample {
                name: self.names[i].clone(),
                original: Some(self.originals[i].clone()),
                distances: distances.iter().map(distance).collect(),
                ..sample
            }))?;
        }
        if (self.originals.is_empty() || self.encoded.is_some())
            && let Some(rendered) = trainer.render(&[])
        {
            let sample = self.write(step, self.originals.len(), rendered)?;
            folder.emit(EventBody::Sample(sample))?;
        }
        for i in 0.. {
            let Some((words, rendered)) = trainer.render_words(i) else { break };
            let sample = self.write(step, i, rendered)?;
            folder.emit(EventBody::Sample(Sample { name: words, ..sample }))?;
        }
        self.last_step = Some(step);
        Ok(())
    }

    /// Writes the rendering of an excerpt, or one without an excerpt; returns the sample to report.
    fn write(&self, step: u64, i: usize, rendered: Rendered) -> anyhow::Result<Sample> {
        let rendered = match (rendered, &self.encoded) {
            (Rendered::Latents(latents), Some(encoded)) => {
                Rendered::Sound(encoded.decode(&latents)?)
            }
            (other, _) => other,
        };
        let (name, medium, mime) = match &rendered {
            Rendered::Sound(_) => ("sound.wav", Medium::Sound, "audio/wav"),
            Rendered::Latents(_) => anyhow::bail!("decode latents: there is no codec"),
            Rendered::File { name, medium, mime, .. } => (*name, *medium, *mime),
        };
        let ending = name.rsplit_once('.').map_or("bin", |(_, ending)| ending);
        let file = format!("step-{step:09}-{i}.{ending}");
        let path = self.folder.join(&file);
        let length_secs = match rendered {
            Rendered::Sound(channels) => {
                let n_frames = channels.first().map_or(0, Vec::len);
                let clip = Clip { rate_hz: self.rate_hz, channels };
                audio::write_wav(&path, &clip, WavFormat::Int16)
                    .with_context(|| format!("write samples/{file}"))?;
                Some(n_frames as f64 / f64::from(self.rate_hz))
            }
            Rendered::Latents(_) => None,
            Rendered::File { bytes, .. } => {
                job::whole::write(&path, &bytes)
                    .with_context(|| format!("write samples/{file}"))?;
                None
            }
        };
        Ok(Sample {
            step,
            name: name.into(),
            medium,
            mime: mime.into(),
            original: None,
            rendered: format!("samples/{file}"),
            length_secs,
            distances: BTreeMap::new(),
        })
    }

    fn write_originals(&mut self) -> anyhow::Result<()> {
        for (i, channels) in self.held_out.iter().take(RENDERED_MAX).enumerate() {
            let name = format!("original-{i}.wav");
            let path = self.folder.join(&name);
            if !path.exists() {
                let channels = match &self.encoded {
                    Some(encoded) => encoded.decode(channels)?,
                    None => channels.clone(),
                };
                let clip = Clip { rate_hz: self.rate_hz, channels };
                audio::write_wav(&path, &clip, WavFormat::Int16)
                    .with_context(|| format!("write samples/{name}"))?;
            }
            self.originals.push(format!("samples/{name}"));
        }
        Ok(())
    }
}

fn distance(validation: &Validation) -> (String, f64) {
    (validation.clip_metric.into(), validation.score)
}
