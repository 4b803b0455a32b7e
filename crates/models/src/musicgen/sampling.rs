//! How a code is chosen: guidance between rows with and without the prompt, then the likeliest or one at random.

use nn::Init;

/// The likeliest codes among which one is drawn. Source: Copet et al., "Simple and Controllable Music Generation", 2023,
/// section 3.2.
const TOP: usize = 250;

/// How codes are chosen.
pub(super) struct Choice {
    random: Option<Init>,
}

impl Choice {
    /// The likeliest each time.
    pub(super) fn greedy() -> Self {
        Self { random: None }
    }

    /// One of the likeliest each time, by a seed.
    pub(super) fn random(seed: u64) -> Self {
        Self { random: Some(Init::named(seed, "codes of MusicGen")) }
    }

    /// A code by its logits.
    pub(super) fn code(&mut self, logits: &[f32]) -> u32 {
        match &mut self.random {
            None => likeliest(logits),
            Some(random) => drawn(logits, f64::from(random.uniform(1, 0.0, 1.0)[0])),
        }
    }
}

/// The first of the likeliest.
fn likeliest(logits: &[f32]) -> u32 {
    let best = (0..logits.len()).rev().max_by(|a, b| logits[*a].total_cmp(&logits[*b]));
    best.unwrap_or(0) as u32
}

/// The code at which the shares of the likeliest, added up, reach a number below 1.
fn drawn(logits: &[f32], at: f64) -> u32 {
    let mut order: Vec<u32> = (0..logits.len() as u32).collect();
    let by_logit = |a: &u32, b: &u32| {
        logits[*b as usize].total_cmp(&logits[*a as usize]).then_with(|| a.cmp(b))
    };
    if order.len() > TOP {
        order.select_nth_unstable_by(TOP - 1, by_logit);
        order.truncate(TOP);
    }
    order.sort_unstable_by(by_logit);
    let most = f64::from(logits[order[0] as usize]);
    let shares: Vec<f64> =
        order.iter().map(|code| (f64::from(logits[*code as usize]) - most).exp()).collect();
    let mut left = at * shares.iter().sum::<f64>();
    for (code, share) in order.iter().zip(&shares) {
        left -= share;
        if left < 0.0 {
            return *code;
        }
    }
    order[order.len() - 1]
}

/// Logits of rows with prompts, mixed by their shares, and led away from those of the last row, which has none, if there
/// is guidance. Source: Ho and Salimans, "Classifier-Free Diffusion Guidance", 2022.
pub(super) fn guided(rows: &[f32], shares: &[f64], guidance: Option<f64>) -> Vec<f32> {
    let n = rows.len() / (shares.len() + usize::from(guidance.is_some()));
    let mut mixed = vec![0.0; n];
    for (row, share) in rows.chunks_exact(n).zip(shares) {
        let share = *share as f32;
        mixed.iter_mut().zip(row).for_each(|(sum, logit)| *sum += share * logit);
    }
    if let Some(guidance) = guidance {
        let (guidance, without) = (guidance as f32, &rows[rows.len() - n..]);
        for (logit, without) in mixed.iter_mut().zip(without) {
            *logit = without + (*logit - without) * guidance;
        }
    }
    mixed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_drawn_as_often_as_they_are_likely() {
        let logits: Vec<f32> = (0..300).map(|i| if i == 7 { 3.0 } else { -(i as f32) }).collect();
        let mut choice = Choice::random(1);
        let drawn: Vec<u32> = (0..4_000).map(|_| choice.code(&logits)).collect();
        let share = |code| drawn.iter().filter(|it| **it == code).count() as f64 / 4_000.0;
        // e^3 of e^3 + 1 + e^-1 + …, and 1 of it.
        let sum = 3f64.exp() + 1.0 / (1.0 - (-1f64).exp()) - (-7f64).exp();
        assert!((share(7) - 3f64.exp() / sum).abs() < 0.02, "{}", share(7));
        assert!((share(0) - 1.0 / sum).abs() < 0.02, "{}", share(0));
        assert_eq!(Choice::greedy().code(&logits), 7);
        assert_eq!(Choice::greedy().code(&[1.0, 2.0, 2.0]), 1);
        // Of equal ones only the first 250 are drawn.
        let mut choice = Choice::random(2);
        assert!((0..4_000).all(|_| choice.code(&[0.0; 1_000]) < 250));
        // Numbers that a damaged model gives.
        assert!(choice.code(&[f32::NAN; 300]) < 300);
    }

    #[test]
    fn guidance_leads_away_from_what_has_no_prompt() {
        assert_eq!(guided(&[1.0, 2.0, 0.0, 3.0], &[1.0], Some(3.0)), [3.0, 0.0]);
        assert_eq!(guided(&[1.0, 2.0, 3.0, 6.0], &[0.25, 0.75], None), [2.5, 5.0]);
    }
}
