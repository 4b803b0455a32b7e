//! Writes our settings as the `config.gin` of a run of the original program.

use std::fmt::Write;

use serde_json::json;

use crate::rave::{
    Activation, Architecture, Config, DecoderOutput, DiscriminatorKind, GanLoss, LossWeights,
    Padding, Regularization,
};

/// The number of empty code books that the original has where latents are not quantised.
pub(super) const EMPTY_BOOKS: usize = 16;

/// The text, and the settings that it cannot express.
pub(super) fn text(config: &Config) -> (String, Vec<String>) {
    let mut text = Text(HEAD.to_owned());
    if config.regularization == Regularization::Discrete {
        text.line("from rave import quantization");
    }
    if config.discriminator == DiscriminatorKind::Descript {
        text.line("from rave import descript_discriminator");
    }
    if !augmentations(config).is_empty() {
        text.line("from rave import transforms");
    }
    text.line("");
    text.layers(config);
    text.encoder(config);
    text.decoder(config);
    text.discriminators(config);
    text.training(config);
    (text.0, left_out(config))
}

const HEAD: &str = "\
from __gin__ import dynamic_registration
import cached_conv as cc
from cached_conv import convs
import rave
from rave import blocks
from rave import core
from rave import dataset
from rave import discriminator
from rave import model
from rave import pqmf
import torch
import torch.nn as nn
";

struct Text(String);

impl Text {
    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    fn bind(&mut self, name: &str, value: impl std::fmt::Display) {
        writeln!(self.0, "{name} = {value}").expect("text can be appended to");
    }

    fn layers(&mut self, config: &Config) {
        let mode = match config.padding {
            Padding::Centered => "'centered'",
            Padding::Causal => "'causal'",
        };
        self.bind("convs.get_padding.mode", mode);
        self.bind("cc.Conv1d.bias", "False");
        self.bind("cc.ConvTranspose1d.bias", "False");
        self.bind("blocks.normalization.mode", "'weight_norm'");
        self.bind("pqmf.CachedPQMF.attenuation", config.pqmf_attenuation);
        self.bind("pqmf.CachedPQMF.n_band", config.n_band);
    }

    fn encoder(&mut self, config: &Config) {
        let is_first = config.architecture == Architecture::V1;
        let inner = if is_first { "Encoder" } else { "EncoderV2" };
        let (outer, parameter) = match config.regularization {
            Regularization::Variational => ("VariationalEncoder", "encoder"),
            Regularization::Wasserstein => ("WasserteinEncoder", "encoder_cls"),
            Regularization::Spherical => ("SphericalEncoder", "encoder_cls"),
            Regularization::Discrete => ("DiscreteEncoder", "encoder_cls"),
        };
        self.bind("model.RAVE.encoder", format!("@blocks.{outer}"));
        self.bind(&format!("blocks.{outer}.{parameter}"), format!("@blocks.{inner}"));
        let of = |parameter: &str| format!("blocks.{inner}.{parameter}");
        self.bind(&of("data_size"), config.n_band);
        self.bind(&of("capacity"), config.capacity);
        self.bind(&of("latent_size"), config.latent_size);
        self.bind(&of("ratios"), json!(config.ratios));
        self.bind(&of("n_out"), config.rows_per_latent());
        if is_first {
            self.bind(&of("sample_norm"), "False");
            self.bind(&of("repeat_layers"), 1);
        } else {
            let n_stages = config.ratios.len();
            let dilations: Vec<&[usize]> =
                (0..n_stages).map(|stage| config.encoder_dilations(stage)).collect();
            self.bind(&of("kernel_size"), config.kernel_size);
            self.bind(&of("dilations"), json!(dilations));
            self.second(inner, config);
        }
        match config.regularization {
            Regularization::Variational => self.bind("blocks.VariationalEncoder.beta", "1.0"),
            Regularization::Wasserstein | Regularization::Discrete => self
                .bind(&format!("blocks.{outer}.noise_augmentation"), config.noise_augmentation()),
            Regularization::Spherical => {}
        }
        if config.regularization == Regularization::Discrete {
            let n_books = if config.is_quantized() { config.num_quantizers } else { EMPTY_BOOKS };
            let vq = "quantization.ResidualVectorQuantization";
            self.bind("blocks.DiscreteEncoder.vq_cls", format!("@{vq}"));
            self.bind("blocks.DiscreteEncoder.num_quantizers", n_books);
            self.bind(&format!("{vq}.num_quantizers"), n_books);
            self.bind(&format!("{vq}.dim"), config.latent_size);
            self.bind(&format!("{vq}.codebook_size"), config.codebook_size);
            self.bind("model.RAVE.warmup_quantize", -1);
        }
    }

