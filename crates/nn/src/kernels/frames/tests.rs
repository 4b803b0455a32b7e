//! The product against its definition in `f64`, in every format and on every level of this CPU.

use super::*;
use crate::Init;

#[test]
fn every_level_and_format_agrees() {
    for level in simd::levels() {
        for (format, tolerance) in
            [(Format::Float32, 1e-6), (Format::Int16, 1e-4), (Format::Int8, 0.02)]
        {
            // Panels of every width, groups of outputs, and steps of whole groups and of shorter ones.
            for (n_out, groups) in [(1, 1), (16, 1), (40, 2), (64, 1), (100, 1), (144, 3)] {
                for (n_runs, run_len) in [(1, 7), (1, 64), (3, 100), (2, 150)] {
                    let window = Window { n_runs, run_len, run_step: groups * run_len };
                    check(Packing { level, format }, window, [n_out, groups], tolerance);
                }
            }
        }
    }
}

fn check(packing: Packing, window: Window, [n_out, groups]: [usize; 2], tolerance: f64) {
    let mut init = Init::new(7);
    let n_values = window.n_values();
    let (weights, bias) = (init.normal(n_out * n_values), init.normal(n_out));
    let weight = |out: usize, i: usize| weights[out * n_values + i];
    // Something lies before it.
    let mut store = vec![0; 5];
    let matrix = Matrix::pack(window, n_out, groups, &bias, packing, weight, &mut store);
    for n in [1, 2, 5, 11] {
        let frame_step = groups * window.run_len;
        let input = init.normal((n + window.n_runs - 1) * frame_step);
        let mut out = vec![f32::NAN; n * n_out];
        matrix.product(&store, &input, frame_step, n, &mut out);
        for (at, found) in out.iter().enumerate() {
            let (frame, output) = (at / n_out, at % n_out);
            let group = output / (n_out / groups);
            let terms = (0..n_values).map(|i| {
                let (run, place) = (i / window.run_len, i % window.run_len);
                let from = frame * frame_step + group * window.run_len;
                let x = input[from + run * window.run_step + place];
                f64::from(weight(output, i)) * f64::from(x)
            });
            let expected = f64::from(bias[output]) + terms.sum::<f64>();
            // Errors of single products may add up.
            let error = (f64::from(*found) - expected).abs() / (n_values as f64).sqrt();
            assert!(error < 4.0 * tolerance, "{packing:?}, {window:?}: {found}, not {expected}");
        }
    }
}
