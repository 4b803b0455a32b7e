//! A sound that plays into the models: loaded whole, looped, and moved through without clicks.

/// A sound at the rate and with the channels of the models.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LoadedSound {
    /// What it is called.
    pub(crate) name: String,
    /// `[channel][sample]`, at least one sample.
    pub(crate) channels: Vec<Vec<f32>>,
}

/// Plays a loaded sound.
pub(crate) struct SoundPlayer {
    rate_hz: u32,
    n_channels: usize,
    sound: Option<Box<LoadedSound>>,
    /// The next sample, and the part that is repeated.
    at: usize,
    from: usize,
    to: usize,
    is_looping: bool,
    /// Where it was before it jumped, and for how many samples that is still heard.
    before: usize,
    n_fading: usize,
    fade: usize,
    /// The places of the sample that is played now: here, and fading out.
    now: Option<usize>,
    fading: Option<usize>,
    /// The share of what fades out.
    share: f32,
}

/// The length of a cross-fade.
const FADE_SECS: f64 = 0.005;

impl SoundPlayer {
    pub(super) fn new(rate_hz: u32, n_channels: usize) -> Self {
        Self {
            rate_hz,
            n_channels,
            sound: None,
            at: 0,
            from: 0,
            to: 0,
            is_looping: true,
            before: 0,
            n_fading: 0,
            fade: ((f64::from(rate_hz) * FADE_SECS) as usize).max(1),
            now: None,
            fading: None,
            share: 0.0,
        }
    }

    pub(super) fn load(&mut self, sound: Option<Box<LoadedSound>>) -> Option<Box<LoadedSound>> {
        let sound =
            sound.filter(|it| it.channels.len() == self.n_channels && !it.channels[0].is_empty());
        (self.at, self.from, self.n_fading) = (0, 0, 0);
        self.to = sound.as_ref().map_or(0, |it| it.channels[0].len());
        std::mem::replace(&mut self.sound, sound)
    }

    /// Where it is, in seconds.
    pub(crate) fn secs(&self) -> f64 {
        self.at as f64 / f64::from(self.rate_hz)
    }

    fn n_samples(&self) -> usize {
        self.sound.as_ref().map_or(0, |it| it.channels[0].len())
    }

    fn place(&self, secs: f64) -> usize {
        // NaN becomes 0.
        ((secs.max(0.0) * f64::from(self.rate_hz)) as usize).min(self.n_samples())
    }

    /// Goes to a place.
    pub(crate) fn seek(&mut self, secs: f64) {
        let to = self.place(secs);
        self.jump(to);
    }

    /// Repeats a part; all of it where there is no part.
    pub(crate) fn repeat(&mut self, from: f64, to: f64) {
        let (from, to) = (self.place(from), self.place(to));
        let is_part = to > from + self.fade;
        (self.from, self.to) = if is_part { (from, to) } else { (0, self.n_samples()) };
        if !(self.from..self.to).contains(&self.at) {
            self.jump(self.from);
        }
    }

    pub(super) fn set_looping(&mut self, is_looping: bool) {
        self.is_looping = is_looping;
    }

    fn jump(&mut self, to: usize) {
        self.before = self.at;
        self.n_fading = self.fade;
        self.at = to;
    }

    /// Goes on to the next sample; whether there is one.
    pub(super) fn advance(&mut self) -> bool {
        let n = self.n_samples();
        if n == 0 {
            return false;
        }
        if self.at >= self.to {
            if !self.is_looping {
                self.now = None;
                return false;
            }
            self.jump(self.from);
        }
        self.now = Some(self.at);
        self.share = self.n_fading as f32 / self.fade as f32;
        self.fading = (self.n_fading > 0 && self.before < n).then_some(self.before);
        self.at += 1;
        self.before += 1;
        self.n_fading = self.n_fading.saturating_sub(1);
        true
    }

    /// The sample of a channel.
    pub(super) fn sample(&self, channel: usize) -> f32 {
        let (Some(sound), Some(now)) = (&self.sound, self.now) else { return 0.0 };
        let samples = &sound.channels[channel];
        let here = samples[now];
        // After a jump to its start or from its end there may be nothing to fade from.
        match self.fading {
            Some(before) => here + (samples[before] - here) * self.share,
            None => here * (1.0 - self.share),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn playing(n: usize) -> SoundPlayer {
        let mut player = SoundPlayer::new(1_000, 1);
        let ramp = (0..n).map(|i| i as f32).collect();
        player.load(Some(Box::new(LoadedSound { name: "ramp".into(), channels: vec![ramp] })));
        player
    }

    fn take(player: &mut SoundPlayer, n: usize) -> Vec<f32> {
        (0..n).map(|_| if player.advance() { player.sample(0) } else { -1.0 }).collect()
    }

    #[test]
    fn it_plays_stops_and_repeats() {
        let mut player = playing(20);
        player.set_looping(false);
        let heard = take(&mut player, 22);
        assert_eq!(heard[..20], (0..20).map(|i| i as f32).collect::<Vec<_>>());
        assert_eq!(heard[20..], [-1.0, -1.0]);
        player.set_looping(true);
        // It comes in within the fade of 5 samples, as nothing is left to fade from.
        let heard = take(&mut player, 8);
        assert_eq!((heard[0], heard[6]), (0.0, 6.0));
        assert!((heard[3] - 3.0 * 0.6).abs() < 1e-5, "{heard:?}");
    }

    #[test]
    fn a_part_is_repeated_with_a_fade() {
        let mut player = playing(100);
        player.repeat(0.020, 0.030);
        let heard = take(&mut player, 30);
        assert_eq!(heard[9], 29.0);
        // From 30 on the old place fades out while the new one fades in.
        assert_eq!(heard[10], 30.0);
        assert!((heard[12] - (22.0 + (32.0 - 22.0) * 0.6)).abs() < 1e-5, "{heard:?}");
        assert_eq!(heard[16], 26.0);
        player.seek(f64::NAN);
        assert_eq!(player.secs(), 0.0);
        player.seek(1e9);
        assert_eq!(take(&mut player, 40).last(), Some(&player.sample(0)));
    }

    #[test]
    fn without_a_sound_there_is_none() {
        let mut player = SoundPlayer::new(1_000, 1);
        player.seek(3.0);
        player.repeat(0.0, 9.0);
        assert!(!player.advance());
        let wrong = LoadedSound { name: String::new(), channels: vec![vec![]] };
        player.load(Some(Box::new(wrong)));
        assert!(player.sound.is_none() && !player.advance());
    }
}
