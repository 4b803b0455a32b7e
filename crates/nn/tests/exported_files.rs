//! Files for other programs: what only modules have (noise, styles that learn, several sounds at once)
//! against the engine that plays live, and files that are damaged on purpose.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;

use nn::graph::{Graph, Lowering, Op};
use nn::onnx::{self, Described};
use nn::stream::{
    Activation, Conv, Engine, Layer, Learning, Noise, PowerSpectrum, Precision, Statistics,
    Transfer, Upsample,
};
use nn::torch_script::{Attribute, Module, Player};
use proptest::prelude::*;

/// Random numbers of the module's reader: `splitmix64`, of which 24 bits are used.
fn uniform(state: &mut u64) -> f32 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 40) as f32 / (1 << 24) as f32
}

fn conv(channels: [usize; 2], kernel: usize) -> Conv {
    let n = channels[0] * channels[1] * kernel;
    Conv {
        weight: nn::Init::new(3).uniform(n, -0.5, 0.5),
        bias: nn::Init::new(4).uniform(channels[1], -0.5, 0.5),
        channels_in: channels[0],
        channels_out: channels[1],
        kernel,
        stride: 1,
        dilation: 1,
        groups: 1,
        padding: (kernel - 1, 0),
        delay: 0,
    }
}

/// A module with these layers as its `forward`, and the switches of exported models.
fn module(layers: &[Layer], channels: usize, path: &Path) -> Player {
    let mut graph = Graph::new();
    let x = graph.input(channels);
    let noise = Some(graph.add(Op::Switch("noise"), &[]));
    let y = graph.layers(layers, x, Lowering { is_streaming: true, noise, learns: true });
    let mut module = Module::new();
    for name in ["noise", "learn_target", "learn_source"] {
        module.attribute(name, Attribute::Bool(name == "noise"));
        let set = [format!("self.{name} = value"), "return 0".to_owned()];
        module.method(&format!("set_{name}"), &[("value", "bool")], "int", &set);
    }
    module.graph("forward", &graph, y.value);
    module.add_reset();
    module.add_forgetting();
    module.write(path).unwrap();
    Player::open(path).unwrap()
}

/// A graph of these layers.
fn graph(layers: &[Layer], [channels_in, channels_out]: [usize; 2], path: &Path) -> onnx::Player {
    let mut graph = Graph::new();
    let x = graph.input(channels_in);
    let y = graph.layers(layers, x, Lowering { is_streaming: true, noise: None, learns: false });
    let described = Described {
        input: ("audio", channels_in),
        output: ("made", channels_out),
        batch: 1,
        ..Default::default()
    };
    onnx::write(path, &graph, y.value, &described).unwrap();
    onnx::Player::open(path).unwrap()
}

/// What the engine makes of rows, as rows.
fn engine(engine: &mut Engine, rows: &[f32], rng_state: &mut u64) -> Vec<f32> {
    let (n_in, n_out) = (engine.channels_in(), engine.channels_out());
    let n = rows.len() / n_in;
    let frames: Vec<f32> = (0..n).flat_map(|i| (0..n_in).map(move |c| rows[c * n + i])).collect();
    let made =
        engine.process(&frames, &mut |values| values.fill_with(|| uniform(rng_state))).to_vec();
    (0..n_out)
        .flat_map(|c| made.iter().skip(c).step_by(n_out).copied().collect::<Vec<_>>())
        .collect()
}

fn apart(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    let peak = b.iter().fold(1e-9f32, |peak, x| peak.max(x.abs()));
    assert!(a.iter().all(|x| x.is_finite()), "numbers");
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / peak
}

