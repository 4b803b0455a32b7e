//! RAVE as one family among others.

use std::{collections::BTreeMap, path::Path};

use api::{DatasetSummary, ExportKind, FieldProblem};
use nn::{Compute, NoGpu};
use serde_json::{Value, json};

use super::{
    Config, Device, DiscriminatorKind, EncoderInput, ExportFacts, ExportSettings, LatentSpace,
    Model, OnnxPart, Phase, PhaseSwitch, Player, PlayerSettings, Plays, Randomness, Regularization,
    Trainer, Verified, config, forecast, infer, measure, original::AcidsRave,
};
use crate::{
    Change, Codec, CodecForecast, CodecShape, Composition, Described, Error, ExcerptSettings,
    Family, Finished, Forecast, Halt, LiveCodec, OtherProgram, PhaseTimes, Playable, Prior, Pull,
    Push, Rendered, Settings, Stale, StepDifference, StepReport, StepTimes, Validation,
};

/// RAVE.
pub struct Rave;

/// Its name in settings and files.
const NAME: &str = "rave";
/// Shorter excerpts are never advised.
const EXCERPT_SECS_MIN: f64 = 0.5;
/// The distance minimised in phase 1, by which models are compared.
const DISTANCE: &str = "multiband_spectral_distance";

impl Family for Rave {
    fn name(&self) -> &'static str {
        NAME
    }

    fn describe(&self) -> api::Family {
        config::family()
    }

    fn compose(
        &self,
        preset: &str,
        switches: &[String],
        overrides: &BTreeMap<String, Value>,
    ) -> Result<Composition, Vec<FieldProblem>> {
        config::resolve(preset, switches, overrides)
    }

    fn settings(&self, frozen: &Value) -> Result<Box<dyn Settings>, Vec<FieldProblem>> {
        Ok(Box::new(Config::from_settings(frozen)?))
    }

    fn settings_of_dataset(&self, dataset: &DatasetSummary) -> Vec<(&'static str, Value)> {
        vec![("sampling_rate", dataset.rate_hz.into()), ("channels", dataset.channels.into())]
    }

    fn resume(&self, checkpoint: &Path) -> Result<Box<dyn crate::Trainer>, Error> {
        Ok(Box::new(Trainer::load(checkpoint)?))
    }

    fn open(&self, weights: &Path) -> Result<Box<dyn Finished>, Error> {
        Ok(Box::new(Model::load(weights)?))
    }

    fn other_programs(&self) -> &'static [&'static dyn OtherProgram] {
        &[&AcidsRave]
    }

    fn look_at(&self, weights: &Path) -> Result<Described, Error> {
        let described = infer::describe(weights)?;
        Ok(Described {
            settings: Box::new(described.config),
            step: described.step,
            phase: match described.phase {
                Phase::Reconstruction => 1,
                Phase::Adversarial => 2,
            },
            space: described.space,
            prior_of: None,
            adapter_of: None,
            n_parameters: None,
        })
    }
}

impl Settings for Config {
    fn to_value(&self) -> Value {
        self.to_settings()
    }

    fn with(&self, settings: &Value) -> Option<Box<dyn Settings>> {
        Some(Box::new(Self::from_settings(settings).ok()?))
    }

    fn check(&self, dataset: &DatasetSummary) -> Vec<FieldProblem> {
        forecast::check(self, dataset)
    }

    fn forecast(&self) -> Forecast {
        let found = forecast::forecast(self);
        Forecast {
            n_parameters: found.n_parameters,
            n_discriminator_parameters: found.n_discriminator_parameters,
            memory_bytes: found.memory.process_bytes().to_vec(),
            codec: Some(CodecForecast {
                receptive_field_samples: found.receptive_field_samples,
                latency_samples: found.latency_samples,
            }),
            notes: found.notes,
        }
    }

    fn codec(&self) -> Option<CodecShape> {
        Some(shape(self))
    }

