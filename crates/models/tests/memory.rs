//! What training really allocates, counted, against what is said before it starts.

#![expect(unsafe_code, reason = "an allocator that counts is unsafe by its trait")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering},
};

use models::rave::{Config, Trainer, forecast, resolve};
use serde_json::{Value, json};

struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let live = LIVE.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(live, Ordering::Relaxed);
        // SAFETY: the same contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let live = LIVE.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(live, Ordering::Relaxed);
        // SAFETY: the same contract.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the same contract.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// The most that is alive at once while something is done, beyond what was alive before.
fn peak_of(act: impl FnOnce()) -> usize {
    PEAK.store(LIVE.load(Ordering::Relaxed), Ordering::Relaxed);
    act();
    PEAK.load(Ordering::Relaxed)
}

fn config(preset: &str, switches: &[&str], changes: &Value) -> Config {
    let switches: Vec<String> = switches.iter().map(|&it| it.to_owned()).collect();
    let changes: BTreeMap<String, Value> =
        changes.as_object().unwrap().clone().into_iter().collect();
    Config::from_settings(&resolve(preset, &switches, &changes).unwrap().settings).unwrap()
}

/// Bytes allocated at the peak of each phase.
fn allocated(config: &Config) -> [f64; 2] {
    let config =
        Config { update_discriminator_every: 2, phase_1_duration: 1 << 40, ..config.clone() };
    let n = config.batch_size * config.channels * config.n_signal;
    let batch: Vec<f32> = (0..n).map(|i| 0.5 * (i as f32 * 0.05).sin()).collect();
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = folder.path().join("step.safetensors");
    let before = LIVE.load(Ordering::Relaxed);
    let mut trainer = Trainer::new(&config, 0);
    let mut phase = |n_steps: usize| {
        let peak = peak_of(|| {
            for _ in 0..n_steps {
                trainer.step(&batch);
            }
            trainer.save(&checkpoint).unwrap();
        });
        trainer.begin_phase_2();
        (peak - before) as f64
    };
    [phase(2), phase(3)]
}

/// Estimates are this near,
const NEAR: f64 = 0.2;
/// or this near in bytes: tables of transforms and the like are not counted.
const NEAR_BYTES: f64 = 4e6;

#[test]
fn allocated_memory_is_near_the_estimate() {
    let mut wrong = Vec::new();
    let mut check = |preset: &str, switches: &[&str], changes: &Value| {
        let config = config(preset, switches, changes);
        let found = allocated(&config);
        let expected = forecast(&config).memory.arrays_bytes.map(|it| it as f64);
        let is_near = |i: usize| {
            let distance = (found[i] - expected[i]).abs();
            distance <= NEAR * found[i] || distance <= NEAR_BYTES
        };
        if !(is_near(0) && is_near(1)) {
            wrong.push(format!(
                "{preset} {switches:?}: {expected:.0?} estimated, {found:.0?} allocated"
            ));
        }
    };
    let small = json!({
        "capacity": 12, "discriminator_capacity": 12, "discriminator_spectra_capacity": 8,
        "batch_size": 2, "n_signal": 16_384, "stft_scales": [512, 128], "valid_signal_crop": false,
    });
    check("sketch", &["spectral_discriminator"], &small);
    check("sketch", &["descript_discriminator"], &small);
    for preset in ["standard", "v1", "v2", "discrete", "hybrid"] {
        check(preset, &[], &small);
    }
    check("v2", &["snake", "noise"], &small);
    assert!(wrong.is_empty(), "{wrong:#?}");
}
