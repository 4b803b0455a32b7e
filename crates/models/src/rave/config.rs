//! The knobs of RAVE: the one place where a setting's name, range, default and help stand.
//!
//! Names and defaults are those of RAVE's `v2_small` configuration (Caillon & Esling, 2021,
//! <https://arxiv.org/abs/2111.05011>, and its second version); the preset `v2_small` is all defaults.
//!
//! Most of its lines are the table; the rest reads, composes and checks what people choose from it.

use std::collections::BTreeMap;

use api::{Family, FieldProblem, KnobKind, Origin};
use nn::{Compute, NoGpu};
use serde_json::{Value, json};

use super::configurations;
use crate::knobs::{
    self, Composition, Layer, choice, factor, integer, integers, integers_or_none, knobs, multiple,
    number, problem, problem_with,
};

knobs! {
    "Sound" {
        sampling_rate: u32 = 44_100, integer(8_000, 192_000), BASIC, "Sampling rate", "Hz",
            "Samples per second of the sound that the model hears and makes; the same as the dataset's.";
        channels: usize = 1, integer(1, 2), BASIC, "Channels", "",
            "1 for mono, 2 for stereo; the same as the dataset's.";
        phase_mangle_share: f64 = 0.8, number(0.0, 1.0), ADVANCED, "Phase variation", "",
            "The share of excerpts whose phases are turned at random, so that the model does not learn them by heart. 0 turns it off.";
        speed_variation: f64 = 0.0, number(0.0, 24.0), ADVANCED, "Speed variation", "semitones",
            "Plays excerpts up to this much faster or slower, so that the model hears more pitches than were recorded. 0 turns it off.";
        gain_variation: f64 = 0.0, number(0.0, 40.0), ADVANCED, "Gain variation", "dB",
            "Plays excerpts up to this much quieter, so that the model hears more levels than were recorded. 0 turns it off.";
        gain_share: f64 = 0.0, number(0.0, 1.0), ADVANCED, "Louder and quieter excerpts", "",
            "The share of excerpts played up to 6 dB quieter or 3 dB louder, never beyond full scale. 0 turns it off.";
        mute_share: f64 = 0.0, number(0.0, 1.0), ADVANCED, "Silent excerpts", "",
            "The share of excerpts replaced by silence, so that the model learns to be silent. 0 turns it off.";
        compress_share: f64 = 0.0, number(0.0, 1.0), ADVANCED, "Compressed excerpts", "",
            "The share of excerpts whose dynamics are changed, so that the model hears them louder and quieter than recorded. 0 turns it off.";
        compress_threshold: f64 = -40.0, number(-80.0, 0.0), ADVANCED, "Compression threshold", "dB",
            "The level that compressed excerpts have moved.";
        compress_least: f64 = -60.0, number(-80.0, 0.0), ADVANCED, "Compression, least", "dB",
            "The lowest level it is moved to.";
        compress_most: f64 = 0.0, number(-80.0, 0.0), ADVANCED, "Compression, most", "dB",
            "The highest level it is moved to.";
    }
    "Model" {
        architecture: Architecture = "v2", choice(&["v1", "v2"]), ADVANCED, "Architecture", "",
            "The layers of encoder and decoder: those of RAVE's first version, or the dilated ones of its second.";
        activation: Activation = "leaky_relu", choice(&["leaky_relu", "snake"]), ADVANCED, "Activation", "",
            "What bends the signal between layers. Snake is made for periodic sound, and takes longer; the second architecture only.";
        padding: Padding = "centered", choice(&["centered", "causal"]), ADVANCED, "Looks", "",
            "Centred layers look back and ahead and sound better; causal ones look back only, so that playing live has less delay.";
        has_adain: bool = false, KnobKind::Bool, ADVANCED, "Style layers", "",
            "Layers that can later move the statistics of one sound onto another while playing (AdaIN); they learn nothing. The second architecture only.";
        encoder_input: EncoderInput = "bands", choice(&["bands", "mel"]), ADVANCED, "The encoder hears", "",
            "Bands of the waveform, or a mel spectrogram as in the hybrid configuration.";
        decoder_output: DecoderOutput = "bands", choice(&["bands", "raw"]), ADVANCED, "The decoder makes", "",
            "Bands that are joined to sound, or the waveform itself, which takes longer.";
        capacity: usize = 48, integer(2, 256), BASIC, "Capacity", "",
            "How much the model can hold: twice as much sounds better, and takes up to four times as long per step.";
        latent_size: usize = 128, integer(1, 512), BASIC, "Latent size", "",
            "How many curves describe a sound inside the model. Fewer are easier to play by hand, more keep more detail.";
        ratios: Vec<usize> = [4, 2, 2, 2], integers(6, 2, 16), ADVANCED, "Compression ratios", "",
            "By how much each stage slows the latent curves down, even numbers. Larger ratios react more slowly and compute faster.";
        decoder_ratios: Vec<usize> = [0usize; 0], integers_or_none(6, 2, 16), ADVANCED, "Decoder ratios", "",
            "The same for the decoder where they differ, from the fastest stage to the slowest. None: those of the encoder.";
        dilations: Vec<usize> = [1, 3, 9], integers(6, 1, 27), ADVANCED, "Dilations", "",
            "How far each layer of a stage looks around, in frames. More or larger numbers hear longer patterns.";
        dilations_deepest: Vec<usize> = [1, 3], integers(6, 1, 27), ADVANCED, "Dilations of the deepest stage", "",
            "The same for the slowest stage, where one frame is already long.";
        encoder_dilations: Vec<usize> = [0usize; 0], integers_or_none(6, 1, 27), ADVANCED, "Encoder dilations", "",
            "Dilations of every stage of the encoder where they differ from the decoder's. None: the same.";
        gru_layers: usize = 0, integer(0, 4), ADVANCED, "Recurrent layers", "",
            "Layers with a memory (GRU) at the start of the decoder; 0 for none. The second architecture only.";
        n_mels: usize = 128, integer(16, 512), ADVANCED, "Mel bands", "",
            "How many bands a mel spectrogram has, if the encoder hears one.";
        mel_n_fft: usize = 2_048, multiple(4, 64, 8_192), ADVANCED, "Mel window", "samples",
            "The length of its windows.";
        mel_hop: usize = 256, integer(16, 4_096), ADVANCED, "Mel hop", "samples",
            "Samples from one window to the next.";
        kernel_size: usize = 3, integer(3, 9), ADVANCED, "Kernel size", "",
            "How many frames each layer sees at once; an odd number.";
        n_band: usize = 16, integer(2, 32), ADVANCED, "Frequency bands", "",
            "Into how many bands sound is split before the model sees it; a power of two. More bands compute faster.";
        pqmf_attenuation: f64 = 100.0, number(40.0, 120.0), ADVANCED, "Band separation", "dB",
            "How well the bands are kept apart; higher is cleaner and has longer filters.";
        has_noise: bool = true, KnobKind::Bool, BASIC, "Noise synthesiser", "",
            "Adds a filtered noise part, for breath, hiss and drums.";
        noise_ratios: Vec<usize> = [2, 2, 2], integers(6, 1, 16), ADVANCED, "Noise ratios", "",
            "By how much the noise part slows down the control of its filters.";
        noise_bands: usize = 32, integer(2, 64), ADVANCED, "Noise bands", "",
            "How finely each noise filter is described. The original's 32 nearly mute the noise part; 5 lets it be heard.";
        noise_hidden: usize = 64, integer(2, 512), ADVANCED, "Noise capacity", "",
            "How much the noise part can hold.";
    }
    "Training" {
        batch_size: usize = 8, integer(1, 64), BASIC, "Batch size", "excerpts",
            "How many excerpts every step learns from. More make steadier and slower steps and need more memory.";
        n_signal: usize = 131_072, multiple(16, 2_048, 1_048_576), BASIC, "Excerpt length", "samples",
            "The length of those excerpts. Longer ones teach longer patterns, and take more time and memory.";
        learning_rate: f64 = 1e-3, factor(1e-6, 1e-1), BASIC, "Learning rate", "",
            "How large the steps are at first. Too large and training goes astray, too small and it crawls.";
        learning_rate_final: f64 = 0.1, factor(1e-3, 1.0), ADVANCED, "Final learning rate", "of the first",
            "The share of the learning rate that is left when phase 1 ends; it falls in a straight line.";
        learning_rate_discriminator: f64 = 1e-4, factor(1e-7, 1e-1), ADVANCED, "Discriminator learning rate", "",
            "How fast the judges of phase 2 learn.";
        initial_gain: f64 = 1.0, factor(0.1, 10.0), ADVANCED, "Initial gain", "",
            "How strongly every layer of a new model passes sound on. 1 is the original; 2 starts to learn sooner in a short training.";
        phase_1_duration: u64 = 1_000_000, integer(0, 10_000_000), BASIC, "Length of phase 1", "steps",
            "When the model stops learning to describe sound and starts learning to sound real.";
        phase_switch: PhaseSwitch = "steps", choice(&["steps", "plateau"]), ADVANCED, "Phase 2 starts", "",
            "After the steps of phase 1, or already when the held-out distance has stopped falling.";
        plateau_patience: u64 = 10, integer(2, 1_000), ADVANCED, "Patience of phase 1", "measurements",
            "How many measurements without a better held-out distance count as having stopped.";
        early_stop: u64 = 0, integer(0, 10_000), ADVANCED, "Stop early after", "measurements",
            "Stops when the held-out distance has not become better for so many measurements of one phase. 0: never.";
        gradient_clip: f64 = 0.0, number(0.0, 1_000.0), ADVANCED, "Gradient limit", "",
            "Shortens steps whose gradient is longer than this. 0, the original, never does.";
        ema: f64 = 0.0, number(0.0, 0.99999), ADVANCED, "Weight averaging", "",
            "Plays and measures an average over the last steps, of which this share is kept at each step; 0.999 smooths over a thousand. 0 turns it off.";
        adam_beta_1: f64 = 0.5, number(0.0, 0.999), ADVANCED, "Momentum", "",
            "How long the optimiser keeps its direction.";
        adam_beta_2: f64 = 0.9, number(0.0, 0.9999), ADVANCED, "Step memory", "",
            "How long the optimiser remembers how large gradients were.";
    }
    "Computer" {
        device: Device = "cpu", choice(&["cpu", "gpu", "auto"]), ADVANCED, "Computes on", "",
            "The processor; a graphics card, in a Maquette built for it, which is new and was not yet tried on a card; or a card if there is one and else the processor (auto).";
        precision: Arithmetic = "float32", choice(&["float32", "mixed"]), ADVANCED, "Precision on a GPU", "",
            "Mixed multiplies in 16 bits on a graphics card, which is faster and takes less memory; weights and sums stay in 32.";
    }
    "Latent space" {
        regularization: Regularization = "variational", choice(&["variational", "wasserstein", "spherical", "discrete"]), ADVANCED, "Latent curves are", "",
            "Drawn around a mean (variational), spread like noise as a whole (wasserstein), on a sphere (spherical), or chosen from code books (discrete).";
        noise_augmentation: usize = 0, integer(0, 512), ADVANCED, "Random curves", "",
            "Curves of pure chance that the decoder gets beside the latent ones, for what they do not describe.";
        num_quantizers: usize = 16, integer(0, 64), ADVANCED, "Code books", "",
            "How many code books describe a discrete latent, each what those before left over. 0 leaves it continuous, as the original in effect does.";
        codebook_size: usize = 1_024, integer(2, 16_384), ADVANCED, "Codes in a book", "",
            "How many codes each of them has.";
        quantize_after: u64 = 0, integer(0, 10_000_000), ADVANCED, "Codes from", "steps",
            "The step from which code books are used.";
        codebook_decay: f64 = 0.99, number(0.0, 0.9999), ADVANCED, "Code memory", "",
            "How slowly codes move to the middle of what they stand for.";
        dead_code_threshold: f64 = 2.0, number(0.0, 100.0), ADVANCED, "Least use of a code", "frames",
            "Codes used less than this, averaged over batches, are replaced by what was just heard.";
        beta: f64 = 0.01, factor(1e-8, 1_000.0), BASIC, "Regularisation", "",
            "How strongly latent curves are kept smooth and centred. More makes them easier to play, less keeps more detail.";
        beta_initial: f64 = 0.01, factor(1e-8, 1_000.0), ADVANCED, "Regularisation at first", "",
            "The same at the first step; from there it moves to its final value by equal factors.";
        beta_warmup: u64 = 0, integer(0, 10_000_000), ADVANCED, "Regularisation warm-up", "steps",
            "How many steps that takes.";
        latent_noise: f64 = 1.0, number(0.0, 1.0), ADVANCED, "Latent noise", "",
            "How much chance is added to latent curves while learning. 1 is the original; less learns faster and leaves gaps between sounds.";
    }
    "Distance" {
        multiband_weight: f64 = 1.0, number(0.0, 100.0), ADVANCED, "Multi-band weight", "",
            "How much the distance of spectra in each band counts.";
        fullband_weight: f64 = 1.0, number(0.0, 100.0), ADVANCED, "Full-band weight", "",
            "How much the distance of spectra of the whole sound counts.";
        stft_scales: Vec<usize> = [2048, 1024, 512, 256, 128], integers(8, 16, 8_192), ADVANCED, "Spectrum sizes", "samples",
            "The window lengths at which spectra are compared; even numbers.";
        log_epsilon: f64 = 1e-7, factor(1e-9, 10.0), ADVANCED, "Spectrum floor", "",
            "Below this, differences between quiet parts of a spectrum hardly count.";
        valid_signal_crop: bool = true, KnobKind::Bool, ADVANCED, "Ignore the edges", "",
            "Leaves the ends of excerpts, where the model cannot see enough, out of the multi-band distance.";
    }
    "Adversarial" {
        discriminator: Judges = "rave", choice(&["rave", "descript"]), ADVANCED, "Discriminators", "",
            "RAVE's own, chosen below, or the large ones of the Descript Audio Codec, whose size is fixed.";
        gan_loss: GanLoss = "hinge", choice(&["hinge", "least_squares", "non_saturating"]), ADVANCED, "Adversarial loss", "",
            "How scores become losses.";
        discriminator_capacity: usize = 48, integer(1, 256), ADVANCED, "Discriminator capacity", "",
            "How much the judges of phase 2 can hold.";
        discriminator_periods: Vec<usize> = [2, 3, 5, 7, 11], integers_or_none(8, 1, 64), ADVANCED, "Discriminator periods", "samples",
            "One judge looks at every so-manieth sample.";
        discriminator_scales: usize = 3, integer(0, 6), ADVANCED, "Discriminator scales", "",
            "How many judges listen, each at half the speed of the one before.";
        discriminator_spectra: Vec<usize> = [0usize; 0], integers_or_none(8, 64, 8_192), ADVANCED, "Discriminator spectra", "samples",
            "Window lengths of judges that look at spectra; none in most configurations.";
        discriminator_spectra_capacity: usize = 32, integer(1, 128), ADVANCED, "Capacity of those", "",
            "How much they can hold.";
        update_discriminator_every: u64 = 2, integer(2, 64), ADVANCED, "Judge every", "steps",
            "In phase 2 one step of so many teaches the judges, the others teach the model.";
        feature_matching_weight: f64 = 20.0, number(0.0, 100.0), ADVANCED, "Feature matching weight", "",
            "How much it counts that the judges see the same in original and reconstruction.";
        feature_matching_is_relative: bool = true, KnobKind::Bool, ADVANCED, "Relative feature matching", "",
            "Whether differences count relative to how strong a feature is.";
        num_skipped_features: usize = 1, integer(0, 4), ADVANCED, "Skipped features", "layers",
            "How many first layers of the judges are left out of that.";
        adversarial_weight: f64 = 1.0, number(0.0, 100.0), ADVANCED, "Adversarial weight", "",
            "How much it counts to sound real to the judges.";
        loss_weights: LossWeights = "squared", choice(&["squared", "plain"]), ADVANCED, "Use of weights", "",
            "The original program applies every weight twice (squared); its paper applies it once (plain).";
    }
}