    fn decoder(&mut self, config: &Config) {
        let is_first = config.architecture == Architecture::V1;
        let class = if is_first { "Generator" } else { "GeneratorV2" };
        let of = |parameter: &str| format!("blocks.{class}.{parameter}");
        self.bind("model.RAVE.decoder", format!("@blocks.{class}"));
        let is_raw = config.decoder_output == DecoderOutput::Raw;
        if is_raw {
            self.bind(&of("data_size"), "None");
        } else {
            self.bind(&of("data_size"), config.n_band);
        }
        self.bind("model.RAVE.output_mode", if is_raw { "'raw'" } else { "'pqmf'" });
        self.bind(&of("capacity"), config.capacity);
        self.bind(&of("latent_size"), config.decoder_latent_size());
        self.bind(&of("ratios"), json!(config.decoder_ratios()));
        if is_first {
            self.bind(&of("loud_stride"), 1);
            self.bind(&of("use_noise"), python(config.has_noise));
            self.bind("blocks.ResidualStack.kernel_sizes", "[3]");
            let pairs: Vec<[usize; 2]> = config.stack_dilations.iter().map(|&it| [it, 1]).collect();
            self.bind("blocks.ResidualStack.dilations_list", json!(pairs));
            if config.has_noise {
                self.bind("blocks.NoiseGenerator.ratios", json!(config.noise_ratios));
                self.bind("blocks.NoiseGenerator.noise_bands", config.noise_bands);
            }
            return;
        }
        let n_stages = config.decoder_ratios().len();
        let dilations: Vec<&[usize]> =
            (0..n_stages).map(|stage| config.decoder_dilations(stage)).collect();
        self.bind(&of("kernel_size"), config.kernel_size);
        self.bind(&of("dilations"), json!(dilations));
        self.bind(&of("amplitude_modulation"), "True");
        self.second(class, config);
        if config.gru_layers > 0 {
            self.bind(&of("recurrent_layer"), "@blocks.GRU");
            self.bind("blocks.GRU.num_layers", config.gru_layers);
        }
        if config.has_noise {
            let noise = "blocks.NoiseGeneratorV2";
            self.bind(&of("noise_module"), format!("@{noise}"));
            self.bind(&format!("{noise}.data_size"), config.n_band);
            self.bind(&format!("{noise}.hidden_size"), config.noise_hidden);
            self.bind(&format!("{noise}.noise_bands"), config.noise_bands);
            self.bind(&format!("{noise}.ratios"), json!(config.noise_ratios));
        } else {
            self.bind(&of("noise_module"), "None");
        }
    }

    /// Settings shared by encoder and decoder of the second architecture.
    fn second(&mut self, class: &str, config: &Config) {
        if config.has_adain {
            self.bind(&format!("blocks.{class}.adain"), "@blocks.AdaptiveInstanceNormalization");
        }
        if config.activation == Activation::Snake {
            self.bind(&format!("blocks.{class}.activation"), "@blocks.Snake");
        }
    }

