//! The knobs of RAVE: the only place that defines a setting's name, range, default and help.
//!
//! Names and defaults are those of RAVE's `v2_small` configuration (Caillon & Esling, 2021,
//! <https://arxiv.org/abs/2111.05011>, and its second version); the preset `v2_small` is all defaults.
//!
//! Most of the file is the table; the rest reads, composes and checks what people choose from it.

use std::collections::BTreeMap;

use api::{Family, FieldProblem, KnobKind, LearnsFrom};
use nn::{Compute, NoGpu};
use serde_json::{Value, json};

use super::configurations;
use crate::knobs::{
    Composition, Form, choice, factor, integer, integers, integers_or_none, knobs, multiple,
    number, problem, problem_with,
};

knobs! {
    "Sound" {
        sampling_rate: u32 = 44_100, integer(8_000, 192_000), BASIC, "Sampling rate", "Hz",
            "Samples per second of the sound that the model takes and makes; it must match the dataset. Higher keeps more treble and takes longer to train.";
        channels: usize = 1, integer(1, 2), BASIC, "Channels", "",
            "1 for mono, 2 for stereo; it must match the dataset. Stereo takes about twice as long to train.";
        phase_mangle_share: f64 = 0.8, number(0.0, 1.0), ADVANCED, "Phase variation", "",
            "The share of excerpts whose phase is randomised, so that the model does not memorise waveforms. Higher adds variety, which helps small datasets; 0 turns it off.";
        speed_variation: f64 = 0.0, number(0.0, 24.0), ADVANCED, "Speed variation", "semitones",
            "Plays excerpts up to this much faster or slower, so that the model hears more pitches than were recorded. Higher covers a wider range and makes the model less faithful to the recorded one; 0 turns it off.";
        gain_variation: f64 = 0.0, number(0.0, 40.0), ADVANCED, "Gain variation", "dB",
            "Plays excerpts up to this much quieter, so that the model hears more levels than were recorded. 0 turns it off.";
        gain_share: f64 = 0.0, number(0.0, 1.0), ADVANCED, "Louder and quieter excerpts", "",
            "The share of excerpts played up to 6 dB quieter or 3 dB louder, but never beyond full scale. 0 turns it off.";
        mute_share: f64 = 0.0, number(0.0, 1.0), ADVANCED, "Silent excerpts", "",
            "The share of excerpts replaced with silence, so that the model learns to stay silent when nothing plays. 0 turns it off.";
        compress_share: f64 = 0.0, number(0.0, 1.0), ADVANCED, "Compressed excerpts", "",
            "The share of excerpts whose dynamics are changed, so that the model hears them flatter or more dynamic than recorded. 0 turns it off.";
        compress_threshold: f64 = -40.0, number(-80.0, 0.0), ADVANCED, "Compression threshold", "dB",
            "The input level that a compressed excerpt maps to a new level, drawn at random between the two targets below.";
        compress_least: f64 = -60.0, number(-80.0, 0.0), ADVANCED, "Lowest compression target", "dB",
            "The lowest level the threshold is mapped to. Lower makes some excerpts quieter.";
        compress_most: f64 = 0.0, number(-80.0, 0.0), ADVANCED, "Highest compression target", "dB",
            "The highest level the threshold is mapped to. Higher makes some excerpts louder and flatter.";
    }
    "Model" {
        architecture: Architecture = "v2", choice(&["v1", "v2"]), ADVANCED, "Architecture", "",
            "The layers of encoder and decoder: those of RAVE's first version (v1), or the dilated ones of its second (v2), which sound better.";
        activation: Activation = "leaky_relu", choice(&["leaky_relu", "snake"]), ADVANCED, "Activation", "",
            "The non-linearity between layers. Snake suits periodic sound and takes longer to compute; architecture v2 only.";
        padding: Padding = "centered", choice(&["centered", "causal"]), ADVANCED, "Padding", "",
            "Centred layers see past and future and sound better. Causal layers see only the past, so there is less latency when you play live.";
        has_adain: bool = false, KnobKind::Bool, ADVANCED, "Style layers", "",
            "Adds layers that can later transfer the statistics of one sound to another while you play (AdaIN). They are not trained; architecture v2 only.";
        encoder_input: EncoderInput = "bands", choice(&["bands", "mel"]), ADVANCED, "Encoder input", "",
            "What the encoder receives: frequency bands of the waveform, or a mel spectrogram as in the hybrid configuration.";
        decoder_output: DecoderOutput = "bands", choice(&["bands", "raw"]), ADVANCED, "Decoder output", "",
            "What the decoder makes: frequency bands that are joined into sound, or the waveform itself (raw), which takes longer to compute.";
        capacity: usize = 48, integer(2, 256), BASIC, "Capacity", "",
            "Width of the network's layers. Doubling it sounds better, but makes the model about four times as large and each step up to four times as slow.";
        latent_size: usize = 128, integer(1, 512), BASIC, "Latent dimensions", "",
            "How many latent variables describe each frame of sound. Fewer are easier to control by hand; more keep more detail.";
        ratios: Vec<usize> = [4, 2, 2, 2], integers(6, 1, 16), ADVANCED, "Compression ratios", "",
            "By how much each encoder stage lowers the frame rate; even numbers, or 1 in architecture v1 for a stage that keeps the rate. Larger ratios compute faster and compress more, but follow fast changes less closely.";
        decoder_ratios: Vec<usize> = [0usize; 0], integers_or_none(6, 1, 16), ADVANCED, "Decoder ratios", "",
            "The same for the decoder, from the fastest stage to the slowest, where it differs from the encoder. Leave it empty to use the encoder's.";
        dilations: Vec<usize> = [1, 3, 9], integers(6, 1, 63), ADVANCED, "Dilations", "",
            "Spacing of the convolutions in each stage of architecture v2, in frames. Larger numbers see longer patterns; each further number adds a layer and computing time.";
        dilations_deepest: Vec<usize> = [1, 3], integers(6, 1, 63), ADVANCED, "Dilations of the deepest stage", "",
            "The same for the slowest stage, where one frame already covers a long time.";
        encoder_dilations: Vec<usize> = [0usize; 0], integers_or_none(6, 1, 63), ADVANCED, "Encoder dilations", "",
            "Dilations of every encoder stage, where they differ from the decoder's. Leave it empty to use the same.";
        stack_dilations: Vec<usize> = [1, 3, 5], integers(6, 1, 63), ADVANCED, "Dilations of architecture v1", "",
            "Spacing of the convolutions in the residual stacks of architecture v1, one stack after each decoder stage, in frames. Larger numbers see longer patterns; each further number adds a layer and computing time.";
        gru_layers: usize = 0, integer(0, 4), ADVANCED, "Recurrent layers", "",
            "Layers with a memory (GRU) at the start of the decoder. More remember longer and compute more slowly; 0 for none. Architecture v2 only.";
        n_mels: usize = 128, integer(16, 512), ADVANCED, "Mel bands", "",
            "Number of bands in the mel spectrogram, if the encoder receives one. More resolve pitch more finely.";
        mel_n_fft: usize = 2_048, multiple(4, 64, 8_192), ADVANCED, "Mel window", "samples",
            "Window length of the mel spectrogram. Longer resolves pitch better, shorter resolves timing better.";
        mel_hop: usize = 256, integer(16, 4_096), ADVANCED, "Mel hop", "samples",
            "Samples from one window of the mel spectrogram to the next. Smaller follows changes more closely and computes more slowly.";
        kernel_size: usize = 3, integer(3, 9), ADVANCED, "Kernel size", "",
            "How many frames each convolution sees at once; an odd number. Larger sees longer patterns and computes more slowly.";
        n_band: usize = 16, integer(2, 32), ADVANCED, "Frequency bands", "",
            "How many bands the sound is split into before the model receives it; a power of two. More bands compute faster.";
        pqmf_attenuation: f64 = 100.0, number(40.0, 120.0), ADVANCED, "Band separation", "dB",
            "How strongly the filter bank keeps the bands apart. Higher separates more cleanly, with longer filters.";
        has_noise: bool = true, KnobKind::Bool, BASIC, "Noise synthesiser", "",
            "Adds a filtered noise part to the decoder, for breath, hiss and drums.";
        noise_ratios: Vec<usize> = [2, 2, 2], integers(6, 1, 16), ADVANCED, "Noise ratios", "",
            "By how much each stage of the noise synthesiser lowers the rate at which its filters change. Larger changes more slowly and computes faster.";
        noise_bands: usize = 32, integer(2, 64), ADVANCED, "Noise bands", "",
            "Frequency bands of each noise filter. More shape the noise more finely, but only half a noise block plus one fit: the original's 32 nearly mute the noise, 5 keep it audible.";
        noise_hidden: usize = 64, integer(2, 512), ADVANCED, "Noise capacity", "",
            "Width of the noise synthesiser's layers. More can shape noise in more ways and computes more slowly.";
    }
    "Training" {
        batch_size: usize = 8, integer(1, 64), BASIC, "Batch size", "excerpts",
            "How many excerpts each step learns from. More make training steadier, but each step slower and larger in memory.";
        n_signal: usize = 131_072, multiple(16, 2_048, 1_048_576), BASIC, "Excerpt length", "samples",
            "Length of the excerpts. Longer ones teach longer patterns and need more time and memory.";
        learning_rate: f64 = 1e-3, factor(1e-6, 1e-1), BASIC, "Learning rate", "",
            "Size of the training steps at the start. Too high and training diverges; too low and it crawls.";
        learning_rate_final: f64 = 0.1, factor(1e-3, 1.0), ADVANCED, "Final learning rate", "× initial",
            "The share of the learning rate that is left at the end of phase 1; it falls in a straight line. Lower settles more finely, higher keeps learning faster.";
        learning_rate_discriminator: f64 = 1e-4, factor(1e-7, 1e-1), ADVANCED, "Discriminator learning rate", "",
            "Size of the discriminators' training steps in phase 2. Too high and they overpower the model; too low and they give it little to learn from.";
        initial_gain: f64 = 1.0, factor(0.1, 10.0), ADVANCED, "Initial gain", "",
            "Scales the weights of a new model. 1 is the original; values up to about 2 start to learn sooner in short runs.";
        phase_1_duration: u64 = 1_000_000, integer(0, 10_000_000), BASIC, "Length of phase 1", "steps",
            "How long the model learns to reconstruct sound before phase 2, in which discriminators train it to sound real. Longer improves the reconstruction first; shorter gets to phase 2 sooner.";
        phase_switch: PhaseSwitch = "steps", choice(&["steps", "plateau"]), ADVANCED, "Phase 2 starts", "",
            "After the length of phase 1 (steps), or as soon as the validation distance stops falling, and after that length at the latest (plateau).";
        plateau_patience: u64 = 10, integer(2, 1_000), ADVANCED, "Patience of phase 1", "measurements",
            "How many measurements in a row without a better validation distance count as a plateau. Higher waits longer before phase 2.";
        early_stop: u64 = 0, integer(0, 10_000), ADVANCED, "Stop early after", "measurements",
            "Stops the run when the validation distance has not improved for this many measurements in one phase. 0 never stops early.";
        gradient_clip: f64 = 0.0, number(0.0, 1_000.0), ADVANCED, "Gradient clipping", "",
            "Scales a gradient down to this norm when it is larger, which tames sudden jumps. Lower is safer and can slow learning; 0, the original, turns it off.";
        ema: f64 = 0.0, number(0.0, 0.99999), ADVANCED, "Weight averaging", "",
            "Measures and plays a running average of the weights, and keeps this share of it at each step; 0.999 averages about a thousand steps. Higher is smoother and lags further behind; 0 turns it off.";
        adam_beta_1: f64 = 0.5, number(0.0, 0.999), ADVANCED, "Momentum", "",
            "How much of its previous direction the optimiser keeps (Adam's beta 1). Higher is smoother, lower reacts faster.";
        adam_beta_2: f64 = 0.9, number(0.0, 0.9999), ADVANCED, "Gradient memory", "",
            "How long the optimiser remembers the size of past gradients (Adam's beta 2). Higher is steadier, lower adapts faster.";
    }
    "Device" {
        device: Device = "cpu", choice(&["cpu", "gpu", "auto"]), ADVANCED, "Device", "",
            "What to train on: the CPU, the GPU, or the GPU if there is one and else the CPU (auto). A GPU needs a Maquette built with GPU support, which is new and little tested.";
        precision: Arithmetic = "float32", choice(&["float32", "mixed"]), ADVANCED, "Precision on a GPU", "",
            "Mixed multiplies in 16 bits on a GPU, which is faster and needs less memory; weights and sums stay in 32 bits.";
    }
    "Latent space" {
        regularization: Regularization = "variational", choice(&["variational", "wasserstein", "spherical", "discrete"]), ADVANCED, "Latent type", "",
            "How the latent space is kept in shape: each latent drawn around a mean (variational), all spread like a normal distribution (wasserstein), on a sphere (spherical), or chosen from code books (discrete).";
        noise_augmentation: usize = 0, integer(0, 512), ADVANCED, "Random inputs", "",
            "Random variables that the decoder receives beside the latent ones, for detail that these do not describe. 0 for none; wasserstein and discrete latents only.";
        num_quantizers: usize = 16, integer(0, 64), ADVANCED, "Code books", "",
            "How many code books describe a discrete latent, each coding what the ones before left over. More keep more detail; 0 leaves the latent continuous, as the original in effect does.";
        codebook_size: usize = 1_024, integer(2, 16_384), ADVANCED, "Codes per book", "",
            "How many codes each code book holds. More describe sound more finely and need more data to be used well.";
        quantize_after: u64 = 0, integer(0, 10_000_000), ADVANCED, "Quantise from step", "steps",
            "The step from which latents are quantised. Later lets the decoder learn from continuous latents first.";
        codebook_decay: f64 = 0.99, number(0.0, 0.9999), ADVANCED, "Code memory", "",
            "How slowly codes follow the latents they stand for: the share of the old average kept at each step. Higher is steadier, lower adapts faster.";
        dead_code_threshold: f64 = 2.0, number(0.0, 100.0), ADVANCED, "Least use of a code", "frames",
            "Codes used less than this, averaged over batches, are replaced with latents of the current batch. Higher keeps more codes in use; 0 never replaces any.";
        beta: f64 = 0.01, factor(1e-8, 1_000.0), BASIC, "Regularisation", "",
            "How strongly the latent space is kept smooth and centred. More makes it easier to play; less keeps more detail.";
        beta_initial: f64 = 0.01, factor(1e-8, 1_000.0), ADVANCED, "Regularisation at the start", "",
            "The strength at the first step; it then moves to the final strength by equal factors. Lower lets the model learn to reconstruct first.";
        beta_warmup: u64 = 0, integer(0, 10_000_000), ADVANCED, "Regularisation warm-up", "steps",
            "How many steps it takes to reach the final strength. Longer is gentler on the reconstruction; 0 starts at full strength.";
        latent_noise: f64 = 1.0, number(0.0, 1.0), ADVANCED, "Latent noise", "",
            "How much of the randomness of a variational latent is used in training. 1 is the original; less learns faster, but leaves gaps in the latent space between sounds.";
    }
    "Reconstruction loss" {
        multiband_weight: f64 = 1.0, number(0.0, 100.0), ADVANCED, "Multi-band weight", "",
            "How much spectral differences within each frequency band count. Higher favours them over the other losses; 0 ignores them.";
        fullband_weight: f64 = 1.0, number(0.0, 100.0), ADVANCED, "Full-band weight", "",
            "How much spectral differences of the whole sound count. Higher favours them over the other losses; 0 ignores them.";
        stft_scales: Vec<usize> = [2048, 1024, 512, 256, 128], integers(8, 16, 8_192), ADVANCED, "Spectrum sizes", "samples",
            "Window lengths at which spectra are compared; multiples of 4. Long windows compare pitch, short ones timing; each one adds computing time.";
        log_epsilon: f64 = 1e-7, factor(1e-9, 10.0), ADVANCED, "Spectrum floor", "",
            "Added to a spectrum before its logarithm. Higher makes differences in quiet parts count less.";
        valid_signal_crop: bool = true, KnobKind::Bool, ADVANCED, "Ignore the edges", "",
            "Leaves the ends of excerpts, where the model lacks context, out of the multi-band distance.";
    }
    "Adversarial training" {
        discriminator: DiscriminatorKind = "rave", choice(&["rave", "descript"]), ADVANCED, "Discriminators", "",
            "RAVE's own, set up below, or the large ones of the Descript Audio Codec, whose size is fixed and which need much more memory and time.";
        gan_loss: GanLoss = "hinge", choice(&["hinge", "least_squares", "non_saturating"]), ADVANCED, "Adversarial loss", "",
            "The loss that turns discriminator scores into training. Hinge, the original, ignores sounds that are already classified with confidence; the other two learn from every sound.";
        discriminator_capacity: usize = 48, integer(1, 256), ADVANCED, "Discriminator capacity", "",
            "Width of the discriminators' layers. More hear finer flaws and make phase 2 slower.";
        discriminator_periods: Vec<usize> = [2, 3, 5, 7, 11], integers_or_none(8, 1, 64), ADVANCED, "Discriminator periods", "samples",
            "Each discriminator sees every n-th sample. More of them catch more periodic flaws and make phase 2 slower.";
        discriminator_scales: usize = 3, integer(0, 6), ADVANCED, "Discriminator scales", "",
            "How many discriminators listen to the waveform, each at half the rate of the one before. More cover longer patterns and make phase 2 slower.";
        discriminator_spectra: Vec<usize> = [0usize; 0], integers_or_none(8, 64, 8_192), ADVANCED, "Discriminator spectra", "samples",
            "Window lengths of discriminators that see spectra; multiples of 4. Empty in most configurations; each adds a discriminator and makes phase 2 slower.";
        discriminator_spectra_capacity: usize = 32, integer(1, 128), ADVANCED, "Spectral discriminator capacity", "",
            "Width of the layers in discriminators that see spectra. More hear finer flaws and make phase 2 slower.";
        update_discriminator_every: u64 = 2, integer(2, 64), ADVANCED, "Discriminator interval", "steps",
            "In phase 2, one step out of this many trains the discriminators and the others train the model. Higher trains the model more and the discriminators less.";
        feature_matching_weight: f64 = 20.0, number(0.0, 100.0), ADVANCED, "Feature matching weight", "",
            "How much it counts that discriminators respond alike to original and reconstruction. Higher stays closer to the original; lower leaves more to the adversarial loss.";
        feature_matching_is_relative: bool = true, KnobKind::Bool, ADVANCED, "Relative feature matching", "",
            "Measures differences in proportion to the strength of each feature, so that weak features count as much as strong ones.";
        num_skipped_features: usize = 1, integer(0, 4), ADVANCED, "Skipped features", "layers",
            "How many first layers of each discriminator are left out of feature matching. Higher compares more abstract features only.";
        adversarial_weight: f64 = 1.0, number(0.0, 100.0), ADVANCED, "Adversarial weight", "",
            "How much it counts to pass as real with the discriminators. Higher sounds livelier and strays further from the original.";
        loss_weights: LossWeights = "squared", choice(&["squared", "plain"]), ADVANCED, "Use of weights", "",
            "The original program applies every loss weight twice (squared); its paper applies it once (plain).";
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
    /// Whether a loss weight is applied twice, as in the original program, or once, as in its paper.
    LossWeights {
        /// Twice.
        Squared,
        /// Once.
        Plain,
    }
    /// The device to train on.
    Device {
        /// A GPU if there is one, else the CPU.
        Auto,
        /// The CPU.
        Cpu,
        /// A GPU.
        Gpu,
    }
    /// The arithmetic of convolutions on a GPU.
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
    /// The activation function between layers.
    Activation {
        /// Leaky ReLU with a negative slope of 0.2.
        LeakyRelu,
        /// Snake: `x + sin(a x)^2 / a`, with a learnt `a` for each channel.
        Snake,
    }
    /// The padding of convolutions.
    Padding {
        /// Symmetric: layers see past and future.
        Centered,
        /// Causal: layers see the past only.
        Causal,
    }
    /// The input of the encoder.
    EncoderInput {
        /// Bands of the waveform.
        Bands,
        /// A mel spectrogram.
        Mel,
    }
    /// The output of the decoder.
    DecoderOutput {
        /// Bands of the waveform.
        Bands,
        /// The waveform.
        Raw,
    }
    /// The regularisation of the latent space.
    Regularization {
        /// A variational posterior close to the standard normal distribution (KL divergence).
        Variational,
        /// The aggregate of all latents close to the standard normal distribution (maximum mean discrepancy).
        Wasserstein,
        /// Latents normalised to unit length.
        Spherical,
        /// Residual vector quantisation: sums of codes.
        Discrete,
    }
    /// The set of discriminators.
    DiscriminatorKind {
        /// Those of RAVE, by periods, scales and spectra.
        Rave,
        /// Those of the Descript Audio Codec.
        Descript,
    }
    /// The adversarial loss.
    GanLoss {
        /// Hinge loss with a margin of one.
        Hinge,
        /// Least squares: squared distances from one and zero.
        LeastSquares,
        /// Non-saturating: cross entropy.
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
    /// The device to train on, on this computer.
    ///
    /// # Errors
    /// When a GPU is requested and there is none.
    pub fn compute(&self) -> Result<Compute, NoGpu> {
        let gpu = || Compute::gpu(self.wants_mixed());
        match self.device {
            Device::Cpu => Ok(Compute::cpu()),
            Device::Gpu => gpu(),
            Device::Auto => Ok(gpu().unwrap_or_else(|_| Compute::cpu())),
        }
    }

    /// Whether mixed precision is requested for a GPU.
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

    /// Channels of the decoder's input: latents and noise channels.
    pub(super) fn decoder_latent_size(&self) -> usize {
        self.latent_size + self.noise_augmentation()
    }

    /// Noise channels appended to the decoder's input; only two of the regularisations have them.
    pub(super) fn noise_augmentation(&self) -> usize {
        match self.regularization {
            Regularization::Wasserstein | Regularization::Discrete => self.noise_augmentation,
            Regularization::Variational | Regularization::Spherical => 0,
        }
    }

    /// Channels of the encoder's output per latent: a mean and a scale, or the latent itself.
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

    /// Whether latents are quantised.
    pub(super) fn is_quantized(&self) -> bool {
        self.regularization == Regularization::Discrete && self.num_quantizers > 0
    }

    /// The effective weight of a loss term.
    pub(super) fn effective(&self, weight: f64) -> f64 {
        match self.loss_weights {
            LossWeights::Squared => weight * weight,
            LossWeights::Plain => weight,
        }
    }

    /// Settings that are valid individually but contradict each other.
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
            let message = "must not be below the lowest compression target";
            problems.push(problem_with("compress_most", message, self.compress_least));
        }
        let n_discriminators = self.discriminator_periods.len()
            + self.discriminator_scales
            + self.discriminator_spectra.len();
        if self.discriminator == DiscriminatorKind::Rave && n_discriminators == 0 {
            let message = "phase 2 needs a discriminator: add periods, scales or spectra";
            problems.push(problem_with("discriminator_scales", message, 3));
        }
        let n_stages = self.ratios.len().max(self.decoder_ratios().len());
        let widest = self.capacity << n_stages;
        if widest > 8_192 {
            let near = 8_192 >> n_stages;
            let message = format!(
                "with {n_stages} stages the widest layer would have {widest} channels; the limit is 8192"
            );
            problems.push(problem_with("capacity", message, near));
        }
        if problems.is_empty() {
            problems.extend(super::forecast::too_short(self));
        }
        problems
    }

    /// Compression ratios of encoder, decoder and noise that do not match.
    fn wrong_ratios(&self) -> Vec<FieldProblem> {
        let mut problems = Vec::new();
        let is_first = self.architecture == Architecture::V1;
        for (key, ratios) in [("ratios", &self.ratios), ("decoder_ratios", &self.decoder_ratios)] {
            let is_possible = |ratio: &usize| ratio.is_multiple_of(2) || is_first && *ratio == 1;
            if !ratios.iter().all(is_possible) {
                let message = if is_first {
                    "each number must be even, or 1"
                } else {
                    "each number must be even; only architecture v1 has stages of ratio 1"
                };
                problems.push(problem(key, message));
            }
            if !ratios.is_empty() && ratios.iter().all(|ratio| *ratio == 1) && is_first {
                problems.push(problem(key, "at least one number must be above 1"));
            }
        }
        let frames: usize = self.decoder_ratios().iter().product();
        let made = match self.decoder_output {
            DecoderOutput::Bands => frames * self.n_band,
            DecoderOutput::Raw => frames,
        };
        if made != self.ratio() {
            let message = format!(
                "the decoder would make {made} samples per latent frame, the encoder takes {}; they must be equal",
                self.ratio()
            );
            problems.push(problem("decoder_ratios", message));
        }
        if self.has_noise && !frames.is_multiple_of(self.noise_ratios.iter().product()) {
            problems.push(problem(
                "noise_ratios",
                format!("their product must divide {frames}, the product of the decoder's ratios"),
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
            let message = "architecture v1 does not have this; choose v2";
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

/// The complete settings of a preset with switches laid over it and some knobs changed, to freeze in
/// an order; and the origin of each.
///
/// # Errors
/// All settings that are not valid, each with what would be.
pub fn resolve(
    preset: &str,
    switches: &[String],
    overrides: &BTreeMap<String, Value>,
) -> Result<Composition, Vec<FieldProblem>> {
    let form = Form {
        knobs: &knobs(),
        presets: &configurations::presets(),
        switches: &configurations::switches(),
    };
    let composition = form.compose(preset, switches, overrides)?;
    Config::from_settings(&composition.settings)?;
    Ok(composition)
}

/// RAVE as forms and the command line show it.
#[must_use]
pub fn family() -> Family {
    Family {
        name: "rave".into(),
        title: "RAVE".into(),
        summary: "An autoencoder that describes sound with a few latent variables and makes sound \
                  from them, fast enough to play live."
            .into(),
        learns_from: LearnsFrom::Sounds,
        presets: configurations::presets(),
        switches: configurations::switches(),
        knobs: knobs(),
    }
}

#[cfg(test)]
mod tests;
