//! Every layer against its definition, computed at once over the whole sound in double precision, and
//! block by block with the same bits whatever the sizes of the blocks.

use super::*;

type Frames = Vec<Vec<f64>>;

/// Numbers from a linear congruential generator, in [0, 1).
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        (self.0 >> 40) as f32 / 16_777_216.0
    }

    fn values(&mut self, n: usize) -> Vec<f32> {
        (0..n).map(|_| 2.0 * self.next() - 1.0).collect()
    }
}

fn conv(draw: &mut Draw, channels: [usize; 2], kernel: usize) -> Conv {
    let [channels_in, channels_out] = channels;
    Conv {
        weight: draw.values(channels_in * channels_out * kernel),
        bias: draw.values(channels_out),
        channels_in,
        channels_out,
        kernel,
        stride: 1,
        dilation: 1,
        groups: 1,
        padding: ((kernel - 1) / 2, kernel / 2),
        delay: 0,
    }
}

/// What the layers are by definition.
fn defined(layers: &[Layer], x: &Frames, noise: &mut Draw) -> Frames {
    layers.iter().fold(x.clone(), |x, layer| layer_defined(layer, &x, noise))
}

fn late(x: &Frames, delay: usize) -> Frames {
    let zeros = vec![vec![0.0; x[0].len()]; delay];
    zeros.into_iter().chain(x.iter().cloned()).take(x.len()).collect()
}

