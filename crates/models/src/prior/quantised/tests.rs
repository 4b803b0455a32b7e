//! Tests of bins and turns against the original program.

use super::*;
use crate::rave::vectors::Vectors;

fn u(name: &str, n: usize) -> Vec<f32> {
    nn::Init::named(0, name).uniform(n, 0.0, 1.0)
}

/// Values and their bins agree with the original's, as do the turns of directions.
#[test]
fn bins_and_turns_are_the_originals() {
    let vectors = Vectors::read("prior").arrays;
    for (i, expected) in vectors["bins/grid"].values.iter().enumerate() {
        // Edges of bins lie between the values of the grid but for the one at zero.
        let x = -4.5 + 0.05 * i as f32;
        if x.abs() > 1e-3 {
            assert_eq!(bin(x, 8) as f32, *expected, "{x}");
        }
    }
    for (i, expected) in vectors["bins/edges"].values.iter().enumerate() {
        assert!((value(i, 0.0, 8) - expected).abs() < 1e-5, "{i}: {expected}");
    }
    let latents: Vec<f32> =
        u("latents", 2 * 4 * 24).iter().map(|u| 2.5 * (2.0 * u - 1.0)).collect();
    let frames = |at: &[f32], n_frames: usize| -> Vec<f32> {
        (0..n_frames).flat_map(|t| (0..4).map(move |j| at[j * n_frames + t])).collect()
    };
    let first = frames(&latents[..4 * 24], 24);
    let moved = shifted(&first, 4);
    assert_eq!(moved, frames(&vectors["shifted"].values[..4 * 21], 21));
    assert_eq!(unshifted(&moved, 4), frames(&vectors["unshifted"].values[..4 * 18], 18));
    assert_eq!(unshifted(&moved, 4), first[3 * 4..21 * 4], "the middle comes back");
}

#[test]
fn densities_sum_to_one() {
    // Each of 8 bins has a probability of its own.
    let shares = [0.05, 0.3, 0.1, 0.05, 0.2, 0.1, 0.15, 0.05f64];
    let step = 0.001;
    let sum: f64 = (-8000..8000)
        .map(|i| {
            let x = i as f32 * step;
            (-nats(x, shares[bin(x, 8)].ln(), 8)).exp() * f64::from(step)
        })
        .sum();
    assert!((sum - 1.0).abs() < 1e-3, "{sum}");
}

#[test]
fn too_few_frames_have_no_turn() {
    assert!(shifted(&[1.0; 12], 4).is_empty());
    assert_eq!(shifted(&[1.0; 16], 4).len(), 4);
}
