//! A pitch shifter that works sample by sample: a read head that runs faster or slower than the sound comes in.

/// Transposes sound as it comes, in memory that is allocated once.
///
/// A head reads behind the newest sample, at the speed that the pitch asks for. When it comes too near or falls too
/// far behind, it jumps to the place where the waveform is most like the one that it leaves, and the two are
/// cross-faded, so that periodic sound keeps its periods. Source: Verhelst and Roelands, "An overlap-add technique
/// based on waveform similarity (WSOLA)", 1993.
#[derive(Clone, Debug)]
pub struct PitchShifter {
    n_channels: usize,
    /// The newest samples of each channel, `[channel][place]`, a power of two long.
    past: Vec<Vec<f32>>,
    /// Their sum, which is compared.
    sum: Vec<f32>,
    /// Samples that came in.
    n_in: usize,
    speed: f64,
    /// How far each head is behind the newest sample; the second one is faded out.
    behind: f64,
    behind_before: f64,
    /// Samples that the cross-fade still takes.
    n_fading: usize,
    sizes: Sizes,
}

#[derive(Clone, Copy, Debug)]
struct Sizes {
    /// The least and the largest distance of the head.
    near: usize,
    far: usize,
    /// The length of a cross-fade, of what is compared, and of the places that are tried.
    fade: usize,
    compared: usize,
    tried: usize,
}

impl PitchShifter {
    /// A shifter at a rate; it begins without a shift.
    #[must_use]
    pub fn new(rate_hz: u32, n_channels: usize) -> Self {
        let samples = |secs: f64| (f64::from(rate_hz) * secs).round() as usize;
        let sizes = Sizes {
            near: samples(0.001),
            // A period of 60 Hz to choose from, and the fade.
            far: samples(0.030),
            fade: samples(0.005),
            compared: samples(0.006),
            tried: samples(0.017),
        };
        let reach = sizes.far + sizes.compared + sizes.tried + 8;
        let n = reach.next_power_of_two();
        Self {
            n_channels,
            past: vec![vec![0.0; n]; n_channels],
            sum: vec![0.0; n],
            n_in: 0,
            speed: 1.0,
            behind: Self::middle(sizes),
            behind_before: Self::middle(sizes),
            n_fading: 0,
            sizes,
        }
    }

    /// Where the head begins: as far from both ends.
    fn middle(sizes: Sizes) -> f64 {
        ((sizes.near + sizes.far) / 2) as f64
    }

    /// By how many samples the output is late, on average.
    #[must_use]
    pub fn latency_samples(&self) -> usize {
        Self::middle(self.sizes) as usize
    }

    /// Transposes by so many semitones from now on.
    pub fn set_semitones(&mut self, semitones: f32) {
        self.speed = (f64::from(semitones) / 12.0).exp2();
    }

    /// Forgets everything that came in.
    pub fn reset(&mut self) {
        self.past.iter_mut().chain([&mut self.sum]).for_each(|past| past.fill(0.0));
        self.n_in = 0;
        self.n_fading = 0;
        self.behind = Self::middle(self.sizes);
    }

    /// Takes a sample of each channel and puts the transposed ones in their place.
    ///
    /// # Panics
    /// When there are not as many as channels.
    pub fn process(&mut self, samples: &mut [f32]) {
        assert_eq!(samples.len(), self.n_channels, "channels");
        let mask = self.sum.len() - 1;
        let place = self.n_in & mask;
        self.sum[place] = samples.iter().sum();
        self.past.iter_mut().zip(samples.iter()).for_each(|(past, x)| past[place] = *x);
        self.n_in += 1;
        let drift = 1.0 - self.speed;
        self.behind += drift;
        self.behind_before += drift;
        let Sizes { near, far, fade, .. } = self.sizes;
        if self.n_fading == 0 && drift != 0.0 {
            // It must not run out while the fade lasts.
            let room = (drift.abs() * fade as f64).ceil();
            if drift < 0.0 && self.behind < near as f64 + room {
                self.jump(true);
            } else if drift > 0.0 && self.behind > far as f64 - room {
                self.jump(false);
            }
        }
        let share = self.n_fading as f32 / fade as f32;
        self.n_fading = self.n_fading.saturating_sub(1);
        for (past, sample) in self.past.iter().zip(samples) {
            let here = read(past, self.n_in, self.behind);
            *sample = if share > 0.0 {
                let before = read(past, self.n_in, self.behind_before);
                here + (before - here) * share
            } else {
                here
            };
        }
    }

    /// Moves the head away from the end it has come to, to where the sound is most alike.
    fn jump(&mut self, is_near: bool) {
        let Sizes { near, far, fade, compared, tried } = self.sizes;
        let at = self.behind;
        let from = at as usize;
        let room = ((1.0 - self.speed).abs() * fade as f64).ceil() as usize + 1;
        // Places to jump to, from the far end on, or from the near end on.
        let (least, most) = if is_near {
            (far.saturating_sub(tried).max(from + 1), far - room)
        } else {
            (near + room, (near + tried).min(from.saturating_sub(1)))
        };
        let mut best = (f32::NEG_INFINITY, least.max(1));
        for candidate in least..=most.max(least) {
            let likeness = self.likeness(from, candidate, compared);
            if likeness > best.0 {
                best = (likeness, candidate);
            }
        }
        self.behind_before = at;
        self.behind = best.1 as f64 + (at - from as f64);
        self.n_fading = fade;
    }