    fn discriminators(&mut self, config: &Config) {
        let loss = match config.gan_loss {
            GanLoss::Hinge => "hinge_gan",
            GanLoss::LeastSquares => "ls_gan",
            GanLoss::NonSaturating => "nonsaturating_gan",
        };
        self.bind("model.RAVE.gan_loss", format!("@core.{loss}"));
        if config.discriminator == DiscriminatorKind::Descript {
            let class = "descript_discriminator.DescriptDiscriminator";
            return self.bind("model.RAVE.discriminator", format!("@{class}"));
        }
        let mut all = Vec::new();
        let nets = [
            (!config.discriminator_periods.is_empty(), "periods", "nn.Conv2d", "(5, 1)", "Period"),
            (config.discriminator_scales > 0, "scales", "torch.nn.Conv1d", "15", "Scale"),
        ];
        for (is_used, scope, conv, kernel, word) in nets {
            if !is_used {
                continue;
            }
            let net = format!("{scope}/discriminator.ConvNet");
            self.bind(&format!("{net}.capacity"), config.discriminator_capacity);
            self.bind(&format!("{net}.conv"), format!("@{conv}"));
            self.bind(&format!("{net}.kernel_size"), kernel);
            self.bind(&format!("{net}.n_layers"), 4);
            self.bind(&format!("{net}.out_size"), 1);
            self.bind(&format!("{net}.stride"), 4);
            let class = format!("discriminator.Multi{word}Discriminator");
            self.bind(&format!("{class}.convnet"), format!("@{net}"));
            all.push(format!("@{class}"));
        }
        if !config.discriminator_periods.is_empty() {
            let periods = json!(config.discriminator_periods);
            self.bind("discriminator.MultiPeriodDiscriminator.periods", periods);
        }
        if config.discriminator_scales > 0 {
            let name = "discriminator.MultiScaleDiscriminator.n_discriminators";
            self.bind(name, config.discriminator_scales);
        }
        if !config.discriminator_spectra.is_empty() {
            let class = "discriminator.MultiScaleSpectralDiscriminator";
            self.bind(&format!("{class}.scales"), json!(config.discriminator_spectra));
            self.bind(&format!("{class}.convnet"), "@discriminator.EncodecConvNet");
            let capacity = config.discriminator_spectra_capacity;
            self.bind("discriminator.EncodecConvNet.capacity", capacity);
            all.push(format!("@{class}"));
        }
        if let [one] = all.as_slice() {
            return self.bind("model.RAVE.discriminator", one);
        }
        self.bind("model.RAVE.discriminator", "@discriminator.CombineDiscriminators");
        let list = format!("[{}]", all.join(", "));
        self.bind("discriminator.CombineDiscriminators.discriminators", list);
    }

