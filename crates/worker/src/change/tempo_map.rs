//! The beats of a sound as the tempo map of a MIDI file, for programs that follow it instead of the sound following them.

use music::{Marker, Score, Tempo, write_midi};

/// Ticks of a beat.
const TICKS: u32 = 480;
/// Beats nearer to the start than this begin with it, in seconds.
const AT_START_SECS: f64 = 0.02;

/// A MIDI file whose beats, a quarter each, come when those of the sound do. What is before the first one is whole beats
/// too. None for fewer than two beats, and for beats that go back in time.
pub(super) fn tempo_map(beats_s: &[f64]) -> Option<Vec<u8>> {
    let intervals: Vec<f64> = beats_s.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let first = *beats_s.first()?;
    if intervals.is_empty() || intervals.iter().any(|it| !it.is_finite() || *it <= 0.0) {
        return None;
    }
    let n_before = match first > AT_START_SECS {
        true => (first / intervals[0]).round().max(1.0),
        false => 0.0,
    };
    let mut tempos = vec![];
    if n_before > 0.0 {
        tempos.push(Tempo { tick: 0, quarter_us: first / n_before * 1e6 });
    }
    let start = n_before as u64 * u64::from(TICKS);
    for (i, interval) in intervals.iter().enumerate() {
        let tick = start + i as u64 * u64::from(TICKS);
        tempos.push(Tempo { tick, quarter_us: interval * 1e6 });
    }
    let mut score = Score::new(TICKS, 60.0 / intervals[0]);
    score.tempos = tempos;
    score.markers = vec![Marker { tick: start, text: "First beat".into() }];
    Some(write_midi(&score.to_midi()))
}

#[cfg(test)]
mod tests {
    use music::{Clock, read_midi};

    use super::*;

    #[test]
    fn beats_come_when_they_came() {
        let beats = [0.73, 1.25, 1.76, 2.30, 2.79];
        let file = read_midi(&tempo_map(&beats).unwrap()).unwrap().file;
        let score = Score::from_midi(&file).0;
        let clock = Clock::new(&score);
        let first = score.markers[0].tick;
        for (i, beat) in beats.iter().enumerate() {
            let secs = clock.secs_from_tick((first + i as u64 * u64::from(TICKS)) as f64);
            assert!((secs - beat).abs() < 1e-4, "{i}: {secs} is not {beat}");
        }
        assert!(tempo_map(&[0.5]).is_none() && tempo_map(&[1.0, 0.5]).is_none());
        assert!(tempo_map(&[0.0, f64::NAN]).is_none());
    }
}
