//! Says what an agent makes of observations, for a comparison with other programs that run its weights:
//! `look agent.safetensors < observations > answers` (`benches/agents/same_actions.py`).
//!
//! It reads observations one after the other, bytes of pictures or little-endian numbers of 32 bits, and writes
//! for each one the numbers of 32 bits that it comes to: the logarithms of the policy's probabilities and the
//! value of the state, or for DQN what each action is worth.

use std::io::{self, BufReader, BufWriter, Read, Write};

use models::agent::Player;
use nn::feedforward::Pass;

fn main() -> io::Result<()> {
    let path = std::env::args().nth(1).expect("a file of weights");
    let player = Player::load(path.as_ref()).expect("weights of an agent");
    let (info, wrappers) = (player.game(), player.wrappers());
    let (n_bytes, n_numbers) = match (wrappers.observation, info.planes, info.numbers) {
        (games::Observation::Grey84 { stack }, ..) => (games::GREY * games::GREY * stack, 0),
        (games::Observation::Planes, Some(it), _) => (it.rows * it.columns * it.names.len(), 0),
        (_, _, numbers) => (0, numbers.map_or(0, |it| it.names.len())),
    };
    let mut observation = vec![0; n_bytes + 4 * n_numbers];
    let mut from = BufReader::new(io::stdin().lock());
    let mut to = BufWriter::new(io::stdout().lock());
    let mut pass = Pass::default();
    while from.read_exact(&mut observation).is_ok() {
        let look = if n_bytes > 0 {
            player.look_at_picture(&observation, &mut pass)
        } else {
            let numbers = observation.as_chunks().0.iter().map(|it| f32::from_le_bytes(*it));
            player.look_at_numbers(&numbers.collect::<Vec<f32>>(), &mut pass)
        };
        let answer = if look.action_values.is_empty() {
            look.policy.iter().map(|it| it.ln()).chain([look.value]).collect()
        } else {
            look.action_values
        };
        answer.iter().try_for_each(|it: &f32| to.write_all(&it.to_le_bytes()))?;
    }
    to.flush()
}
