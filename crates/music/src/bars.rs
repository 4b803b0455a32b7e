//! [`Bars`], the meter map: from ticks to bars and beats.

use crate::score::{Meter, Score};

/// Where bars and beats lie.
#[derive(Clone, Debug)]
pub struct Bars {
    /// Meters, the first at tick 0, each with the number of bars before it.
    parts: Vec<(Meter, u64)>,
    ticks_per_quarter: u32,
}

/// A place in bars; it is shown as people count, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The bar, from 0.
    pub bar: u64,
    /// The beat in it, from 0.
    pub beat: u64,
    /// Ticks from the beat on.
    pub tick: u64,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "bar {}, beat {}", self.bar + 1, self.beat + 1)
    }
}

impl Bars {
    /// The bars of a score. A meter that comes within a bar ends that bar.
    pub fn new(score: &Score) -> Self {
        let first = Meter { tick: 0, numerator: 4, denominator: 4 };
        let mut bars =
            Self { parts: vec![(first, 0)], ticks_per_quarter: score.ticks_per_quarter.max(1) };
        for meter in &score.meters {
            let (last, before) = *bars.parts.last().expect("it starts with one");
            let n = meter.tick.saturating_sub(last.tick).div_ceil(bars.bar_ticks(last));
            if meter.tick <= last.tick {
                bars.parts.pop();
            }
            bars.parts.push((*meter, before + n));
        }
        bars
    }

    /// Ticks of a bar, at least 1.
    pub fn bar_ticks(&self, meter: Meter) -> u64 {
        let quarters = u64::from(meter.numerator.max(1)) * 4 * u64::from(self.ticks_per_quarter);
        (quarters / u64::from(meter.denominator.max(1))).max(1)
    }

    /// Ticks of a beat, at least 1.
    pub fn beat_ticks(&self, meter: Meter) -> u64 {
        (4 * u64::from(self.ticks_per_quarter) / u64::from(meter.denominator.max(1))).max(1)
    }

    /// The meter at a tick.
    pub fn meter(&self, tick: u64) -> Meter {
        self.part(tick).0
    }

    /// The bar and beat of a tick.
    pub fn place(&self, tick: u64) -> Place {
        let (meter, before) = self.part(tick);
        let since = tick - meter.tick;
        let bar_ticks = self.bar_ticks(meter);
        let in_bar = since % bar_ticks;
        let beat_ticks = self.beat_ticks(meter);
        Place {
            bar: before + since / bar_ticks,
            beat: in_bar / beat_ticks,
            tick: in_bar % beat_ticks,
        }
    }

    /// Where a bar starts, by its number from 0.
    pub fn start(&self, bar: u64) -> u64 {
        let i = self.parts.partition_point(|part| part.1 <= bar).saturating_sub(1);
        let (meter, before) = self.parts[i];
        meter.tick + (bar - before) * self.bar_ticks(meter)
    }

    /// Bars that begin before a tick.
    pub fn n_bars(&self, end: u64) -> u64 {
        if end == 0 { 0 } else { self.place(end - 1).bar + 1 }
    }

    fn part(&self, tick: u64) -> (Meter, u64) {
        let i = self.parts.partition_point(|part| part.0.tick <= tick).saturating_sub(1);
        self.parts[i]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_counted_in_bars_and_beats() {
        let mut score = Score::new(96, 120.0);
        score.meters = vec![
            Meter { tick: 0, numerator: 3, denominator: 4 },
            // Within the second bar, which it ends.
            Meter { tick: 400, numerator: 6, denominator: 8 },
        ];
        let bars = Bars::new(&score);
        let check = |tick: u64, bar: u64, beat: u64, rest: u64| {
            assert_eq!(bars.place(tick), Place { bar, beat, tick: rest }, "{tick}");
        };
        check(0, 0, 0, 0);
        check(287, 0, 2, 95);
        check(288, 1, 0, 0);
        check(399, 1, 1, 15);
        check(400, 2, 0, 0);
        check(400 + 288 + 50, 3, 1, 2);
        assert_eq!([0, 1, 2, 3].map(|bar| bars.start(bar)), [0, 288, 400, 688]);
        assert_eq!([0, 1, 288, 289, 401].map(|end| bars.n_bars(end)), [0, 1, 1, 2, 3]);
        assert_eq!(bars.place(738).to_string(), "bar 4, beat 2");
    }
}
