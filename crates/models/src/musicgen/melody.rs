//! The melody of a sound as `MusicGen` follows it: the strongest pitch class of each eighth of a second.
//!
//! The program takes drums and bass out first, with another network; the reference's extractor, which is followed here,
//! does not. Sources: Copet et al., "Simple and Controllable Music Generation", 2023, section 2.3; the filters are those
//! of librosa's `chroma`, after Ellis, "Chroma Feature Analysis and Synthesis", 2007.

/// Samples of a window.
const WINDOW: usize = 16_384;
/// Samples from one frame to the next.
const HOP: usize = 4_096;
/// The longest sound that is looked at, in seconds.
const SECS_MAX: usize = 30;
/// The frequency of the A four octaves below 440 Hz, from which octaves are counted.
const LOWEST_A_HZ: f64 = 440.0 / 16.0;
/// The octave that counts most, and how many around it do.
const OCTAVES: [f64; 2] = [5.0, 2.0];

/// Frames of melody a second.
pub(super) fn frame_rate(rate_hz: u32) -> f64 {
    f64::from(rate_hz) / HOP as f64
}

/// The strongest of `n_chroma` pitch classes, from C on, in each frame of a sound of one channel.
pub(super) fn melody(sound: &[f32], rate_hz: u32, n_chroma: usize) -> Vec<usize> {
    let sound = &sound[..sound.len().min(SECS_MAX * rate_hz as usize)];
    let missing = WINDOW.saturating_sub(sound.len());
    let mut padded = vec![0.0; missing / 2];
    padded.extend(sound);
    padded.resize(sound.len() + missing, 0.0);
    let n_frames = padded.len() / HOP + 1;
    // Frames are centred on samples of the sound, which is mirrored at both ends.
    let half = WINDOW / 2;
    let before = (1..=half).rev().map(|i| padded[i]);
    let after = (1..=half).map(|i| padded[padded.len() - 1 - i]);
    let mirrored: Vec<f32> = before.chain(padded.iter().copied()).chain(after).collect();
    let magnitudes = audio::stft_magnitudes(&mirrored, WINDOW, HOP);
    let filters = filters(rate_hz, n_chroma);
    let frames = magnitudes.values.chunks_exact(magnitudes.n_bins).skip(half / HOP).take(n_frames);
    let strongest = |frame: &[f32]| {
        let strength = |filter: &Vec<f64>| {
            let powers = frame.iter().map(|it| f64::from(*it).powi(2));
            filter.iter().zip(powers).map(|(share, power)| share * power).sum::<f64>()
        };
        let strengths: Vec<f64> = filters.iter().map(strength).collect();
        // The first of those that are as strong, as silence has them all.
        (0..n_chroma).rev().max_by(|a, b| strengths[*a].total_cmp(&strengths[*b])).unwrap_or(0)
    };
    frames.map(strongest).collect()
}

/// How much of each bin's power belongs to a pitch class, `[classes][bins]`.
fn filters(rate_hz: u32, n_chroma: usize) -> Vec<Vec<f64>> {
    let n = n_chroma as f64;
    let class = |bin: usize| {
        let hz = bin as f64 * f64::from(rate_hz) / WINDOW as f64;
        n * (hz / LOWEST_A_HZ).log2()
    };
    // The first bin has no pitch; it stands an octave and a half below the second.
    let at = |bin: usize| if bin == 0 { class(1) - 1.5 * n } else { class(bin) };
    let half = (n / 2.0).round_ties_even();
    let mut filters = vec![Vec::with_capacity(WINDOW / 2 + 1); n_chroma];
    for bin in 0..=WINDOW / 2 {
        let (class, width) = (at(bin), (at(bin + 1) - at(bin)).max(1.0));
        let shares: Vec<f64> = (0..n_chroma)
            .map(|i| {
                let apart = (class - i as f64 + half + 10.0 * n).rem_euclid(n) - half;
                (-0.5 * (2.0 * apart / width).powi(2)).exp()
            })
            .collect();
        let length = shares.iter().map(|it| it * it).sum::<f64>().sqrt();
        let weight = (-0.5 * ((class / n - OCTAVES[0]) / OCTAVES[1]).powi(2)).exp();
        for (i, share) in shares.iter().enumerate() {
            // Classes are counted from A here, and from C outside.
            let from_c = (i + n_chroma - 3 * (n_chroma / 12)) % n_chroma;
            filters[from_c].push(weight * share / length);
        }
    }
    filters
}
