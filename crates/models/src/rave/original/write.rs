//! Writes our checkpoints as files that the original program continues from: `.ckpt` with the state
//! of both optimisers, and the `config.gin` of a run.
//!
//! Source: the layout of checkpoints of acids-rave 2.3.1 with PyTorch Lightning 1.9.

use std::collections::BTreeMap;
use std::path::Path;

use nn::NamedArray;
use nn::torch_checkpoint::{self, Tensor, Tree};

use super::gin_text;
use super::optimisers::{is_learnt, learnt};
use crate::Error;
use crate::rave::network::Network;
use crate::rave::network::pqmf::Pqmf;
use crate::rave::space::LatentSpace;
use crate::rave::train::{DISCRIMINATOR_STATE, GENERATOR_STATE};
use crate::rave::{Config, EncoderInput, Regularization, infer};

/// Writes a checkpoint of ours as `<folder>/version_0/checkpoints/best.ckpt` with `<folder>/config.gin`,
/// a run that `rave export --run` and `rave train --ckpt` accept. Returns what it cannot express.
///
/// # Errors
/// When the checkpoint cannot be read or has no discriminators, has a configuration that the original
/// cannot run, or the folder cannot be written.
pub fn write_run(folder: &Path, checkpoint: &Path) -> Result<Vec<String>, Error> {
    let read = nn::checkpoint::read(checkpoint)?;
    let config = infer::config_of(&read.metadata, checkpoint)?;
    if config.encoder_input == EncoderInput::Mel {
        let reason = "acids-rave cannot run encoders that take mel spectrograms".to_owned();
        return Err(Error::Original { path: checkpoint.to_owned(), reason });
    }
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::File(nn::Error::Io { path, source })
    };
    let path = folder.join("version_0/checkpoints/best.ckpt");
    let parent = path.parent().unwrap_or(folder);
    std::fs::create_dir_all(parent).map_err(io(parent))?;
    let gin = folder.join("config.gin");
    let (text, warnings) = gin_text::text(&config);
    std::fs::write(&gin, text).map_err(io(&gin))?;
    torch_checkpoint::write(&path, &tree(&config, &read)?)?;
    Ok(warnings)
}

/// The whole checkpoint.
fn tree(config: &Config, read: &nn::checkpoint::Checkpoint) -> Result<Tree, Error> {
    let network = Network::new(config);
    let wanted = network.initialise(config, 0);
    let mut parameters = wanted;
    parameters.load(&read.arrays)?;
    let parameters = in_order(parameters.to_arrays());
    let number = |key: &str| read.metadata.get(key).and_then(|it| it.parse::<u64>().ok());
    let step = number("step").unwrap_or(0);
    let is_warm = number("phase_2_from").is_some() || step >= config.phase_1_duration;
    let state = state_dict(config, &network, &parameters, &read.arrays, step, is_warm);
    let steps = |n: u64| Tree::Int(i64::try_from(n).unwrap_or(i64::MAX));
    let counted = || Tree::dict([("training_steps", steps(step))]);
    let mut callbacks = vec![
        ("WarmupCallback", counted()),
        ("QuantizeCallback", counted()),
        ("BetaWarmupCallback", counted()),
    ];
    if let Some(ema) = averages(config, &parameters, &read.arrays) {
        callbacks.push(("EMA", ema));
    }
    Ok(Tree::dict([
        ("epoch", Tree::Int(0)),
        ("global_step", steps(step)),
        ("pytorch-lightning_version", Tree::text("1.9.0")),
        ("state_dict", Tree::OrderedDict(state)),
        ("loops", loops(step)),
        ("callbacks", Tree::dict(callbacks)),
        ("optimizer_states", optimisers(config, &parameters, &read.arrays, step)),
        ("lr_schedulers", Tree::List(vec![scheduler(config, step)])),
    ]))
}

/// Arrays in the order of the original's modules, which determines their numbers in its optimisers.
fn in_order(arrays: Vec<NamedArray>) -> Vec<NamedArray> {
    // With a noise part, the decoder's branches precede its row of layers.
    let rank = |name: &str| match name {
        name if name.starts_with("encoder.") => 0,
        name if name.starts_with("decoder.waveform_module") => 1,
        name if name.starts_with("decoder.noise_module") => 2,
        name if name.starts_with("decoder.") => 3,
        _ => 4,
    };
    let mut arrays = arrays;
    arrays.sort_by_key(|array| rank(&array.name));
    // Weight normalisation replaces a layer's weight by two parts, after the bias.
    let mut i = 2;
    while i < arrays.len() {
        let layer = arrays[i].name.strip_suffix(".bias");
        let is_behind =
            layer.is_some_and(|layer| arrays[i - 2].name == format!("{layer}.weight_g"));
        if is_behind {
            arrays[i - 2..=i].rotate_right(1);
        }
        i += 1;
    }
    arrays
}

