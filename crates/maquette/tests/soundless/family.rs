//! A family that has nothing to do with sound: a polynomial of a few numbers learns a sine, and is drawn.

use std::{collections::BTreeMap, path::Path};

use api::{FieldProblem, LearnsFrom, Limit, Medium, Origin, Phase, Preset, ScoreMetric};
use models::{
    Change, CodecShape, Composition, Described, Error, ExcerptSettings, Family, Finished, Forecast,
    PhaseTimes, Rendered, Settings, Stale, StepReport, StepTimes, Trainer, Validation,
};
use nn::{Compute, NamedArray};
use serde_json::{Value, json};

/// The family.
pub(crate) struct Curve;

/// Steps after which a training calls itself another phase, so that there are two.
pub(crate) const SECOND_PHASE: u64 = 8;
/// What they are called.
pub(crate) const TITLES: [&str; 2] = ["learning a sine", "learning the rest"];

impl Family for Curve {
    fn name(&self) -> &'static str {
        "curve"
    }

    fn describe(&self) -> api::Family {
        api::Family {
            name: "curve".into(),
            title: "Curve".into(),
            summary: "A polynomial that learns a sine.".into(),
            learns_from: LearnsFrom::Nothing,
            presets: vec![Preset {
                name: "cubic".into(),
                title: "Cubic".into(),
                group: "All".into(),
                summary: "Four numbers.".into(),
                settings: BTreeMap::new(),
                limit: Limit::Steps { steps: 50 },
            }],
            switches: vec![],
            knobs: vec![],
        }
    }

    fn compose(
        &self,
        _preset: &str,
        _switches: &[String],
        overrides: &BTreeMap<String, Value>,
    ) -> Result<Composition, Vec<FieldProblem>> {
        let mut settings = json!({ "n_terms": 4 });
        let mut origins = BTreeMap::from([("n_terms".to_owned(), Origin::Default)]);
        for (key, value) in overrides {
            settings[key] = value.clone();
            origins.insert(key.clone(), Origin::Setting);
        }
        self.settings(&settings)?;
        Ok(Composition { settings, origins })
    }

    fn settings(&self, frozen: &Value) -> Result<Box<dyn Settings>, Vec<FieldProblem>> {
        Ok(Box::new(Terms::read(frozen).ok_or_else(|| {
            let (key, message) = ("n_terms".into(), "must be 1 to 8".into());
            vec![FieldProblem { key, message, suggestion: Some(json!(4)) }]
        })?))
    }

    fn settings_of_dataset(&self, _dataset: &api::DatasetSummary) -> Vec<(&'static str, Value)> {
        vec![]
    }

    fn resume(&self, checkpoint: &Path) -> Result<Box<dyn Trainer>, Error> {
        Ok(Box::new(Fit::load(checkpoint)?))
    }

    fn open(&self, weights: &Path) -> Result<Box<dyn Finished>, Error> {
        Ok(Box::new(Fit::load(weights)?))
    }

    fn look_at(&self, weights: &Path) -> Result<Described, Error> {
        let fit = Fit::load(weights)?;
        let settings = Box::new(Terms(fit.factors.len()));
        Ok(Described {
            settings,
            step: Some(fit.step),
            phase: 1,
            space: None,
            prior_of: None,
            adapter_of: None,
            n_parameters: None,
        })
    }
}

struct Terms(usize);

impl Terms {
    fn read(frozen: &Value) -> Option<Self> {
        let n = frozen["n_terms"].as_u64().filter(|n| (1..=8).contains(n))?;
        Some(Self(n as usize))
    }
}

impl Settings for Terms {
    fn to_value(&self) -> Value {
        json!({ "n_terms": self.0 })
    }

    fn with(&self, settings: &Value) -> Option<Box<dyn Settings>> {
        Some(Box::new(Self::read(settings)?))
    }

    fn check(&self, _dataset: &api::DatasetSummary) -> Vec<FieldProblem> {
        vec![]
    }

    fn forecast(&self) -> Forecast {
        Forecast {
            n_parameters: self.0 as u64,
            n_discriminator_parameters: 0,
            memory_bytes: vec![1 << 20],
            codec: None,
            notes: vec![],
        }
    }

    fn codec(&self) -> Option<CodecShape> {
        None
    }

    fn excerpts(&self) -> Option<ExcerptSettings> {
        None
    }

    fn trainer(&self, seed: u64) -> Box<dyn Trainer> {
        Box::new(Fit { factors: vec![0.0; self.0], seed, step: 0, n_steps_back: 0 })
    }

    fn measure(
        &self,
        _compute: &Compute,
        clock: &mut dyn FnMut() -> f64,
        go_on: &mut dyn FnMut(f64) -> bool,
    ) -> Option<(StepTimes, Box<dyn Trainer>)> {
        let mut trainer = self.trainer(0);
        let from = clock();
        trainer.step_while(&[], &mut || true)?;
        let secs = clock() - from;
        let times = StepTimes {
            phases: vec![
                PhaseTimes {
                    title: TITLES[0],
                    steps: Some(SECOND_PHASE),
                    is_open: false,
                    step_secs: secs,
                },
                PhaseTimes { title: TITLES[1], steps: None, is_open: false, step_secs: secs },
            ],
            n_counted: 1,
        };
        go_on(1.0).then_some((times, trainer))
    }

    fn lighter(&self) -> Vec<Vec<Change>> {
        vec![]
    }
}

/// `y = sum factors[i] x^i`, on its way to a sine.
struct Fit {
    factors: Vec<f32>,
    seed: u64,
    step: u64,
    n_steps_back: u32,
}

