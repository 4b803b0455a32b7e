//! What is played: the same in blocks of any size, in step with what came in, without clicks.

use api::{RecipeModel, RecipeSource, SampleFormat, control_number};

use super::*;
use crate::instrument::{InstrumentSettings, tests::small_model};

const RATE_HZ: u32 = 44_100;

fn recipe() -> Recipe {
    let models: Vec<RecipeModel> = vec![];
    Recipe {
        models,
        source: RecipeSource::Walk { speed_hz: 1.0, range: 1.0, start: vec![] },
        controls: [].into(),
        deviations: vec![],
        seed: 3,
        secs: None,
        variation: None,
        loudness_lufs: None,
        finish: api::Finish::default(),
        format: SampleFormat::Int24,
    }
}

/// A sound that goes through a small model, with some controls moved.
fn prepared(sound: &[f32], controls: &[(&str, f32)]) -> Prepared {
    let model = small_model(0, &[]);
    let settings = InstrumentSettings { seed: 3, ..Default::default() };
    let mut instrument = Instrument::new(&[model.as_ref()], RATE_HZ, &settings).unwrap();
    for (key, value) in [("file", 1.0), ("file_loop", 0.0)].iter().chain(controls) {
        instrument.set(control_number(key).unwrap(), *value);
    }
    instrument.settle();
    let channels = vec![sound.to_vec()];
    instrument.load(Some(Box::new(LoadedSound { name: "tone".into(), channels })));
    Prepared {
        number: 1,
        name: "tone".into(),
        recipe: recipe(),
        n_skipped: instrument.latency_samples(),
        instrument,
        n_samples: sound.len(),
        acts: vec![],
        microphone: None,
        heard: Heard::LoadedSound,
        fades: (false, true),
    }
}

fn tone(n: usize) -> Vec<f32> {
    (0..n).map(|i| (i as f32 * 0.031).sin() * 0.4).collect()
}

fn played(prepared: Prepared, block: usize) -> Played {
    play_in_blocks(prepared, block, || true).unwrap()
}

#[test]
fn blocks_of_any_size_give_the_same_samples() {
    let controls = [("walk", 0.4), ("walk_speed", 20.0), ("noise", 0.2), ("wet", 0.8)];
    let sound = tone(12_000);
    let of = |block| {
        let mut prepared = prepared(&sound, &controls);
        prepared.acts = vec![
            (1_000, Act::Set(control_number("z1.bias").unwrap(), 1.0)),
            (7_001, Act::Seek(0.1)),
            (9_000, Act::Reseed(9)),
        ];
        played(prepared, block).made.channels
    };
    let first = of(2048);
    assert!(first[0].iter().any(|x| x.abs() > 1e-4));
    for block in [64, 777, 30_000] {
        assert!(of(block) == first, "{block}");
    }
}

#[test]
fn what_comes_out_is_in_step_with_what_came_in() {
    let sound = tone(9_000);
    for transpose in [0.0, 7.0] {
        let played = played(prepared(&sound, &[("wet", 0.0), ("transpose", transpose)]), 1000);
        let out = &played.made.channels[0];
        assert_eq!((out.len(), played.made.input.as_ref().unwrap()[0].len()), (9_000, 9_000));
        // All but the fade at the end.
        assert!(out[..8_700] == sound[..8_700], "by {transpose}");
        assert_eq!(played.made.input.unwrap()[0], sound);
        assert!(out[8_999].abs() < 1e-3);
    }
}

#[test]
fn latents_that_move_make_no_larger_steps_than_the_model_itself() {
    let sound = tone(20_000);
    let step =
        |samples: &[f32]| samples.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
    let model = small_model(0, &[]);
    let codec = model.as_codec().unwrap();
    let mut offline = vec![];
    codec
        .reconstruct_pieces(
            |rows| {
                rows[0].extend_from_slice(&sound);
                Ok::<bool, ()>(false)
            },
            |made| {
                offline.extend_from_slice(&made[0]);
                Ok(())
            },
        )
        .unwrap();
    let out = played(prepared(&sound, &[]), 512).made.channels.remove(0);
    let (ours, theirs) = (step(&out), step(&offline));
    println!("largest step {ours}, offline {theirs}");
    assert!(theirs > 0.0 && ours < 1.25 * theirs, "{ours} {theirs}");
    // Silence in, and only what the model makes of silence comes out.
    let quiet = played(prepared(&vec![0.0; 20_000], &[("wet", 0.0)]), 512);
    assert!(quiet.made.channels[0].iter().all(|x| *x == 0.0));
}

#[test]
fn it_ends_when_it_is_told_to() {
    let mut n = 0;
    let ended = play_in_blocks(prepared(&tone(50_000), &[]), 1000, || {
        n += 1;
        n < 3
    });
    assert!(ended.is_none());
    assert_eq!(n, 3);
}