    fn training(&mut self, config: &Config) {
        self.bind("model.RAVE.latent_size", config.latent_size);
        self.bind("model.RAVE.sampling_rate", config.sampling_rate);
        self.bind("model.RAVE.n_channels", config.channels);
        self.bind("model.RAVE.n_bands", config.n_band);
        self.bind("model.RAVE.input_mode", "'pqmf'");
        self.bind("model.RAVE.pqmf", "@pqmf.CachedPQMF");
        self.bind("model.RAVE.phase_1_duration", config.phase_1_duration);
        self.bind("model.RAVE.num_skipped_features", config.num_skipped_features);
        self.bind("model.RAVE.valid_signal_crop", python(config.valid_signal_crop));
        let every = config.update_discriminator_every;
        self.bind("model.RAVE.update_discriminator_every", every);
        self.bind("model.RAVE.audio_distance", "@core.AudioDistanceV1");
        self.bind("model.RAVE.multiband_audio_distance", "@core.AudioDistanceV1");
        self.bind("core.AudioDistanceV1.multiscale_stft", "@core.MultiScaleSTFT");
        self.bind("core.AudioDistanceV1.log_epsilon", config.log_epsilon);
        self.bind("core.MultiScaleSTFT.scales", json!(config.stft_scales));
        self.bind("core.MultiScaleSTFT.sample_rate", config.sampling_rate);
        self.bind("core.MultiScaleSTFT.magnitude", "True");
        let matching = "@feature_matching/core.mean_difference";
        self.bind("model.RAVE.feature_matching_fun", matching);
        let is_relative = python(config.feature_matching_is_relative);
        self.bind("feature_matching/core.mean_difference.relative", is_relative);
        self.bind("feature_matching/core.mean_difference.norm", "'L1'");
        // The original applies these two twice.
        let twice = |weight: f64| match config.loss_weights {
            LossWeights::Squared => weight,
            LossWeights::Plain => weight.sqrt(),
        };
        let weights = [
            ("feature_matching", twice(config.feature_matching_weight)),
            ("adversarial", twice(config.adversarial_weight)),
            ("fullband_spectral_distance", config.fullband_weight),
            ("multiband_spectral_distance", config.multiband_weight),
        ];
        let weights = weights.map(|(key, weight)| format!("'{key}': {weight:?}"));
        self.bind("model.RAVE.weights", format!("{{{}}}", weights.join(", ")));
        self.bind("model.BetaWarmupCallback.initial_value", format!("{:?}", config.beta_initial));
        self.bind("model.BetaWarmupCallback.target_value", format!("{:?}", config.beta));
        self.bind("model.BetaWarmupCallback.warmup_len", config.beta_warmup.max(1));
        self.bind("model.BetaWarmupCallback.log", "True");
        self.bind("dataset.split_dataset.max_residual", 1000);
        let all = augmentations(config);
        let names = all.iter().map(|name| format!("@augmentations/transforms.{name}()"));
        let names: Vec<String> = names.collect();
        self.bind("dataset.get_dataset.augmentations", format!("[{}]", names.join(", ")));
        if all.contains(&"RandomMute") {
            self.bind("augmentations/transforms.RandomMute.prob", config.mute_share);
        }
        if all.contains(&"RandomCompress") {
            let of =
                |parameter: &str| format!("augmentations/transforms.RandomCompress.{parameter}");
            self.bind(&of("prob"), config.compress_share);
            self.bind(&of("threshold"), config.compress_threshold);
            let range = json!([config.compress_least, config.compress_most]);
            self.bind(&of("amp_range"), range);
        }
    }
}

fn augmentations(config: &Config) -> Vec<&'static str> {
    let all = [(config.mute_share, "RandomMute"), (config.compress_share, "RandomCompress")];
    all.into_iter().filter(|(share, _)| *share > 0.0).map(|(_, name)| name).collect()
}

fn python(yes: bool) -> &'static str {
    if yes { "True" } else { "False" }
}

/// Settings that the original lacks, or takes on its command line.
fn left_out(config: &Config) -> Vec<String> {
    const ABSENT: &[&str] = &[
        "phase_mangle_share",
        "gain_variation",
        "gain_share",
        "latent_noise",
        "gradient_clip",
        "phase_switch",
        "early_stop",
        "codebook_decay",
        "dead_code_threshold",
    ];
    let defaults = crate::rave::family().knobs;
    let settings = config.to_settings();
    let changed = ABSENT.iter().filter(|key| {
        let default = defaults.iter().find(|knob| knob.key == **key).map(|knob| &knob.default);
        default.is_some_and(|default| settings.get(**key) != Some(default))
    });
    let mut warnings: Vec<String> = changed
        .map(|key| format!("acids-rave has no setting for `{key}`; it was left out"))
        .collect();
    warnings.push(format!(
        "pass these to acids-rave on the command line: --n_signal {} --batch {} --channels {}{}",
        config.n_signal,
        config.batch_size,
        config.channels,
        if config.ema > 0.0 { format!(" --ema {}", config.ema) } else { String::new() }
    ));
    warnings
}