impl Fit {
    fn load(path: &Path) -> Result<Self, Error> {
        let found = nn::checkpoint::read(path)?;
        let number = |key: &str| found.metadata.get(key).and_then(|it| it.parse().ok());
        let lacks = |what: &str| Error::NotResumable { path: path.into(), what: what.into() };
        Ok(Self {
            step: number("step").ok_or_else(|| lacks("step"))?,
            seed: number("seed").ok_or_else(|| lacks("seed"))?,
            factors: found.arrays.first().ok_or_else(|| lacks("factors"))?.values.clone(),
            n_steps_back: 0,
        })
    }

    fn store(&self, path: &Path) -> Result<(), Error> {
        let (shape, values) = (vec![self.factors.len()], self.factors.clone());
        let factors = NamedArray { name: "factors".into(), shape, values };
        let words = [
            ("family", "curve".to_owned()),
            ("step", self.step.to_string()),
            ("seed", self.seed.to_string()),
        ];
        let words = words.map(|(key, value)| (key.to_owned(), value));
        Ok(nn::checkpoint::write(path, &[factors], &BTreeMap::from(words))?)
    }

    fn y(&self, x: f32) -> f32 {
        self.factors.iter().rev().fold(0.0, |y, factor| y * x + factor)
    }

    fn distance(&self) -> f64 {
        let errors = places(64).map(|x| f64::from(self.y(x) - (3.0 * x).sin()).powi(2));
        errors.sum::<f64>() / 64.0
    }
}

/// So many places from -1 to 1.
fn places(n: u16) -> impl Iterator<Item = f32> {
    (0..n).map(move |i| 2.0 * f32::from(i) / f32::from(n - 1) - 1.0)
}

impl Trainer for Fit {
    fn global_step(&self) -> u64 {
        self.step
    }

    fn phase(&self) -> Phase {
        let (number, step) = if self.step < SECOND_PHASE { (1, 0) } else { (2, SECOND_PHASE) };
        let title = TITLES[number as usize - 1].into();
        Phase { key: format!("part-{number}"), title, number, step, until_step: None }
    }

    fn score_metric(&self) -> ScoreMetric {
        ScoreMetric {
            name: "likeness".into(),
            title: "Likeness".into(),
            unit: "dB".into(),
            is_smaller_better: false,
            is_logarithmic: false,
        }
    }

    fn step_while(&mut self, batch: &[f32], go_on: &mut dyn FnMut() -> bool) -> Option<StepReport> {
        assert!(batch.is_empty() && go_on());
        // Places that follow from the seed and the step alone.
        let shift = (self.seed + self.step) as f32 * 0.618;
        let mut gradient = vec![0.0; self.factors.len()];
        for x in places(16).map(|x| ((x + shift).fract() * 2.0) - 1.0) {
            let error = self.y(x) - (3.0 * x).sin();
            for (i, gradient) in (0..).zip(&mut gradient) {
                *gradient += 2.0 * error * x.powi(i) / 16.0;
            }
        }
        self.factors.iter_mut().zip(gradient).for_each(|(factor, slope)| *factor -= 0.2 * slope);
        self.step += 1;
        let distance = self.distance();
        let values = vec![("loss_total", distance)];
        Some(StepReport { step: self.step, values, score: None, episodes: vec![], is_finite: true })
    }

    fn validate(&mut self, held_out: &[Vec<Vec<f32>>]) -> Option<Validation> {
        self.measure(held_out)
    }

    fn measure(&self, _clips: &[Vec<Vec<f32>>]) -> Option<Validation> {
        let score = -10.0 * self.distance().log10();
        Some(Validation { score, clip_metric: "likeness", values: vec![] })
    }

    fn render(&self, _clip: &[Vec<f32>]) -> Option<Rendered> {
        let points = places(33).map(|x| format!("{x:.3},{:.4}", -self.y(x)));
        let points = points.collect::<Vec<_>>().join(" ");
        let picture = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-1 -2 2 4\"><polyline points=\"{points}\" \
             fill=\"none\" stroke=\"black\" stroke-width=\".02\"/></svg>\n"
        );
        let bytes = picture.into_bytes();
        let (name, medium, mime) = ("curve.svg", Medium::Picture, "image/svg+xml");
        Some(Rendered::File { name, medium, mime, bytes })
    }

    fn save(&mut self, path: &Path) -> Result<(), Error> {
        self.store(path)
    }

    fn step_back(&mut self, path: &Path) -> Result<(), Error> {
        *self = Self { n_steps_back: self.n_steps_back + 1, ..Self::load(path)? };
        Ok(())
    }

    fn start_over(&mut self) {
        self.factors.fill(0.0);
        (self.step, self.n_steps_back) = (0, self.n_steps_back + 1);
    }

    fn n_steps_back(&self) -> u32 {
        self.n_steps_back
    }

    fn note_stale(&mut self, _n_measurements: u64) -> Stale {
        Stale::GoesOn
    }
}

impl Finished for Fit {
    fn family(&self) -> &'static str {
        "curve"
    }

    fn kind(&self) -> &'static str {
        "a curve"
    }

    fn settings(&self) -> Value {
        Terms(self.factors.len()).to_value()
    }

    fn n_arrays(&self) -> usize {
        1
    }

    fn weights(&self) -> Vec<(String, Vec<usize>, Vec<u32>)> {
        let bits = self.factors.iter().map(|it| it.to_bits()).collect();
        vec![("factors".into(), vec![self.factors.len()], bits)]
    }

    fn save(&self, path: &Path) -> Result<(), Error> {
        self.store(path)
    }
}