/// Weights, and the arrays that the original stores beside them.
fn state_dict(
    config: &Config,
    network: &Network,
    parameters: &[NamedArray],
    arrays: &[NamedArray],
    step: u64,
    is_warm: bool,
) -> Vec<(Tree, Tree)> {
    let mut state = State(Vec::new());
    let size = config.latent_size;
    let space = LatentSpace::from_arrays(arrays);
    let mut identity = vec![0.0; size * size];
    (0..size).for_each(|i| identity[i * (size + 1)] = 1.0);
    let (directions, mean, fidelity) = match space {
        Some(space) => (space.directions.concat(), space.mean, space.fidelity),
        None => (identity, vec![0.0; size], vec![0.0; size]),
    };
    state.floats("latent_pca", &[size, size], &directions);
    state.floats("latent_mean", &[size], &mean);
    state.floats("fidelity", &[size], &fidelity);
    let (left, right) = network.receptive_field();
    state.ints("receptive_field", &[2], &[left as i64, right as i64]);
    for bank in bank(config) {
        state.floats(&bank.name, &bank.shape, &bank.values);
    }
    state.beside_encoder(config, is_warm);
    for array in parameters {
        state.floats(&array.name, &array.shape, &array.values);
        if let Some(norm) = array.name.strip_suffix(".running_var") {
            state.int(&format!("{norm}.num_batches_tracked"), step as i64);
        }
    }
    state.beside_decoder(config, parameters, is_warm);
    state.styles(config, parameters);
    state.windows(config);
    state.0
}

struct State(Vec<(Tree, Tree)>);

impl State {
    fn floats(&mut self, name: &str, shape: &[usize], values: &[f32]) {
        self.0.push((Tree::text(name), Tree::Tensor(Tensor::from_floats(shape, values))));
    }

    fn ints(&mut self, name: &str, shape: &[usize], values: &[i64]) {
        self.0.push((Tree::text(name), Tree::Tensor(Tensor::from_ints(shape, values))));
    }

    fn int(&mut self, name: &str, value: i64) {
        self.ints(name, &[], &[value]);
    }

    fn beside_encoder(&mut self, config: &Config, is_warm: bool) {
        if config.regularization != Regularization::Spherical {
            self.int("encoder.warmed_up", i64::from(is_warm));
        }
        if config.regularization != Regularization::Discrete {
            return;
        }
        self.int("encoder.enabled", i64::from(config.is_quantized()));
        // For latents that are not quantised, the original has empty code books.
        let n_empty = if config.is_quantized() { 0 } else { gin_text::EMPTY_BOOKS };
        let (n_codes, size) = (config.codebook_size, config.latent_size);
        let zeros = vec![0.0; n_codes * size];
        for book in 0..n_empty {
            let name = |part: &str| format!("encoder.rvq.layers.{book}._codebook.{part}");
            self.floats(&name("inited"), &[1], &[0.0]);
            self.floats(&name("cluster_size"), &[n_codes], &zeros[..n_codes]);
            self.floats(&name("embed"), &[n_codes, size], &zeros);
            self.floats(&name("embed_avg"), &[n_codes, size], &zeros);
        }
    }

    fn beside_decoder(&mut self, config: &Config, parameters: &[NamedArray], is_warm: bool) {
        let has = |start: &str| parameters.iter().any(|array| array.name.starts_with(start));
        let block: usize = config.noise_ratios.iter().product();
        if has("decoder.synth.") {
            self.int("decoder.warmed_up", i64::from(is_warm));
        }
        for noise in ["decoder.synth.branches.2", "decoder.noise_module"] {
            if has(&format!("{noise}.")) {
                self.int(&format!("{noise}.target_size"), block as i64);
            }
        }
        if config.gru_layers > 0 {
            self.int("decoder.net.0.gru_state", 0);
        }
    }

    /// Uninitialised style layers, one before each residual layer.
    fn styles(&mut self, config: &Config, parameters: &[NamedArray]) {
        if !config.has_adain {
            return;
        }
        const STREAMS: usize = 64;
        let end = ".aligned.branches.0.net.1.weight_v";
        for array in parameters {
            let Some(layer) = array.name.strip_suffix(end) else { continue };
            let Some((list, index)) = layer.rsplit_once('.') else { continue };
            let Ok(index) = index.parse::<usize>() else { continue };
            let name = |part: &str| format!("{list}.{}.{part}", index.saturating_sub(1));
            let channels = array.shape[0];
            for side in ["x", "y"] {
                let shape = [STREAMS, channels, 1];
                self.floats(&name(&format!("mean_{side}")), &shape, &vec![0.0; STREAMS * channels]);
                self.floats(&name(&format!("std_{side}")), &shape, &vec![1.0; STREAMS * channels]);
                self.floats(&name(&format!("learn_{side}")), &[1], &[0.0]);
                self.floats(&name(&format!("num_update_{side}")), &[1], &[0.0]);
            }
        }
    }

