//! Quantities and states in words, for terminals.

use api::{Id, Job, JobState, Limit, PresetName, Progress, Run, RunMeasure, UnreadableFolder};

use super::{Terminal, named::Kind};
use crate::client::Client;

/// A duration: `4.2 s`, `1:05`, `2:03:04`.
pub(crate) fn duration(secs: f64) -> String {
    if secs < 10.0 {
        return format!("{secs:.1} s");
    }
    let secs = secs.round() as u64;
    let (hours, minutes, secs) = (secs / 3600, secs / 60 % 60, secs % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{secs:02}")
    } else if minutes > 0 {
        format!("{minutes}:{secs:02}")
    } else {
        format!("{secs} s")
    }
}

/// An amount of memory or disk, in powers of 1000 as disks are sold.
pub(crate) fn bytes(n: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut amount = n as f64;
    let mut unit = 0;
    while amount >= 999.5 && unit + 1 < UNITS.len() {
        amount /= 1000.0;
        unit += 1;
    }
    let digits = usize::from(unit > 0 && amount < 99.95);
    format!("{amount:.digits$} {}", UNITS[unit])
}

/// A whole number with separated thousands.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count of something: `1 file`, `1,200 files`.
pub(crate) fn n_of(n: usize, thing: &str) -> String {
    let n = n as u64;
    format!("{} {thing}{}", count(n), if n == 1 { "" } else { "s" })
}

/// The message that something was moved to the trash.
pub(crate) fn deleted(id: &Id) -> String {
    format!("Moved {id} to the trash. `maquette trash list` shows what is there.")
}

/// Notes which folders could not be read and so are not listed. A failure to ask for them is ignored, because
/// the list itself is still useful.
pub(crate) fn note_unreadable(client: &Client, terminal: Terminal, kind: Kind) {
    let found: Vec<UnreadableFolder> = client.get("/api/unreadable").unwrap_or_default();
    let ids: Vec<&str> =
        found.iter().filter(|it| it.list == kind.list()).map(|it| it.id.as_str()).collect();
    if !ids.is_empty() {
        terminal.note(&format!(
            "note: {} could not be read and {} not listed: {}. `maquette doctor` says why.",
            n_of(ids.len(), kind.word()),
            if ids.len() == 1 { "is" } else { "are" },
            ids.join(", ")
        ));
    }
}

/// A job's state in words.
pub(crate) fn state(job: &Job) -> String {
    match &job.state {
        JobState::Queued { place: 0 } => "queued".to_owned(),
        JobState::Queued { place: 1 } => "queued behind 1 job".to_owned(),
        JobState::Queued { place } => format!("queued behind {place} jobs"),
        JobState::Running { stopping: true, .. } => "stopping".to_owned(),
        JobState::Running { .. } => match job.progress.as_ref().and_then(|it| it.share) {
            Some(share) => format!("running {:.0} %", 100.0 * share),
            None => "running".to_owned(),
        },
        JobState::Done { .. } => "done".to_owned(),
        JobState::Stopped { .. } => "stopped".to_owned(),
        JobState::Failed { .. } => "failed".to_owned(),
        JobState::Interrupted { .. } => "interrupted".to_owned(),
    }
}

/// A job's progress in one line.
pub(crate) fn progress(it: &Progress) -> String {
    let percent = it.share.map(|share| format!("{:.0} %", 100.0 * share));
    let phase = api::sentence(&it.phase);
    let phase = phase.trim_end_matches('.');
    if it.unit == "percent" {
        // Work without units to count.
        return format!("{phase}… {}", percent.unwrap_or_default()).trim_end().to_owned();
    }
    let mut parts = vec![phase.to_owned()];
    parts.push(match it.n_total {
        Some(total) => format!("{} of {} {}", count(it.n_done), count(total), it.unit),
        None => format!("{} {}", count(it.n_done), it.unit),
    });
    parts.extend(percent);
    parts.extend(it.rate_per_sec.map(|rate| format!("{rate:.1} {}/s", it.unit)));
    parts.push(duration(it.elapsed_secs));
    parts.extend(it.left_secs.map(|[least, most]| match (duration(least), duration(most)) {
        (least, most) if least == most => format!("{most} left"),
        (least, most) => format!("{least} to {most} left"),
    }));
    parts.join(" · ")
}

