//! Layers against their formulas, in double precision and one number at a time.

use super::*;
use crate::Init;

fn random(seed: u64, n: usize) -> Vec<f32> {
    Init::new(seed).uniform(n, -1.0, 1.0)
}

fn assert_near(found: &[f32], expected: &[f64], within: f64) {
    assert_eq!(found.len(), expected.len());
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((f64::from(*found) - expected).abs() < within, "{i}: {found} and not {expected}");
    }
}

#[test]
fn a_linear_layer_is_a_product_however_many_frames() {
    for (n_in, n_out) in [(1, 1), (7, 5), (64, 48), (130, 200), (257, 64)] {
        let weight = random(1, n_in * n_out);
        let bias = random(2, n_out);
        let layer = Linear::new(&weight, n_in, Some(&bias), Precision::Float32);
        assert_eq!((layer.n_in(), layer.n_out()), (n_in, n_out));
        let x = random(3, 203 * n_in);
        let expected: Vec<f64> = x
            .chunks(n_in)
            .flat_map(|x| {
                weight.chunks(n_in).zip(&bias).map(move |(row, bias)| {
                    let products = row.iter().zip(x).map(|(w, x)| f64::from(*w) * f64::from(*x));
                    products.sum::<f64>() + f64::from(*bias)
                })
            })
            .collect();
        assert_near(&layer.run(&x), &expected, 1e-4);
        // One frame at a time is the same to the last bit.
        let one_by_one: Vec<f32> = x.chunks(n_in).flat_map(|x| layer.run(x)).collect();
        assert_eq!(one_by_one, layer.run(&x));
    }
}

#[test]
fn eight_bits_are_a_hundredth_off_and_a_quarter_as_large() {
    let (n_in, n_out) = (512, 256);
    let weight = random(1, n_in * n_out);
    let exact = Linear::new(&weight, n_in, None, Precision::Float32);
    let small = Linear::new(&weight, n_in, None, Precision::Int8);
    assert!((small.n_bytes() as f64) < 0.28 * exact.n_bytes() as f64);
    let x = random(2, 3 * n_in);
    let (exact, small) = (exact.run(&x), small.run(&x));
    let power = |x: &[f32]| x.iter().map(|x| x * x).sum::<f32>();
    let noise: Vec<f32> = exact.iter().zip(&small).map(|(a, b)| a - b).collect();
    assert!(power(&noise) < 1e-4 * power(&exact));
}

#[test]
fn activations_are_their_formulas() {
    // Values of the error function and of the normal distribution from tables.
    let check = |activation, x: f32, expected: f32| {
        let mut values = [x];
        activate(activation, &mut values);
        assert!((values[0] - expected).abs() < 1e-6, "{activation:?} of {x}: {}", values[0]);
    };
    check(Activation::Relu, -1.0, 0.0);
    check(Activation::Relu, 2.0, 2.0);
    check(Activation::Gelu, 1.0, 0.841_344_7);
    check(Activation::Gelu, -1.0, -0.158_655_25);
    check(Activation::Gelu, 2.0, 1.954_499_7);
    check(Activation::Gelu, 0.0, 0.0);
    check(Activation::GeluTanh, 1.0, 0.841_192);
    check(Activation::Silu, 1.0, 0.731_058_6);
    check(Activation::Silu, -30.0, -2.807_287_4e-12);
    check(Activation::Tanh, 0.5, 0.462_117_16);
    assert_eq!(Activation::named("gelu_new"), Some(Activation::GeluTanh));
    assert_eq!(Activation::named("unknown"), None);
}

#[test]
fn normalised_frames_have_the_mean_and_size_that_gain_and_bias_say() {
    let x = random(1, 5 * 33);
    let (gain, bias) = (random(2, 33), random(3, 33));
    let found = layer_norm(&x, &gain, Some(&bias), 1e-5);
    let expected: Vec<f64> = x
        .chunks(33)
        .flat_map(|frame| {
            let mean = frame.iter().map(|x| f64::from(*x)).sum::<f64>() / 33.0;
            let var = frame.iter().map(|x| (f64::from(*x) - mean).powi(2)).sum::<f64>() / 33.0;
            let scale = (var + 1e-5).sqrt();
            let (gain, bias) = (&gain, &bias);
            (0..33).map(move |i| {
                (f64::from(frame[i]) - mean) / scale * f64::from(gain[i]) + f64::from(bias[i])
            })
        })
        .collect();
    assert_near(&found, &expected, 1e-5);
    let found = rms_norm(&x, &[1.0; 33], 0.0);
    for frame in found.chunks(33) {
        let square = frame.iter().map(|x| x * x).sum::<f32>() / 33.0;
        assert!((square - 1.0).abs() < 1e-5);
    }
}

