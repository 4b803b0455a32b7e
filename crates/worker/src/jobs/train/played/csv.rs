//! The logs of an agent's run as Stable-Baselines3 writes them, for programs that read those:
//! `monitor.csv` with a line for each episode, `progress.csv` with one for each report.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use api::Metrics;
use models::StepReport;

/// Both files of a run.
pub(super) struct CsvLogs {
    folder: PathBuf,
    monitor: File,
    /// The columns of `progress.csv`, in its order.
    columns: Vec<String>,
}

const PROGRESS: &str = "progress.csv";
const MONITOR: &str = "monitor.csv";
const STEP: &str = "time/total_timesteps";
const SECS: &str = "time/time_elapsed";

impl CsvLogs {
    /// Goes on with the files of a run, or begins them; lines after `step` are taken away.
    pub(super) fn open(folder: &Path, game: &str, step: u64) -> io::Result<Self> {
        let path = folder.join(MONITOR);
        let is_new = !path.exists();
        let mut monitor = OpenOptions::new().append(true).create(true).open(path)?;
        if is_new {
            let started = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            let secs = started.map_or(0.0, |it| it.as_secs_f64());
            let head = serde_json::json!({ "t_start": secs, "env_id": game });
            writeln!(monitor, "#{head}\nr,l,t")?;
        }
        let mut logs = Self { folder: folder.to_owned(), monitor, columns: vec![] };
        let rows = logs.read()?;
        if let Some(at) = logs.columns.iter().position(|it| it == STEP) {
            let is_before = |row: &Vec<String>| {
                row.get(at)
                    .and_then(|it| it.parse::<f64>().ok())
                    .is_some_and(|it| it <= step as f64)
            };
            let kept: Vec<Vec<String>> = rows.into_iter().filter(is_before).collect();
            logs.write(&kept)?;
        }
        Ok(logs)
    }

    /// Adds the episodes of a step.
    pub(super) fn add_episodes(&mut self, report: &StepReport, secs: f64) -> io::Result<()> {
        let mut lines = String::new();
        for (score, n_steps) in &report.episodes {
            lines += &format!("{score},{n_steps},{secs:.6}\n");
        }
        self.monitor.write_all(lines.as_bytes())
    }

    /// Adds what was measured.
    pub(super) fn add(&mut self, metrics: &Metrics, secs: f64) -> io::Result<()> {
        let mut values = metrics.values.clone();
        values.insert(STEP.into(), metrics.step as f64);
        values.insert(SECS.into(), secs);
        if values.keys().any(|key| !self.columns.contains(key)) {
            let rows = self.read()?;
            self.columns.extend(
                values
                    .keys()
                    .filter(|key| !self.columns.contains(key))
                    .cloned()
                    .collect::<Vec<_>>(),
            );
            self.write(&rows)?;
        }
        let row = self
            .columns
            .iter()
            .map(|key| values.get(key).map_or(String::new(), |it| it.to_string()));
        let line = row.collect::<Vec<_>>().join(",");
        let mut file = OpenOptions::new().append(true).open(self.folder.join(PROGRESS))?;
        writeln!(file, "{line}")
    }

    /// Reads the columns, and gives the rows.
    fn read(&mut self) -> io::Result<Vec<Vec<String>>> {
        let text = match std::fs::read_to_string(self.folder.join(PROGRESS)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
            other => other?,
        };
        let split = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
        let mut lines = text.lines();
        self.columns = lines.next().map(split).unwrap_or_default();
        Ok(lines.map(split).collect())
    }

    /// Writes columns and rows anew; rows that are too short are filled up.
    fn write(&self, rows: &[Vec<String>]) -> io::Result<()> {
        let mut text = self.columns.join(",") + "\n";
        for row in rows {
            let cells = (0..self.columns.len()).map(|i| row.get(i).map_or("", String::as_str));
            text += &(cells.collect::<Vec<_>>().join(",") + "\n");
        }
        job::whole::write(&self.folder.join(PROGRESS), text.as_bytes()).map_err(io::Error::other)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn columns_may_come_later_and_lines_may_go() {
        let folder = tempfile::tempdir().unwrap();
        let mut logs = CsvLogs::open(folder.path(), "brick", 0).unwrap();
        let add = |logs: &mut CsvLogs, step: u64, name: &str| {
            let values = BTreeMap::from([(name.to_owned(), 0.5)]);
            logs.add(&Metrics { step, values }, 1.5).unwrap();
        };
        add(&mut logs, 10, "train/loss");
        add(&mut logs, 20, "rollout/ep_rew_mean");
        let read = || std::fs::read_to_string(folder.path().join(PROGRESS)).unwrap();
        let expected = "time/time_elapsed,time/total_timesteps,train/loss,rollout/ep_rew_mean\n\
                        1.5,10,0.5,\n1.5,20,,0.5\n";
        assert_eq!(read(), expected);
        let episodes = vec![(3.0, 120), (0.0, 7)];
        let report =
            StepReport { step: 20, values: vec![], score: None, episodes, is_finite: true };
        logs.add_episodes(&report, 2.25).unwrap();
        CsvLogs::open(folder.path(), "brick", 10).unwrap();
        assert!(read().ends_with("\n1.5,10,0.5,\n"), "{}", read());
        let monitor = std::fs::read_to_string(folder.path().join(MONITOR)).unwrap();
        let (head, rest) = monitor.split_once('\n').unwrap();
        assert!(head.starts_with("#{\"t_start\":") && head.contains("\"env_id\":\"brick\""));
        assert_eq!(rest, "r,l,t\n3,120,2.250000\n0,7,2.250000\n");
    }
}