#[test]
fn noise_of_a_module_is_the_engines() {
    let folder = tempfile::tempdir().unwrap();
    let (n_amplitudes, n_block) = (3, 8);
    let noise = Noise {
        layers: vec![Layer::Conv(conv([2, n_amplitudes], 3))],
        channels: 1,
        response: nn::Init::new(5).uniform(n_amplitudes * n_block, -1.0, 1.0),
        n_block,
    };
    let layers = [Layer::Noise(noise)];
    let mut module = module(&layers, 2, &folder.path().join("noise.ts"));
    let mut live = Engine::new(&layers, 2, 16, Precision::Float32);
    let mut rng_state = 0;
    for block in 0..3 {
        let x = nn::Init::new(block).uniform(2 * 16, -3.0, 3.0);
        let played = module.call("forward", &x, [1, 2, 16]).unwrap();
        assert_eq!(played.shape, [1, 1, 128]);
        let expected = engine(&mut live, &x, &mut rng_state);
        assert!(expected.iter().any(|x| x.abs() > 1e-4), "there is noise");
        assert!(apart(&played.values, &expected) < 1e-5, "{block}");
    }
    module.set("noise", false).unwrap();
    let silent = module.call("forward", &[1.0; 32], [1, 2, 16]).unwrap();
    assert!(silent.values.iter().all(|x| x.abs() < 1e-9));
}

#[test]
fn styles_of_a_module_learn_as_the_engines_do() {
    let folder = tempfile::tempdir().unwrap();
    let transfer = Transfer { source: Statistics::unknown(2), target: Statistics::unknown(2) };
    let layers = [Layer::Conv(conv([1, 2], 3)), Layer::Transfer(transfer)];
    let mut module = module(&layers, 1, &folder.path().join("style.ts"));
    let mut live = Engine::new(&layers, 1, 64, Precision::Float32);
    let mut both = |what: &str, target: bool, source: bool, scale: f32| {
        module.set("learn_target", target).unwrap();
        module.set("learn_source", source).unwrap();
        live.learn(Learning { source, target });
        let x: Vec<f32> = nn::Init::new(7).uniform(64, -scale, scale);
        let played = module.call("forward", &x, [1, 1, 64]).unwrap().values;
        let expected = engine(&mut live, &x, &mut 0);
        assert!(apart(&played, &expected) < 1e-5, "{what}");
        played
    };
    let plain = both("nothing is known", false, false, 1.0);
    both("a target", true, false, 4.0);
    both("more of the target", true, false, 2.0);
    both("a source", false, true, 0.5);
    let turned = both("both are known", false, false, 1.0);
    assert!(apart(&turned, &plain) > 0.1);
    module.set("reset_target", true).unwrap();
    live.forget_target();
    module.set("learn_source", false).unwrap();
    module.act("reset").unwrap();
    live.reset();
    live.learn(Learning::default());
    let x = nn::Init::new(7).uniform(64, -1.0, 1.0);
    let played = module.call("forward", &x, [1, 1, 64]).unwrap().values;
    assert!(apart(&played, &engine(&mut live, &x, &mut 0)) < 1e-5);
    assert!(apart(&played, &plain) < 1e-5, "it is as at first");
}

