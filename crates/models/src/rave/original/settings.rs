//! Derives our settings from the gin configuration of a run of the original program.
//!
//! Every binding either becomes a knob, or fixes what this program always does too, or has no
//! effect; a warning lists the rest. Names are those of RAVE 2.3; a run's `config.gin` names
//! every parameter that was in use.

use std::collections::BTreeMap;

use foreign::gin::{Binding, Config as Gin, Value as GinValue};
use serde_json::{Value, json};

/// Values by knob key.
pub(super) type Settings = BTreeMap<String, Value>;

/// The settings that a configuration implies, and warnings about what has no counterpart here.
pub(super) fn of_gin(gin: &Gin) -> (Settings, Vec<String>) {
    let mut reader = Reader { gin, settings: Settings::new(), warnings: Vec::new() };
    reader.model();
    reader.encoder();
    reader.decoder();
    reader.training();
    reader.discriminators();
    reader.augmentations();
    gin.bindings.iter().for_each(|binding| reader.check(binding));
    (reader.settings, reader.warnings)
}

struct Reader<'a> {
    gin: &'a Gin,
    settings: Settings,
    warnings: Vec<String>,
}

impl Reader<'_> {
    fn model(&mut self) {
        self.knob("sampling_rate", "RAVE.sampling_rate");
        self.knob("n_band", "CachedPQMF.n_band");
        self.knob("n_band", "RAVE.n_bands");
        self.knob("pqmf_attenuation", "CachedPQMF.attenuation");
        self.knob("phase_1_duration", "RAVE.phase_1_duration");
        self.knob("latent_size", "RAVE.latent_size");
        self.knob("valid_signal_crop", "RAVE.valid_signal_crop");
        self.knob("num_skipped_features", "RAVE.num_skipped_features");
        self.knob("update_discriminator_every", "RAVE.update_discriminator_every");
        self.word("decoder_output", "RAVE.output_mode", &[("pqmf", "bands"), ("raw", "raw")]);
        self.word("encoder_input", "RAVE.input_mode", &[("pqmf", "bands"), ("mel", "mel")]);
        self.knob("n_mels", "MelSpectrogram.n_mels");
        self.knob("mel_n_fft", "MelSpectrogram.n_fft");
        self.knob("mel_hop", "MelSpectrogram.hop_length");
        let modes = [("centered", "centered"), ("causal", "causal")];
        self.word("padding", "convs.get_padding.mode", &modes);
    }

    fn encoder(&mut self) {
        let outer = self.class("RAVE.encoder");
        let regularization = match outer.as_deref() {
            Some("VariationalEncoder") => "variational",
            Some("WasserteinEncoder") => "wasserstein",
            Some("SphericalEncoder") => "spherical",
            Some("DiscreteEncoder") => "discrete",
            Some(other) => return self.warn(format!("the encoder `{other}` is not supported")),
            None => return,
        };
        self.set("regularization", json!(regularization));
        let outer = outer.unwrap_or_default();
        let inner = self.class(&format!("{outer}.encoder"));
        let inner = inner.or_else(|| self.class(&format!("{outer}.encoder_cls")));
        self.knob("noise_augmentation", &format!("{outer}.noise_augmentation"));
        self.knob("num_quantizers", "DiscreteEncoder.num_quantizers");
        self.knob("codebook_size", "ResidualVectorQuantization.codebook_size");
        let Some(inner) = inner else { return };
        match inner.as_str() {
            "Encoder" => self.set("architecture", json!("v1")),
            "EncoderV2" => self.set("architecture", json!("v2")),
            other => return self.warn(format!("the encoder `{other}` is not supported")),
        }
        // Variational models have their encoder bound in a scope of that name.
        let of = |parameter: &str| format!("variational/{inner}.{parameter}");
        self.knob("capacity", &of("capacity"));
        self.knob("ratios", &of("ratios"));
        self.knob("kernel_size", &of("kernel_size"));
        self.adain(&of("adain"));
        self.activation(&of("activation"));
    }

    fn decoder(&mut self) {
        let Some(decoder) = self.class("RAVE.decoder") else { return };
        if !matches!(decoder.as_str(), "Generator" | "GeneratorV2") {
            return self.warn(format!("the decoder `{decoder}` is not supported"));
        }
        let of = |parameter: &str| format!("{decoder}.{parameter}");
        self.decoder_ratios(&of("ratios"));
        self.dilations(&of("dilations"));
        self.adain(&of("adain"));
        self.activation(&of("activation"));
        if self.class(&of("recurrent_layer")).as_deref() == Some("GRU") {
            self.knob("gru_layers", "GRU.num_layers");
        }
        if decoder == "Generator" {
            self.stack_dilations();
            self.knob("has_noise", &of("use_noise"));
            self.knob("noise_ratios", "NoiseGenerator.ratios");
            self.knob("noise_bands", "NoiseGenerator.noise_bands");
            return;
        }
        let noise = self.class(&of("noise_module"));
        self.set("has_noise", json!(noise.is_some()));
        match noise.as_deref() {
            Some("NoiseGeneratorV2") => {
                self.knob("noise_ratios", "NoiseGeneratorV2.ratios");
                self.knob("noise_bands", "NoiseGeneratorV2.noise_bands");
                self.knob("noise_hidden", "NoiseGeneratorV2.hidden_size");
            }
            Some(other) => self.warn(format!("the noise part `{other}` is not supported")),
            None => {}
        }
    }

    fn training(&mut self) {
        self.knob("beta", "BetaWarmupCallback.target_value");
        self.knob("beta_initial", "BetaWarmupCallback.initial_value");
        self.knob("beta_warmup", "BetaWarmupCallback.warmup_len");
        self.knob("log_epsilon", "AudioDistanceV1.log_epsilon");
        self.knob("stft_scales", "MultiScaleSTFT.scales");
        if let Some(GinValue::Dict(weights)) = self.value("RAVE.weights") {
            for (key, value) in &weights {
                match (key.as_str(), value.as_float()) {
                    (Some("feature_matching"), Some(x)) => {
                        self.set("feature_matching_weight", json!(x));
                    }
                    (Some("adversarial"), Some(x)) => self.set("adversarial_weight", json!(x)),
                    (Some("fullband_spectral_distance"), Some(x)) => {
                        self.set("fullband_weight", json!(x));
                    }
                    (Some("multiband_spectral_distance"), Some(x)) => {
                        self.set("multiband_weight", json!(x));
                    }
                    _ => self.warn(format!("the weight {key} of {value} was left out")),
                }
            }
        }
    }

    fn discriminators(&mut self) {
        let losses = [
            ("hinge_gan", "hinge"),
            ("ls_gan", "least_squares"),
            ("nonsaturating_gan", "non_saturating"),
        ];
        if let Some(name) = self.class("RAVE.gan_loss") {
            match losses.iter().find(|(theirs, _)| *theirs == name) {
                Some((_, ours)) => self.set("gan_loss", json!(ours)),
                None => self.warn(format!("the adversarial loss `{name}` is not supported")),
            }
        }
        // A run names this parameter only if its configuration binds it; that of v1 does not, that of
        // v2 does.
        let is_relative = self.value("feature_matching/mean_difference.relative");
        let is_relative = is_relative
            .and_then(|it| it.as_bool())
            .or_else(|| self.class("RAVE.decoder").map(|decoder| decoder != "Generator"));
        if let Some(is_relative) = is_relative {
            self.set("feature_matching_is_relative", json!(is_relative));
        }
        let Some(discriminators) = self.class("RAVE.discriminator") else { return };
        let all =
            match (discriminators.as_str(), self.value("CombineDiscriminators.discriminators")) {
                ("CombineDiscriminators", Some(all)) => {
                    let names = all.as_items().unwrap_or_default().iter();
                    names.filter_map(GinValue::class_name).map(str::to_owned).collect()
                }
                _ => vec![discriminators],
            };
        let has = |name: &str| all.iter().any(|it| it == name);
        if has("DescriptDiscriminator") {
            self.set("discriminator", json!("descript"));
        } else {
            self.set("discriminator", json!("rave"));
            self.set("discriminator_periods", json!([]));
            self.set("discriminator_scales", json!(0));
            self.set("discriminator_spectra", json!([]));
        }
        for name in &all {
            match name.as_str() {
                "MultiPeriodDiscriminator" => {
                    self.knob("discriminator_periods", "MultiPeriodDiscriminator.periods");
                    self.knob("discriminator_capacity", "periods/ConvNet.capacity");
                }
                "MultiScaleDiscriminator" => {
                    let count = "MultiScaleDiscriminator.n_discriminators";
                    self.knob("discriminator_scales", count);
                    self.knob("discriminator_capacity", "scales/ConvNet.capacity");
                }
                "MultiScaleSpectralDiscriminator" => {
                    let scales = "MultiScaleSpectralDiscriminator.scales";
                    self.knob("discriminator_spectra", scales);
                    self.knob("discriminator_spectra_capacity", "EncodecConvNet.capacity");
                }
                "DescriptDiscriminator" => {}
                other => self.warn(format!("the discriminator `{other}` is not supported")),
            }
        }
    }

    fn augmentations(&mut self) {
        let Some(all) = self.value("get_dataset.augmentations") else { return };
        for augmentation in all.as_items().unwrap_or_default() {
            let Some(name) = augmentation.class_name() else { continue };
            let of = |parameter: &str| format!("augmentations/{name}.{parameter}");
            match name {
                "RandomMute" => {
                    self.set("mute_share", json!(0.1));
                    self.knob("mute_share", &of("prob"));
                }
                "RandomCompress" => {
                    self.set("compress_share", json!(0.8));
                    self.knob("compress_share", &of("prob"));
                    self.knob("compress_threshold", &of("threshold"));
                    if let Some(range) = self.value(&of("amp_range")) {
                        let ends = range.as_items().unwrap_or_default();
                        if let [least, most] = ends {
                            self.set("compress_least", json!(least.as_float()));
                            self.set("compress_most", json!(most.as_float()));
                        }
                    }
                }
                "RandomGain" => self.warn(
                    "the augmentation `RandomGain` is left out: the original computes it and then \
                     uses the sound as it was"
                        .to_owned(),
                ),
                other => self.warn(format!("the augmentation `{other}` is not supported")),
            }
        }
    }

    fn decoder_ratios(&mut self, name: &str) {
        let Some(ratios) = self.value(name).and_then(|it| json_of(&it)) else { return };
        if self.settings.get("ratios") == Some(&ratios) {
            self.set("decoder_ratios", json!([]));
        } else {
            self.set("decoder_ratios", ratios);
        }
    }

    /// Dilations of a decoder: the original has a list per stage, ours has one for all but the deepest.
    fn dilations(&mut self, name: &str) {
        let Some(lists) = self.value(name).and_then(|it| json_of(&it)) else { return };
        let encoders = self.value("variational/EncoderV2.dilations").and_then(|it| json_of(&it));
        let Some(all) = lists.as_array().filter(|all| !all.is_empty()) else { return };
        if all.iter().all(Value::is_number) {
            self.set("dilations", lists.clone());
            self.set("dilations_deepest", lists.clone());
        } else {
            let (deepest, others) = (&all[all.len() - 1], &all[..all.len() - 1]);
            if others.windows(2).any(|pair| pair[0] != pair[1]) {
                self.warn(format!("`{name}` has different dilations in its stages"));
            }
            self.set("dilations", others.first().unwrap_or(deepest).clone());
            self.set("dilations_deepest", deepest.clone());
        }
        match encoders {
            Some(encoders) if encoders != lists => match encoders.as_array() {
                Some(flat) if flat.iter().all(Value::is_number) => {
                    self.set("encoder_dilations", encoders);
                }
                Some(nested) if nested.windows(2).all(|pair| pair[0] == pair[1]) => {
                    self.set("encoder_dilations", nested.first().cloned().unwrap_or(json!([])));
                }
                _ => self.warn("the encoder's dilations differ from the decoder's".to_owned()),
            },
            _ => {}
        }
    }

    /// Dilations of the first architecture: the original has one for each of both convolutions of a
    /// residual layer; the second is always 1 here.
    fn stack_dilations(&mut self) {
        let name = "ResidualStack.dilations_list";
        let Some(lists) = self.value(name).and_then(|it| json_of(&it)) else { return };
        let first = |pair: &Value| match pair.as_array()?.as_slice() {
            [first, second] if *second == json!(1) => Some(first.clone()),
            _ => None,
        };
        match lists.as_array().and_then(|pairs| pairs.iter().map(first).collect::<Option<Vec<_>>>())
        {
            Some(dilations) => self.set("stack_dilations", json!(dilations)),
            None => self
                .warn(format!("`{name}` was left out: its pairs are not all of a dilation and 1")),
        }
    }

    fn adain(&mut self, name: &str) {
        if self.class(name).as_deref() == Some("AdaptiveInstanceNormalization") {
            self.set("has_adain", json!(true));
        }
    }

    fn activation(&mut self, name: &str) {
        match self.class(name).as_deref() {
            Some("Snake") => self.set("activation", json!("snake")),
            Some(other) => self.warn(format!("the activation `{other}` is not supported")),
            None => {}
        }
    }

    /// Copies a parameter to a knob unchanged.
    fn knob(&mut self, key: &str, name: &str) {
        if let Some(value) = self.value(name).and_then(|it| json_of(&it)) {
            self.set(key, value);
        }
    }

    /// Copies a parameter to a knob that uses other words for its values.
    fn word(&mut self, key: &str, name: &str, words: &[(&str, &str)]) {
        let Some(value) = self.value(name) else { return };
        let Some(theirs) = value.as_str() else { return };
        match words.iter().find(|(known, _)| *known == theirs) {
            Some((_, ours)) => self.set(key, json!(ours)),
            None => self.warn(format!("`{name}` is `{theirs}`, which is not supported")),
        }
    }

    /// The class or function that a parameter names.
    fn class(&mut self, name: &str) -> Option<String> {
        self.value(name)?.class_name().map(str::to_owned)
    }

    fn value(&mut self, name: &str) -> Option<GinValue> {
        match self.gin.get(name) {
            Ok(value) => value,
            Err(error) => {
                self.warn(format!("could not {error}"));
                None
            }
        }
    }

    fn set(&mut self, key: &str, value: Value) {
        self.settings.insert(key.to_owned(), value);
    }

    fn warn(&mut self, warning: String) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// Warns of a binding that is neither a knob nor at the value it always has here.
    fn check(&mut self, binding: &Binding) {
        let class = binding.selector.rsplit('.').next().unwrap_or(&binding.selector);
        let value = self.gin.resolved(&binding.value).map(|value| value.to_string());
        let value = value.unwrap_or_else(|_| binding.value.to_string());
        let known = KNOWN.iter().find(|(known, parameter, _)| {
            *known == class && (*parameter == binding.parameter || *parameter == "*")
        });
        match known {
            Some((_, _, Meaning::Taken)) => {}
            Some((_, _, Meaning::Always(values))) if values.contains(&value.as_str()) => {}
            // A configuration may also bind classes that this model does not use.
            Some((_, _, Meaning::Always(values))) => self.warn(format!(
                "`{binding}` was left out: it is always {} here",
                values.first().copied().unwrap_or("None")
            )),
            None => self.warn(format!("`{binding}` has no counterpart here and was left out")),
        }
    }
}

