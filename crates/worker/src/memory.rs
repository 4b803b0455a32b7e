//! Whether a training fits into memory, and what to change if it does not.

use api::{MemoryAdvice, MemoryForecast, MemoryLevel};
use models::{Change, Settings};

/// A training that leaves less than a tenth of free memory is tight: other programs need some, too.
const TIGHT: f64 = 0.9;
/// The most suggestions that are made.
const ADVICE_MAX: usize = 4;

/// The memory that a training with these settings needs, against what is free now; what is free on a GPU is not
/// known.
pub(crate) fn memory(settings: &dyn Settings, needed: Vec<u64>, on_gpu: bool) -> MemoryForecast {
    let free = job::memory::free_bytes().filter(|_| !on_gpu);
    against(settings, needed, free)
}

fn against(
    settings: &dyn Settings,
    phase_bytes: Vec<u64>,
    free_bytes: Option<u64>,
) -> MemoryForecast {
    let level = level(most(&phase_bytes), free_bytes);
    let is_short = matches!(level, MemoryLevel::Tight | MemoryLevel::TooLarge);
    let advice = match free_bytes.filter(|_| is_short) {
        Some(free) => advice(settings, free),
        None => vec![],
    };
    MemoryForecast { phase_bytes, free_bytes, level, advice }
}

fn most(phase_bytes: &[u64]) -> u64 {
    phase_bytes.iter().copied().max().unwrap_or(0)
}

fn level(needed: u64, free_bytes: Option<u64>) -> MemoryLevel {
    match free_bytes {
        None => MemoryLevel::Unknown,
        Some(free) if needed > free => MemoryLevel::TooLarge,
        Some(free) if needed as f64 > TIGHT * free as f64 => MemoryLevel::Tight,
        Some(_) => MemoryLevel::Fits,
    }
}

/// The memory that training needs with some changes; `None` if the settings are then invalid.
fn with(settings: &dyn Settings, changes: &[&Change]) -> Option<MemoryAdvice> {
    let mut whole = settings.to_value();
    let changed = changes.iter().flat_map(|change| change.settings.clone()).collect();
    for (key, value) in &changed {
        let (key, value): (&String, &serde_json::Value) = (key, value);
        whole[key] = value.clone();
    }
    let memory_bytes = most(&settings.with(&whole)?.forecast().memory_bytes);
    let titles: Vec<&str> = changes.iter().map(|change| change.title.as_str()).collect();
    Some(MemoryAdvice { title: titles.join(", "), settings: changed, memory_bytes })
}

/// Changes with which it fits, the mildest first; several together if no single one is enough.
fn advice(settings: &dyn Settings, free: u64) -> Vec<MemoryAdvice> {
    let fits = |advice: &MemoryAdvice| level(advice.memory_bytes, Some(free)) == MemoryLevel::Fits;
    let kinds = settings.lighter();
    // Of each kind, the first that is enough.
    let alone =
        |kind: &Vec<Change>| kind.iter().filter_map(|change| with(settings, &[change])).find(&fits);
    let mut found: Vec<MemoryAdvice> = kinds.iter().filter_map(alone).collect();
    if found.is_empty() {
        for (i, a) in kinds.iter().enumerate() {
            for b in &kinds[i + 1..] {
                let mut pairs = a.iter().flat_map(|a| b.iter().map(move |b| [a, b]));
                let first = pairs.find_map(|pair| with(settings, &pair).filter(&fits));
                found.extend(first);
            }
        }
    }
    if found.is_empty() {
        // All changes together are the best suggestion, whether or not they are enough.
        let most: Vec<&Change> = kinds.iter().filter_map(|kind| kind.last()).collect();
        found.extend((!most.is_empty()).then(|| with(settings, &most)).flatten());
    }
    found.truncate(ADVICE_MAX);
    found
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn config(preset: &str, switches: &[&str]) -> Box<dyn Settings> {
        let switches: Vec<String> = switches.iter().map(|&it| it.to_owned()).collect();
        let family = models::FAMILIES[0];
        let composed = family.compose(preset, &switches, &BTreeMap::new()).unwrap();
        family.settings(&composed.settings).unwrap()
    }

    fn with_free(settings: &dyn Settings, free_bytes: Option<u64>) -> MemoryForecast {
        against(settings, settings.forecast().memory_bytes, free_bytes)
    }

    #[test]
    fn a_warning_comes_above_nine_tenths_of_what_is_free() {
        let config = config("sketch", &[]);
        let needed = with_free(config.as_ref(), None);
        assert_eq!((needed.level, needed.advice.len()), (MemoryLevel::Unknown, 0));
        let most = needed.needed_bytes() as f64;
        let check = |share: f64, level: MemoryLevel| {
            let found = with_free(config.as_ref(), Some((most / share) as u64));
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
        let check = |config: &dyn Settings, free: u64, expected: &[&str]| {
            let found = with_free(config, Some(free));
            let titles: Vec<_> = found.advice.iter().map(|it| it.title.as_str()).collect();
            assert!(expected.iter().all(|it| titles.contains(it)), "{titles:?}");
            for advice in &found.advice {
                let mut settings = config.to_value();
                for (key, value) in &advice.settings {
                    settings[key] = value.clone();
                }
                let changed = with_free(config.with(&settings).unwrap().as_ref(), None);
                let needed = changed.needed_bytes();
                assert_eq!(needed, advice.memory_bytes);
                assert!(needed as f64 <= TIGHT * free as f64, "{advice:?}");
            }
        };
        let v3 = config("v3", &[]);
        let needed = with_free(v3.as_ref(), None);
        let most = needed.needed_bytes();
        check(v3.as_ref(), most / 10 * 8, &["Batch size 4", "Excerpts of 1.6 s"]);
        let both = config("sketch", &["descript_discriminator"]);
        let needed = with_free(both.as_ref(), None).phase_bytes[1];
        check(both.as_ref(), needed / 10 * 7, &["RAVE's own discriminators instead of Descript's"]);
    }

    #[test]
    fn where_nothing_is_enough_everything_is_advised() {
        let found = with_free(config("v3", &[]).as_ref(), Some(200_000_000));
        assert_eq!(found.level, MemoryLevel::TooLarge);
        assert_eq!(found.advice.len(), 1);
        let keys: Vec<_> = found.advice[0].settings.keys().map(String::as_str).collect();
        assert_eq!(keys, ["batch_size", "discriminator", "n_signal"]);
    }
}