/// Layers that files have as other operations than the engine has: products of matrices and transforms.
#[test]
fn layers_play_as_the_engine_plays_them() {
    let large = |channels: [usize; 2], kernel: usize| Conv {
        padding: ((kernel - 1) / 2, kernel / 2),
        ..conv(channels, kernel)
    };
    let up = |channels: [usize; 2], stride: usize| {
        let [channels_in, channels_out] = channels;
        let weight = nn::Init::new(6).uniform(channels_in * channels_out * 2 * stride, -0.5, 0.5);
        let bias = nn::Init::new(7).uniform(channels_out, -0.5, 0.5);
        Layer::Upsample(Upsample { weight, bias, channels_in, channels_out, stride })
    };
    let slow = Conv { stride: 4, delay: 3, ..large([64, 128], 8) };
    let wide = Conv { dilation: 5, padding: (5, 5), ..large([128, 96], 3) };
    let deaf = Conv { bias: vec![], ..large([256, 160], 1) };
    let spectrum = |n_fft: usize| vec![Layer::PowerSpectrum(PowerSpectrum { n_fft, hop: 8 })];
    let bank = Conv { stride: 8, padding: (16, 16), ..large([1, 1024], 33) };
    let logarithm = vec![Layer::Activate(Activation::LogOnePlus)];
    let cases: [(&str, Vec<Layer>, [usize; 2]); 11] = [
        ("a strided convolution", vec![Layer::Conv(slow)], [64, 128]),
        ("a dilated convolution", vec![Layer::Conv(wide)], [128, 96]),
        ("a convolution of one tap", vec![Layer::Conv(deaf)], [256, 160]),
        ("a filter bank", vec![Layer::Conv(bank)], [1, 1024]),
        ("a transposed convolution", vec![up([6, 4], 4)], [6, 4]),
        ("spectra", spectrum(16), [2, 18]),
        ("spectra of another factor", spectrum(24), [1, 13]),
        ("spectra of windows that are no whole hops", spectrum(20), [1, 11]),
        ("spectra of windows shorter than a hop", spectrum(4), [2, 6]),
        ("spectra of a prime", spectrum(22), [1, 12]),
        ("their logarithm", [spectrum(16), logarithm].concat(), [1, 9]),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (what, layers, channels) in cases {
        let mut module = module(&layers, channels[0], &folder.path().join("model.ts"));
        let mut graph = graph(&layers, channels, &folder.path().join("model.onnx"));
        let mut live = Engine::new(&layers, channels[0], 32, Precision::Float32);
        for (block, n) in [16, 32, 8].into_iter().enumerate() {
            let x = nn::Init::new(block as u64).uniform(channels[0] * n, -1.0, 1.0);
            let expected = engine(&mut live, &x, &mut 0);
            let shape = [1, channels[0], n];
            let played = [module.call("forward", &x, shape), graph.call(&x, shape)];
            for played in played {
                let played = played.unwrap();
                assert_eq!(played.shape[1], channels[1], "{what}");
                assert!(apart(&played.values, &expected) < 2e-6, "{what}, block {block}");
            }
        }
    }
}

/// Quiet powers keep their digits, which `ln(1 + x)` would lose.
#[test]
fn logarithms_of_small_powers_are_exact() {
    let folder = tempfile::tempdir().unwrap();
    let layers = [Layer::Activate(Activation::LogOnePlus)];
    let x = [0.0, 1e-20, 3e-8, 1.7e-5, 0.3, 2.0, 341.0];
    let module = module(&layers, 1, &folder.path().join("model.ts")).call("forward", &x, [1, 1, 7]);
    let graph = graph(&layers, [1, 1], &folder.path().join("model.onnx")).call(&x, [1, 1, 7]);
    for played in [module, graph] {
        for (found, x) in played.unwrap().values.iter().zip(x) {
            let expected = f64::from(x).ln_1p();
            assert!((f64::from(*found) - expected).abs() <= 2e-7 * expected, "{x}: {found}");
        }
    }
}

#[test]
fn sounds_of_a_batch_do_not_hear_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let layers = [Layer::Conv(conv([1, 2], 5))];
    let mut both = module(&layers, 1, &folder.path().join("both.ts"));
    let mut alone = [0, 1].map(|i| module(&layers, 1, &folder.path().join(format!("{i}.ts"))));
    for block in 0..3 {
        let sounds = [0, 1].map(|i| nn::Init::new(10 * block + i).uniform(16, -1.0, 1.0));
        let played = both.call("forward", &sounds.concat(), [2, 1, 16]).unwrap().values;
        let expected =
            [0, 1].map(|i| alone[i].call("forward", &sounds[i], [1, 1, 16]).unwrap().values);
        assert_eq!(played, expected.concat());
    }
}

/// A small module and a small graph, as bytes.
fn files() -> [Vec<u8>; 2] {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let spectrum = Layer::PowerSpectrum(PowerSpectrum { n_fft: 4, hop: 2 });
    let layers = [Layer::Conv(conv([1, 2], 3)), Layer::Gate, spectrum];
    module(&layers, 1, &path);
    let written = std::fs::read(&path).unwrap();
    graph(&layers, [1, 3], &path);
    [written, std::fs::read(&path).unwrap()]
}

