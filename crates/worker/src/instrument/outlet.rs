//! The way out of an instrument: loudness, transposition, the input in sync, gain and a limiter.

use audio::{Limiter, PitchShifter};

use super::{
    PIECE,
    controls::{Controls, Smoothed, number},
};

/// The largest sample that is let out: 0.2 dB below full scale.
const CEILING: f32 = 0.977;
/// The time constant of loudness that is followed.
const LOUDNESS_SECS: f64 = 0.025;
/// Loudness is raised by no more than this, so that silence is not made noise.
const RAISED_MOST: f32 = 8.0;
/// The length of the cross-fade when the delay changes.
const FADE_SECS: f64 = 0.01;

pub(super) struct Outlet {
    rate_hz: u32,
    /// By how many samples the models are late.
    latest: usize,
    shift_in: Shift,
    shift_out: Shift,
    transposed: Vec<Vec<f32>>,
    dry: Delay,
    wet: Smoothed,
    gain: Smoothed,
    follow: Smoothed,
    dry_energy: f32,
    wet_energy: f32,
    energy_share: f32,
    limiter: Limiter,
    /// One sample of each channel.
    dry_now: Vec<f32>,
    wet_now: Vec<f32>,
    peak: f32,
    least_gain: f32,
}

impl Outlet {
    pub(super) fn new(rate_hz: u32, n_channels: usize, latest: usize) -> Self {
        let shift = || Shift::new(rate_hz, n_channels);
        let longest = latest + 2 * shift().shifter.latency_samples();
        Self {
            rate_hz,
            latest,
            shift_in: shift(),
            shift_out: shift(),
            transposed: vec![vec![0.0; PIECE]; n_channels],
            dry: Delay::new(rate_hz, n_channels, latest, longest),
            wet: Smoothed::new(1.0, rate_hz),
            gain: Smoothed::new(1.0, rate_hz),
            follow: Smoothed::new(0.0, rate_hz),
            dry_energy: 0.0,
            wet_energy: 0.0,
            energy_share: (1.0 - (-1.0 / (LOUDNESS_SECS * f64::from(rate_hz))).exp()) as f32,
            limiter: Limiter::new(rate_hz, n_channels, CEILING),
            dry_now: vec![0.0; n_channels],
            wet_now: vec![0.0; n_channels],
            peak: 0.0,
            least_gain: 1.0,
        }
    }

    pub(super) fn latency_samples(&self, controls: &Controls) -> usize {
        self.delay_of_dry(controls) + self.limiter.latency_samples()
    }

    fn delay_of_dry(&self, controls: &Controls) -> usize {
        let (semitones_in, semitones_out) = semitones(controls);
        let of = |shift: &Shift, semitones: f32| {
            if semitones == 0.0 { 0 } else { shift.shifter.latency_samples() }
        };
        self.latest + of(&self.shift_in, semitones_in) + of(&self.shift_out, semitones_out)
    }

    pub(super) fn settle(&mut self, controls: &Controls) {
        self.wet.jump(controls.get(number::WET));
        self.gain.jump(controls.output_gain());
        self.follow.jump(controls.get(number::FOLLOW));
        let (semitones_in, semitones_out) = semitones(controls);
        self.shift_in.settle(semitones_in);
        self.shift_out.settle(semitones_out);
        self.dry.settle(self.delay_of_dry(controls));
    }

    pub(super) fn reset(&mut self) {
        *self =
            Self { peak: self.peak, ..Self::new(self.rate_hz, self.dry_now.len(), self.latest) };
    }

    /// The peak of the output since the last time, and the least gain of the limiter.
    pub(super) fn take_levels(&mut self) -> (f32, f32) {
        (std::mem::take(&mut self.peak), std::mem::replace(&mut self.least_gain, 1.0))
    }

    pub(super) fn limiter_gain(&self) -> f32 {
        self.limiter.gain()
    }