    fn exports(&self) -> Vec<ExportKind> {
        // acids-rave has encoders that take a mel spectrogram, but cannot run them.
        let is_theirs = self.encoder_input != EncoderInput::Mel;
        ExportKind::ALL.into_iter().filter(|kind| *kind != ExportKind::Ckpt || is_theirs).collect()
    }

    fn excerpts(&self) -> Option<ExcerptSettings> {
        Some(ExcerptSettings {
            batch_size: self.batch_size,
            n_signal: self.n_signal,
            phase_mangle_share: self.phase_mangle_share,
            gain_variation: self.gain_variation,
            speed_variation: self.speed_variation,
            compress_share: self.compress_share,
            compress_threshold: self.compress_threshold,
            compress_least: self.compress_least,
            compress_most: self.compress_most,
            gain_share: self.gain_share,
            mute_share: self.mute_share,
        })
    }

    fn trainer(&self, seed: u64) -> Box<dyn crate::Trainer> {
        Box::new(Trainer::new(self, seed))
    }

    fn measure(
        &self,
        compute: &Compute,
        clock: &mut dyn FnMut() -> f64,
        go_on: &mut dyn FnMut(f64) -> bool,
    ) -> Option<(StepTimes, Box<dyn crate::Trainer>)> {
        let (secs, trainer) = measure::measure(self, compute, clock, go_on)?;
        let first = PhaseTimes {
            title: Phase::Reconstruction.title(),
            steps: Some(self.phase_1_duration),
            is_open: self.phase_switch == PhaseSwitch::Plateau,
            step_secs: secs.autoencoder,
        };
        let second = PhaseTimes {
            title: Phase::Adversarial.title(),
            steps: None,
            is_open: false,
            step_secs: secs.phase_2(self),
        };
        let times = StepTimes { phases: vec![first, second], n_counted: secs.n_counted };
        Some((times, Box::new(trainer)))
    }

    fn lighter(&self) -> Vec<Vec<Change>> {
        vec![smaller_batches(self), lighter_discriminators(self), shorter_excerpts(self)]
    }

    fn compute(&self) -> Result<Compute, NoGpu> {
        self.compute()
    }

    fn wants_mixed(&self) -> bool {
        self.wants_mixed()
    }

    fn leaves_device_open(&self) -> bool {
        self.device == Device::Auto
    }
}

fn shape(config: &Config) -> CodecShape {
    CodecShape {
        rate_hz: config.sampling_rate,
        channels: config.channels,
        latent_size: config.latent_size,
        ratio: config.ratio(),
        n_books: if config.is_quantized() { config.num_quantizers } else { 0 },
        codebook_size: config.codebook_size,
        regularization: match config.regularization {
            Regularization::Variational => "variational",
            Regularization::Wasserstein => "wasserstein",
            Regularization::Spherical => "spherical",
            Regularization::Discrete => "discrete",
        },
    }
}

fn change(title: String, key: &str, value: Value) -> Change {
    Change { title, settings: BTreeMap::from([(key.to_owned(), value)]) }
}

/// Smaller batches, largest first.
fn smaller_batches(config: &Config) -> Vec<Change> {
    let sizes = std::iter::successors(Some(config.batch_size / 2), |n| Some(n / 2));
    let sizes = sizes.take_while(|n| *n > 0);
    sizes.map(|n| change(format!("Batch size {n}"), "batch_size", json!(n))).collect()
}

/// Shorter excerpts, longest first, down to the shortest that can be trained on.
fn shorter_excerpts(config: &Config) -> Vec<Change> {
    let secs = |n: usize| n as f64 / f64::from(config.sampling_rate);
    let ratio = config.ratio();
    let short = (EXCERPT_SECS_MIN * f64::from(config.sampling_rate)) as usize;
    let least = forecast::forecast(config).min_signal_samples.max(short.next_multiple_of(ratio));
    let shorter = |n: usize| Some((n / 2).next_multiple_of(ratio).max(least)).filter(|it| *it < n);
    let lengths = std::iter::successors(shorter(config.n_signal), |n| shorter(*n));
    lengths.map(|n| change(format!("Excerpts of {:.1} s", secs(n)), "n_signal", json!(n))).collect()
}