#[test]
fn rotary_positions_turn_and_keep_lengths() {
    let mut x = vec![1.0, 5.0, 0.0, 7.0, 1.0, 5.0, 0.0, 7.0];
    Rotary::new(4, 100.0).turn(&mut x, 1, 4, 1);
    // Pairs are (0, 2) and (1, 3); the angles of position 1 are 1 and 1/10, of position 2 twice that.
    let turned = |a: f64, b: f64, angle: f64| {
        [a * angle.cos() - b * angle.sin(), b * angle.cos() + a * angle.sin()]
    };
    let mut expected = vec![];
    for position in [1.0, 2.0] {
        let (a, b) = (turned(1.0, 0.0, position), turned(5.0, 7.0, 0.1 * position));
        expected.extend([a[0], b[0], a[1], b[1]]);
    }
    assert_near(&x, &expected, 1e-5);
}

/// Attention, one number at a time.
fn plainly(how: &Attention<'_>, q: &[f32], k: &[f32], v: &[f32]) -> Vec<f64> {
    let (dim, width, key_width) =
        (how.head_dim, how.n_heads * how.head_dim, how.n_key_heads * how.head_dim);
    let (n_q, n_k) = (q.len() / width, k.len() / key_width);
    let mut out = vec![0.0; q.len()];
    for query in 0..n_q {
        for head in 0..how.n_heads {
            let key_head = head * how.n_key_heads / how.n_heads;
            let at = |x: &[f32], frame: usize, width: usize, head: usize, i: usize| {
                f64::from(x[frame * width + head * dim + i])
            };
            let mut shares = vec![0.0; n_k];
            for (key, share) in shares.iter_mut().enumerate() {
                if how.sees.is_some_and(|sees| !sees(query, key)) {
                    continue;
                }
                let products = (0..dim)
                    .map(|i| at(q, query, width, head, i) * at(k, key, key_width, key_head, i));
                let mut score = products.sum::<f64>() * f64::from(how.scale);
                if let Some(cap) = how.cap {
                    score = f64::from(cap) * (score / f64::from(cap)).tanh();
                }
                if let Some(bias) = how.bias {
                    score += f64::from(bias[(head * n_q + query) * n_k + key]);
                }
                *share = score.exp();
            }
            let sum: f64 = shares.iter().sum();
            for i in 0..dim {
                let values = (0..n_k).map(|key| shares[key] * at(v, key, key_width, key_head, i));
                out[query * width + head * dim + i] = values.sum::<f64>() / sum.max(1e-300);
            }
        }
    }
    out
}

#[test]
fn attention_is_its_formula_for_few_queries_and_for_many() {
    for (n_queries, n_keys) in [(1, 1), (2, 70), (65, 33), (130, 130)] {
        let (n_heads, n_key_heads, head_dim) = (4, 2, 20);
        let q = random(1, n_queries * n_heads * head_dim);
        let k = random(2, n_keys * n_key_heads * head_dim);
        let v = random(3, n_keys * n_key_heads * head_dim);
        let bias = random(4, n_heads * n_queries * n_keys);
        let plain = Attention { n_key_heads, ..Attention::plain(n_heads, head_dim) };
        let before = |query: usize, key: usize| key <= query;
        for how in [
            plain,
            Attention { bias: Some(&bias), ..plain },
            Attention { cap: Some(0.5), ..plain },
            Attention { sees: Some(&before), scale: 1.0, ..plain },
        ] {
            assert_near(&attend(&how, &q, &k, &v), &plainly(&how, &q, &k, &v), 1e-5);
        }
    }
}

#[test]
fn a_query_that_sees_nothing_gives_zeros() {
    let nothing = |_: usize, _: usize| false;
    for n in [1, 9] {
        let x = random(1, n * 8);
        let how = Attention { sees: Some(&nothing), ..Attention::plain(1, 8) };
        assert!(attend(&how, &x, &x, &x).iter().all(|x| *x == 0.0));
    }
}

/// How a sum of `weights * f(x)` changes with each number of `x`, by differences in double precision.
fn by_differences(x: &[f32], weights: &[f32], f: &dyn Fn(&[f64]) -> Vec<f64>) -> Vec<f64> {
    let loss = |x: &[f64]| f(x).iter().zip(weights).map(|(y, w)| y * f64::from(*w)).sum::<f64>();
    let x: Vec<f64> = x.iter().map(|x| f64::from(*x)).collect();
    let step = 1e-5;
    let moved = |i: usize, by: f64| {
        let mut x = x.clone();
        x[i] += by;
        loss(&x)
    };
    (0..x.len()).map(|i| (moved(i, step) - moved(i, -step)) / (2.0 * step)).collect()
}

