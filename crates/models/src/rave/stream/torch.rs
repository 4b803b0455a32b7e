//! A model as a module for nn~ (Max, Pure Data), the RAVE VST and whatever else loads TorchScript.
//!
//! What players ask for (methods, their `_params`, labels, attributes with `get_` and `set_`) has the
//! names and meanings of the original's exports. Beyond those there are `deterministic` and `noise` as
//! attributes, and `reset`.

use std::path::Path;

use nn::torch_checkpoint::Tensor;
use nn::torch_script::{Attribute, Method, Module, Signal};

use super::description::Description;
use crate::Error;
use crate::rave::{Config, EncoderInput, LatentSpace, Regularization};

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TorchSettings {
    /// Whether it plays block by block, and remembers the end of each, or takes sounds as a whole.
    pub is_streaming: bool,
    /// How many latent curves it shows, those that matter most first; all without it. Only variational
    /// models whose latent space was measured can show fewer.
    pub n_latents: Option<usize>,
}

/// The type codes of attributes, as nn~ knows them.
const BOOL: i64 = 0;

/// Writes a model; `has_noise` is whether the noise of the first architecture is heard yet.
pub(in crate::rave) fn write(
    network: &Description<'_>,
    space: Option<&LatentSpace>,
    has_noise: bool,
    settings: TorchSettings,
    path: &Path,
) -> Result<(), Error> {
    Ok(module(network, space, has_noise, settings).write(path)?)
}

fn module(
    network: &Description<'_>,
    space: Option<&LatentSpace>,
    has_noise: bool,
    settings: TorchSettings,
) -> Module {
    let config = network.config;
    debug_assert!(config.encoder_input == EncoderInput::Bands || !settings.is_streaming);
    let mut module = Module::new();
    let channels = config.channels;
    let books = network.books();
    let n_latents = match (&books, settings.n_latents) {
        (Some(books), _) => books.len(),
        (None, Some(n)) if space.is_some() => n.clamp(1, config.latent_size),
        (None, _) => config.latent_size,
    };
    let latent = Latent {
        config,
        space: space.filter(|_| config.regularization == Regularization::Variational),
        books,
        n_latents,
    };
    for (name, value) in [
        ("sr", i64::from(config.sampling_rate)),
        ("latent_size", n_latents as i64),
        ("full_latent_size", config.latent_size as i64),
        ("n_channels", channels as i64),
        ("target_channels", channels as i64),
    ] {
        module.attribute(name, Attribute::Int(value));
    }
    // Learning is asked for by name where there is something that learns.
    let mut switches = vec![("deterministic", true), ("noise", has_noise)];
    for name in ["learn_target", "reset_target", "learn_source", "reset_source"] {
        switches.push((name, false));
    }
    for (name, value) in &switches {
        module.attribute(name, Attribute::Bool(*value));
        module.attribute(
            &format!("{name}_params"),
            Attribute::Tensor(Tensor::from_ints(&[1], &[BOOL])),
        );
    }

    let mut encode = Method::new(settings.is_streaming);
    let x = Signal { name: "x".into(), channels };
    let rows = encode.layers(&mut module, &network.encoder(), &x, "0.");
    let z = latent.shown(&mut encode, &mut module, &rows);
    encode.lines.push(format!("return {z}"));
    module.method("encode", &[("x", "Tensor")], "Tensor", &encode.lines);

    let mut decode = Method::new(settings.is_streaming);
    let amount = decode.name("float(self.noise)");
    let z = latent.understood(&mut decode, &mut module, &amount);
    let made = decode.layers(&mut module, &network.decoder(), &z, &amount);
    decode.lines.push(format!("return {}", made.name));
    module.method("decode", &[("x", "Tensor")], "Tensor", &decode.lines);
    let forward = ["z = (self).encode(x, )", "return (self).decode(z, )"].map(str::to_owned);
    module.method("forward", &[("x", "Tensor")], "Tensor", &forward);

    let (sound, curves, ratio) = (channels as i64, n_latents as i64, config.ratio() as i64);
    for (name, params, input, output) in [
        ("encode", [sound, 1, curves, ratio], "channel", "latent"),
        ("decode", [curves, ratio, sound, 1], "latent", "channel"),
        ("forward", [sound, 1, sound, 1], "channel", "channel"),
    ] {
        let params = Tensor::from_ints(&[4], &[params[0], params[1], params[2], params[3]]);
        module.attribute(&format!("{name}_params"), Attribute::Tensor(params));
        let labels = |what: &str| {
            let n = if what == "latent" { n_latents } else { channels };
            Attribute::Texts((1..=n).map(|i| format!("(signal) {what} {i}")).collect())
        };
        module.attribute(&format!("{name}_input_labels"), labels(input));
        module.attribute(&format!("{name}_output_labels"), labels(output));
    }
    answers(&mut module, &switches);
    module.add_reset();
    module.add_forgetting();
    module
}

/// The methods by which players ask what there is.
fn answers(module: &mut Module, switches: &[(&str, bool)]) {
    let texts = |names: &[&str]| {
        let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
        vec![format!("return [{}]", quoted.join(", "))]
    };
    let names: Vec<&str> = switches.iter().map(|(name, _)| *name).collect();
    module.method("get_methods", &[], "List[str]", &texts(&["encode", "decode", "forward"]));
    module.method("get_attributes", &[], "List[str]", &texts(&names));
    let none = vec!["return annotate(List[str], [])".to_owned()];
    module.method("get_buffer_attributes", &[], "List[str]", &none);
    module.method("get_sample_rate", &[], "int", &["return self.sr".to_owned()]);
    for (name, _) in switches {
        module.method(&format!("get_{name}"), &[], "bool", &[format!("return self.{name}")]);
        if name.starts_with("reset_") {
            continue;
        }
        let set = [format!("self.{name} = value"), "return 0".to_owned()];
        module.method(&format!("set_{name}"), &[("value", "bool")], "int", &set);
    }
}