/// A knob whose values are a few words.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident,)* })*) => {
        $($(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$word_doc])* $word,)* })*
    };
}

words! {
    /// Whether a loss weight is applied twice, as the original program does, or once, as its paper says.
    LossWeights {
        /// Twice.
        Squared,
        /// Once.
        Plain,
    }
    /// What a training computes on.
    Device {
        /// A GPU if there is one, else the CPU.
        Auto,
        /// The CPU.
        Cpu,
        /// A GPU.
        Gpu,
    }
    /// How exactly convolutions multiply on a GPU.
    Arithmetic {
        /// In 32 bits.
        Float32,
        /// In 16 bits.
        Mixed,
    }
    /// The layers of encoder and decoder.
    Architecture {
        /// Batch normalisation in the encoder, stacks of residual layers in the decoder.
        V1,
        /// Dilated residual units in both.
        V2,
    }
    /// What bends the signal between layers.
    Activation {
        /// A rectifier that lets a fifth of what is negative through.
        LeakyRelu,
        /// `x + sin(a x)^2 / a` with an `a` learnt for each channel.
        Snake,
    }
    /// Where layers look.
    Padding {
        /// Back and ahead.
        Centered,
        /// Back only.
        Causal,
    }
    /// What the encoder hears.
    EncoderInput {
        /// Bands of the waveform.
        Bands,
        /// A mel spectrogram.
        Mel,
    }
    /// What the decoder makes.
    DecoderOutput {
        /// Bands of the waveform.
        Bands,
        /// The waveform.
        Raw,
    }
    /// What latent curves are made to be.
    Regularization {
        /// Draws from a distribution close to the standard normal one.
        Variational,
        /// Spread like the standard normal distribution as a whole.
        Wasserstein,
        /// Directions of unit length.
        Spherical,
        /// Sums of codes.
        Discrete,
    }
    /// Which discriminators judge.
    Judges {
        /// Those of RAVE, by periods, scales and spectra.
        Rave,
        /// Those of the Descript Audio Codec.
        Descript,
    }
    /// How scores become losses.
    GanLoss {
        /// Margins of one.
        Hinge,
        /// Squared distances from one and zero.
        LeastSquares,
        /// Cross entropies.
        NonSaturating,
    }
    /// When phase 2 starts.
    PhaseSwitch {
        /// After a number of steps.
        Steps,
        /// When the held-out distance has stopped falling, and after that number at the latest.
        Plateau,
    }
}

