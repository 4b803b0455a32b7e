//! Derives our settings from the shapes of the arrays in a file of the original program, and from
//! what an exported module states.
//!
//! The names of layers give their positions, so the number, ratios and widths of stages can be read
//! off; dilations, strides and padding cannot, unless the code of an exported module states
//! them.

use std::collections::BTreeMap;

use serde_json::json;

use super::settings::Settings;

/// The shapes of arrays by name, and constants of layers by name.
#[derive(Default)]
pub(super) struct Shapes {
    pub(super) arrays: BTreeMap<String, Vec<usize>>,
    /// Dilations of convolutions, if the code states them.
    pub(super) dilations: BTreeMap<String, usize>,
    /// Strides of convolutions, if the code states them.
    pub(super) strides: BTreeMap<String, usize>,
    /// Whether layers only look back, if known.
    pub(super) is_causal: Option<bool>,
    /// Samples per second, if known.
    pub(super) rate_hz: Option<u32>,
}

/// A row of layers, reconstructed from names: those between the convolutions that change the rate.
struct Row {
    /// Shape of the first convolution.
    first: Vec<usize>,
    stages: Vec<Stage>,
    /// Shape of the last convolution, unless it belongs to a stage.
    last: Option<Vec<usize>>,
}

struct Stage {
    /// Shape of the convolution that changes the rate.
    conv: Vec<usize>,
    /// Indices of the residual layers, which precede it in an encoder and follow it in a decoder.
    residuals: Vec<String>,
}

impl Shapes {
    /// The settings implied by the shapes; an error says what does not fit.
    pub(super) fn settings(&self) -> Result<Settings, String> {
        let mut settings = Settings::new();
        let is_first = self.arrays.contains_key("encoder.encoder.net.1.running_mean");
        let mut set = |key: &str, value| drop(settings.insert(key.to_owned(), value));
        set("architecture", json!(if is_first { "v1" } else { "v2" }));
        if let Some(is_causal) = self.is_causal {
            set("padding", json!(if is_causal { "causal" } else { "centered" }));
        }
        if let Some(rate_hz) = self.rate_hz {
            set("sampling_rate", json!(rate_hz));
        }
        let n_band = self.arrays.get("pqmf.hk").and_then(|it| it.first().copied());
        let n_band = n_band.ok_or("it has no filter bank (`pqmf.hk`)")?;
        set("n_band", json!(n_band));
        let both = [self.first("encoder.encoder.net.0")?, self.first_of_decoder()?];
        set("capacity", json!(both[0][0]));
        let of_layers = if is_first { Self::of_first } else { Self::of_second };
        of_layers(self, &mut settings)?;
        self.of_latent(&mut settings, both)?;
        self.discriminators(&mut settings);
        Ok(settings)
    }

    /// The first architecture.
    fn of_first(&self, settings: &mut Settings) -> Result<(), String> {
        let mut set = |key: &str, value| drop(settings.insert(key.to_owned(), value));
        let mut ratios = Vec::new();
        let mut index = 3;
        while let Some(shape) = self.conv(&format!("encoder.encoder.net.{index}")) {
            if !self.arrays.contains_key(&format!("encoder.encoder.net.{}.running_mean", index - 2))
            {
                break;
            }
            ratios.push((extent(shape, 2)?.max(1) - 1) / 2);
            index += 3;
        }
        let mut decoder_ratios = Vec::new();
        while let Some(shape) =
            self.conv(&format!("decoder.net.{}.net.1", 1 + 2 * decoder_ratios.len()))
        {
            // Twice the ratio, or 3 in a stage that keeps the rate.
            decoder_ratios.push(extent(shape, 2)? / 2);
        }
        set("stack_dilations", json!(self.stack_dilations()));
        if self.conv("decoder.net.2.net.branches.1.net.0.net.aligned.branches.0.1").is_some() {
            return Err("its residual stacks have layers of several kernel sizes".to_owned());
        }
        let rows = self.first("decoder.synth.branches.0")?[0];
        let n_band = self.arrays["pqmf.hk"][0];
        set("channels", json!((rows / n_band).max(1)));
        set(
            "decoder_ratios",
            if decoder_ratios == ratios { json!([]) } else { json!(decoder_ratios) },
        );
        set("ratios", json!(ratios));
        let convs = self.noise("decoder.synth.branches.2.net");
        set("has_noise", json!(!convs.is_empty()));
        if let Some((_, last)) = convs.last() {
            set("noise_bands", json!(last[0] / rows.max(1)));
            let strides: Option<Vec<_>> =
                convs.iter().map(|(name, _)| self.strides.get(name)).collect();
            if let Some(strides) = strides {
                set("noise_ratios", json!(strides));
            }
        }
        Ok(())
    }

