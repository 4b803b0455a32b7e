//! What the worker for tests plays of a measure.

use super::*;

pub(super) fn measure(
    folder: &Path,
    name: &str,
    task: &api::MeasureTask,
    events: &mut Events,
) -> Option<Outcome> {
    events.started(0);
    while name.contains("slow") {
        if is_stop_asked(folder) {
            return Some(Outcome::Stopped);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let result = api::RunMeasure {
        limit: task.limit,
        phases: vec![api::PhasePace { secs_per_1000_steps: 100.0, end_secs: None }],
        end_secs: Some(0.5),
        end_step: Some(5),
        expected_score: None,
        measured: api::Measured {
            at_ms: 1,
            phases: vec![api::MeasuredPhase {
                title: "phase 1".into(),
                steps: None,
                is_open: false,
                step_secs: 0.1,
            }],
            n_counted: 3,
            validation_secs: 0.1,
            rendering_secs: 0.1,
            saving_secs: 0.1,
            memory_bytes: 1,
            n_threads: 1,
            busy_cores: Some(0.5),
            device: "CPU".into(),
        },
    };
    fs::write(folder.join("result.json"), serde_json::to_vec(&result).unwrap()).unwrap();
    Some(Outcome::Done)
}