impl Config {
    /// Reads settings as they were frozen; knobs that an older file lacks get their defaults.
    ///
    /// # Errors
    /// Every setting that cannot be used, with what would be right.
    pub fn from_settings(settings: &Value) -> Result<Self, Vec<FieldProblem>> {
        let whole = knobs::reread(&knobs(), settings)?;
        let config: Self =
            serde_json::from_value(whole).map_err(|error| vec![problem("", error.to_string())])?;
        let problems = config.contradictions();
        if problems.is_empty() { Ok(config) } else { Err(problems) }
    }

    /// The settings to freeze.
    #[must_use]
    pub fn to_settings(&self) -> Value {
        serde_json::to_value(self).expect("plain numbers become JSON")
    }

    /// The place to train at, on this computer.
    ///
    /// # Errors
    /// When a GPU is asked for and there is none.
    pub fn compute(&self) -> Result<Compute, NoGpu> {
        let gpu = || Compute::gpu(self.wants_mixed());
        match self.device {
            Device::Cpu => Ok(Compute::cpu()),
            Device::Gpu => gpu(),
            Device::Auto => Ok(gpu().unwrap_or_else(|_| Compute::cpu())),
        }
    }

    /// Whether 16 bits are asked for where a GPU multiplies.
    #[must_use]
    pub fn wants_mixed(&self) -> bool {
        self.precision == Arithmetic::Mixed
    }