fn each(x: &Frames, f: impl Fn(usize, f64) -> f64) -> Frames {
    x.iter().map(|frame| frame.iter().enumerate().map(|(c, x)| f(c, *x)).collect()).collect()
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn layer_defined(layer: &Layer, x: &Frames, noise: &mut Draw) -> Frames {
    match layer {
        Layer::Conv(conv) => {
            let n_before = conv.padding.0 + conv.padding.1 + conv.delay;
            let (n_in, n_out) = (conv.channels_in / conv.groups, conv.channels_out / conv.groups);
            let output = |m: usize, out: usize| {
                let mut sum = conv.bias.get(out).map_or(0.0, |bias| f64::from(*bias));
                for tap in 0..conv.kernel {
                    let at = (m * conv.stride + tap * conv.dilation).wrapping_sub(n_before);
                    let Some(frame) = x.get(at) else { continue };
                    for c in 0..n_in {
                        let weight = conv.weight[(out * n_in + c) * conv.kernel + tap];
                        sum += f64::from(weight) * frame[out / n_out * n_in + c];
                    }
                }
                sum
            };
            let frames = 0..x.len().div_ceil(conv.stride);
            frames.map(|m| (0..conv.channels_out).map(|out| output(m, out)).collect()).collect()
        }
        Layer::Upsample(conv) => {
            let (stride, n_out) = (conv.stride, conv.channels_out);
            let bias = |out: usize| conv.bias.get(out).map_or(0.0, |bias| f64::from(*bias));
            let mut y = vec![(0..n_out).map(bias).collect::<Vec<_>>(); (x.len() + 1) * stride];
            for (t, frame) in x.iter().enumerate() {
                for tap in 0..2 * stride {
                    for (out, y) in y[t * stride + tap].iter_mut().enumerate() {
                        for (c, x) in frame.iter().enumerate() {
                            let weight = conv.weight[(c * n_out + out) * 2 * stride + tap];
                            *y += f64::from(weight) * x;
                        }
                    }
                }
            }
            y.truncate(x.len() * stride);
            y
        }
        Layer::Activate(activation) => each(x, |c, x| match activation {
            Activation::Leaky(slope) => x.max(f64::from(*slope) * x),
            Activation::Snake(alpha) => {
                x + (f64::from(alpha[c]) * x).sin().powi(2) / (f64::from(alpha[c]) + 1e-9)
            }
            Activation::Tanh => x.tanh(),
            Activation::Loudness => 2.0 * sigmoid(x).powf(2.3) + 1e-7,
            Activation::LogOnePlus => x.ln_1p(),
        }),
        Layer::Affine { scale, shift } => {
            each(x, |c, x| x * f64::from(scale[c]) + f64::from(shift[c]))
        }
        Layer::Residual { delay, layers } => {
            let (inner, around) = (defined(layers, x, noise), late(x, *delay));
            let sum =
                |(a, b): (&Vec<f64>, &Vec<f64>)| a.iter().zip(b).map(|(a, b)| a + b).collect();
            inner.iter().zip(&around).map(sum).collect()
        }
        Layer::Sum(branches) | Layer::Product(branches) => {
            let is_sum = matches!(layer, Layer::Sum(_));
            let mut outputs =
                branches.iter().map(|it| defined(&it.layers, &late(x, it.delay), noise));
            let first = outputs.next().unwrap();
            let outputs: Vec<Frames> = outputs.collect();
            outputs.iter().fold(first, |joined, y| {
                let pairs = joined.iter().zip(y);
                let join = |(a, b): (&Vec<f64>, &Vec<f64>)| {
                    let b = |c: usize| b[c % b.len()];
                    let join = |(c, a): (usize, &f64)| if is_sum { a + b(c) } else { a * b(c) };
                    a.iter().enumerate().map(join).collect()
                };
                pairs.map(join).collect()
            })
        }
        Layer::Gate => {
            let half = x[0].len() / 2;
            let gate = |x: &Vec<f64>| (0..half).map(|c| x[c] * sigmoid(x[half + c])).collect();
            x.iter().map(gate).collect()
        }
        Layer::Mirror { n_band } => {
            let sign = |t: usize, c: usize| {
                if t.is_multiple_of(2) && (c % n_band) % 2 == 1 { -1.0 } else { 1.0 }
            };
            let frame =
                |(t, x): (usize, &Vec<f64>)| (0..x.len()).map(|c| x[c] * sign(t, c)).collect();
            x.iter().enumerate().map(frame).collect()
        }
        Layer::Unfold { groups } => {
            let n = x[0].len() / groups;
            let frames = x.iter().flat_map(|x| {
                (0..n).map(move |i| (0..*groups).map(|group| x[group * n + i]).collect())
            });
            frames.collect()
        }
        Layer::Gather { .. } => x.clone(),
        Layer::Transfer(Transfer { source, target }) => each(x, |c, x| {
            let of = |values: &[f32]| f64::from(values[c]);
            (x - of(&source.mean)) / (of(&source.deviation) + 1e-5) * of(&target.deviation)
                + of(&target.mean)
        }),
        Layer::Noise(Noise { layers, channels, response, n_block }) => {
            let amplitudes = defined(layers, x, noise);
            let n_amplitudes = response.len() / n_block;
            let mut y = vec![vec![0.0; *channels]; amplitudes.len() * n_block];
            for (t, frame) in amplitudes.iter().enumerate() {
                for (c, amplitudes) in frame.chunks(n_amplitudes).enumerate() {
                    let u: Vec<f64> =
                        (0..*n_block).map(|_| 2.0 * f64::from(noise.next()) - 1.0).collect();
                    let impulse = |k: usize| -> f64 {
                        let terms = amplitudes.iter().enumerate().map(|(i, x)| {
                            let loudness = 2.0 * sigmoid(x - 5.0).powf(2.3) + 1e-7;
                            loudness * f64::from(response[i * n_block + k])
                        });
                        terms.sum()
                    };
                    for i in 0..*n_block {
                        y[t * n_block + i][c] = (0..=i).map(|k| impulse(k) * u[i - k]).sum();
                    }
                }
            }
            y
        }
        Layer::Gru(layers) => layers.iter().fold(x.clone(), |x, layer| {
            let n = layer.bias_hidden.len() / 3;
            let mut hidden = vec![0.0; n];
            let step = |x: &Vec<f64>| {
                let row = |weight: &[f32], bias: &[f32], x: &[f64], row: usize| {
                    let terms = x.iter().enumerate();
                    let sum: f64 = terms
                        .map(|(i, x)| f64::from(weight[row * x_len(weight, bias) + i]) * x)
                        .sum();
                    sum + f64::from(bias[row])
                };
                let input = |i: usize| row(&layer.weight_input, &layer.bias_input, x, i);
                let past = hidden.clone();
                let of_hidden = |i: usize| row(&layer.weight_hidden, &layer.bias_hidden, &past, i);
                for (i, hidden) in hidden.iter_mut().enumerate() {
                    let reset = sigmoid(input(i) + of_hidden(i));
                    let update = sigmoid(input(n + i) + of_hidden(n + i));
                    let new = (input(2 * n + i) + reset * of_hidden(2 * n + i)).tanh();
                    *hidden = (1.0 - update) * new + update * past[i];
                }
                hidden.clone()
            };
            x.iter().map(step).collect()
        }),
        Layer::PowerSpectrum(PowerSpectrum { n_fft, hop }) => {
            let turn = std::f64::consts::TAU / *n_fft as f64;
            // Half a window late, in whole hops.
            let n_before = n_fft / 2 + (n_fft / 2).div_ceil(*hop) * hop;
            let bin = |m: usize, channel: usize, bin: usize| {
                let (mut real, mut imaginary) = (0.0, 0.0);
                for i in 0..*n_fft {
                    let Some(frame) = x.get((m * hop + i).wrapping_sub(n_before)) else { continue };
                    let windowed = frame[channel] * (0.5 - 0.5 * (turn * i as f64).cos());
                    real += windowed * (turn * (bin * i) as f64).cos();
                    imaginary += windowed * (turn * (bin * i) as f64).sin();
                }
                real * real + imaginary * imaginary
            };
            let frame = |m: usize| {
                let channels = 0..x[0].len();
                channels
                    .flat_map(|c| (0..=n_fft / 2).map(move |k| (c, k)))
                    .map(|(c, k)| bin(m, c, k))
                    .collect()
            };
            (0..x.len().div_ceil(*hop)).map(frame).collect()
        }
    }
}

fn x_len(weight: &[f32], bias: &[f32]) -> usize {
    weight.len() / bias.len()
}

/// Compares with the definition, and blocks of different sizes with each other.
fn check(layers: &[Layer], channels: usize, n_frames: usize) {
    let x = Draw(7).values(n_frames * channels);
    let frames: Frames =
        x.chunks(channels).map(|it| it.iter().map(|x| f64::from(*x)).collect()).collect();
    let expected: Vec<f64> = defined(layers, &frames, &mut Draw(3)).concat();
    let whole = played(layers, channels, &x, &mut |_| n_frames);
    assert_eq!(whole.len(), expected.len(), "frames that come out");
    let peak = expected.iter().fold(0.0f64, |peak, x| peak.max(x.abs()));
    for (i, (found, expected)) in whole.iter().zip(&expected).enumerate() {
        let difference = (f64::from(*found) - expected).abs();
        assert!(difference <= 2e-6 * peak, "number {i}: {found}, not {expected}; peak {peak}");
    }
    let mut draw = Draw(11);
    let mut random = |left: usize| 1 + (draw.next() * left.min(90) as f32) as usize;
    for size in [1, 2, 3, 64] {
        let split = played(layers, channels, &x, &mut |_| size);
        assert_eq!(split, whole, "blocks of {size}");
    }
    assert_eq!(played(layers, channels, &x, &mut random), whole, "random blocks");
}

fn played(
    layers: &[Layer],
    channels: usize,
    x: &[f32],
    size: &mut dyn FnMut(usize) -> usize,
) -> Vec<f32> {
    let n_frames = x.len() / channels;
    let mut engine = Engine::new(layers, channels, n_frames, Precision::Float32);
    // The second time must be as the first.
    let passes: Vec<Vec<f32>> = (0..2)
        .map(|_| {
            engine.reset();
            let (mut out, mut at, mut noise) = (vec![], 0, Draw(3));
            while at < n_frames {
                let end = (at + size(n_frames - at)).min(n_frames);
                let block = &x[at * channels..end * channels];
                let mut uniform = |values: &mut [f32]| values.fill_with(|| noise.next());
                out.extend_from_slice(engine.process(block, &mut uniform));
                at = end;
            }
            out
        })
        .collect();
    assert_eq!(passes[0], passes[1], "after a reset");
    passes[0].clone()
}

#[test]
fn convolutions_of_every_shape() {
    let draw = &mut Draw(1);
    for channels in [[1, 1], [3, 5], [16, 48], [7, 16], [5, 64], [2, 100], [20, 32]] {
        for kernel in [1, 2, 3, 7] {
            check(&[Layer::Conv(conv(draw, channels, kernel))], channels[0], 40);
        }
    }
    let without_bias = Conv { bias: vec![], ..conv(draw, [4, 6], 3) };
    check(&[Layer::Conv(without_bias)], 4, 40);
}

#[test]
fn dilation_groups_and_causal_padding() {
    let draw = &mut Draw(1);
    for dilation in [3, 9] {
        let span = 2 * dilation + 1;
        let dilated = Conv { dilation, ..conv(draw, [6, 10], 3) };
        let centred = Conv { padding: ((span - 1) / 2, span / 2), ..dilated.clone() };
        check(&[Layer::Conv(centred)], 6, 80);
        check(&[Layer::Conv(Conv { padding: (span - 1, 0), ..dilated })], 6, 80);
    }
    for groups in [2, 4] {
        let grouped = conv(draw, [12 / groups, 24], 5);
        check(&[Layer::Conv(Conv { groups, channels_in: 12, ..grouped })], 12, 40);
    }
}

#[test]
fn strides_with_their_delays() {
    let draw = &mut Draw(1);
    for stride in [2, 4, 8] {
        for late in 0..stride {
            for kernel in [2 * stride, 2 * stride + 1, 3] {
                let conv = conv(draw, [3, 6], kernel);
                let delay = Conv::stride_delay(stride, conv.padding.1, late);
                check(&[Layer::Conv(Conv { stride, delay, ..conv })], 3, 12 * stride);
            }
        }
    }
}

#[test]
fn gathered_frames_change_nothing_behind() {
    let draw = &mut Draw(1);
    let downsampling = |draw: &mut Draw| {
        let conv = conv(draw, [3, 3], 8);
        let delay = Conv::stride_delay(4, conv.padding.1, 1);
        Layer::Conv(Conv { stride: 4, delay, ..conv })
    };
    let layers = [downsampling(draw), Layer::Gather { n_frames: 8 }, downsampling(draw)];
    let last = [
        Layer::Residual { delay: 1, layers: vec![Layer::Conv(conv(draw, [3, 3], 3))] },
        Layer::Conv(Conv { stride: 2, ..conv(draw, [3, 3], 4) }),
    ];
    check(&[&layers[..], &last[..]].concat(), 3, 4 * 4 * 2 * 12);
}

#[test]
fn upsampling() {
    let draw = &mut Draw(1);
    for stride in [2, 4, 8] {
        let conv = Upsample {
            weight: draw.values(6 * 10 * 2 * stride),
            bias: draw.values(10),
            channels_in: 6,
            channels_out: 10,
            stride,
        };
        check(&[Layer::Upsample(conv.clone())], 6, 20);
        let layers = [Layer::Activate(Activation::Leaky(0.2)), Layer::Upsample(conv)];
        check(&layers, 6, 20);
    }
}

#[test]
fn activations_and_other_layers_of_one_frame() {
    let draw = &mut Draw(1);
    let alpha: Vec<f32> = draw.values(6).iter().map(|x| 1.0 + 0.5 * x).collect();
    let snake = Activation::Snake(alpha);
    for activation in [Activation::Leaky(0.2), snake, Activation::Tanh, Activation::Loudness] {
        check(&[Layer::Activate(activation.clone())], 6, 40);
        check(&[Layer::Activate(activation), Layer::Conv(conv(draw, [6, 5], 3))], 6, 40);
    }
    check(&[Layer::Affine { scale: draw.values(6), shift: draw.values(6) }], 6, 40);
    check(&[Layer::Gate], 6, 40);
    check(&[Layer::Mirror { n_band: 4 }], 8, 41);
    check(&[Layer::Unfold { groups: 1 }], 6, 40);
    check(&[Layer::Unfold { groups: 2 }], 6, 40);
    let mut statistics = || Statistics {
        mean: draw.values(6),
        deviation: draw.values(6).iter().map(|x| 1.5 + x).collect(),
        n_blocks: 3.0,
    };
    check(&[Layer::Transfer(Transfer { source: statistics(), target: statistics() })], 6, 40);
}

#[test]
fn residuals_and_branches() {
    let draw = &mut Draw(1);
    let layers = vec![
        Layer::Activate(Activation::Leaky(0.2)),
        Layer::Conv(Conv { dilation: 3, padding: (3, 3), ..conv(draw, [6, 6], 3) }),
        Layer::Activate(Activation::Leaky(0.2)),
        Layer::Conv(conv(draw, [6, 6], 1)),
    ];
    check(&[Layer::Residual { delay: 3, layers: layers.clone() }], 6, 60);
    let one = vec![Layer::Conv(conv(draw, [6, 1], 7)), Layer::Activate(Activation::Loudness)];
    let branches = vec![Branch { delay: 0, layers: layers.clone() }, Branch { delay: 5, layers }];
    check(&[Layer::Sum(branches.clone())], 6, 60);
    check(&[Layer::Product(branches)], 6, 60);
    let wave = vec![Layer::Conv(conv(draw, [6, 6], 7)), Layer::Activate(Activation::Tanh)];
    let branches = vec![Branch { delay: 0, layers: wave }, Branch { delay: 2, layers: one }];
    check(&[Layer::Product(branches)], 6, 60);
}

#[test]
fn noise() {
    let draw = &mut Draw(1);
    for n_block in [8, 64] {
        let layers = vec![Layer::Conv(conv(draw, [6, 4 * 5], 3))];
        let response = draw.values(5 * n_block);
        check(&[Layer::Noise(Noise { layers, channels: 4, response, n_block })], 6, 20);
    }
}

#[test]
fn recurrent_units() {
    let draw = &mut Draw(1);
    let mut layer = |n_in: usize, n: usize| GruLayer {
        weight_input: draw.values(3 * n * n_in),
        weight_hidden: draw.values(3 * n * n),
        bias_input: draw.values(3 * n),
        bias_hidden: draw.values(3 * n),
    };
    check(&[Layer::Gru(vec![layer(6, 5), layer(5, 5)])], 6, 70);
}

#[test]
fn spectra() {
    for (n_fft, hop) in [(16, 4), (16, 16), (8, 12), (10, 3)] {
        let spectrum = Layer::PowerSpectrum(PowerSpectrum { n_fft, hop });
        check(std::slice::from_ref(&spectrum), 2, 150);
        check(&[spectrum, Layer::Activate(Activation::LogOnePlus)], 1, 150);
    }
    let spectrum = Layer::PowerSpectrum(PowerSpectrum { n_fft: 16, hop: 4 });
    assert_eq!(Engine::new(&[spectrum], 1, 64, Precision::Float32).delay(), 8.0);
}

#[test]
fn statistics_are_learnt_and_forgotten() {
    let unknown = Statistics::unknown(2);
    let transfer = Transfer { source: unknown.clone(), target: unknown };
    let mut engine = Engine::new(&[Layer::Transfer(transfer)], 2, 4, Precision::Float32);
    let play = |engine: &mut Engine, x: &[f32]| engine.process(x, &mut |_| ()).to_vec();
    assert!(engine.can_learn());
    let (source, target) = ([1.0, 0.0, 3.0, 0.0, 5.0, 0.0], [8.0, 1.0, 0.0, 3.0, 4.0, 2.0]);
    assert_eq!(play(&mut engine, &source), source, "nothing is known");
    engine.learn(Learning { target: true, source: false });
    assert_eq!(play(&mut engine, &target), target, "a target passes");
    engine.learn(Learning { target: false, source: true });
    // The source's deviation is 2 and 0, that of the target 4 and 1. The original's layer gives the same.
    let moved = play(&mut engine, &source);
    for (found, expected) in moved.iter().zip([0.0, 2.0, 4.0, 2.0, 8.0, 2.0]) {
        assert!((found - expected).abs() < 1e-4, "{moved:?}");
    }
    engine.forget_source();
    engine.learn(Learning::default());
    assert_eq!(play(&mut engine, &source), source, "the source is forgotten");
}

/// A small network of all that RAVE has: delays add up, and frames stay in step.
#[test]
fn a_whole_network() {
    let draw = &mut Draw(5);
    let mut layers = vec![
        Layer::Conv(Conv { stride: 8, padding: (16, 16), ..conv(draw, [1, 8], 33) }),
        Layer::Mirror { n_band: 8 },
        Layer::Conv(conv(draw, [8, 6], 7)),
    ];
    let unit = |draw: &mut Draw, dilation: usize| Layer::Residual {
        delay: dilation,
        layers: vec![
            Layer::Activate(Activation::Leaky(0.2)),
            Layer::Conv(Conv { dilation, padding: (dilation, dilation), ..conv(draw, [6, 6], 3) }),
            Layer::Activate(Activation::Leaky(0.2)),
            Layer::Conv(conv(draw, [6, 6], 1)),
        ],
    };
    layers.push(unit(draw, 1));
    layers.push(unit(draw, 9));
    layers.push(Layer::Activate(Activation::Leaky(0.2)));
    layers.push(Layer::Conv(Conv { stride: 4, ..conv(draw, [6, 5], 8) }));
    let up = Upsample {
        weight: draw.values(5 * 6 * 8),
        bias: vec![],
        channels_in: 5,
        channels_out: 6,
        stride: 4,
    };
    layers.push(Layer::Upsample(up));
    layers.push(unit(draw, 3));
    layers.push(Layer::Conv(conv(draw, [6, 8], 5)));
    layers.push(Layer::Unfold { groups: 1 });
    check(&layers, 1, 32 * 40);
    let engine = Engine::new(&layers, 1, 64, Precision::Float32);
    assert_eq!(engine.ratio(), 1.0);
    // 16 samples, then frames of 8: 3 + 1 + 9 + 4, then 2 for the transposed one, 3 and 2.
    assert_eq!(engine.delay(), 16.0 + 8.0 * (17.0 + 7.0));
}

#[test]
fn whole_weights_are_nearly_as_good() {
    let draw = &mut Draw(5);
    // The last group of a window is not full.
    let layers = [Layer::Conv(Conv { bias: draw.values(250), ..conv(draw, [200, 250], 3) })];
    let x = draw.values(40 * 200);
    let play = |precision| {
        let mut engine = Engine::new(&layers, 200, 40, precision);
        (engine.weight_bytes(), engine.process(&x, &mut |_| ()).to_vec())
    };
    let (full_bytes, full) = play(Precision::Float32);
    let power = |x: &mut dyn Iterator<Item = f32>| x.map(|x| f64::from(x).powi(2)).sum::<f64>();
    let loudness = power(&mut full.iter().copied());
    for (precision, parts, expected_db) in
        [(Precision::Int16, 2, -100.0..-85.0), (Precision::Int8, 4, -52.0..-38.0)]
    {
        let (bytes, made) = play(precision);
        let steps = full_bytes * 10 / 600;
        assert!(bytes == full_bytes / parts + steps, "{bytes} of {full_bytes} bytes");
        let noise = power(&mut full.iter().zip(&made).map(|(a, b)| a - b));
        let noise_db = 10.0 * (noise / loudness).log10();
        assert!(expected_db.contains(&noise_db), "{precision:?}: noise of {noise_db} dB");
    }
}

#[test]
fn whole_weights_play_alike_in_blocks_of_any_size() {
    let draw = &mut Draw(6);
    let layers = [Layer::Conv(Conv { dilation: 3, ..conv(draw, [200, 250], 3) })];
    let x = draw.values(40 * 200);
    for precision in [Precision::Int16, Precision::Int8] {
        let mut engine = Engine::new(&layers, 200, 40, precision);
        let whole = engine.process(&x, &mut |_| ()).to_vec();
        engine.reset();
        let (mut parts, mut rest) = (vec![], &x[..]);
        for n_frames in [1, 7, 2, 20, 10] {
            let (block, after) = rest.split_at(n_frames * 200);
            parts.extend_from_slice(engine.process(block, &mut |_| ()));
            rest = after;
        }
        assert!(whole == parts, "{precision:?}");
    }
}
