//! [`Clock`], the tempo map: from ticks to seconds and back.

use crate::score::{Score, Tempo};

/// Seconds of ticks, and ticks of seconds.
#[derive(Clone, Debug)]
pub struct Clock {
    /// Where each tempo starts: tick, second, seconds a tick. The first is at tick 0.
    parts: Vec<(u64, f64, f64)>,
}

impl Clock {
    /// The clock of a score.
    pub fn new(score: &Score) -> Self {
        let per_quarter = f64::from(score.ticks_per_quarter.max(1));
        let secs_per_tick = |quarter_us: f64| quarter_us * 1e-6 / per_quarter;
        let mut parts = vec![(0, 0.0, secs_per_tick(Tempo::DEFAULT_US))];
        for tempo in &score.tempos {
            let &(tick, secs, per_tick) = parts.last().expect("it starts with one");
            let at = secs + tempo.tick.saturating_sub(tick) as f64 * per_tick;
            if tempo.tick <= tick {
                parts.pop();
            }
            parts.push((tempo.tick.max(tick), at, secs_per_tick(tempo.quarter_us.max(1.0))));
        }
        Self { parts }
    }

    /// The second of a tick; ticks may have parts.
    pub fn secs_from_tick(&self, tick: f64) -> f64 {
        let i = self.parts.partition_point(|part| part.0 as f64 <= tick).saturating_sub(1);
        let (from, secs, per_tick) = self.parts[i];
        secs + (tick - from as f64) * per_tick
    }

    /// The tick of a second.
    pub fn tick_from_secs(&self, at_secs: f64) -> f64 {
        let i = self.parts.partition_point(|part| part.1 <= at_secs).saturating_sub(1);
        let (from, secs, per_tick) = self.parts[i];
        from as f64 + (at_secs - secs) / per_tick
    }
}