    /// Samples of sound per latent frame.
    #[must_use]
    pub fn ratio(&self) -> usize {
        let slowest: usize = self.ratios.iter().product();
        match self.encoder_input {
            EncoderInput::Bands => self.n_band * slowest,
            EncoderInput::Mel => self.mel_hop * slowest,
        }
    }

    /// The ratios of the decoder, from the fastest stage to the slowest.
    pub(super) fn decoder_ratios(&self) -> &[usize] {
        if self.decoder_ratios.is_empty() { &self.ratios } else { &self.decoder_ratios }
    }

    /// Rows that the decoder's latent has: curves, and curves of chance.
    pub(super) fn decoder_latent_size(&self) -> usize {
        self.latent_size + self.noise_augmentation()
    }

    /// Curves of chance that the decoder gets; only two of the regularisations have them.
    pub(super) fn noise_augmentation(&self) -> usize {
        match self.regularization {
            Regularization::Wasserstein | Regularization::Discrete => self.noise_augmentation,
            Regularization::Variational | Regularization::Spherical => 0,
        }
    }

    /// Rows that the encoder puts out for each latent curve: a mean and a scale, or the curve.
    pub(super) fn rows_per_latent(&self) -> usize {
        if self.regularization == Regularization::Variational { 2 } else { 1 }
    }

