//! The score to expect of an agent after so many steps: what was measured of two trainings of each game with
//! the preset Quick, 500,000 steps with the seeds 1 and 2 (300,000 for games with numbers); beyond that, for the
//! brick breaker, of three trainings of ten minutes.

use super::config::{Algorithm, Config, Observation};

/// Steps, and the lower and the higher of two scores then, each the mean of 30 episodes.
type Point = (u64, f64, f64);

const MEASURED: &[(&str, &[Point])] = &[
    (
        "brick",
        &[
            (0, 1.2, 1.3),
            (50_000, 3.5, 4.3),
            (100_000, 8.8, 9.8),
            (200_000, 13.8, 16.5),
            (350_000, 17.5, 26.5),
            (500_000, 22.4, 28.9),
            (1_000_000, 47.0, 56.0),
            (1_900_000, 73.0, 85.0),
        ],
    ),
    (
        "rally",
        &[
            (0, -10.6, -10.6),
            (100_000, -9.4, -8.8),
            (200_000, -8.3, -6.2),
            (350_000, -7.0, -3.6),
            (500_000, -5.8, -1.5),
        ],
    ),
    (
        "snake",
        &[
            (0, 0.0, 0.1),
            (100_000, 0.3, 0.4),
            (200_000, 0.7, 0.9),
            (350_000, 1.1, 1.4),
            (500_000, 1.2, 1.3),
        ],
    ),
    (
        "cartpole",
        &[
            (0, 19.0, 24.0),
            (30_000, 165.0, 206.0),
            (100_000, 222.0, 342.0),
            (200_000, 322.0, 500.0),
            (300_000, 355.0, 429.0),
        ],
    ),
    (
        "acrobot",
        &[
            (0, -500.0, -495.0),
            (30_000, -288.0, -153.0),
            (100_000, -93.0, -85.3),
            (300_000, -78.7, -77.3),
        ],
    ),
];

/// How much wider than two trainings the range is said to be, as a share of what was gained: a third one may
/// lie outside of them.
const MARGIN: f64 = 0.15;

/// The score to expect, from and to; nothing for settings that were not measured. After the last step that was
/// measured it is that of the last: no promise is made of what was not seen.
pub(super) fn expected(config: &Config, step: u64) -> Option<(f64, f64)> {
    let is_measured = config.algorithm == Algorithm::Ppo && config.seen() != Observation::Screen;
    let (_, points) = MEASURED.iter().find(|(game, _)| is_measured && *game == config.game)?;
    let first = points.first()?;
    let after = points.iter().position(|it| it.0 >= step);
    let (low, high) = match after {
        None => points.last().map(|it| (it.1, it.2))?,
        Some(0) => (first.1, first.2),
        Some(i) => {
            let (a, b) = (points[i - 1], points[i]);
            let share = (step - a.0) as f64 / (b.0 - a.0) as f64;
            (a.1 + share * (b.1 - a.1), a.2 + share * (b.2 - a.2))
        }
    };
    let margin = MARGIN * (high - first.1).abs();
    Some((low - margin, high + margin))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::agent::config::resolve;

    fn check(changes: &serde_json::Value, step: u64, found: Option<(f64, f64)>) {
        let changes = changes.as_object().unwrap().clone().into_iter().collect();
        let settings = resolve("quick", &[], &changes).unwrap().settings;
        let expected = expected(&Config::from_settings(&settings).unwrap(), step);
        let rounded = |(low, high): (f64, f64)| ((low * 10.0).round(), (high * 10.0).round());
        assert_eq!(expected.map(rounded), found.map(rounded));
    }

    #[test]
    fn scores_lie_between_those_that_were_measured() {
        check(&json!({}), 0, Some((1.2, 1.3)));
        check(&json!({}), 150_000, Some((9.5, 14.9)));
        check(&json!({}), 5_000_000, Some((60.4, 97.6)));
        check(&json!({ "observation": "screen" }), 1_000, None);
        check(&json!({ "game": "mountaincar" }), 1_000, None);
    }
}
