//! Whether a training fits into memory, and what to change where it does not.

use std::collections::BTreeMap;

use api::{MemoryAdvice, MemoryForecast, MemoryLevel};
use models::rave::{self, Config, Device, DiscriminatorKind};
use serde_json::{Value, json};

use crate::system::memory_free_bytes;

/// A training that leaves less than a tenth of what is free is tight: other programs need some, too.
const TIGHT: f64 = 0.9;
/// Advice that is given at most.
const ADVICE_MAX: usize = 4;
/// Excerpts are not advised to be shorter than this.
const EXCERPT_SECS_MIN: f64 = 0.5;

/// The memory that a training with these settings needs, against what is free now.
pub(crate) fn memory(config: &Config, needed: rave::Memory) -> MemoryForecast {
    let is_elsewhere = match config.device {
        Device::Cpu => false,
        Device::Gpu | Device::Auto => config.compute().is_ok_and(|it| it.is_gpu()),
    };
    let free = memory_free_bytes().filter(|_| !is_elsewhere);
    against(config, needed, free)
}

fn against(config: &Config, needed: rave::Memory, free_bytes: Option<u64>) -> MemoryForecast {
    let [phase_1_bytes, phase_2_bytes] = needed.process_bytes();
    let level = level(phase_1_bytes.max(phase_2_bytes), free_bytes);
    let is_short = matches!(level, MemoryLevel::Tight | MemoryLevel::TooLarge);
    let advice = match free_bytes.filter(|_| is_short) {
        Some(free) => advice(config, free),
        None => vec![],
    };
    MemoryForecast { phase_1_bytes, phase_2_bytes, free_bytes, level, advice }
}

fn level(needed: u64, free_bytes: Option<u64>) -> MemoryLevel {
    match free_bytes {
        None => MemoryLevel::Unknown,
        Some(free) if needed > free => MemoryLevel::TooLarge,
        Some(free) if needed as f64 > TIGHT * free as f64 => MemoryLevel::Tight,
        Some(_) => MemoryLevel::Fits,
    }
}

/// Settings that differ from those chosen, and what to call the change.
#[derive(Clone, Default)]
struct Change {
    titles: Vec<String>,
    settings: BTreeMap<String, Value>,
}

impl Change {
    fn new(title: String, settings: &[(&str, Value)]) -> Self {
        let settings = settings.iter().map(|(key, value)| ((*key).to_owned(), value.clone()));
        Self { titles: vec![title], settings: settings.collect() }
    }

    fn with(mut self, other: Self) -> Self {
        self.titles.extend(other.titles);
        self.settings.extend(other.settings);
        self
    }

    /// What training needs with it; none where the settings do not go together.
    fn advice(self, config: &Config) -> Option<MemoryAdvice> {
        let mut whole = config.to_settings();
        for (key, value) in &self.settings {
            whole[key] = value.clone();
        }
        let changed = Config::from_settings(&whole).ok()?;
        let [phase_1, phase_2] = rave::forecast(&changed).memory.process_bytes();
        let title = self.titles.join(", ");
        Some(MemoryAdvice { title, settings: self.settings, memory_bytes: phase_1.max(phase_2) })
    }
}

/// Changes with which it fits, the mildest first; where no single one is enough, several together.
fn advice(config: &Config, free: u64) -> Vec<MemoryAdvice> {
    let fits = |advice: &MemoryAdvice| level(advice.memory_bytes, Some(free)) == MemoryLevel::Fits;
    let (batches, excerpts) = (batches(config), excerpts(config));
    let discriminators = discriminators(config);
    // Of each kind, the first that is enough.
    let first =
        |changes: Vec<Change>| changes.into_iter().filter_map(|it| it.advice(config)).find(&fits);
    let together = |all: [&[Change]; 2]| -> Vec<Change> {
        let pairs = all[0].iter().flat_map(|a| all[1].iter().map(|b| a.clone().with(b.clone())));
        pairs.collect()
    };
    let alone = [&batches, &discriminators, &excerpts].map(|kind| first(kind.clone()));
    let mut found: Vec<MemoryAdvice> = alone.into_iter().flatten().collect();
    if found.is_empty() {
        let pairs =
            [[&batches, &discriminators], [&batches, &excerpts], [&discriminators, &excerpts]];
        let pairs = pairs.map(|[a, b]| first(together([a, b])));
        found.extend(pairs.into_iter().flatten());
    }
    if found.is_empty() {
        // Everything at once is the best that can be said, whether or not it is enough.
        let most = [&batches, &discriminators, &excerpts].map(|kind| kind.last().cloned());
        let most = most.into_iter().flatten().reduce(Change::with);
        found.extend(most.and_then(|change| change.advice(config)));
    }
    found.truncate(ADVICE_MAX);
    found
}

