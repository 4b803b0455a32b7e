//! Adapters as a family among others.

use std::{collections::BTreeMap, path::Path, rc::Rc};

use api::{DatasetSummary, ExportKind, Fact, FieldProblem};
use nn::Compute;
use serde_json::{Value, json};

use super::{
    config::{self, Config},
    infer::{self, Model},
    lessons::{AdapterBase, CaptionSettings, LearntClip, Lessons},
    memory,
    peft::Peft,
    train::Training,
};
use crate::lora;
use crate::stable_audio::{Learner, TransformerConfig};
use crate::{
    Change, CodecShape, Composition, Described, Error, ExcerptSettings, Family, Finished, Forecast,
    OtherProgram, PhaseTimes, Settings, StepTimes, Trainer,
};

/// What the family is called in settings, commands and files.
pub(crate) const NAME: &str = "adapter";

/// The family.
pub(crate) struct Adapters;

impl Family for Adapters {
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

    fn settings_of_dataset(&self, _dataset: &DatasetSummary) -> Vec<(&'static str, Value)> {
        vec![]
    }

    fn resume(&self, checkpoint: &Path) -> Result<Box<dyn Trainer>, Error> {
        let what = "weights of the model that it is added to".to_owned();
        Err(Error::NotResumable { path: checkpoint.into(), what })
    }

    fn resume_with(
        &self,
        checkpoint: &Path,
        lessons: Rc<Lessons>,
    ) -> Result<Box<dyn Trainer>, Error> {
        Ok(Box::new(Training::load(checkpoint, lessons)?))
    }

    fn open(&self, weights: &Path) -> Result<Box<dyn Finished>, Error> {
        Ok(Box::new(Model::load(weights)?))
    }

    fn look_at(&self, weights: &Path) -> Result<Described, Error> {
        let words = nn::checkpoint::read_some(weights, |_| false)?.metadata;
        let said = infer::read_words(weights, &words)?;
        let shapes = nn::checkpoint::shapes(weights)?;
        let own = shapes.iter().filter(|(name, _)| lora::is_part(name));
        let n_parameters = own.map(|(_, shape)| shape.iter().product::<usize>() as u64).sum();
        Ok(Described {
            settings: Box::new(said.config),
            step: Some(said.step),
            phase: 1,
            space: None,
            prior_of: None,
            adapter_of: Some(said.base),
            n_parameters: Some(n_parameters),
        })
    }

    fn other_programs(&self) -> &'static [&'static dyn OtherProgram] {
        const ALL: &[&dyn OtherProgram] = &[&Peft];
        ALL
    }
}

/// The length of a measurement of speed, in seconds.
const MEASURE_SECS: f64 = 10.0;

impl Settings for Config {
    fn to_value(&self) -> Value {
        self.to_settings()
    }

    fn with(&self, settings: &Value) -> Option<Box<dyn Settings>> {
        Some(Box::new(Self::from_settings(settings).ok()?))
    }

    fn check(&self, _dataset: &DatasetSummary) -> Vec<FieldProblem> {
        vec![]
    }

    fn forecast(&self) -> Forecast {
        let model = TransformerConfig::small();
        Forecast {
            n_parameters: memory::n_parameters(self, &model),
            n_discriminator_parameters: 0,
            memory_bytes: vec![memory::memory_bytes(self, &model)],
            codec: None,
            notes: vec![
                "Size, memory and time are for Stable Audio 3 Small; other models differ."
                    .to_owned(),
            ],
        }
    }

    fn facts(&self) -> Vec<Fact> {
        vec![Fact::number("rank", "Rank", self.rank as f64, "")]
    }

    fn codec(&self) -> Option<CodecShape> {
        None
    }

    fn excerpts(&self) -> Option<ExcerptSettings> {
        None
    }

    fn captions(&self) -> Option<CaptionSettings> {
        Some(self.captions())
    }

    fn exports(&self) -> Vec<ExportKind> {
        vec![ExportKind::Safetensors]
    }

    fn trainer(&self, seed: u64) -> Box<dyn Trainer> {
        Box::new(stand_in(self, seed))
    }

    fn adapter_trainer(
        &self,
        seed: u64,
        lessons: Rc<Lessons>,
    ) -> Option<Result<Box<dyn Trainer>, Error>> {
        let training = Training::new(self, seed, lessons);
        Some(training.map(|it| Box::new(it) as Box<dyn Trainer>))
    }

    fn measure(
        &self,
        _compute: &Compute,
        clock: &mut dyn FnMut() -> f64,
        go_on: &mut dyn FnMut(f64) -> bool,
    ) -> Option<(StepTimes, Box<dyn Trainer>)> {
        let mut trainer = self.trainer(0);
        if !go_on(0.0) {
            return None;
        }
        trainer.step_while(&[], &mut || true)?;
        let (from, mut n_counted) = (clock(), 0);
        loop {
            let secs = clock() - from;
            if !go_on((secs / MEASURE_SECS).min(1.0)) {
                return None;
            }
            if secs >= MEASURE_SECS && n_counted > 0 {
                break;
            }
            trainer.step_while(&[], &mut || true)?;
            n_counted += 1;
        }
        let step_secs = (clock() - from) / f64::from(n_counted);
        let phase = PhaseTimes { title: "learning", steps: None, is_open: false, step_secs };
        Some((StepTimes { phases: vec![phase], n_counted }, trainer))
    }

    fn lighter(&self) -> Vec<Vec<Change>> {
        let change = |title: String, key: &str, value: Value| Change {
            title,
            settings: BTreeMap::from([(key.to_owned(), value)]),
        };
        let halves = std::iter::successors(Some(self.crop_secs / 2.0), |secs| Some(secs / 2.0));
        let shorter = halves
            .take_while(|secs| *secs >= 1.0)
            .map(|secs| change(format!("Crops of {secs} s"), "crop_secs", json!(secs)));
        let held = [(config::Held::Int16, "int16", 16), (config::Held::Int8, "int8", 8)];
        let from = held.iter().position(|it| it.0 == self.precision).map_or(0, |i| i + 1);
        let held = held[from..].iter().map(|(_, word, bits)| {
            change(format!("The model's weights in {bits} bits"), "precision", json!(word))
        });
        vec![held.collect(), shorter.collect()]
    }
}

/// Something as large as Stable Audio 3 Small to measure, with one clip as long as a crop.
fn stand_in(config: &Config, seed: u64) -> Training {
    let learner = Rc::new(Learner::stand_in(config.precision()));
    let n_frames = ((config.crop_secs / learner.secs_of(1)) as usize).max(1);
    let model = &learner.config().transformer;
    let clip = LearntClip {
        name: String::new(),
        latents: nn::Init::new(seed).normal(n_frames * model.n_latent),
        words: nn::Init::new(seed).normal(16 * model.n_condition),
        is_held_out: false,
    };
    let lessons = Lessons {
        base: AdapterBase::default(),
        folder: std::path::PathBuf::new(),
        clips: vec![clip],
        prompts: vec![],
    };
    Training::of(config, seed, Rc::new(lessons), learner)
}