fn json_of(value: &GinValue) -> Option<Value> {
    match value {
        GinValue::Int(value) => Some(json!(value)),
        GinValue::Float(value) => Some(json!(value)),
        GinValue::Bool(value) => Some(json!(value)),
        GinValue::List(items) | GinValue::Tuple(items) => {
            Some(Value::Array(items.iter().map(json_of).collect::<Option<_>>()?))
        }
        _ => None,
    }
}

/// How a parameter of the original is treated.
enum Meaning {
    /// It becomes a knob, or has no effect on the model or its training.
    Taken,
    /// Only these values are supported.
    Always(&'static [&'static str]),
}

use Meaning::{Always, Taken};

/// All known parameters of the original, by class and name; `*` stands for all of a class.
const KNOWN: &[(&str, &str, Meaning)] = &[
    ("RAVE", "balancer", Always(&["None"])),
    ("RAVE", "loss_weights", Always(&["None"])),
    ("RAVE", "enable_pqmf_decode", Always(&["None", "True"])),
    ("RAVE", "enable_pqmf_encode", Always(&["None", "True"])),
    ("RAVE", "*", Taken),
    ("VariationalEncoder", "beta", Always(&["1.0", "1"])),
    ("VariationalEncoder", "encoder", Taken),
    ("WasserteinEncoder", "*", Taken),
    ("SphericalEncoder", "*", Taken),
    ("DiscreteEncoder", "*", Taken),
    ("ResidualVectorQuantization", "*", Taken),
    ("Encoder", "sample_norm", Always(&["False"])),
    ("Encoder", "repeat_layers", Always(&["1"])),
    ("Encoder", "recurrent_layer", Always(&["None"])),
    ("Encoder", "*", Taken),
    ("EncoderV2", "keep_dim", Always(&["False"])),
    ("EncoderV2", "recurrent_layer", Always(&["None"])),
    ("EncoderV2", "*", Taken),
    ("Generator", "loud_stride", Always(&["1"])),
    ("Generator", "recurrent_layer", Always(&["None"])),
    ("Generator", "*", Taken),
    ("GeneratorV2", "amplitude_modulation", Always(&["True"])),
    ("GeneratorV2", "keep_dim", Always(&["False"])),
    ("GeneratorV2", "*", Taken),
    ("ResidualStack", "dilations_list", Taken),
    ("ResidualStack", "kernel_sizes", Always(&["[3]"])),
    ("NoiseGenerator", "*", Taken),
    ("NoiseGeneratorV2", "*", Taken),
    ("GRU", "num_layers", Taken),
    ("get_augmented_latent_size", "*", Taken),
    ("CachedPQMF", "*", Taken),
    ("get_padding", "*", Taken),
    ("normalization", "mode", Always(&["'weight_norm'"])),
    ("Conv1d", "bias", Taken),
    ("Conv1d", "padding_mode", Always(&["'zeros'"])),
    ("Conv1d", "*", Taken),
    ("Conv2d", "padding_mode", Always(&["'zeros'"])),
    ("Conv2d", "*", Taken),
    ("ConvTranspose1d", "bias", Always(&["False"])),
    ("ConvTranspose1d", "*", Taken),
    ("ConvNet", "n_layers", Always(&["4"])),
    ("ConvNet", "out_size", Always(&["1"])),
    ("ConvNet", "stride", Always(&["4"])),
    ("ConvNet", "kernel_size", Always(&["15", "(5, 1)"])),
    ("ConvNet", "*", Taken),
    ("EncodecConvNet", "capacity", Taken),
    ("MultiPeriodDiscriminator", "*", Taken),
    ("MultiScaleDiscriminator", "*", Taken),
    ("MultiScaleSpectralDiscriminator", "*", Taken),
    ("CombineDiscriminators", "*", Taken),
    ("DescriptDiscriminator", "rates", Always(&["[]"])),
    ("DescriptDiscriminator", "periods", Always(&["[2, 3, 5, 7, 11]"])),
    ("DescriptDiscriminator", "fft_sizes", Always(&["[2048, 1024, 512]"])),
    (
        "DescriptDiscriminator",
        "bands",
        Always(&["[(0.0, 0.1), (0.1, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1.0)]"]),
    ),
    ("DescriptDiscriminator", "sample_rate", Taken),
    ("AudioDistanceV1", "*", Taken),
    ("MultiScaleSTFT", "magnitude", Always(&["True"])),
    ("MultiScaleSTFT", "normalized", Always(&["False"])),
    ("MultiScaleSTFT", "num_mels", Always(&["None"])),
    ("MultiScaleSTFT", "*", Taken),
    ("mean_difference", "norm", Always(&["'L1'"])),
    ("mean_difference", "relative", Taken),
    ("MelSpectrogram", "center", Always(&["True"])),
    ("MelSpectrogram", "mel_scale", Always(&["'htk'"])),
    ("MelSpectrogram", "f_max", Always(&["None"])),
    ("MelSpectrogram", "f_min", Always(&["0.0", "0"])),
    ("MelSpectrogram", "norm", Always(&["None"])),
    ("MelSpectrogram", "normalized", Always(&["True"])),
    ("MelSpectrogram", "power", Always(&["2.0", "2"])),
    ("MelSpectrogram", "pad", Always(&["0"])),
    ("MelSpectrogram", "pad_mode", Always(&["'reflect'"])),
    ("MelSpectrogram", "*", Taken),
    ("BetaWarmupCallback", "log", Always(&["True"])),
    ("BetaWarmupCallback", "*", Taken),
    ("get_dataset", "augmentations", Taken),
    ("split_dataset", "max_residual", Taken),
    ("RandomMute", "prob", Taken),
    ("RandomCompress", "attack", Always(&["0.1"])),
    ("RandomCompress", "release", Always(&["0.1"])),
    ("RandomCompress", "*", Taken),
    ("RandomGain", "*", Taken),
    ("Snake", "dim", Taken),
];