/// Smaller batches, the largest first.
fn batches(config: &Config) -> Vec<Change> {
    let sizes = std::iter::successors(Some(config.batch_size / 2), |n| Some(n / 2));
    let sizes = sizes.take_while(|n| *n > 0);
    sizes.map(|n| Change::new(format!("Batch size {n}"), &[("batch_size", json!(n))])).collect()
}

/// Shorter excerpts, the longest first, down to the shortest that can be trained on.
fn excerpts(config: &Config) -> Vec<Change> {
    let secs = |n: usize| n as f64 / f64::from(config.sampling_rate);
    let ratio = config.ratio();
    let short = (EXCERPT_SECS_MIN * f64::from(config.sampling_rate)) as usize;
    let least = rave::forecast(config).min_signal_samples.max(short.next_multiple_of(ratio));
    let shorter = |n: usize| Some((n / 2).next_multiple_of(ratio).max(least)).filter(|it| *it < n);
    let lengths = std::iter::successors(shorter(config.n_signal), |n| shorter(*n));
    let change =
        |n: usize| Change::new(format!("Excerpts of {:.1} s", secs(n)), &[("n_signal", json!(n))]);
    lengths.map(change).collect()
}

/// Discriminators that need less.
fn discriminators(config: &Config) -> Vec<Change> {
    let mut changes = vec![];
    if config.discriminator == DiscriminatorKind::Descript {
        let own = [("discriminator", json!("rave"))];
        changes.push(Change::new("RAVE's own discriminators instead of Descript's".into(), &own));
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(preset: &str, switches: &[&str]) -> Config {
        let switches: Vec<String> = switches.iter().map(|&it| it.to_owned()).collect();
        let settings = rave::resolve(preset, &switches, &BTreeMap::new()).unwrap().settings;
        Config::from_settings(&settings).unwrap()
    }

    fn with_free(config: &Config, free_bytes: Option<u64>) -> MemoryForecast {
        against(config, rave::forecast(config).memory, free_bytes)
    }

    #[test]
    fn a_warning_comes_above_nine_tenths_of_what_is_free() {
        let config = config("sketch", &[]);
        let needed = with_free(&config, None);
        assert_eq!((needed.level, needed.advice.len()), (MemoryLevel::Unknown, 0));
        let most = needed.phase_1_bytes.max(needed.phase_2_bytes) as f64;
        let check = |share: f64, level: MemoryLevel| {
            let found = with_free(&config, Some((most / share) as u64));
            assert_eq!(found.level, level, "{share}");
            assert_eq!(found.advice.is_empty(), level == MemoryLevel::Fits, "{share}");
        };
        check(0.89, MemoryLevel::Fits);
        check(0.92, MemoryLevel::Tight);
        check(0.99, MemoryLevel::Tight);
        check(1.01, MemoryLevel::TooLarge);
    }

    #[test]
    fn advice_fits_and_says_what_it_takes() {
        let check = |config: &Config, free: u64, expected: &[&str]| {
            let found = with_free(config, Some(free));
            let titles: Vec<_> = found.advice.iter().map(|it| it.title.as_str()).collect();
            assert!(expected.iter().all(|it| titles.contains(it)), "{titles:?}");
            for advice in &found.advice {
                let mut settings = config.to_settings();
                for (key, value) in &advice.settings {
                    settings[key] = value.clone();
                }
                let changed = with_free(&Config::from_settings(&settings).unwrap(), None);
                let needed = changed.phase_1_bytes.max(changed.phase_2_bytes);
                assert_eq!(needed, advice.memory_bytes);
                assert!(needed as f64 <= TIGHT * free as f64, "{advice:?}");
            }
        };
        let v3 = config("v3", &[]);
        let needed = with_free(&v3, None);
        let most = needed.phase_1_bytes.max(needed.phase_2_bytes);
        check(&v3, most / 10 * 8, &["Batch size 4", "Excerpts of 1.6 s"]);
        let both = config("sketch", &["descript_discriminator"]);
        let needed = with_free(&both, None).phase_2_bytes;
        check(&both, needed / 10 * 7, &["RAVE's own discriminators instead of Descript's"]);
    }

    #[test]
    fn where_nothing_is_enough_everything_is_advised() {
        let found = with_free(&config("v3", &[]), Some(200_000_000));
        assert_eq!(found.level, MemoryLevel::TooLarge);
        assert_eq!(found.advice.len(), 1);
        let keys: Vec<_> = found.advice[0].settings.keys().map(String::as_str).collect();
        assert_eq!(keys, ["batch_size", "discriminator", "n_signal"]);
    }
}
