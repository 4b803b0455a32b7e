//! A small `SoundFont` that is made here plays, and damaged ones are errors.

use super::*;
use crate::Rng;

fn chunk(id: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut out = id.to_vec();
    out.extend((content.len() as u32).to_le_bytes());
    out.extend(content);
    if content.len() % 2 == 1 {
        out.push(0);
    }
    out
}

fn list(kind: &[u8; 4], chunks: &[Vec<u8>]) -> Vec<u8> {
    chunk(b"LIST", &[&kind[..], &chunks.concat()].concat())
}

fn name(text: &str) -> [u8; 20] {
    let mut name = [0; 20];
    name[..text.len()].copy_from_slice(text.as_bytes());
    name
}

/// A `SoundFont` with one looped sine at key 69, in one instrument and one preset.
fn font() -> Vec<u8> {
    let n = 4410u32;
    let period = 100.0;
    let sample = |i: u32| (20_000.0 * (std::f64::consts::TAU * f64::from(i) / period).sin()) as i16;
    let mut samples: Vec<u8> = (0..n).flat_map(|i| sample(i).to_le_bytes()).collect();
    samples.extend([0; 92]);
    let words =
        |words: &[u16]| -> Vec<u8> { words.iter().flat_map(|it| it.to_le_bytes()).collect() };
    let info = list(
        b"INFO",
        &[
            chunk(b"ifil", &words(&[2, 1])),
            chunk(b"isng", b"EMU8000\0"),
            chunk(b"INAM", b"Sine\0\0"),
        ],
    );
    let sdta = list(b"sdta", &[chunk(b"smpl", &samples)]);
    let preset = |text: &str, bag: u16| [&name(text)[..], &words(&[0, 0, bag]), &[0; 12]].concat();
    let header = |text: &str, end: u32, loops: [u32; 2]| {
        let mut out = name(text).to_vec();
        for number in [0, end, loops[0], loops[1], 44_100] {
            out.extend(number.to_le_bytes());
        }
        out.extend([69, 0]);
        out.extend(words(&[0, 1]));
        out
    };
    let pdta = list(
        b"pdta",
        &[
            chunk(b"phdr", &[preset("Sine", 0), preset("EOP", 1)].concat()),
            chunk(b"pbag", &words(&[0, 0, 1, 0])),
            chunk(b"pmod", &[0; 10]),
            // The instrument; then the end.
            chunk(b"pgen", &words(&[41, 0, 0, 0])),
            chunk(
                b"inst",
                &[&name("Sine")[..], &words(&[0]), &name("EOI")[..], &words(&[1])].concat(),
            ),
            chunk(b"ibag", &words(&[0, 0, 2, 0])),
            chunk(b"imod", &[0; 10]),
            // Looped; the sample; then the end.
            chunk(b"igen", &words(&[54, 1, 53, 0, 0, 0])),
            chunk(b"shdr", &[header("Sine", n, [1000, 4000]), header("EOS", 0, [0, 0])].concat()),
        ],
    );
    chunk(b"RIFF", &[&b"sfbk"[..], &info, &sdta, &pdta].concat())
}

/// Plays a note; gives the largest value and the zero crossings upwards.
fn played(bytes: &[u8], n_frames: usize) -> Result<(f32, usize), SoundFontError> {
    let mut player = SoundFontPlayer::new(bytes, 44_100)?;
    player.send([0xc0, 0, 0])?;
    player.send([0x90, 69, 127])?;
    let (mut left, mut right) = (vec![0.0; n_frames], vec![0.0; n_frames]);
    player.play(&mut left, &mut right)?;
    let peak = left.iter().fold(0.0f32, |peak, x| peak.max(x.abs()));
    let crossings = left.windows(2).filter(|it| it[0] < 0.0 && it[1] >= 0.0).count();
    assert!(left.iter().chain(&right).all(|x| x.is_finite()));
    Ok((peak, crossings))
}

#[test]
fn a_font_plays() {
    let (peak, crossings) = played(&font(), 44_100).unwrap();
    // The loop has 441 periods a second.
    assert!(peak > 0.05 && crossings.abs_diff(441) <= 3, "{peak} {crossings}");
    assert_eq!(SoundFontPlayer::new(&font(), 44_100).unwrap().name(), "Sine");
    assert_eq!(SoundFontPlayer::new(&font(), 8000).err(), Some(SoundFontError::Rate(8000)));
}

#[test]
fn damaged_fonts_are_errors_and_nothing_else() {
    let whole = font();
    let mut rng = Rng::new(11);
    for n in [0, 4, 11, 12, 40, 200, whole.len() - 100, whole.len() - 1] {
        assert!(played(&whole[..n], 64).is_err(), "{n}");
    }
    let n_tries =
        std::env::var("PROPTEST_CASES").ok().and_then(|it| it.parse().ok()).unwrap_or(300);
    for _ in 0..n_tries {
        let mut bytes = whole.clone();
        for _ in 0..=rng.below(4) {
            // Mostly in the tables, which are at the end.
            let last = bytes.len();
            let from = if rng.below(4) == 0 { 0 } else { last - 460 };
            let at = from + rng.below(last - from);
            bytes[at] = rng.next_u64() as u8;
        }
        let _ = played(&bytes, 512);
    }
}
