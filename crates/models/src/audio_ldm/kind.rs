//! What `AudioLDM` says of itself to those who look at its folder, and its settings together.

use api::WeightsUse;
use nn::weight_files::{self, WeightFiles};

use super::config::{UnetConfig, VaeConfig, VocoderConfig};
use super::sampler::SamplerConfig;
use super::unet::Unet;
use super::vae::{Spelling, Vae};
use super::vocoder::Vocoder;
use super::{AudioLdm, effort};
use crate::clap::{self, ClapText, TextConfig};
use crate::hub::{HubFolder, Kind, Part, Wanted, without_adapters};
use crate::layers::listed;
use crate::words::{Abilities, BeginKind};

/// `AudioLDM`, as diffusers saves it.
pub(crate) const KIND: Kind = Kind {
    name: "audioldm",
    called: &["AudioLDMPipeline"],
    uses: &[WeightsUse::Words],
    look,
    open_words: Some(|folder, precision, adapters| {
        without_adapters(&adapters)?;
        Ok(Box::new(AudioLdm::open(folder, precision)?))
    }),
    effort: Some(|folder, wish, precision| {
        Ok(effort::effort(&AudioLdmConfig::read(folder)?, wish, precision))
    }),
};

/// The longest sound, in seconds: it learnt ten, and longer ones repeat themselves more and more.
const SECS_MAX: f64 = 60.0;
/// Steps: the fewest, the usual number, and the most.
const STEPS: [usize; 3] = [1, 20, 200];
/// The usual guidance.
const GUIDANCE: f64 = 2.5;

/// The settings of all parts.
#[derive(Clone, Debug)]
pub(super) struct AudioLdmConfig {
    pub(super) text: TextConfig,
    pub(super) unet: UnetConfig,
    pub(super) vae: VaeConfig,
    pub(super) vocoder: VocoderConfig,
    pub(super) sampler: SamplerConfig,
}

impl AudioLdmConfig {
    /// Reads the settings of a folder.
    pub(super) fn read(folder: &HubFolder<'_>) -> Result<Self, String> {
        let of = |part: &'static str| {
            move |why: String| format!("{part}/config.json cannot be used: {why}")
        };
        let file = "scheduler/scheduler_config.json";
        let config = Self {
            text: TextConfig::parse(&folder.config("text_encoder")?).map_err(of("text_encoder"))?,
            unet: UnetConfig::parse(&folder.config("unet")?).map_err(of("unet"))?,
            vae: VaeConfig::parse(&folder.config("vae")?).map_err(of("vae"))?,
            vocoder: VocoderConfig::parse(&folder.config("vocoder")?).map_err(of("vocoder"))?,
            sampler: SamplerConfig::parse(&folder.settings(file)?)
                .map_err(|why| format!("{file} cannot be used: {why}"))?,
        };
        config.check()?;
        Ok(config)
    }

    /// Whether the parts fit each other.
    fn check(&self) -> Result<(), String> {
        if self.text.projection_dim != self.unet.text_size() {
            return Err("the embedding of text_encoder is not as long as unet wants it".into());
        }
        if self.vae.latent_channels != self.unet.in_channels {
            return Err("latents of vae have not as many channels as unet wants".into());
        }
        if !self.vocoder.model_in_dim.is_multiple_of(self.vae.scale()) {
            return Err("the bands of vocoder are no multiple of the scale of vae".into());
        }
        Ok(())
    }

    /// Frames of a spectrogram a second, and samples of a frame, as the reference counts them.
    fn secs_of_frame(&self) -> f64 {
        self.vocoder.hop() as f64 / f64::from(self.vocoder.sampling_rate)
    }

    /// Rows and columns of the latents of a sound.
    pub(super) fn latent_size(&self, secs: f64) -> [usize; 2] {
        let n_frames = (secs / self.secs_of_frame()) as usize;
        let scale = self.vae.scale();
        [n_frames.div_ceil(scale).max(1), self.vocoder.model_in_dim / scale]
    }

    /// Samples of a sound.
    pub(super) fn n_samples(&self, secs: f64) -> usize {
        (secs * f64::from(self.vocoder.sampling_rate)) as usize
    }

    /// What it can do.
    pub(super) fn abilities(&self) -> Abilities {
        let most = STEPS[2].min(self.sampler.num_train_timesteps);
        Abilities {
            rate_hz: self.vocoder.sampling_rate,
            n_channels: 1,
            max_secs: SECS_MAX,
            steps: Some([STEPS[0], STEPS[1].min(most), most]),
            guidance: GUIDANCE,
            takes_negative: true,
            begins: vec![BeginKind::Vary],
            takes_adapters: false,
            writes_codes: false,
            max_tokens: self.text.n_tokens_max(),
        }
    }
}

/// How the attention of the network of spectrograms is stored in a folder.
pub(super) fn spelling_of(files: &WeightFiles) -> Spelling {
    let is_older = files.tensors().any(|(name, _)| name.ends_with("attentions.0.query.weight"));
    if is_older { Spelling::Older } else { Spelling::Newer }
}

fn look(folder: &HubFolder<'_>) -> Result<Wanted, String> {
    let config = AudioLdmConfig::read(folder)?;
    // A folder that is not there is said by those who look for its files.
    let files = weight_files::open(&folder.path().join("vae")).unwrap_or_default();
    let spelling = spelling_of(&files);
    let part = |folder, tensors| Part { folder, file: None, tensors, is_known: clap::is_known };
    let vocoder = listed(|tensors| Vocoder::new(tensors, &config.vocoder));
    let parts = vec![
        part("text_encoder", ClapText::tensors(&config.text)),
        part("unet", listed(|tensors| Unet::new(tensors, &config.unet))),
        part("vae", listed(|tensors| Vae::new(tensors, &config.vae, spelling))),
        part("vocoder", vocoder),
    ];
    let fact = |name: &str, value: String| (name.to_owned(), value);
    let levels: Vec<String> =
        config.unet.block_out_channels.iter().map(ToString::to_string).collect();
    let facts = vec![
        fact("sampling rate", format!("{} Hz", config.vocoder.sampling_rate)),
        fact("channels", "1".to_owned()),
        fact("bands of the spectrogram", config.vocoder.model_in_dim.to_string()),
        fact("channels of the levels", levels.join(", ")),
        fact("tokens that it reads", config.text.n_tokens_max().to_string()),
    ];
    Ok(Wanted { parts, facts, words: Some(config.abilities()) })
}