#[test]
fn products_and_their_gradients_are_sums_over_frames() {
    let (n, n_in, n_out) = (70, 9, 131);
    let (x, matrix) = (random(1, n * n_in), random(2, n_in * n_out));
    let at = |i: usize, o: usize| {
        (0..n_in).map(|k| f64::from(x[i * n_in + k]) * f64::from(matrix[k * n_out + o])).sum()
    };
    let expected: Vec<f64> = (0..n * n_out).map(|i| at(i / n_out, i % n_out)).collect();
    assert_near(&backward::product(&x, n_in, &matrix, n_out), &expected, 1e-5);
    let gradient = random(3, n * n_out);
    let mut sums = vec![1.0; n_in * n_out];
    backward::add_outer(&x, n_in, &gradient, n_out, &mut sums);
    let at = |k: usize, o: usize| {
        let over = (0..n).map(|i| f64::from(x[i * n_in + k]) * f64::from(gradient[i * n_out + o]));
        1.0 + over.sum::<f64>()
    };
    let expected: Vec<f64> = (0..n_in * n_out).map(|i| at(i / n_out, i % n_out)).collect();
    assert_near(&sums, &expected, 1e-5);
    let transposed = Linear::transposed(&matrix, n_out, Precision::Float32);
    let linear = Linear::new(&matrix, n_out, None, Precision::Float32);
    let frame = random(4, n_in);
    assert_eq!((transposed.n_in(), transposed.n_out()), (linear.n_out(), linear.n_in()));
    let expected: Vec<f64> =
        backward::product(&frame, n_in, &matrix, n_out).iter().map(|x| f64::from(*x)).collect();
    assert_near(&transposed.run(&frame), &expected, 1e-5);
}

#[test]
fn gradients_of_norms_gates_and_turns_are_those_of_differences() {
    let (n, width) = (3, 10);
    let (x, gain, weights) = (random(1, n * width), random(2, width), random(3, n * width));
    let norm = |x: &[f64]| -> Vec<f64> {
        let frame = |x: &[f64]| {
            let scale = 1.0 / (x.iter().map(|x| x * x).sum::<f64>() / width as f64 + 1e-6).sqrt();
            x.iter().zip(&gain).map(|(x, gain)| x * scale * f64::from(*gain)).collect::<Vec<_>>()
        };
        x.chunks(width).flat_map(frame).collect()
    };
    let found = backward::rms_norm_backward(&x, &gain, 1e-6, &weights);
    assert_near(&found, &by_differences(&x, &weights, &norm), 1e-4);

    let gates = random(4, n * width);
    let silu = |x: f64| x / (1.0 + (-x).exp());
    let (of_gates, of_numbers) = backward::gated_backward(&gates, &x, &weights);
    let with_gates = |gates: &[f64]| -> Vec<f64> {
        gates.iter().zip(&x).map(|(gate, x)| silu(*gate) * f64::from(*x)).collect()
    };
    assert_near(&of_gates, &by_differences(&gates, &weights, &with_gates), 1e-4);
    let with_numbers = |x: &[f64]| -> Vec<f64> {
        gates.iter().zip(x).map(|(gate, x)| silu(f64::from(*gate)) * x).collect()
    };
    assert_near(&of_numbers, &by_differences(&x, &weights, &with_numbers), 1e-4);

    let rotary = Rotary::new(4, 10_000.0);
    let mut turned = x.clone();
    rotary.turn(&mut turned, 2, 5, 7);
    rotary.turn_back(&mut turned, 2, 5, 7);
    let expected: Vec<f64> = x.iter().map(|x| f64::from(*x)).collect();
    assert_near(&turned, &expected, 1e-6);
}

#[test]
fn gradients_of_attention_are_those_of_differences() {
    let (n_heads, dim, n_queries, n_keys) = (2, 3, 4, 5);
    let width = n_heads * dim;
    let all = [(1, n_queries), (2, n_keys), (3, n_keys)].map(|(seed, n)| random(seed, n * width));
    let bias = random(4, n_heads * n_queries * n_keys);
    let weights = random(5, n_queries * width);
    let how = Attention { bias: Some(&bias), ..Attention::plain(n_heads, dim) };
    let attended = |[queries, keys, values]: [&[f64]; 3]| -> Vec<f64> {
        let mut out = vec![0.0; n_queries * width];
        for (head, query) in (0..n_heads).flat_map(|h| (0..n_queries).map(move |q| (h, q))) {
            let at = |i: usize| i * width + head * dim;
            let score = |key: usize| -> f64 {
                let dots = (0..dim).map(|d| queries[at(query) + d] * keys[at(key) + d]);
                let bias = bias[(head * n_queries + query) * n_keys + key];
                dots.sum::<f64>() * f64::from(how.scale) + f64::from(bias)
            };
            let powers: Vec<f64> = (0..n_keys).map(|key| score(key).exp()).collect();
            let sum: f64 = powers.iter().sum();
            for (key, power) in powers.iter().enumerate() {
                for d in 0..dim {
                    out[at(query) + d] += power / sum * values[at(key) + d];
                }
            }
        }
        out
    };
    let found = backward::attend_backward(&how, [&all[0], &all[1], &all[2]], &weights);
    for (i, found) in found.iter().enumerate() {
        let with = |x: &[f64]| {
            let mut whole =
                all.clone().map(|it| it.iter().map(|x| f64::from(*x)).collect::<Vec<_>>());
            whole[i] = x.to_vec();
            attended([&whole[0], &whole[1], &whole[2]])
        };
        assert_near(found, &by_differences(&all[i], &weights, &with), 1e-4);
    }
}
