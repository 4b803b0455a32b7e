//! The phase vocoder: a stretch for what sounds on.
//!
//! Each window of the output is the window of the sound that belongs there, with its phases turned so that it goes on
//! where the window before it ended. Peaks of the spectrum are turned, and the bins around a peak together with it, in
//! all channels alike; so waveforms keep their shape and stereo its places. Source: Laroche and Dolson, "Improved phase
//! vocoder time-scale modification of audio" (1999), identity phase locking. How far a peak turns between two windows is
//! read from a second window of the sound, one step earlier, so that no phase has to be unwrapped.
//!
//! Where something begins, what begins is not turned: it is heard as it is recorded. Source: Röbel, "A new approach to
//! transient processing in the phase vocoder" (2003); here by bins that rise at a known place, and without its removal
//! of early parts, as the sound keeps its own speed there.

use realfft::num_complex::Complex;

use super::attacks::begins;
use super::envelope::Formants;
use super::warp::Warp;
use crate::overlap::Transform;

/// How a sound is taken apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Windows {
    /// Frames of a window, a power of two.
    pub(super) len: usize,
    /// Windows that overlap, at least 4.
    pub(super) overlap: usize,
}

/// A stretch of the sound where something begins, in frames: from its start to its end, with the place in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Attack {
    pub(super) start: f64,
    pub(super) place: usize,
}

/// A warped sound of `n_out` frames. `formants` moves the envelope of the spectrum on the way.
pub(super) fn vocoded(
    channels: &[Vec<f32>],
    warp: &Warp,
    attacks: &[Attack],
    windows: Windows,
    mut formants: Option<Formants>,
    n_out: usize,
) -> Vec<Vec<f32>> {
    let mut vocoder = Vocoder::new(channels.len(), windows);
    let hop = vocoder.windows.hop();
    let half = (windows.len / 2) as isize;
    let mut out = vec![vec![0.0f32; n_out]; channels.len()];
    let mut next_attack = 0;
    let n_steps = n_out / hop + windows.overlap + 1;
    for step in 0..n_steps {
        let middle = (step * hop) as isize - half;
        let source = warp.source(middle as f64);
        let start = source.round() as isize - half;
        vocoder.look(channels, start, hop);
        // What begins within a stretch that is kept is not turned from its first window on.
        let mut is_new = false;
        while let Some(attack) = attacks.get(next_attack).filter(|attack| attack.start <= source) {
            vocoder.find_beginning(channels, attack.place, !is_new);
            is_new = true;
            next_attack += 1;
        }
        vocoder.turn(is_new);
        if let Some(formants) = &mut formants {
            formants.shape(&mut vocoder.turned);
        }
        for (turned, out) in vocoder.turned.iter().zip(&mut out) {
            vocoder.windows.add(turned, middle - half, out);
        }
    }
    out
}

struct Vocoder {
    windows: Transform,
    /// Spectra of the window that comes, and of the one a step before it, by channel.
    now: Vec<Vec<Complex<f32>>>,
    earlier: Vec<Vec<Complex<f32>>>,
    /// What was put out last, and is put out now.
    turned: Vec<Vec<Complex<f32>>>,
    /// Power of the window over all channels, and its peaks.
    power: Vec<f32>,
    peaks: Vec<usize>,
    /// Bins in which something begins.
    beginning: Vec<bool>,
    before: Vec<Complex<f32>>,
    after: Vec<Complex<f32>>,
}

impl Vocoder {
    fn new(n_channels: usize, windows: Windows) -> Self {
        let windows = Transform::new(windows.len, windows.overlap);
        let silence = windows.silence();
        let n_bins = silence.len();
        let spectra = || vec![silence.clone(); n_channels];
        Self {
            now: spectra(),
            earlier: spectra(),
            turned: spectra(),
            power: vec![0.0; n_bins],
            peaks: vec![],
            beginning: vec![false; n_bins],
            before: silence.clone(),
            after: silence,
            windows,
        }
    }

    /// Takes the window at `start`, and the one a step before it.
    fn look(&mut self, channels: &[Vec<f32>], start: isize, hop: usize) {
        self.power.fill(0.0);
        for (c, channel) in channels.iter().enumerate() {
            self.windows.take(channel, start - hop as isize, &mut self.earlier[c]);
            self.windows.take(channel, start, &mut self.now[c]);
            for (power, bin) in self.power.iter_mut().zip(&self.now[c]) {
                *power += bin.norm_sqr();
            }
        }
        self.find_peaks();
    }

    /// Bins that are louder than two neighbours on both sides.
    fn find_peaks(&mut self) {
        let power = &self.power;
        let n = power.len();
        let loudest = power.iter().fold(0.0f32, |most, x| most.max(*x));
        // -140 dB below the loudest is rounding.
        let floor = loudest * 1e-14;
        self.peaks.clear();
        for k in 0..n {
            let near = k.saturating_sub(2)..(k + 3).min(n);
            let is_peak = near.into_iter().all(|other| {
                power[other] < power[k] || other == k || (other > k && power[other] == power[k])
            });
            if is_peak && power[k] > floor {
                self.peaks.push(k);
            }
        }
    }

    /// Marks the bins in which something begins at a place.
    fn find_beginning(&mut self, channels: &[Vec<f32>], place: usize, is_first: bool) {
        if is_first {
            self.beginning.fill(false);
        }
        let quarter = self.windows.len() as isize / 4;
        let place = place as isize;
        for channel in channels {
            // A window whose end is at the place, and one whose middle is a quarter after it.
            self.windows.take(channel, place - 4 * quarter, &mut self.before);
            self.windows.take(channel, place - quarter, &mut self.after);
            begins(&self.before, &self.after, &mut self.beginning);
        }
    }

    /// Turns the window so that it goes on from what was put out last.
    fn turn(&mut self, is_new: bool) {
        let n_bins = self.power.len();
        let mut from = 0;
        if self.peaks.is_empty() {
            for (turned, now) in self.turned.iter_mut().zip(&self.now) {
                turned.copy_from_slice(now);
            }
            return;
        }
        for (i, &peak) in self.peaks.iter().enumerate() {
            // A peak's bins end at the lowest one before the next peak.
            let to = match self.peaks.get(i + 1) {
                None => n_bins,
                Some(&next) => {
                    let lowest =
                        (peak + 1..next).min_by(|a, b| self.power[*a].total_cmp(&self.power[*b]));
                    lowest.unwrap_or(next)
                }
            };
            let turn = if is_new && self.beginning[peak] {
                Complex::new(1.0, 0.0)
            } else {
                self.turn_of(peak)
            };
            for (turned, now) in self.turned.iter_mut().zip(&self.now) {
                for (turned, now) in turned[from..to].iter_mut().zip(&now[from..to]) {
                    *turned = now * turn;
                }
            }
            from = to;
        }
    }

    /// By how much a peak is turned: as the sound went on from the earlier window to this one, so the output goes on from
    /// its last window. The channel in which the peak is loudest says it.
    fn turn_of(&self, peak: usize) -> Complex<f32> {
        let loudest = (0..self.now.len())
            .max_by(|a, b| self.now[*a][peak].norm_sqr().total_cmp(&self.now[*b][peak].norm_sqr()));
        let c = loudest.unwrap_or(0);
        let turn = self.turned[c][peak] * self.earlier[c][peak].conj();
        let size = turn.norm();
        // Where nothing was, nothing has to go on.
        if size > 1e-20 && size.is_finite() { turn / size } else { Complex::new(1.0, 0.0) }
    }
}