    /// The dilations of a stage of the encoder, from the fastest to the deepest.
    pub(super) fn encoder_dilations(&self, stage: usize) -> &[usize] {
        if self.encoder_dilations.is_empty() {
            self.dilations_of(stage, self.ratios.len())
        } else {
            &self.encoder_dilations
        }
    }

    /// The dilations of a stage of the decoder, from the fastest to the deepest.
    pub(super) fn decoder_dilations(&self, stage: usize) -> &[usize] {
        self.dilations_of(stage, self.decoder_ratios().len())
    }

    fn dilations_of(&self, stage: usize, n_stages: usize) -> &[usize] {
        if stage + 1 == n_stages { &self.dilations_deepest } else { &self.dilations }
    }

    /// Whether latents are put together from codes at a step.
    pub(super) fn is_quantized(&self) -> bool {
        self.regularization == Regularization::Discrete && self.num_quantizers > 0
    }

    /// A weight as the loss sees it.
    pub(super) fn effective(&self, weight: f64) -> f64 {
        match self.loss_weights {
            LossWeights::Squared => weight * weight,
            LossWeights::Plain => weight,
        }
    }

    /// Settings that are each right but cannot be together.
    fn contradictions(&self) -> Vec<FieldProblem> {
        let mut problems = self.wrong_ratios();
        problems.extend(self.not_in_the_first_architecture());
        if self.kernel_size.is_multiple_of(2) {
            let message = "must be odd, so that a layer looks as far back as ahead";
            problems.push(problem_with("kernel_size", message, self.kernel_size - 1));
        }
        if !self.n_band.is_power_of_two() {
            let near = self.n_band.next_power_of_two();
            problems.push(problem_with("n_band", "must be a power of two", near));
        }
        if !self.n_signal.is_multiple_of(self.ratio()) {
            let near = self.n_signal.next_multiple_of(self.ratio());
            let message = format!("must be a multiple of {}, the compression ratio", self.ratio());
            problems.push(problem_with("n_signal", message, near));
        }
        for (key, sizes) in [
            ("stft_scales", &self.stft_scales),
            ("discriminator_spectra", &self.discriminator_spectra),
        ] {
            if sizes.iter().any(|n| !n.is_multiple_of(4)) {
                problems.push(problem(key, "each number must be a multiple of 4"));
            }
        }
        if self.compress_most < self.compress_least {
            let message = "must not be below the least compression";
            problems.push(problem_with("compress_most", message, self.compress_least));
        }
        let n_judges = self.discriminator_periods.len()
            + self.discriminator_scales
            + self.discriminator_spectra.len();
        if self.discriminator == Judges::Rave && n_judges == 0 {
            let message = "without periods, scales and spectra nobody would judge in phase 2";
            problems.push(problem_with("discriminator_scales", message, 3));
        }
        let n_stages = self.ratios.len().max(self.decoder_ratios().len());
        let widest = self.capacity << n_stages;
        if widest > 8_192 {
            let near = 8_192 >> n_stages;
            let message = format!(
                "with {n_stages} stages the widest layer would have {widest} channels; 8192 is the most"
            );
            problems.push(problem_with("capacity", message, near));
        }
        if problems.is_empty() {
            problems.extend(super::forecast::too_short(self));
        }
        problems
    }