    /// The normalised correlation of the sound before two places.
    fn likeness(&self, a: usize, b: usize, n: usize) -> f32 {
        let mask = self.sum.len() - 1;
        let newest = self.n_in.wrapping_sub(1);
        let (mut product, mut energy) = (0.0, 1e-9);
        // Every other sample says enough.
        for i in (0..n).step_by(2) {
            let x = self.sum[newest.wrapping_sub(a + i) & mask];
            let y = self.sum[newest.wrapping_sub(b + i) & mask];
            product += x * y;
            energy += y * y;
        }
        product / energy.sqrt()
    }
}

/// The sample a distance behind the newest one, between four neighbours (Catmull-Rom).
fn read(past: &[f32], n_in: usize, behind: f64) -> f32 {
    let mask = past.len() - 1;
    let behind = behind.max(1.0);
    let whole = behind as usize;
    let x = 1.0 - (behind - whole as f64) as f32;
    let newest = n_in.wrapping_sub(1);
    let at = |back: usize| past[newest.wrapping_sub(back) & mask];
    // From older to newer; the place is between the second and the third.
    let (before, here, next, after) = (at(whole + 2), at(whole + 1), at(whole), at(whole - 1));
    let slope = 0.5 * (next - before);
    let curvature = before - 2.5 * here + 2.0 * next - 0.5 * after;
    let twist = 0.5 * (after - before) + 1.5 * (here - next);
    here + x * (slope + x * (curvature + x * twist))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE_HZ: u32 = 44_100;

    /// A sung tone: a few harmonics.
    fn tone(hz: f64, n: usize) -> Vec<f32> {
        let sample = |i: usize| {
            let phase = std::f64::consts::TAU * hz * i as f64 / f64::from(RATE_HZ);
            (1..=4).map(|k| (phase * f64::from(k)).sin() / f64::from(k)).sum::<f64>() * 0.3
        };
        (0..n).map(|i| sample(i) as f32).collect()
    }

    fn shifted(semitones: f32, sound: &[f32]) -> Vec<f32> {
        let mut shifter = PitchShifter::new(RATE_HZ, 1);
        shifter.set_semitones(semitones);
        let one = |x: &f32| {
            let mut sample = [*x];
            shifter.process(&mut sample);
            sample[0]
        };
        sound.iter().map(one).collect()
    }

    /// The share of a sound that is a tone of that pitch, by its Fourier sums over a few seconds.
    fn share_of(sound: &[f32], hz: f64) -> f64 {
        let energy: f64 = sound.iter().map(|x| f64::from(*x).powi(2)).sum();
        let n = sound.len() as f64;
        let at = |k: f64| {
            let (mut re, mut im) = (0.0, 0.0);
            for (i, x) in sound.iter().enumerate() {
                let phase = std::f64::consts::TAU * hz * k * i as f64 / f64::from(RATE_HZ);
                re += f64::from(*x) * phase.cos();
                im += f64::from(*x) * phase.sin();
            }
            2.0 * (re * re + im * im) / n
        };
        (1..=4).map(|k| at(f64::from(k))).sum::<f64>() / energy
    }

    #[test]
    fn a_tone_comes_out_at_the_pitch_asked_for() {
        let check = |hz: f64, semitones: f32| {
            let out = shifted(semitones, &tone(hz, 44_100));
            let expected = hz * f64::from(semitones / 12.0).exp2();
            let share = share_of(&out[8_000..], expected);
            // Jumps bring the phase to within a sample of where it was, so the line is not as sharp as the tone's.
            assert!(share > 0.8, "{hz} Hz by {semitones}: {share}");
            let step =
                |sound: &[f32]| sound.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
            let (own, made) = (step(&tone(expected, 44_100)), step(&out[8_000..]));
            assert!(made < own * 1.5 + 0.01, "a click of {made}, the tone itself has {own}");
        };
        check(220.0, 12.0);
        check(220.0, -12.0);
        check(330.0, 5.0);
        check(150.0, -7.0);
    }

    #[test]
    fn without_a_shift_it_is_only_late() {
        let sound = tone(200.0, 4_000);
        let out = shifted(0.0, &sound);
        let late = PitchShifter::new(RATE_HZ, 1).latency_samples();
        let error = out[late + 10..].iter().zip(&sound[10..]).map(|(a, b)| (a - b).abs());
        assert!(error.fold(0.0, f32::max) < 1e-6);
    }

    #[test]
    fn silence_and_noise_are_no_trouble() {
        let mut rng = crate::Rng::new(2);
        let noise: Vec<f32> = (0..20_000).map(|_| rng.uniform(-0.5, 0.5)).collect();
        for semitones in [-24.0, -1.0, 3.0, 24.0] {
            assert!(shifted(semitones, &vec![0.0; 9_000]).iter().all(|x| *x == 0.0));
            let out = shifted(semitones, &noise);
            let level = out.iter().map(|x| x * x).sum::<f32>() / out.len() as f32;
            assert!((0.02..0.2).contains(&level), "{semitones}: {level}");
        }
    }
}
