//! A model as a TorchScript module for nn~ (Max, Pure Data) and other programs that load one.
//!
//! Methods, their `_params` and labels, and attributes with `get_` and `set_` have the names and meanings of
//! the original's exports, which players query. The attributes `deterministic` and `noise` and the method
//! `reset` are ours.

use nn::graph::{Graph, Op, Value};
use nn::torch_checkpoint::Tensor;
use nn::torch_script::{Attribute, Module};

use super::exported::{Exported, Switches};
use crate::Prior;
use crate::rave::{Config, Regularization};

/// The type codes of attributes, as nn~ knows them.
const BOOL: i64 = 0;

/// The module of a model; `has_noise` is whether the noise of the first architecture is active yet.
pub(super) fn module(
    exported: &Exported<'_>,
    has_noise: bool,
    prior: Option<&dyn Prior>,
) -> Module {
    let config = exported.config();
    let mut module = Module::new();
    let (channels, n_latents) = (exported.channels(), exported.latents());
    for (name, value) in [
        ("sr", i64::from(exported.rate_hz())),
        ("latent_size", n_latents as i64),
        ("full_latent_size", (config.latent_size * exported.settings.n_parallel) as i64),
        ("n_channels", channels as i64),
        ("target_channels", channels as i64),
    ] {
        module.attribute(name, Attribute::Int(value));
    }
    // The RAVE VST looks for these here. It sends one channel and fills in the missing latents; in stereo it sends
    // different ones for each side, as two sounds.
    let number = |x: i64| Attribute::Tensor(Tensor::from_ints(&[], &[x]));
    let of_plugin = [
        ("sampling_rate", number(i64::from(exported.rate_hz()))),
        ("latent_size", number(exported.latents_taken() as i64)),
        ("stereo", Attribute::Bool(channels == 1)),
    ];
    let of_plugin = of_plugin.map(|(name, value)| (name.to_owned(), value)).to_vec();
    module.attribute("_rave", Attribute::Part(of_plugin));
    module.attribute("is_streaming", Attribute::Bool(exported.settings.is_streaming));
    let switches = [
        ("deterministic", true),
        ("noise", true),
        ("learn_target", false),
        ("reset_target", false),
        ("learn_source", false),
        ("reset_source", false),
    ];
    for (name, value) in switches {
        module.attribute(name, Attribute::Bool(value));
        let kind = Attribute::Tensor(Tensor::from_ints(&[1], &[BOOL]));
        module.attribute(&format!("{name}_params"), kind);
    }

    let (graph, z) = encoder(exported);
    module.graph("encode", &graph, z);
    let (graph, y) = decoder(exported, has_noise);
    module.graph("decode", &graph, y);
    let forward = ["z = (self).encode(x, )", "return (self).decode(z, )"].map(str::to_owned);
    module.method("forward", &[("x", "Tensor")], "Tensor", &forward);
    if let Some(prior) = prior {
        let (graph, z) = frame(exported, prior);
        module.graph("prior_frame", &graph, z);
        module.generator("prior", "prior_frame");
    }

    let (sound, curves, ratio) = (channels as i64, n_latents as i64, exported.ratio() as i64);
    let methods = [
        ("encode", [sound, 1, curves, ratio], "channel", "latent"),
        ("decode", [curves, ratio, sound, 1], "latent", "channel"),
        ("forward", [sound, 1, sound, 1], "channel", "channel"),
        ("prior", [1, ratio, curves, ratio], "temperature", "latent"),
    ];
    let n_methods = if prior.is_some() { 4 } else { 3 };
    for (name, params, input, output) in methods.into_iter().take(n_methods) {
        let params = Attribute::Tensor(Tensor::from_ints(&[4], &params));
        module.attribute(&format!("{name}_params"), params);
        let labels = |what: &str| {
            let n = match what {
                "latent" => n_latents,
                "temperature" => 1,
                _ => channels,
            };
            Attribute::Texts((1..=n).map(|i| format!("(signal) {what} {i}")).collect())
        };
        module.attribute(&format!("{name}_input_labels"), labels(input));
        module.attribute(&format!("{name}_output_labels"), labels(output));
    }
    let names: Vec<&str> = methods.iter().map(|it| it.0).take(n_methods).collect();
    answers(&mut module, &names, &switches);
    module.add_reset();
    module.add_forgetting();
    module
}

fn encoder(exported: &Exported<'_>) -> (Graph, Value) {
    let mut graph = Graph::new();
    let mut x = graph.input(exported.channels());
    if x.channels > 1 {
        // A mono input is copied to all channels.
        x.value = graph.apply(Op::Widen(x.channels), x.value);
    }
    let randomness = draws(exported.config()).then(|| {
        let one = graph.number(1.0);
        let deterministic = graph.add(Op::Switch("deterministic"), &[]);
        graph.add(Op::Sub, &[one, deterministic])
    });
    let z = exported.encode(
        &mut graph,
        x,
        Switches { randomness, curves: None, noise: None, learns: true },
    );
    (graph, z.value)
}

fn decoder(exported: &Exported<'_>, has_noise: bool) -> (Graph, Value) {
    let mut graph = Graph::new();
    let z = graph.input(exported.latents());
    let switch = graph.add(Op::Switch("noise"), &[]);
    // A noise synthesiser that is not active yet is left out; noise channels are not.
    let noise = has_noise.then_some(switch);
    let switches = Switches { randomness: None, curves: Some(switch), noise, learns: true };
    let y = exported.decode(&mut graph, z, switches);
    (graph, y.value)
}

/// A frame of latents, as the module shows them, of a temperature `[batch, 1, 1]`.
fn frame(exported: &Exported<'_>, prior: &dyn Prior) -> (Graph, Value) {
    let mut graph = Graph::new();
    let temperature = graph.input(1).value;
    let along = prior.frame_in(&mut graph, temperature);
    let shown = exported.of_coordinates(&mut graph, along, prior.space());
    (graph, shown)
}

/// Whether latents are sampled.
fn draws(config: &Config) -> bool {
    config.regularization == Regularization::Variational
}

/// The methods that players query.
fn answers(module: &mut Module, methods: &[&str], switches: &[(&str, bool)]) {
    let texts = |names: &[&str]| {
        let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
        vec![format!("return [{}]", quoted.join(", "))]
    };
    let names: Vec<&str> = switches.iter().map(|(name, _)| *name).collect();
    module.method("get_methods", &[], "List[str]", &texts(methods));
    module.method("get_attributes", &[], "List[str]", &texts(&names));
    let none = vec!["return annotate(List[str], [])".to_owned()];
    module.method("get_buffer_attributes", &[], "List[str]", &none);
    module.method("get_sample_rate", &[], "int", &["return self.sr".to_owned()]);
    for (name, _) in switches {
        // nn~ expects each value in a list of its own.
        let get = [format!("return [self.{name}]")];
        module.method(&format!("get_{name}"), &[], "List[bool]", &get);
        if name.starts_with("reset_") {
            continue;
        }
        let set = [format!("self.{name} = value"), "return 0".to_owned()];
        module.method(&format!("set_{name}"), &[("value", "bool")], "int", &set);
    }
}