    /// What the models hear of the mix.
    pub(super) fn transpose_in<'a>(
        &'a mut self,
        controls: &Controls,
        mixed: &'a [Vec<f32>],
        n: usize,
    ) -> &'a [Vec<f32>] {
        let (semitones, _) = semitones(controls);
        let is_idle = self.shift_in.is_idle(semitones);
        for i in 0..n {
            for (now, mixed) in self.dry_now.iter_mut().zip(mixed) {
                *now = mixed[i];
            }
            self.shift_in.process(semitones, &mut self.dry_now);
            for (now, transposed) in self.dry_now.iter().zip(&mut self.transposed) {
                transposed[i] = *now;
            }
        }
        if is_idle { mixed } else { &self.transposed }
    }

    /// Lets sample `i` of a piece out, to place `at` of the output.
    pub(super) fn play(
        &mut self,
        controls: &Controls,
        mixed: &[Vec<f32>],
        wet: &[Vec<f32>],
        i: usize,
        output: &mut [Vec<f32>],
        at: usize,
    ) {
        for (now, mixed) in self.dry_now.iter_mut().zip(mixed) {
            *now = mixed[i];
        }
        self.dry.process(self.delay_of_dry(controls), &mut self.dry_now);
        for (now, wet) in self.wet_now.iter_mut().zip(wet) {
            *now = wet[i];
        }
        self.follow_loudness(controls);
        let (_, semitones) = semitones(controls);
        self.shift_out.process(semitones, &mut self.wet_now);
        let share = self.wet.next(controls.get(number::WET));
        let gain = self.gain.next(controls.output_gain());
        for (wet, dry) in self.wet_now.iter_mut().zip(&self.dry_now) {
            *wet = (*wet * share + dry * (1.0 - share)) * gain;
        }
        self.limiter.process(&mut self.wet_now);
        self.least_gain = self.least_gain.min(self.limiter.gain());
        for (output, sample) in output.iter_mut().zip(&self.wet_now) {
            output[at] = *sample;
            self.peak = self.peak.max(sample.abs());
        }
    }

    fn follow_loudness(&mut self, controls: &Controls) {
        let energy = |samples: &[f32]| samples.iter().map(|x| x * x).sum::<f32>();
        self.dry_energy += (energy(&self.dry_now) - self.dry_energy) * self.energy_share;
        self.wet_energy += (energy(&self.wet_now) - self.wet_energy) * self.energy_share;
        let follow = self.follow.next(controls.get(number::FOLLOW));
        if follow > 0.0 {
            let ratio = (self.dry_energy.max(0.0) / self.wet_energy.max(1e-9)).sqrt();
            let gain = ratio.clamp(1e-4, RAISED_MOST).powf(follow);
            self.wet_now.iter_mut().for_each(|x| *x *= gain);
        }
    }
}

/// By how much the input and the output are transposed.
fn semitones(controls: &Controls) -> (f32, f32) {
    let transpose = controls.get(number::TRANSPOSE);
    (transpose, controls.get(number::TRANSPOSE_OUT) - transpose)
}

/// A pitch shifter that is out of the way while nothing is shifted.
struct Shift {
    shifter: PitchShifter,
    mix: Smoothed,
    mix_now: f32,
    semitones: f32,
    shifted: Vec<f32>,
}

impl Shift {
    fn new(rate_hz: u32, n_channels: usize) -> Self {
        Self {
            shifter: PitchShifter::new(rate_hz, n_channels),
            mix: Smoothed::new(0.0, rate_hz),
            mix_now: 0.0,
            semitones: 0.0,
            shifted: vec![0.0; n_channels],
        }
    }

    fn is_idle(&self, semitones: f32) -> bool {
        semitones == 0.0 && self.mix_now == 0.0
    }

    fn settle(&mut self, semitones: f32) {
        self.mix_now = if semitones == 0.0 { 0.0 } else { 1.0 };
        self.mix.jump(self.mix_now);
    }

    fn process(&mut self, semitones: f32, samples: &mut [f32]) {
        if semitones != self.semitones {
            self.semitones = semitones;
            self.shifter.set_semitones(semitones);
        }
        // Always fed, so that its past is there when it comes in.
        self.shifted.copy_from_slice(samples);
        self.shifter.process(&mut self.shifted);
        if self.is_idle(semitones) {
            return;
        }
        self.mix_now = self.mix.next(if semitones == 0.0 { 0.0 } else { 1.0 });
        for (sample, shifted) in samples.iter_mut().zip(&self.shifted) {
            *sample += (shifted - *sample) * self.mix_now;
        }
    }
}

/// The input, as late as the models; when that changes, the two places are cross-faded.
struct Delay {
    /// Interleaved, a whole number of samples long.
    past: Vec<f32>,
    n_channels: usize,
    n_in: usize,
    delay: usize,
    before: usize,
    n_fading: usize,
    fade: usize,
}

impl Delay {
    fn new(rate_hz: u32, n_channels: usize, delay: usize, longest: usize) -> Self {
        Self {
            past: vec![0.0; (longest + 1).next_power_of_two() * n_channels],
            n_channels,
            n_in: 0,
            delay,
            before: delay,
            n_fading: 0,
            fade: ((FADE_SECS * f64::from(rate_hz)) as usize).max(1),
        }
    }

    fn settle(&mut self, delay: usize) {
        (self.delay, self.n_fading) = (delay, 0);
    }

    fn process(&mut self, delay: usize, samples: &mut [f32]) {
        let n = self.past.len() / self.n_channels;
        let start = |back: usize| (self.n_in.wrapping_sub(back) & (n - 1)) * self.n_channels;
        let here = start(0);
        self.past[here..here + self.n_channels].copy_from_slice(samples);
        if delay != self.delay && self.n_fading == 0 {
            (self.before, self.delay, self.n_fading) = (self.delay, delay, self.fade);
        }
        let share = self.n_fading as f32 / self.fade as f32;
        let (now, before) = (start(self.delay), start(self.before));
        for (c, sample) in samples.iter_mut().enumerate() {
            *sample = self.past[now + c];
            if share > 0.0 {
                *sample += (self.past[before + c] - *sample) * share;
            }
        }
        self.n_fading = self.n_fading.saturating_sub(1);
        self.n_in = self.n_in.wrapping_add(1);
    }
}