    /// The second architecture.
    fn of_second(&self, settings: &mut Settings) -> Result<(), String> {
        let encoder = self.row("encoder.encoder.net", 0)?;
        let n_gru = (0..).take_while(|layer| {
            self.arrays.contains_key(&format!("decoder.net.0.gru.weight_ih_l{layer}"))
        });
        let n_gru = n_gru.count();
        let decoder = self.row("decoder.net", usize::from(n_gru > 0))?;
        let n_band = self.arrays["pqmf.hk"][0];
        let mut set = |key: &str, value| drop(settings.insert(key.to_owned(), value));
        set("gru_layers", json!(n_gru));
        let wave = match self.conv("decoder.waveform_module") {
            Some(shape) => shape,
            None => decoder.last.as_deref().ok_or("its decoder has no last layer")?,
        };
        let rows_in = extent(&encoder.first, 1)?;
        let rows_out = wave[0] / 2;
        let is_raw = rows_out < n_band;
        let channels = if is_raw { rows_out } else { rows_out / n_band };
        set("channels", json!(channels));
        set("decoder_output", json!(if is_raw { "raw" } else { "bands" }));
        let is_mel = rows_in != n_band * channels;
        set("encoder_input", json!(if is_mel { "mel" } else { "bands" }));
        if is_mel {
            set("n_mels", json!(rows_in / channels.max(1)));
        }
        let last = encoder.last.as_deref().ok_or("its encoder has no last layer")?;
        set("kernel_size", json!(extent(last, 2)?));
        let ratio = |stage: &Stage| extent(&stage.conv, 2).map(|kernel| kernel / 2);
        let ratios: Vec<usize> = encoder.stages.iter().map(ratio).collect::<Result<_, _>>()?;
        let of_decoder: Vec<usize> =
            decoder.stages.iter().rev().map(ratio).collect::<Result<_, _>>()?;
        set("decoder_ratios", if of_decoder == ratios { json!([]) } else { json!(of_decoder) });
        set("ratios", json!(ratios));
        let has = |part: &str| {
            self.arrays.keys().any(|name| is_of_generator(name) && name.ends_with(part))
        };
        set("activation", json!(if has(".alpha") { "snake" } else { "leaky_relu" }));
        set("has_adain", json!(has(".mean_x")));
        let deepest_last = decoder.stages.iter().rev().map(|stage| self.dilations_of(stage));
        let of_decoder: Vec<Vec<usize>> = deepest_last.collect();
        let of_encoder: Vec<Vec<usize>> =
            encoder.stages.iter().map(|stage| self.dilations_of(stage)).collect();
        if let Some((deepest, others)) = of_decoder.split_last() {
            set("dilations", json!(others.first().unwrap_or(deepest)));
            set("dilations_deepest", json!(deepest));
            let is_flat = of_encoder.windows(2).all(|pair| pair[0] == pair[1]);
            let differs = of_encoder != of_decoder;
            let own = of_encoder.first().filter(|_| differs && is_flat).cloned();
            set("encoder_dilations", json!(own.unwrap_or_default()));
        }
        let convs = self.noise("decoder.noise_module.net");
        set("has_noise", json!(!convs.is_empty()));
        if let Some((_, last)) = convs.last() {
            set("noise_bands", json!(last[0] / rows_out.max(1)));
            set("noise_hidden", json!(convs[0].1[0]));
            let ratios: Vec<usize> = convs.iter().map(|(_, shape)| shape[2] / 2).collect();
            set("noise_ratios", json!(ratios));
        }
        Ok(())
    }