/// Discriminators that need less memory.
fn lighter_discriminators(config: &Config) -> Vec<Change> {
    if config.discriminator != DiscriminatorKind::Descript {
        return vec![];
    }
    let title = "RAVE's own discriminators instead of Descript's".to_owned();
    vec![change(title, "discriminator", json!("rave"))]
}

impl crate::Trainer for Trainer {
    fn global_step(&self) -> u64 {
        self.global_step()
    }

    fn phase(&self) -> api::Phase {
        let phase = self.phase();
        let config = self.config();
        let is_planned = config.phase_switch == PhaseSwitch::Steps;
        let (key, number, step, until_step) = match phase {
            Phase::Reconstruction => {
                ("reconstruction", 1, 0, is_planned.then_some(config.phase_1_duration))
            }
            Phase::Adversarial => ("adversarial", 2, self.phase_2_from(), None),
        };
        api::Phase { key: key.into(), title: phase.title().into(), number, step, until_step }
    }

    fn score_metric(&self) -> api::ScoreMetric {
        api::ScoreMetric {
            name: "validation_distance".into(),
            title: "Validation distance".into(),
            unit: String::new(),
            is_smaller_better: true,
            is_logarithmic: false,
        }
    }

    fn step_while(&mut self, batch: &[f32], go_on: &mut dyn FnMut() -> bool) -> Option<StepReport> {
        let report = self.step_while(batch, go_on)?;
        let distance = report.values.iter().find(|(name, _)| *name == DISTANCE);
        Some(StepReport {
            step: report.step,
            score: distance.map(|(_, distance)| *distance),
            values: report.values,
            episodes: vec![],
            is_finite: report.is_finite,
        })
    }

    fn validate(&mut self, held_out: &[Vec<Vec<f32>>]) -> Option<Validation> {
        self.validate(held_out).map(validation)
    }

    fn measure(&self, clips: &[Vec<Vec<f32>>]) -> Option<Validation> {
        self.measure(clips).map(validation)
    }

    fn render(&self, clip: &[Vec<f32>]) -> Option<Rendered> {
        Some(Rendered::Sound(self.render(clip)))
    }

    fn save(&mut self, path: &Path) -> Result<(), Error> {
        Trainer::save(self, path)
    }

    fn step_back(&mut self, path: &Path) -> Result<(), Error> {
        self.step_back(path)
    }

    fn start_over(&mut self) {
        self.start_over();
    }

    fn n_steps_back(&self) -> u32 {
        self.n_steps_back()
    }

    fn note_stale(&mut self, n_measurements: u64) -> Stale {
        let config = self.config();
        if config.phase_switch == PhaseSwitch::Plateau
            && self.phase() == Phase::Reconstruction
            && n_measurements >= config.plateau_patience
        {
            self.begin_phase_2();
            return Stale::BeganPhase2;
        }
        let ends = config.early_stop > 0 && n_measurements >= config.early_stop;
        if ends { Stale::Ends } else { Stale::GoesOn }
    }

    fn compute(&self) -> Compute {
        self.compute().clone()
    }

    fn compute_on(&mut self, compute: Compute) {
        self.compute_on(compute);
    }

    fn difference_from_cpu(&mut self, batch: &[f32]) -> StepDifference {
        self.difference_from_cpu(batch)
    }
}

fn validation(found: super::Validation) -> Validation {
    let mut values = vec![("validation_fullband_distance", found.fullband_spectral_distance)];
    values.extend(found.latents);
    Validation { score: found.multiband_spectral_distance, clip_metric: DISTANCE, values }
}

impl Finished for Model {
    fn family(&self) -> &'static str {
        NAME
    }

    fn kind(&self) -> &'static str {
        "RAVE, a neural audio codec: sound to latent variables and back"
    }

    fn settings(&self) -> Value {
        self.config().to_settings()
    }

    fn about_weights(&self) -> &'static str {
        "holds encoder and decoder under the names that PyTorch has for them in acids-rave"
    }

    fn n_arrays(&self) -> usize {
        self.n_arrays()
    }

    fn weights(&self) -> Vec<(String, Vec<usize>, Vec<u32>)> {
        self.weights()
    }

    fn save(&self, path: &Path) -> Result<(), Error> {
        self.save(path)
    }

    fn as_codec(&self) -> Option<&dyn Codec> {
        Some(self)
    }

    fn as_playable(&self) -> Option<&dyn Playable> {
        Some(self)
    }
}