/// When a run stops automatically.
pub(crate) fn limit(limit: Limit) -> String {
    match limit {
        Limit::Steps { steps } => format!("after {}", n_of(steps as usize, "step")),
        Limit::Minutes { minutes } => format!("after {minutes} min"),
        Limit::Forever => "manually".to_owned(),
    }
}

/// How long a run would take: `about 1:20:00 to the end of phase 1, 4:00:00 in total`.
pub(crate) fn run_measure(it: &RunMeasure) -> String {
    let mut parts = Vec::new();
    for (n, (pace, phase)) in (1..).zip(it.phases.iter().zip(&it.measured.phases)) {
        let earlier = if phase.is_open { " at most" } else { "" };
        let end = pace.end_secs.map(duration);
        parts.extend(end.map(|end| format!("{end} to the end of phase {n}{earlier}")));
    }
    parts.push(match (it.end_secs, it.end_step) {
        (Some(secs), Some(step)) => {
            format!("{} in total for {} steps", duration(secs), count(step))
        }
        _ => {
            let then = if parts.is_empty() { "" } else { "then " };
            let last = it.phases.last().map_or(0.0, |pace| pace.secs_per_1000_steps);
            format!("{then}{} per 1000 steps", duration(last))
        }
    });
    let time = format!("about {}", parts.join(", "));
    match it.expected_score {
        Some([low, high]) => format!("{time}; the score to expect is {low:.0} to {high:.0}"),
        None => time,
    }
}

/// A value for each phase, like `1 GB in phase 1, 2 GB in phase 2`; a single phase needs no number.
pub(crate) fn of_phases(values: impl ExactSizeIterator<Item = String>) -> String {
    let is_one = values.len() == 1;
    let numbered = (1..).zip(values);
    let parts = numbered.map(|(n, it)| if is_one { it } else { format!("{it} in phase {n}") });
    parts.collect::<Vec<_>>().join(", ")
}

/// The measured figures and their conditions.
pub(crate) fn measured(it: &RunMeasure) -> String {
    let measured = &it.measured;
    let pace = |n_phases: usize, i: usize, secs: f64| match (n_phases, i) {
        (1, _) => format!("{} per 1000 steps", duration(secs)),
        (_, 0) => format!("{} per 1000 steps in phase 1", duration(secs)),
        (_, i) => format!("{} in phase {}", duration(secs), i + 1),
    };
    let paces = it.phases.iter().enumerate();
    let paces = paces.map(|(i, one)| pace(it.phases.len(), i, one.secs_per_1000_steps));
    let mut parts = vec![paces.collect::<Vec<_>>().join(", ")];
    parts.push(match measured.device.as_str() {
        "" | "CPU" => format!("{} threads", measured.n_threads),
        device => format!("on {device}"),
    });
    parts.push(format!("{} of memory", bytes(measured.memory_bytes)));
    if let Some(cores) = measured.busy_cores.filter(|cores| *cores >= BUSY_CORES) {
        parts.push(format!("other programs kept {cores:.1} cores busy, so it may be faster"));
    }
    if measured.n_counted == 0 {
        parts.push("estimated from a single step of each phase".to_owned());
    }
    parts.join("; ")
}

/// The number of cores kept busy by other programs below which they hardly matter.
const BUSY_CORES: f64 = 0.3;

/// A run's speed against the estimate: `estimated 0.21 s per step, now 0.23 s`.
pub(crate) fn pace(run: &Run, forecast: &RunMeasure) -> String {
    let pace = forecast.pace_at(run.step, run.phases.last().map(|it| it.number));
    let per_1000 = pace.map_or(0.0, |it| it.secs_per_1000_steps);
    let rate = run.job.progress.as_ref().and_then(|it| it.rate_per_sec);
    let now = rate
        .filter(|rate| *rate > 0.0)
        .map_or(String::new(), |rate| format!(", now {}", step_secs(1.0 / rate)));
    format!("estimated {} per step{now}", step_secs(per_1000 / 1000.0))
}

fn step_secs(secs: f64) -> String {
    if secs < 0.1 { format!("{:.1} ms", 1000.0 * secs) } else { format!("{secs:.2} s") }
}