    /// Compression ratios of encoder, decoder and noise that do not fit each other.
    fn wrong_ratios(&self) -> Vec<FieldProblem> {
        let mut problems = Vec::new();
        for (key, ratios) in [("ratios", &self.ratios), ("decoder_ratios", &self.decoder_ratios)] {
            if ratios.iter().any(|ratio| !ratio.is_multiple_of(2)) {
                problems.push(problem(key, "each number must be even"));
            }
        }
        let frames: usize = self.decoder_ratios().iter().product();
        let made = match self.decoder_output {
            DecoderOutput::Bands => frames * self.n_band,
            DecoderOutput::Raw => frames,
        };
        if made != self.ratio() {
            let message = format!(
                "the decoder would make {made} samples of a frame that the encoder makes of {}",
                self.ratio()
            );
            problems.push(problem("decoder_ratios", message));
        }
        if self.has_noise && !frames.is_multiple_of(self.noise_ratios.iter().product()) {
            problems.push(problem(
                "noise_ratios",
                format!("together they must divide {frames}, the product of the decoder's ratios"),
            ));
        }
        problems
    }

    /// Settings that only the second architecture has.
    fn not_in_the_first_architecture(&self) -> Vec<FieldProblem> {
        if self.architecture == Architecture::V2 {
            return Vec::new();
        }
        let wrong = |key: &str, is_wrong: bool, right: Value| {
            let message = "the first architecture does not have this; choose `v2` for it";
            is_wrong.then(|| problem_with(key, message, right))
        };
        [
            wrong("activation", self.activation != Activation::LeakyRelu, json!("leaky_relu")),
            wrong("has_adain", self.has_adain, json!(false)),
            wrong("gru_layers", self.gru_layers != 0, json!(0)),
            wrong("encoder_input", self.encoder_input != EncoderInput::Bands, json!("bands")),
            wrong("decoder_output", self.decoder_output != DecoderOutput::Bands, json!("bands")),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// The whole settings of a preset with switches laid over it and some knobs changed, to freeze in an
/// order; and where each came from.
///
/// # Errors
/// Every setting that cannot be used, with what would be right.
pub fn resolve(
    preset: &str,
    switches: &[String],
    overrides: &BTreeMap<String, Value>,
) -> Result<Composition, Vec<FieldProblem>> {
    let presets = configurations::presets();
    let Some(preset) = presets.iter().find(|known| known.name == preset) else {
        let names = presets.iter().map(|known| known.name.as_str());
        return Err(vec![unknown_name("preset", preset, names)]);
    };
    let known = configurations::switches();
    let mut layers: Vec<Layer<'_>> = vec![(Origin::Preset, &preset.settings)];
    for name in switches {
        let Some(switch) = known.iter().find(|known| known.name == *name) else {
            let names = known.iter().map(|known| known.name.as_str());
            return Err(vec![unknown_name("switches", name, names)]);
        };
        layers.push((Origin::Switch { name: name.clone() }, &switch.settings));
    }
    layers.push((Origin::Setting, overrides));
    let composition = knobs::compose(&knobs(), &layers)?;
    Config::from_settings(&composition.settings)?;
    Ok(composition)
}

fn unknown_name<'a>(key: &str, name: &str, known: impl Iterator<Item = &'a str>) -> FieldProblem {
    let known = known.collect::<Vec<_>>().join(", ");
    problem(key, format!("there is no `{name}`; there are {known}"))
}

/// RAVE as forms and the command line show it.
#[must_use]
pub fn family() -> Family {
    Family {
        name: "rave".into(),
        title: "RAVE".into(),
        summary: "Learns to describe sound by a few curves and to sing it back from them, fast \
                  enough to play."
            .into(),
        presets: configurations::presets(),
        switches: configurations::switches(),
        knobs: knobs(),
    }
}

#[cfg(test)]
mod tests;