    fn of_latent(&self, settings: &mut Settings, [_, first]: [&[usize]; 2]) -> Result<(), String> {
        let rows = self.rows_encoded()?;
        let of_decoder = extent(first, 1)?;
        let n_books = (0..)
            .take_while(|book| {
                self.arrays.contains_key(&format!("encoder.rvq.layers.{book}._codebook.embed"))
            })
            .count();
        let known = self.arrays.get("latent_mean").and_then(|it| it.first().copied());
        let latent = known.unwrap_or_else(|| rows.min(of_decoder));
        let regularization = match (rows == 2 * latent, n_books > 0, of_decoder > latent) {
            (true, _, _) => "variational",
            (_, true, _) => "discrete",
            (_, _, true) => "wasserstein",
            _ => "spherical",
        };
        let mut set = |key: &str, value| drop(settings.insert(key.to_owned(), value));
        set("latent_size", json!(latent));
        set("regularization", json!(regularization));
        set("noise_augmentation", json!(of_decoder.saturating_sub(latent)));
        if let Some(book) = self.arrays.get("encoder.rvq.layers.0._codebook.embed") {
            set("num_quantizers", json!(n_books));
            set("codebook_size", json!(book[0]));
        }
        Ok(())
    }

    fn discriminators(&self, settings: &mut Settings) {
        let mut set = |key: &str, value| drop(settings.insert(key.to_owned(), value));
        let names = || self.arrays.keys().filter(|name| name.starts_with("discriminator."));
        if names().next().is_none() {
            return;
        }
        if names().any(|name| name.contains(".band_convs.")) {
            return set("discriminator", json!("descript"));
        }
        set("discriminator", json!("rave"));
        let (mut n_periods, mut n_scales, mut n_spectra) = (0, 0, 0);
        for name in names() {
            let shape = &self.arrays[name];
            if name.contains(".layers.") && name.ends_with(".net.0.weight_v") {
                set("discriminator_capacity", json!(shape[0]));
                if shape.len() == 4 { n_periods += 1 } else { n_scales += 1 }
            }
            if name.contains(".nets.") && name.ends_with(".net.0.0.weight_v") {
                set("discriminator_spectra_capacity", json!(shape[0]));
                n_spectra += 1;
            }
        }
        const PERIODS: [usize; 8] = [2, 3, 5, 7, 11, 13, 17, 19];
        const SPECTRA: [usize; 8] = [4096, 2048, 1024, 512, 256, 128, 64, 64];
        set("discriminator_periods", json!(PERIODS[..n_periods.min(8)]));
        set("discriminator_scales", json!(n_scales));
        set("discriminator_spectra", json!(SPECTRA[..n_spectra.min(8)]));
    }

    /// The layers of RAVE v2 from an index on, by name.
    fn row(&self, list: &str, start: usize) -> Result<Row, String> {
        let last_index = self.last_index_of(list);
        let mut row = Row {
            first: self.first(&format!("{list}.{start}"))?.to_vec(),
            stages: Vec::new(),
            last: None,
        };
        let is_decoder = list.starts_with("decoder");
        let mut residuals = Vec::new();
        for index in start + 1..=last_index.unwrap_or(start) {
            let name = format!("{list}.{index}");
            if self.conv(&format!("{name}.aligned.branches.0.net.1")).is_some() {
                residuals.push(format!("{name}.aligned.branches.0.net.1"));
                continue;
            }
            let Some(shape) = self.conv(&name) else { continue };
            let kernel = extent(shape, 2)?;
            if kernel % 2 == 1 {
                row.last = Some(shape.to_vec());
                break;
            }
            if is_decoder {
                if let Some(stage) = row.stages.last_mut() {
                    stage.residuals = std::mem::take(&mut residuals);
                }
                row.stages.push(Stage { conv: shape.to_vec(), residuals: Vec::new() });
            } else {
                let residuals = std::mem::take(&mut residuals);
                row.stages.push(Stage { conv: shape.to_vec(), residuals });
            }
        }
        if is_decoder && let Some(stage) = row.stages.last_mut() {
            stage.residuals = residuals;
        }
        if row.stages.is_empty() {
            return Err(format!("`{list}` has no layer that changes the rate"));
        }
        Ok(row)
    }

