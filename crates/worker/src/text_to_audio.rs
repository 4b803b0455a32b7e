//! Sounds from words by command, without a workspace; and opening such models, for jobs too.

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
    time::Instant,
};

use api::{LinkedWeights, Problem, WeightsCheck, WordsBegin, WordsFile, WordsForecast};
use audio::{
    Clip, DecodeLimits, FileFormat, WavFormat, decode_file, resample, with_channels, write_sound,
};
use models::{
    effort::{Effort, Speeds},
    hub,
    lora::Adapter,
    words::{Begin, BeginHow, Step, TextToAudio, Wish},
};
use nn::dense::Precision;
use nn::npy::{self, Npy, Numbers};

use crate::{
    bad_sound::explain,
    codec::{check_weights, too_much},
    engine::Outside,
    folder::problem,
};

/// The most numbers of a file of noise.
const NOISE_MAX: usize = 1 << 28;
/// The most samples of a sound that is begun with.
const SAMPLES_MAX: usize = 1 << 26;

/// What a command asks for.
#[derive(Clone, Debug)]
pub struct WordsOrder {
    /// The folder of weights, or of the engine that runs the model.
    pub model: PathBuf,
    /// The model as the library has it, if it is of the library.
    pub linked: Option<LinkedWeights>,
    /// Files of adapters that are added to them, and how much of each.
    pub adapters: Vec<(PathBuf, f64)>,
    /// What is wished for; its noise and its sound come from the files.
    pub prompt: String,
    /// What it is not to be.
    pub negative: Option<String>,
    /// How long it is to be, in seconds.
    pub secs: f64,
    /// Steps of the sampler.
    pub steps: Option<usize>,
    /// How closely it follows the words.
    pub guidance: Option<f64>,
    /// What every random number follows from.
    pub seed: u64,
    /// Takes the likeliest token each time.
    pub is_greedy: bool,
    /// Numbers in place of random ones: an array whose first axis is the start and then each step.
    pub noise: Option<PathBuf>,
    /// A sound to begin with, and how.
    pub from: Option<(PathBuf, WordsStartHow)>,
    /// Where to write the codes that a model wrote.
    pub codes: Option<PathBuf>,
    /// Where to write the sound: WAV, or an array of `float32`, `[channels, samples]`.
    pub output: PathBuf,
    /// Whether large weights are held in 8 bits.
    pub in_8_bits: bool,
}

/// How a sound is begun with.
#[derive(Clone, Copy, Debug)]
pub struct WordsStartHow {
    /// How; what the model can do first if absent.
    pub how: Option<WordsBegin>,
    /// To vary it: how far, 0 to 1.
    pub strength: f64,
    /// To fill a gap: from and to, in seconds.
    pub gap_secs: Option<[f64; 2]>,
}

