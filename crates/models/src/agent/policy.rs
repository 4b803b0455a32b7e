//! Probabilities of actions: the softmax of what a network prefers.

use games::Random;

/// Turns logits into their logarithms of probabilities; gives the entropy.
pub(crate) fn log_softmax(logits: &mut [f32]) -> f32 {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = logits.iter().map(|it| (it - largest).exp()).sum();
    let shift = largest + sum.ln();
    let mut entropy = 0.0;
    for it in logits {
        *it -= shift;
        entropy -= it.exp() * *it;
    }
    entropy
}

/// An action drawn by logarithms of probabilities.
pub(crate) fn draw(logs: &[f32], random: &mut Random) -> usize {
    let mut left = random.unit();
    for (action, log) in logs.iter().enumerate() {
        left -= log.exp();
        if left < 0.0 {
            return action;
        }
    }
    logs.len() - 1
}

/// The first of the largest.
pub(crate) fn best(preferences: &[f32]) -> usize {
    let mut best = 0;
    for (i, it) in preferences.iter().enumerate() {
        if *it > preferences[best] {
            best = i;
        }
    }
    best
}