impl Codec for Model {
    fn shape(&self) -> CodecShape {
        shape(self.config())
    }

    fn reconstruct_through(&self, pull: Pull<'_>, push: Push<'_>) -> Result<(), Halt> {
        self.reconstruct_pieces(pull, push)
    }

    fn encode_through(
        &self,
        latent: Randomness,
        pull: Pull<'_>,
        push: Push<'_>,
    ) -> Result<(), Halt> {
        self.encode_pieces(latent, pull, push)
    }

    fn decode_through(
        &self,
        noise: Randomness,
        pull: Pull<'_>,
        push: Push<'_>,
    ) -> Result<(), Halt> {
        self.decode_pieces(noise, pull, push)
    }

    fn code_through(&self, pull: Pull<'_>, push: Push<'_>) -> Result<(), Halt> {
        self.code_pieces(pull, push)
    }

    fn has_codes(&self) -> bool {
        self.has_codes()
    }

    fn latent_of_codes(&self, codes: &[Vec<usize>]) -> Option<Vec<Vec<f32>>> {
        self.latent_of_codes(codes)
    }

    fn n_latent_frames(&self, n_samples: u64) -> u64 {
        self.n_latent_frames(n_samples)
    }

    fn n_decoded_samples(&self, n_frames: u64) -> u64 {
        self.n_decoded_samples(n_frames)
    }

    fn live(&self, settings: PlayerSettings) -> Box<dyn LiveCodec> {
        Box::new(self.live(settings))
    }
}

impl LiveCodec for Player {
    fn latency_samples(&self) -> usize {
        self.latency_samples()
    }

    fn decoder_latency_samples(&self) -> usize {
        self.decoder_latency_samples()
    }

    fn encode(&mut self, block: &[&[f32]]) -> &[f32] {
        self.encode(block)
    }

    fn decode(&mut self, latents: &[f32]) -> &[f32] {
        self.decode(latents)
    }

    fn reset_encoder(&mut self) {
        self.reset_encoder();
    }

    fn reset_decoder(&mut self) {
        self.reset_decoder();
    }

    fn reseed(&mut self, seed: u64) {
        self.reseed(seed);
    }
}

impl Playable for Model {
    fn export_facts(&self, settings: ExportSettings) -> ExportFacts {
        self.export_facts(settings)
    }

    fn write_torch_script(
        &self,
        settings: ExportSettings,
        prior: Option<&dyn Prior>,
        path: &Path,
    ) -> Result<(), Error> {
        self.write_torch_script(settings, prior, path)
    }

    fn torch_script_notes(&self, settings: ExportSettings) -> Vec<String> {
        let ratio = self.export_facts(settings).ratio;
        if !settings.is_streaming || ratio.is_power_of_two() {
            return vec![];
        }
        // nn~ rounds buffers up to powers of two, which frames of this length do not fill.
        vec![format!(
            "Its latent frames have {ratio} samples, no power of two: give nn~ no buffer size, so that it takes \
             that. The RAVE VST has powers of two only."
        )]
    }

    fn write_onnx(
        &self,
        settings: ExportSettings,
        part: OnnxPart,
        path: &Path,
    ) -> Result<(), Error> {
        self.write_onnx(settings, part, path)
    }

    fn verify(
        &self,
        settings: ExportSettings,
        file: &mut dyn Plays,
        block: usize,
        go_on: &mut dyn FnMut(f64) -> bool,
    ) -> Result<Option<Verified>, Error> {
        self.verify(settings, file, block, go_on)
    }

    fn ordered_space(&self) -> Option<&LatentSpace> {
        self.space().filter(|_| self.has_order())
    }
}
