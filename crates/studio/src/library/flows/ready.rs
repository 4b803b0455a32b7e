//! Flows that come with Maquette.

use api::{FlowPlan, Id};

use super::kept::Stored;

/// Each with its identifier.
const READY: [(&str, &str); 4] = [
    ("more-like-my-best", include_str!("ready/more-like-my-best.json")),
    ("bed-under-a-voice", include_str!("ready/bed-under-a-voice.json")),
    ("variations-that-keep-the-rhythm", include_str!("ready/variations-that-keep-the-rhythm.json")),
    ("answer-from-my-memory", include_str!("ready/answer-from-my-memory.json")),
];

/// All of them, in the order in which they are listed.
pub(super) fn all() -> Vec<(Id, Stored)> {
    READY
        .into_iter()
        .map(|(id, text)| (id.parse().expect("it is an identifier"), read(text)))
        .collect()
}

/// One of them.
pub(super) fn find(id: &Id) -> Option<Stored> {
    let (_, text) = READY.into_iter().find(|(it, _)| *it == id.as_str())?;
    Some(read(text))
}

fn read(text: &str) -> Stored {
    let plan: FlowPlan = serde_json::from_str(text).expect("tests read all of them");
    Stored { format: FlowPlan::FORMAT, plan, changed_ms: 0, watch: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ready_made_flow_can_run() {
        for (id, stored) in all() {
            let checked = super::super::plan::checked(&stored.plan);
            assert!(checked.problems.is_empty(), "{id}: {:?}", checked.problems);
            assert_eq!(stored.plan.format, FlowPlan::FORMAT, "{id}");
            assert!(!stored.plan.about.is_empty(), "{id}");
        }
    }
}