    /// The windows of all spectra.
    fn windows(&mut self, config: &Config) {
        for distance in ["audio_distance", "multiband_audio_distance"] {
            for (i, &n) in config.stft_scales.iter().enumerate() {
                self.window(&format!("{distance}.multiscale_stft.stfts.{i}.window"), n);
            }
        }
        if config.discriminator == crate::rave::DiscriminatorKind::Descript {
            for (i, n) in [2048, 1024, 512].into_iter().enumerate() {
                self.window(&format!("discriminator.discriminators.{}.stft.window", 5 + i), n);
            }
            return;
        }
        let n_before = [config.discriminator_periods.len(), config.discriminator_scales];
        let group = n_before.iter().filter(|n| **n > 0).count();
        for (i, &n) in config.discriminator_spectra.iter().enumerate() {
            let list = match group {
                0 => "discriminator".to_owned(),
                _ => format!("discriminator.discriminators.{group}"),
            };
            self.window(&format!("{list}.specs.{i}.window"), n);
        }
    }

    fn window(&mut self, name: &str, n: usize) {
        let sample =
            |i: usize| 0.5 - 0.5 * (2.0 * std::f64::consts::PI * i as f64 / n as f64).cos();
        let values: Vec<f32> = (0..n).map(|i| sample(i) as f32).collect();
        self.floats(name, &[n], &values);
    }
}

/// The filter bank as the original stores it: its prototype, its filters, and both laid out for
/// convolution.
pub(super) fn bank(config: &Config) -> Vec<NamedArray> {
    let (prototype, filters) = Pqmf::filters(config.n_band, config.pqmf_attenuation);
    let (n_band, n_taps) = (config.n_band, filters[0].len());
    let single = |values: &[f64]| -> Vec<f32> { values.iter().map(|it| *it as f32).collect() };
    let mut forward = Vec::new();
    for filter in &filters {
        forward.extend(single(filter));
        forward.push(0.0);
    }
    let n_frames = n_taps / n_band;
    let mut inverse = Vec::new();
    for sample in 0..n_band {
        for filter in &filters {
            let taps = (0..n_frames).map(|t| filter[n_taps - 1 - (t * n_band + sample)] as f32);
            inverse.extend(taps);
            inverse.push(0.0);
        }
    }
    let array = |name: &str, shape: Vec<usize>, values: Vec<f32>| NamedArray {
        name: format!("pqmf.{name}"),
        shape,
        values,
    };
    vec![
        array("hk", vec![n_band, n_taps], filters.iter().flat_map(|it| single(it)).collect()),
        array("h", vec![prototype.len()], single(&prototype)),
        array("forward_conv.weight", vec![n_band, 1, n_taps + 1], forward),
        array("inverse_conv.weight", vec![n_band, n_band, n_frames + 1], inverse),
    ]
}

/// The averaged trainable weights; those that we do not average are used as they are.
fn averages(config: &Config, parameters: &[NamedArray], arrays: &[NamedArray]) -> Option<Tree> {
    let averaged: BTreeMap<&str, &NamedArray> = arrays
        .iter()
        .filter_map(|array| Some((array.name.strip_prefix(infer::AVERAGE)?, array)))
        .collect();
    if averaged.is_empty() {
        return None;
    }
    let convs = bank(config).into_iter().filter(|it| it.name.ends_with("conv.weight"));
    let learnt = parameters.iter().filter(|array| is_learnt(&array.name)).map(|array| {
        let averaged = averaged.get(array.name.as_str()).copied().unwrap_or(array);
        NamedArray { name: array.name.clone(), ..averaged.clone() }
    });
    let all: Vec<NamedArray> = convs.chain(learnt).collect();
    let Tree::OrderedDict(entries) = Tree::state_dict(&all) else { return None };
    Some(Tree::Dict(entries))
}