/// Makes a sound. `watch` hears of every step, how many are done and of how many, and may end it.
///
/// # Errors
/// When the model cannot be used or cannot do this, it does not fit in memory, or a file cannot be read or written: what
/// happened, why, and what to do.
pub fn generate_text(
    order: &WordsOrder,
    watch: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Option<WordsFile>, Problem> {
    let precision = precision_of(order.in_8_bits);
    let place = tempfile::tempdir().map_err(|error| {
        let why = api::sentence(&format!("failed to make a folder: {error}"));
        problem("no_place", "The sound cannot be made.", &why, "Free some space on the disk.")
    })?;
    let (licence, model) = match &order.linked {
        Some(linked) => {
            (linked.licence.clone(), open_linked(linked, precision, &order.adapters, place.path())?)
        }
        None => (
            check_weights(&order.model)?.licence,
            open_with(&order.model, precision, &order.adapters)?,
        ),
    };
    let can = model.abilities().clone();
    let mut notes = vec![];
    let mut wish = Wish::of(&order.prompt, order.secs, order.seed);
    wish.negative.clone_from(&order.negative);
    wish.steps = order.steps;
    wish.guidance = order.guidance;
    wish.is_greedy = order.is_greedy;
    wish.noise = order.noise.as_deref().map(read_noise).transpose()?;
    if let Some((path, how)) = &order.from {
        let how = begin_how(*how, &can)?;
        wish.begin = Some(Begin { sound: read_sound(path, &can, &mut notes)?, how });
    }
    let unfit = |error: models::Error| {
        let what = format!("The model in “{}” cannot make this.", order.model.display());
        let why = api::sentence(&format!("failed to {error}"));
        problem("unfit", what, &why, "Ask for something else.")
    };
    wish.check(&can).map_err(unfit)?;
    if order.codes.is_some() && !can.writes_codes {
        let why = "It writes no codes.";
        let what = "There are no codes to write.";
        return Err(problem("no_codes", what, why, "Leave out --codes."));
    }
    fits(model.as_ref(), &wish)?;
    let started = Instant::now();
    let made = model.make(&wish, &mut |step: Step| watch(step.done, step.of)).map_err(unfit)?;
    let Some(made) = made else { return Ok(None) };
    let compute_secs = started.elapsed().as_secs_f64();
    notes.extend(made.notes);
    let not_written = |path: &Path, why: String| {
        problem(
            "not_written",
            format!("“{}” was not written.", path.display()),
            &why,
            "Choose another folder.",
        )
    };
    let mut books_frames = None;
    if let (Some(path), Some(books)) = (&order.codes, &made.codes) {
        let shape = [books.len(), books.first().map_or(0, Vec::len)];
        npy::write_integers(path, &shape, &books.concat())
            .map_err(|error| not_written(path, api::sentence(&format!("failed to {error}"))))?;
        books_frames = Some([shape[0] as u64, shape[1] as u64]);
    }
    let clip = Clip { rate_hz: can.rate_hz, channels: made.sound };
    let (n_channels, n_samples) = (clip.channels.len(), clip.n_frames());
    let output = &order.output;
    if output.extension().is_some_and(|it| it.eq_ignore_ascii_case("npy")) {
        npy::write(output, &[n_channels, n_samples], &clip.channels.concat())
            .map_err(|error| not_written(output, api::sentence(&format!("failed to {error}"))))?;
    } else {
        write_sound(output, &clip, FileFormat::Wav(WavFormat::Float32))
            .map_err(|error| not_written(output, explain(&error).why))?;
    }
    Ok(Some(WordsFile {
        output: output.display().to_string(),
        rate_hz: can.rate_hz,
        channels: n_channels as u32,
        samples: n_samples as u64,
        seed: order.seed,
        codes: order.codes.as_ref().map(|path| path.display().to_string()),
        codes_shape: books_frames,
        licence,
        compute_secs,
        notes,
    }))
}

/// A sound that is thought of: what of it decides how long it takes.
#[derive(Clone, Copy, Debug)]
pub struct ThoughtOf {
    /// Its length, in seconds.
    pub secs: f64,
    /// Steps of the sampler; the usual number if absent.
    pub steps: Option<usize>,
    /// Guidance; the usual one if absent.
    pub guidance: Option<f64>,
    /// Prompts that are mixed.
    pub n_prompts: usize,
    /// Whether large weights are held in 8 bits.
    pub in_8_bits: bool,
}

/// The length of a sound that is forecast before anybody has asked for one, in seconds.
const USUAL_SECS: f64 = 10.0;
/// The most prompts that are counted.
const PROMPTS_MAX: usize = 64;
/// A prompt of usual length.
const USUAL_PROMPT: &str = "slow strings over a warm piano, rain on a tin roof far away, 90 BPM";

/// Says what making a sound takes on this computer, from the settings of the folder and a measure of how fast it
/// computes, which takes some tenths of a second unless it was done lately.
///
/// # Errors
/// When the folder holds no such model, or its settings cannot be used: why, and what to do.
pub fn forecast_words(model: &Path, sound: &ThoughtOf) -> Result<WordsForecast, Problem> {
    let secs = if sound.secs.is_finite() { sound.secs.clamp(0.0, 3600.0) } else { 0.0 };
    let mut wish = Wish::of(USUAL_PROMPT, secs, 0);
    let first = wish.prompts[0].clone();
    wish.prompts.resize(sound.n_prompts.clamp(1, PROMPTS_MAX), first);
    wish.steps = sound.steps;
    wish.guidance = sound.guidance;
    let precision = precision_of(sound.in_8_bits);
    let effort = hub::effort(model, &wish, precision).map_err(|error| unusable(model, &error))?;
    let Effort { weight_bytes, sound_bytes, work } = effort;
    Ok(WordsForecast {
        sound_secs: sound.secs,
        in_8_bits: sound.in_8_bits,
        compute_secs: work.secs(&Speeds::of_this_computer(precision)),
        weight_bytes,
        sound_bytes,
    })
}

/// Looks at a folder of weights like [`check_weights`], and says what a usual sound takes with it.
///
/// # Errors
/// As [`check_weights`].
pub fn check_weights_here(folder: &Path) -> Result<WeightsCheck, Problem> {
    let mut found = check_weights(folder)?;
    if let (true, Some(words)) = (found.is_usable, &found.words) {
        let usual = ThoughtOf {
            secs: USUAL_SECS.min(words.max_secs),
            steps: None,
            guidance: None,
            n_prompts: 1,
            in_8_bits: false,
        };
        for in_8_bits in [false, true] {
            found.forecasts.push(forecast_words(folder, &ThoughtOf { in_8_bits, ..usual })?);
        }
    }
    Ok(found)
}

fn precision_of(in_8_bits: bool) -> Precision {
    if in_8_bits { Precision::Int8 } else { Precision::Float32 }
}

fn unusable(model: &Path, error: &models::Error) -> Problem {
    if !model.is_dir() {
        let what = format!("The folder “{}” could not be looked through.", model.display());
        let remedy = "Put it back, or add the model again from where it is now.";
        return problem("unreadable_folder", what, "It is not there.", remedy);
    }
    let what = format!("The model in “{}” cannot be used.", model.display());
    let why = api::sentence(&format!("failed to {error}"));
    problem("bad_model", what, &why, "`maquette weights check` says all that is wrong with it.")
}

/// Opens a model of the library that makes sound from words: one whose weights are read here, or one that an engine
/// runs. An engine's orders are put in folders at a place.
///
/// # Errors
/// As [`open_with`].
pub(crate) fn open_linked(
    linked: &LinkedWeights,
    precision: Precision,
    adapters: &[(PathBuf, f64)],
    place: &Path,
) -> Result<Box<dyn TextToAudio>, Problem> {
    let folder = Path::new(&linked.folder);
    match (&linked.engine, &linked.words) {
        (Some(_), _) if !adapters.is_empty() => {
            let why = "It is a program of others, which takes none.";
            Err(problem("other_adapter", "This model takes no adapters.", why, "Leave them out."))
        }
        (Some(engine), Some(can)) => {
            let outside = Outside::open(folder, engine, can, linked.memory_bytes, place)?;
            Ok(Box::new(outside))
        }
        _ => open_with(folder, precision, adapters),
    }
}

/// Opens a model that makes sound from words with adapters, as much of each as is said, if it fits in memory.
///
/// # Errors
/// When it cannot be used, an adapter is for another model, or there is not room: what happened, why, and what to do.
pub(crate) fn open_with(
    model: &Path,
    precision: Precision,
    adapters: &[(PathBuf, f64)],
) -> Result<Box<dyn TextToAudio>, Problem> {
    let adapters = adapters.iter().map(|(path, weight)| {
        let read = Adapter::read(path).map_err(|error| {
            let what = format!("“{}” cannot be used as an adapter.", path.display());
            let why = api::sentence(&format!("failed to {error}"));
            problem("bad_adapter", what, &why, "Choose the weights.safetensors of an adapter.")
        });
        Ok((read?, *weight))
    });
    let adapters = adapters.collect::<Result<Vec<_>, Problem>>()?;
    // Layers are packed one after the other, so that hardly more than they take is needed while they are read.
    let wish = Wish::of("", 1.0, 0);
    let needed = hub::effort(model, &wish, precision).map_err(|error| unusable(model, &error))?;
    if let Some(why) = too_much(needed.weight_bytes) {
        let what = format!("The model in “{}” does not fit in memory.", model.display());
        let remedy = match precision {
            Precision::Int8 => "Close other programs, or choose a smaller model.",
            _ => "Hold its weights in 8 bits, close other programs, or choose a smaller model.",
        };
        return Err(problem("too_large", what, &why, remedy));
    }
    let has_adapters = !adapters.is_empty();
    hub::open_words_with(model, precision, adapters).map_err(|error| {
        if let models::Error::Unfit { reason } = &error
            && has_adapters
        {
            let what = "An adapter does not fit this model.";
            let why = api::sentence(reason);
            return problem("other_adapter", what, &why, "Leave it out, or choose its model.");
        }
        unusable(model, &error)
    })
}

/// Whether a sound can be made in the memory that is free, on top of the weights that are loaded.
///
/// # Errors
/// When it cannot: how much it takes, and what would help.
pub(crate) fn fits(model: &dyn TextToAudio, wish: &Wish) -> Result<(), Problem> {
    let Some(why) = too_much(model.sound_bytes(wish)) else { return Ok(()) };
    let what = format!("{} s of sound do not fit in memory.", wish.secs);
    Err(problem("too_large", what, &why, "Ask for a shorter sound, or close other programs."))
}

fn begin_how(asked: WordsStartHow, can: &models::words::Abilities) -> Result<BeginHow, Problem> {
    use models::words::BeginKind;
    let kind = match asked.how {
        Some(WordsBegin::Continue) => BeginKind::Continue,
        Some(WordsBegin::Vary) => BeginKind::Vary,
        Some(WordsBegin::Fill) => BeginKind::Fill,
        Some(WordsBegin::Melody) => BeginKind::Melody,
        // A gap says what is meant; else what the model does best.
        None if asked.gap_secs.is_some() => BeginKind::Fill,
        None => match can.begins.first() {
            Some(kind) => *kind,
            None => {
                let what = "This model cannot begin with a sound.";
                let why = "It makes sound from words alone.";
                return Err(problem("unfit", what, why, "Leave out --from."));
            }
        },
    };
    Ok(match kind {
        BeginKind::Continue => BeginHow::Continue,
        BeginKind::Vary => BeginHow::Vary { strength: asked.strength },
        BeginKind::Melody => BeginHow::Melody,
        BeginKind::Fill => {
            let Some([from_secs, to_secs]) = asked.gap_secs else {
                let why = "It is not said from where to where.";
                return Err(problem(
                    "no_gap",
                    "There is no gap to fill.",
                    why,
                    "Add --gap FROM TO.",
                ));
            };
            BeginHow::Fill { from_secs, to_secs }
        }
    })
}

fn read_sound(
    path: &Path,
    can: &models::words::Abilities,
    notes: &mut Vec<String>,
) -> Result<Vec<Vec<f32>>, Problem> {
    let limits = DecodeLimits { max_samples: SAMPLES_MAX, ..DecodeLimits::default() };
    let decoded = decode_file(path, &limits).map_err(|error| {
        let what = format!("“{}” could not be read as sound.", path.display());
        let why = explain(&error);
        problem(why.code, what, &why.why, why.remedy)
    })?;
    notes.extend(decoded.notes.into_iter().map(|note| format!("{}.", note.message)));
    Ok(resample(&with_channels(decoded.clip, can.n_channels), can.rate_hz).channels)
}

/// Noise in rows: the first axis is the start and then each step.
fn read_noise(path: &Path) -> Result<Vec<Vec<f32>>, Problem> {
    let wrong = |why: &str| {
        let what = format!("“{}” could not be read as noise.", path.display());
        let remedy =
            "Noise is an .npy file, float32, the initial noise and then that of each step stacked.";
        problem("bad_noise", what, why, remedy)
    };
    let Npy { shape, numbers } = npy::read(path, NOISE_MAX)
        .map_err(|error| wrong(&api::sentence(&format!("failed to {error}"))))?;
    match (numbers, shape.first()) {
        (Numbers::Floats(numbers), Some(n)) if *n > 0 && !numbers.is_empty() => {
            Ok(numbers.chunks(numbers.len() / n).map(<[f32]>::to_vec).collect())
        }
        (Numbers::Floats(_), _) => Err(wrong(&format!("Its shape is {shape:?}."))),
        (Numbers::Integers(_), _) => Err(wrong("It holds whole numbers.")),
    }
}