/// What settings were composed of: `v2 + causal + noise`, with the user's preset if one was chosen.
pub(crate) fn composition(preset: &str, switches: &[String], own: Option<&PresetName>) -> String {
    let mut parts = vec![preset];
    parts.extend(switches.iter().map(String::as_str));
    let parts = parts.join(" + ");
    own.map_or_else(|| parts.clone(), |own| format!("{} ({parts})", own.name))
}

/// A number of samples as time: `93 ms`, `1.5 s`.
pub(crate) fn samples(n: u64, rate_hz: u32) -> String {
    let ms = 1000.0 * n as f64 / f64::from(rate_hz);
    if ms < 1000.0 { format!("{ms:.0} ms") } else { format!("{:.1} s", ms / 1000.0) }
}

/// The value of a setting, as it is typed after `--set KEY=`.
pub(crate) fn setting(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(word) => word.clone(),
        serde_json::Value::Array(items) if items.is_empty() => "none".to_owned(),
        serde_json::Value::Array(items) => items.iter().map(setting).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compositions_are_read_from_left_to_right() {
        let check = |switches: &[&str], own: Option<&str>, expected: &str| {
            let switches: Vec<_> = switches.iter().map(|&name| name.to_owned()).collect();
            let own = own
                .map(|name| PresetName { id: api::Id::numbered(name, 1), name: name.to_owned() });
            assert_eq!(composition("v2", &switches, own.as_ref()), expected);
        };
        check(&[], None, "v2");
        check(&["causal", "noise"], None, "v2 + causal + noise");
        check(&["causal"], Some("My voice"), "My voice (v2 + causal)");
    }

    #[test]
    fn settings_are_shown_as_they_are_typed() {
        let check =
            |value: serde_json::Value, expected: &str| assert_eq!(setting(&value), expected);
        check(serde_json::json!([4, 4, 2]), "4,4,2");
        check(serde_json::json!([]), "none");
        check(serde_json::json!("causal"), "causal");
        check(serde_json::json!(0.05), "0.05");
        check(serde_json::json!(true), "true");
        assert_eq!(samples(4410, 44_100), "100 ms");
        assert_eq!(samples(66_150, 44_100), "1.5 s");
    }

    #[test]
    fn time_left_is_a_range_where_it_is_one() {
        let check = |left_secs: Option<[f64; 2]>, expected: &str| {
            let text = progress(&Progress {
                phase: "reading files".into(),
                n_done: 1,
                n_total: None,
                unit: "files".into(),
                share: None,
                rate_per_sec: None,
                elapsed_secs: 2.0,
                left_secs,
            });
            assert_eq!(text, format!("Reading files · 1 files · 2.0 s{expected}"));
        };
        check(None, "");
        check(Some([60.0, 90.0]), " · 1:00 to 1:30 left");
        check(Some([60.1, 60.2]), " · 1:00 left");
    }

    #[test]
    fn what_is_not_counted_shows_its_share_alone() {
        let check = |share: Option<f64>, expected: &str| {
            let text = progress(&Progress {
                phase: "measuring".into(),
                n_done: 22,
                n_total: Some(100),
                unit: "percent".into(),
                share,
                rate_per_sec: Some(5.3),
                elapsed_secs: 4.0,
                left_secs: Some([10.0, 20.0]),
            });
            assert_eq!(text, expected);
        };
        check(Some(0.22), "Measuring… 22 %");
        check(None, "Measuring…");
    }

    #[test]
    fn quantities_are_readable() {
        let check = |text: String, expected: &str| assert_eq!(text, expected);
        check(duration(0.0), "0.0 s");
        check(duration(12.4), "12 s");
        check(duration(65.0), "1:05");
        check(duration(7384.0), "2:03:04");
        check(bytes(0), "0 B");
        check(bytes(999), "999 B");
        check(bytes(1000), "1.0 kB");
        check(bytes(999_999), "1.0 MB");
        check(bytes(123_456_789), "123 MB");
        check(bytes(u64::MAX), "18446744 TB");
        check(count(0), "0");
        check(count(999), "999");
        check(count(1_234_567), "1,234,567");
        check(n_of(1, "file"), "1 file");
        check(n_of(1200, "file"), "1,200 files");
        check(limit(Limit::Steps { steps: 1 }), "after 1 step");
        check(limit(Limit::Forever), "manually");
    }
}