/// The state of both optimisers.
fn optimisers(
    config: &Config,
    parameters: &[NamedArray],
    arrays: &[NamedArray],
    step: u64,
) -> Tree {
    let found: BTreeMap<&str, &NamedArray> =
        arrays.iter().map(|array| (array.name.as_str(), array)).collect();
    let rates = [
        (GENERATOR_STATE, learning_rate(config, step), Some(config.learning_rate)),
        (DISCRIMINATOR_STATE, config.learning_rate_discriminator, None),
    ];
    let all = rates.into_iter().map(|(prefix, rate, first_rate)| {
        let names = learnt(parameters, prefix);
        let mut moments = Vec::new();
        for (i, name) in names.iter().enumerate() {
            let part = |part: &str| {
                let array = found.get(format!("{prefix}{name}.{part}").as_str())?;
                Some((part.to_owned(), Tensor::from_floats(&array.shape, &array.values)))
            };
            let parts: Option<Vec<_>> =
                ["step", "exp_avg", "exp_avg_sq"].map(part).into_iter().collect();
            if let Some(parts) = parts {
                let parts = parts.into_iter().map(|(key, it)| (Tree::text(&key), Tree::Tensor(it)));
                moments.push((Tree::Int(i as i64), Tree::Dict(parts.collect())));
            }
        }
        let betas = [config.adam_beta_1, config.adam_beta_2].map(Tree::Float);
        let mut group = vec![
            ("lr", Tree::Float(rate)),
            ("betas", Tree::Tuple(betas.to_vec())),
            ("eps", Tree::Float(1e-8)),
            ("weight_decay", Tree::Int(0)),
            ("amsgrad", Tree::Bool(false)),
            ("maximize", Tree::Bool(false)),
            ("foreach", Tree::None),
            ("capturable", Tree::Bool(false)),
            ("differentiable", Tree::Bool(false)),
            ("fused", Tree::None),
        ];
        group.extend(first_rate.map(|rate| ("initial_lr", Tree::Float(rate))));
        group.push(("params", Tree::List((0..names.len() as i64).map(Tree::Int).collect())));
        Tree::dict([
            ("state", Tree::Dict(moments)),
            ("param_groups", Tree::List(vec![Tree::dict(group)])),
        ])
    });
    Tree::List(all.collect())
}

fn learning_rate(config: &Config, step: u64) -> f64 {
    let share = step.min(config.phase_1_duration) as f64 / config.phase_1_duration.max(1) as f64;
    config.learning_rate * (1.0 - (1.0 - config.learning_rate_final) * share)
}

/// The schedule of the generator's learning rate.
fn scheduler(config: &Config, step: u64) -> Tree {
    let rate = || Tree::List(vec![Tree::Float(learning_rate(config, step))]);
    Tree::dict([
        ("start_factor", Tree::Float(1.0)),
        ("end_factor", Tree::Float(config.learning_rate_final)),
        ("total_iters", Tree::Int(config.phase_1_duration as i64)),
        ("base_lrs", Tree::List(vec![Tree::Float(config.learning_rate)])),
        ("last_epoch", Tree::Int(step as i64)),
        ("verbose", Tree::Bool(false)),
        ("_step_count", Tree::Int(step as i64 + 1)),
        ("_get_lr_called_within_step", Tree::Bool(false)),
        ("_last_lr", rate()),
    ])
}

/// The state of Lightning's loops: at the start of an epoch, after the given number of steps.
fn loops(step: u64) -> Tree {
    let step = step as i64;
    let counts = |keys: &[&str], n: i64| {
        Tree::Dict(keys.iter().map(|key| (Tree::text(key), Tree::Int(n))).collect())
    };
    let both = |keys: &[&str], total: i64| {
        Tree::dict([("total", counts(keys, total)), ("current", counts(keys, 0))])
    };
    let batches = ["ready", "completed", "started", "processed"];
    let steps = ["ready", "completed"];
    let batch_progress = |total: i64| {
        Tree::dict([
            ("total", counts(&batches, total)),
            ("current", counts(&batches, 0)),
            ("is_last_batch", Tree::Bool(false)),
        ])
    };
    let empty = || Tree::Dict(Vec::new());
    let optimizer = Tree::dict([
        ("step", both(&steps, 0)),
        ("zero_grad", both(&["ready", "completed", "started"], 0)),
    ]);
    let stepped = Tree::dict([("_batches_that_stepped", Tree::Int(step))]);
    let optim_progress =
        Tree::dict([("optimizer", optimizer), ("optimizer_position", Tree::Int(0))]);
    let fit = Tree::dict([
        ("state_dict", empty()),
        ("epoch_loop.state_dict", stepped),
        ("epoch_loop.batch_progress", batch_progress(step)),
        ("epoch_loop.scheduler_progress", both(&steps, 0)),
        ("epoch_loop.batch_loop.state_dict", empty()),
        ("epoch_loop.batch_loop.optimizer_loop.state_dict", empty()),
        ("epoch_loop.batch_loop.optimizer_loop.optim_progress", optim_progress),
        ("epoch_loop.batch_loop.manual_loop.state_dict", empty()),
        ("epoch_loop.batch_loop.manual_loop.optim_step_progress", both(&steps, step)),
        ("epoch_loop.val_loop.state_dict", empty()),
        ("epoch_loop.val_loop.dataloader_progress", both(&steps, 0)),
        ("epoch_loop.val_loop.epoch_loop.state_dict", empty()),
        ("epoch_loop.val_loop.epoch_loop.batch_progress", batch_progress(0)),
        ("epoch_progress", both(&batches, 0)),
    ]);
    Tree::dict([("fit_loop", fit)])
}
