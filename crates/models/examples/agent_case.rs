//! Writes an agent as ONNX and what it makes of the states of an episode, to compare with another program:
//! `cargo run -p models --example agent_case -- WEIGHTS OUT.onnx OUT.json`.
//!
//! `benches/agents/same_actions_onnx.py` runs the graph in onnxruntime on the same states.

use std::path::PathBuf;

use games::Replay;
use models::agent::Player;
use serde_json::json;

fn main() {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [weights, graph, cases] = &arguments[..] else { panic!("three paths") };
    let player = Player::load(weights).expect("an agent");
    player.write_onnx(graph).expect("the graph is written");
    let recording = player.record(1, 5).swap_remove(0);
    let mut replay = Replay::new(recording).expect("it was just recorded");
    let mut watcher = player.watch();
    let (mut rows, mut decided) = (vec![], None);
    loop {
        let decision = replay.next_decision();
        if decision != decided && rows.len() < 1_000 {
            decided = decision;
            let look = watcher.look(replay.game());
            let seen = watcher.seen();
            rows.push(json!({ "seen": seen, "policy": look.policy, "value": look.value }));
        }
        match replay.next() {
            Some(shown) => drop(shown.expect("it plays as recorded")),
            None => break,
        }
    }
    let shape = watcher.picture_size();
    let all = json!({ "picture": shape, "rows": rows });
    std::fs::write(cases, all.to_string()).expect("the cases are written");
}