/// What becomes of an encoder's rows before a player sees them, and of what a player sends.
struct Latent<'a> {
    config: &'a Config,
    space: Option<&'a LatentSpace>,
    books: Option<Vec<Vec<f32>>>,
    n_latents: usize,
}

impl Latent<'_> {
    fn shown(&self, method: &mut Method, module: &mut Module, rows: &Signal) -> String {
        let (n, rows) = (self.config.latent_size, &rows.name);
        match self.config.regularization {
            Regularization::Variational => {
                let mean = method.name(&format!("torch.slice({rows}, 1, 0, {n})"));
                let scale = method.name(&format!("torch.slice({rows}, 1, {n})"));
                let deviation = method.name(&format!("torch.add(torch.softplus({scale}), 0.0001)"));
                let chance = method.name("torch.sub(1., float(self.deterministic))");
                let drawn = format!(
                    "torch.mul(torch.mul(torch.randn_like({mean}), {deviation}), {chance})"
                );
                let z = method.name(&format!("torch.add({mean}, {drawn})"));
                let Some(space) = self.space else { return z };
                let mean = module.constant(&[1, n, 1], &space.mean);
                let directions = module.constant(&[n, n, 1], &space.directions.concat());
                let turned = method.name(&format!(
                    "torch.conv1d(torch.sub({z}, {mean}), {directions}, None, [1], [0], [1], 1)"
                ));
                method.name(&format!("torch.slice({turned}, 1, 0, {})", self.n_latents))
            }
            Regularization::Wasserstein => rows.clone(),
            Regularization::Spherical => {
                let square =
                    method.name(&format!("torch.sum(torch.mul({rows}, {rows}), [1], True)"));
                let length = method.name(&format!("torch.sqrt(torch.clamp_min({square}, 1e-24))"));
                method.name(&format!("torch.div({rows}, {length})"))
            }
            Regularization::Discrete => match &self.books {
                None => rows.clone(),
                Some(books) => {
                    let (mut left, mut all) = (rows.clone(), vec![]);
                    for codes in books {
                        let n_codes = codes.len() / n;
                        let double: Vec<f32> = codes.iter().map(|x| 2.0 * x).collect();
                        let square = |code: &[f32]| -code.iter().map(|x| x * x).sum::<f32>();
                        let squares: Vec<f32> = codes.chunks_exact(n).map(square).collect();
                        let book = module.constant(&[n_codes, n], codes);
                        let double = module.constant(&[n_codes, n, 1], &double);
                        let squares = module.constant(&[n_codes], &squares);
                        let scores = method.name(&format!(
                            "torch.conv1d({left}, {double}, {squares}, [1], [0], [1], 1)"
                        ));
                        let code = method.name(&format!("torch.argmax({scores}, 1)"));
                        let nearest = method.name(&format!(
                            "torch.permute(torch.embedding({book}, {code}), [0, 2, 1])"
                        ));
                        left = method.name(&format!("torch.sub({left}, {nearest})"));
                        all.push(code);
                    }
                    let codes = method.name(&format!("torch.stack([{}], 1)", all.join(", ")));
                    method.name(&format!("torch.to({codes}, 6)"))
                }
            },
        }
    }

    fn understood(&self, method: &mut Method, module: &mut Module, noise: &str) -> Signal {
        let n = self.config.latent_size;
        let mut z = "x".to_owned();
        let missing = n - self.n_latents.min(n);
        if let (Some(space), Regularization::Variational) = (self.space, self.config.regularization)
        {
            if missing > 0 {
                z = chance(method, &z, missing, noise);
            }
            let mut back = vec![0.0; n * n];
            for (i, direction) in space.directions.iter().enumerate() {
                direction.iter().enumerate().for_each(|(j, x)| back[j * n + i] = *x);
            }
            let back = module.constant(&[n, n, 1], &back);
            let mean = module.constant(&[1, n, 1], &space.mean);
            let turned = method.name(&format!("torch.conv1d({z}, {back}, None, [1], [0], [1], 1)"));
            z = method.name(&format!("torch.add({turned}, {mean})"));
        }
        if let Some(books) = &self.books {
            let codes = method.name(&format!("torch.to({z}, 4)"));
            let rows = books.iter().enumerate().map(|(i, codes_of)| {
                let n_codes = codes_of.len() / n;
                let book = module.constant(&[n_codes, n], codes_of);
                let code =
                    format!("torch.clamp(torch.select({codes}, 1, {i}), 0, {})", n_codes - 1);
                method.name(&format!("torch.permute(torch.embedding({book}, {code}), [0, 2, 1])"))
            });
            let rows: Vec<String> = rows.collect();
            z = rows
                .into_iter()
                .reduce(|a, b| method.name(&format!("torch.add({a}, {b})")))
                .expect("there is a code book");
        }
        let curves = self.config.decoder_latent_size();
        if curves > n {
            z = chance(method, &z, curves - n, noise);
        }
        Signal { name: z, channels: curves }
    }
}

/// A latent with curves of chance after its own.
fn chance(method: &mut Method, z: &str, n: usize, noise: &str) -> String {
    let like = format!("torch.new_zeros({z}, [torch.size({z}, 0), {n}, torch.size({z}, 2)])");
    let drawn = method.name(&format!("torch.mul(torch.randn_like({like}), {noise})"));
    method.name(&format!("torch.cat([{z}, {drawn}], 1)"))
}