/// Opens and plays whatever it is; nothing may panic, and nothing may take long.
fn play(bytes: &[u8], is_module: bool) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, bytes).unwrap();
    if is_module {
        if let Ok(mut player) = Player::open(&path) {
            let _ = player.call("forward", &[0.5; 8], [1, 1, 8]);
            let _ = player.act("reset");
        }
    } else if let Ok(mut player) = onnx::Player::open(&path) {
        let _ = player.call(&[0.5; 8], [1, 1, 8]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn damaged_files_are_errors(
        is_module in any::<bool>(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = files()[usize::from(!is_module)].clone();
        for (place, byte) in damage {
            let at = place.index(bytes.len());
            bytes[at] = byte;
        }
        play(&bytes, is_module);
    }

    #[test]
    fn numbers_and_words_of_a_module_may_be_any(
        line in prop::sample::select(vec![
            "v1 = torch.conv1d(torch.slice(x, -1, 0, 4), self.c0, None, [1], [0], [1], 1)",
            "v1 = torch.abs(torch.fft_rfft(torch.unfold(torch.slice(x, 2, 0, 8, 2), 2, 4, 1), 4, -1))",
            "v1 = torch.matmul(torch.reshape(torch.reflection_pad1d(x, [3, 5]), [1, -1, 1]), torch.select(self.c0, 0, 0))",
            "v1 = torch.log1p(torch.expand(x, [-1, 3, -1]))",
        ]),
        place in any::<prop::sample::Index>(),
        word in prop::sample::select(vec![
            "0", "-1", "9223372036854775807", "4294967296", "1e30", "x", "v0", "None", "[", "self.c0", "torch.gru",
        ]),
    ) {
        // The text is stored as it is, so a word can be put in place of another; the archive notices by its
        // checksum, so it is made anew with a module whose method has these words.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let starts: Vec<usize> = line.match_indices(|c: char| c.is_ascii_alphanumeric() || c == '-')
            .map(|(at, _)| at).filter(|at| *at > 4).collect();
        let at = starts[place.index(starts.len())];
        let end = line[at + 1..].find(|c: char| !c.is_ascii_alphanumeric()).map_or(line.len(), |n| at + 1 + n);
        let line = format!("{}{word}{}", &line[..at], &line[end..]);
        let mut module = Module::new();
        let weight = nn::torch_checkpoint::Tensor::from_floats(&[1, 1, 2], &[1.0, 2.0]);
        module.attribute("c0", Attribute::Tensor(weight));
        let lines = [line, "return v1".to_owned()];
        module.method("forward", &[("x", "Tensor")], "Tensor", &lines);
        module.write(&path).unwrap();
        if let Ok(mut player) = Player::open(&path) {
            let _ = player.call("forward", &[0.5; 8], [1, 1, 8]);
        }
    }
}

#[test]
fn what_asks_for_too_much_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let check = |lines: &[&str], expected: &str| {
        let mut module = Module::new();
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        module.method("forward", &[("x", "Tensor")], "Tensor", &lines);
        module.write(&path).unwrap();
        let refused = Player::open(&path).unwrap().call("forward", &[0.5; 8], [1, 1, 8]);
        let words = refused.unwrap_err().to_string();
        assert!(words.contains(expected), "{lines:?}: {words}");
    };
    check(&["return torch.new_zeros(x, [4294967296, 4294967296])"], "an array of shape");
    check(
        &["return torch.sum(torch.new_zeros(x, [0, 8589934592]), [0], True)"],
        "an array of shape",
    );
    check(
        &["return torch.fft_irfft(torch.fft_rfft(x, 16, -1), 1099511627776, -1)"],
        "samples of a spectrum",
    );
    // Methods that call methods that call methods.
    let mut module = Module::new();
    let repeated = |line: &str| -> Vec<String> {
        let lines = (0..110).map(|i| format!("v{i} = {line}"));
        lines.chain(["return v0".to_owned()]).collect()
    };
    module.method("a", &[], "int", &repeated("1"));
    module.method("b", &[], "int", &repeated("(self).a()"));
    module.method("forward", &[("x", "Tensor")], "int", &repeated("(self).b()"));
    module.write(&path).unwrap();
    let refused = Player::open(&path).unwrap().call("forward", &[0.5], [1, 1, 1]).unwrap_err();
    assert!(refused.to_string().contains("more work than any model needs"), "{refused}");
}
