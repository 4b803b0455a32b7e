//! Copies are found; similar sounds are not.

use super::*;
use crate::{Clip, Rng, resample, sample_sounds};

const RATE: u32 = 44_100;

fn fingerprint(clip: &Clip, source_rate_hz: u32) -> Option<Fingerprint> {
    let mut maker = Fingerprinter::new(clip.rate_hz, source_rate_hz);
    for at in (0..clip.n_frames()).step_by(1000) {
        let end = (at + 1000).min(clip.n_frames());
        let block: Vec<_> = clip.channels.iter().map(|it| it[at..end].to_vec()).collect();
        maker.push(&block);
    }
    maker.finish()
}

/// The correlation of two clips that look alike; 0 of those that do not.
fn likeness((a, rate_a): (&Clip, u32), (b, rate_b): (&Clip, u32)) -> f64 {
    let (Some(of_a), Some(of_b)) = (fingerprint(a, rate_a), fingerprint(b, rate_b)) else {
        return 0.0;
    };
    likeness_of((a, &of_a), (b, &of_b))
}

fn likeness_of((a, of_a): (&Clip, &Fingerprint), (b, of_b): (&Clip, &Fingerprint)) -> f64 {
    if !of_a.may_equal(of_b) {
        return 0.0;
    }
    let part = |clip: &Clip, range: Range<u64>| -> Vec<Vec<f32>> {
        let end = (range.end as usize).min(clip.n_frames());
        clip.channels.iter().map(|it| it[(range.start as usize).min(end)..end].to_vec()).collect()
    };
    let (in_a, in_b) = (part(a, of_a.excerpt()), part(b, of_b.excerpt()));
    correlation(&in_a, &in_b, of_a.comparison(of_b))
}

fn map(clip: &Clip, mut f: impl FnMut(f32) -> f32) -> Clip {
    let channels = clip.channels.iter().map(|it| it.iter().map(|x| f(*x)).collect()).collect();
    Clip { rate_hz: clip.rate_hz, channels }
}

#[test]
fn copies_are_found_again() {
    let mut rng = Rng::new(3);
    for (name, clip) in sample_sounds(0) {
        let clip = resample(&clip, RATE);
        let check = |what: &str, copy: &Clip, rate_hz: u32| {
            let found = likeness((&clip, RATE), (copy, rate_hz));
            assert!(found >= SAME_FROM, "{name}, {what}: {found}");
        };
        check("itself", &clip, RATE);
        check("quieter", &map(&clip, |x| 0.1 * x), RATE);
        check("turned over", &map(&clip, |x| -x), RATE);
        check("8 bits", &map(&clip, |x| (x * 128.0).round() / 128.0), RATE);
        check("noise", &map(&clip, |x| x + rng.uniform(-0.0005, 0.0005)), RATE);
        check("22 kHz", &resample(&resample(&clip, 22_050), RATE), 22_050);
        let late = [vec![0.0; 3333], clip.channels[0].clone()].concat();
        check("later", &Clip { rate_hz: RATE, channels: vec![late] }, RATE);
        let stereo = vec![clip.channels[0].clone(); 2];
        check("stereo", &Clip { rate_hz: RATE, channels: stereo }, RATE);
    }
}

#[test]
fn other_notes_of_an_instrument_are_other_sounds() {
    // The chime is arithmetic alone, the same in every set.
    let others = sample_sounds(1).into_iter().filter(|(name, _)| !name.starts_with("chime"));
    let sounds: Vec<_> = sample_sounds(0).into_iter().chain(others).collect();
    for (i, (name_a, a)) in sounds.iter().enumerate() {
        for (name_b, b) in &sounds[i + 1..] {
            let found = likeness((a, a.rate_hz), (b, b.rate_hz));
            // The same note of another set is another take of it.
            assert!(found < SAME_FROM, "{name_a} and {name_b}: {found}");
        }
    }
}

#[test]
fn silence_and_clicks_are_like_nothing() {
    let clip = |channel: Vec<f32>| Clip { rate_hz: RATE, channels: vec![channel] };
    assert_eq!(fingerprint(&clip(vec![]), RATE), None);
    assert_eq!(fingerprint(&clip(vec![0.0; 44_100]), RATE), None);
    let mut click = vec![0.0; 44_100];
    click[1000] = 1.0;
    let click = clip(click);
    assert_eq!(likeness((&click, RATE), (&click, RATE)), 0.0);
}

/// `SAME_SOUND_FOLDER=… cargo test same_sound -- --nocapture` says how copies and others compare among
/// the files of a folder: `NAME__KIND.EXT` are copies of each other if they have the same NAME.
#[test]
fn copies_and_others_in_a_folder() {
    let Some(folder) = std::env::var_os("SAME_SOUND_FOLDER") else { return };
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let sounds: Vec<(String, String, Clip, Fingerprint)> = files
        .iter()
        .map(|path| {
            let clip = crate::decode_file(path, &crate::DecodeLimits::default()).unwrap().clip;
            let rate_hz = clip.rate_hz;
            let clip = resample(&crate::with_channels(clip, 1), RATE);
            let name = path.file_stem().unwrap().to_str().unwrap();
            let (name, kind) = name.split_once("__").unwrap();
            let mark = fingerprint(&clip, rate_hz).unwrap();
            (name.to_owned(), kind.to_owned(), clip, mark)
        })
        .collect();
    let (mut n_copies, mut n_found, mut n_others, mut n_false) = (0, 0, 0, 0);
    let mut most_alike: Vec<(f64, String)> = vec![];
    for (i, a) in sounds.iter().enumerate() {
        for b in &sounds[i + 1..] {
            let found = likeness_of((&a.2, &a.3), (&b.2, &b.3));
            let pair = format!("{} {} and {} {}: {found:.3}", a.0, a.1, b.0, b.1);
            if a.0 == b.0 {
                n_copies += 1;
                n_found += usize::from(found >= SAME_FROM);
                if found < SAME_FROM {
                    println!("missed: {pair}");
                }
            } else {
                n_others += 1;
                n_false += usize::from(found >= SAME_FROM);
                most_alike.push((found, pair));
            }
        }
    }
    most_alike.sort_by(|a, b| b.0.total_cmp(&a.0));
    most_alike.iter().take(15).for_each(|(_, pair)| println!("other: {pair}"));
    println!(
        "{n_found} of {n_copies} copies found, {n_false} of {n_others} others taken for copies"
    );
}