    /// The dilations of a stage: stated in the code, or else RAVE's for that number of layers.
    fn dilations_of(&self, stage: &Stage) -> Vec<usize> {
        let stated: Option<Vec<usize>> =
            stage.residuals.iter().map(|name| self.dilations.get(name).copied()).collect();
        let usual = || (0..stage.residuals.len() as u32).map(|i| 3usize.pow(i.min(8))).collect();
        stated.unwrap_or_else(usual)
    }

    /// The dilations of the first architecture's residual stacks: stated in the code, or else RAVE's or
    /// BRAVE's for that number of layers.
    fn stack_dilations(&self) -> Vec<usize> {
        let name = |i| format!("decoder.net.2.net.branches.0.net.{i}.net.aligned.branches.0.1");
        let names: Vec<String> =
            (0..LAYERS_MAX).map(name).take_while(|name| self.conv(name).is_some()).collect();
        let stated: Option<Vec<usize>> =
            names.iter().map(|name| self.dilations.get(name).copied()).collect();
        stated.unwrap_or_else(|| match names.len() {
            n @ 0..=3 => [1, 3, 5][..n].to_vec(),
            4 => vec![3, 9, 27, 36],
            n => [3, 9, 27, 45, 63].into_iter().cycle().take(n).collect(),
        })
    }

    /// The convolutions of a noise part, which are not weight-normalised.
    fn noise(&self, list: &str) -> Vec<(String, &[usize])> {
        let names = (0..).step_by(2).map(|index| format!("{list}.{index}"));
        let convs = names.map_while(|name| self.conv(&name).map(|shape| (name, shape)));
        convs.filter(|(_, shape)| shape.len() == 3).collect()
    }

    fn rows_encoded(&self) -> Result<usize, String> {
        let list = "encoder.encoder.net";
        let last = self.last_index_of(list).ok_or("it has no encoder")?;
        Ok(self.first(&format!("{list}.{last}"))?[0])
    }

    fn first_of_decoder(&self) -> Result<&[usize], String> {
        let start = usize::from(self.arrays.contains_key("decoder.net.0.gru.weight_ih_l0"));
        self.first(&format!("decoder.net.{start}"))
    }

    /// The largest index in a list of layers.
    fn last_index_of(&self, list: &str) -> Option<usize> {
        let names = self.arrays.range(format!("{list}.")..);
        names
            .map_while(|(name, _)| name.strip_prefix(list)?.strip_prefix('.'))
            .filter_map(|rest| rest.split('.').next()?.parse().ok())
            .filter(|index| *index < LAYERS_MAX)
            .max()
    }

    fn first(&self, name: &str) -> Result<&[usize], String> {
        let shape = self.conv(name).ok_or_else(|| format!("it has no layer `{name}`"))?;
        extent(shape, 2)?;
        Ok(shape)
    }

    /// The shape of a convolution's weight, whether weight-normalised or not.
    fn conv(&self, name: &str) -> Option<&[usize]> {
        let found = self.arrays.get(&format!("{name}.weight_v"));
        let found = found.or_else(|| self.arrays.get(&format!("{name}.weight")));
        found.map(Vec::as_slice).filter(|shape| shape.len() >= 3)
    }
}

/// Limits indices in lists of layers; the longest in RAVE has 40.
const LAYERS_MAX: usize = 1000;

fn extent(shape: &[usize], axis: usize) -> Result<usize, String> {
    let extent = shape.get(axis).copied().filter(|extent| *extent > 0);
    extent.ok_or_else(|| format!("a layer has the shape {shape:?}"))
}

fn is_of_generator(name: &str) -> bool {
    name.starts_with("encoder.") || name.starts_with("decoder.")
}
