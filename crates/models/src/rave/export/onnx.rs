//! A model as deterministic ONNX graphs: the encoder, the decoder, and the whole.

use std::path::Path;

use nn::graph::{Graph, Signal};
use nn::onnx::{self, Described};

use super::exported::{Exported, Switches};
use super::verify::shape_of;
use super::{PlayedFacts, Plays, Shown};
use crate::Error;

/// The part of a model that a graph contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnnxPart {
    /// From sound to sound.
    Whole,
    /// From sound to latents.
    Encoder,
    /// From latents to sound.
    Decoder,
}

impl OnnxPart {
    /// All parts.
    pub const ALL: [Self; 3] = [Self::Whole, Self::Encoder, Self::Decoder];

    /// The suffix of its file's name.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Self::Whole => ".onnx",
            Self::Encoder => ".encoder.onnx",
            Self::Decoder => ".decoder.onnx",
        }
    }
}

/// Samples of noise to test a single graph with: more than half a window of any spectrum.
const N_SAMPLES: usize = 1 << 15;

/// No random numbers, and fixed style statistics.
const DETERMINISTIC: Switches =
    Switches { randomness: None, curves: None, noise: None, learns: false };

pub(super) fn write(exported: &Exported<'_>, part: OnnxPart, path: &Path) -> Result<(), Error> {
    let mut graph = Graph::new();
    let (sound, latents) = (("audio", exported.channels()), ("latents", exported.latents()));
    let decode = |graph: &mut Graph, z: Signal| exported.decode(graph, z, DETERMINISTIC);
    let (input, made, output) = match part {
        OnnxPart::Whole => {
            let x = graph.input(sound.1);
            let z = exported.encode(&mut graph, x, DETERMINISTIC);
            (sound, decode(&mut graph, z), ("reconstruction", sound.1))
        }
        OnnxPart::Encoder => {
            let x = graph.input(sound.1);
            (sound, exported.encode(&mut graph, x, DETERMINISTIC), latents)
        }
        OnnxPart::Decoder => {
            let z = graph.input(latents.1);
            (latents, decode(&mut graph, z), sound)
        }
    };
    let is_streaming = exported.settings.is_streaming;
    let how = if is_streaming { "block by block" } else { "sounds as a whole" };
    let facts = vec![
        ("sampling_rate", exported.rate_hz().to_string()),
        ("channels", sound.1.to_string()),
        ("latents", latents.1.to_string()),
        ("ratio", exported.ratio().to_string()),
        ("streaming", is_streaming.to_string()),
    ];
    let described = Described {
        input,
        output,
        batch: exported.settings.n_parallel,
        about: format!("RAVE, {how}. Sound comes in multiples of {} samples.", exported.ratio()),
        facts,
    };
    Ok(onnx::write(path, &graph, made.value, &described)?)
}

/// Graphs read back from files.
pub struct PlayedGraphs {
    whole: onnx::Player,
    encoder: onnx::Player,
    decoder: onnx::Player,
}

impl PlayedGraphs {
    /// Reads the graphs whose paths share this prefix; see [`OnnxPart::ending`].
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub fn open(path_of: impl Fn(OnnxPart) -> std::path::PathBuf) -> Result<Self, Error> {
        let open = |part| onnx::Player::open(&path_of(part));
        Ok(Self {
            whole: open(OnnxPart::Whole)?,
            encoder: open(OnnxPart::Encoder)?,
            decoder: open(OnnxPart::Decoder)?,
        })
    }

    /// The facts of one graph, after it has played some noise.
    ///
    /// # Errors
    /// When it cannot be read or played, or outputs a value that is not a number.
    pub fn look(path: &Path) -> Result<Vec<(String, String)>, Error> {
        let mut player = onnx::Player::open(path)?;
        let [input, output] = player.ends().clone();
        let said = facts_of(&player)?;
        let (rows, n) = match input.as_str() {
            "latents" => (said.latents, N_SAMPLES.div_ceil(said.ratio)),
            _ => (said.channels, N_SAMPLES.next_multiple_of(said.ratio)),
        };
        let mut rng = audio::Rng::new(1);
        let x: Vec<f32> = (0..rows * n).map(|_| 0.1 * rng.normal()).collect();
        let made = call(&mut player, &x, rows)?;
        if made.values.iter().any(|x| !x.is_finite()) {
            return Err(Error::Differs { what: "its output is not a number".into() });
        }
        let mut facts = vec![("input".to_owned(), input), ("output".to_owned(), output)];
        facts.extend(player.facts().iter().map(|(key, value)| (key.clone(), value.clone())));
        Ok(facts)
    }

    /// The facts stated in the graphs' metadata.
    ///
    /// # Errors
    /// When they are missing.
    pub fn facts(&self) -> Result<PlayedFacts, Error> {
        facts_of(&self.whole)
    }

    /// The version of the operator set that they use.
    #[must_use]
    pub fn opset(&self) -> i64 {
        self.whole.opset()
    }

    /// The number of state arrays in the graph of the whole model.
    #[must_use]
    pub fn n_states(&self) -> usize {
        self.whole.n_states()
    }
}

fn facts_of(player: &onnx::Player) -> Result<PlayedFacts, Error> {
    let facts = player.facts();
    let number = |name: &str| {
        let found = facts.get(name).and_then(|text| text.parse::<usize>().ok());
        found.ok_or_else(|| Error::Differs { what: format!("its metadata has no {name}") })
    };
    PlayedFacts {
        channels: number("channels")?,
        latents: number("latents")?,
        ratio: number("ratio")?,
        rate_hz: u32::try_from(number("sampling_rate")?).unwrap_or(u32::MAX),
        is_streaming: facts.get("streaming").is_some_and(|it| it == "true"),
    }
    .believable()
}

fn call(player: &mut onnx::Player, x: &[f32], rows: usize) -> Result<Shown, nn::Error> {
    let shape = shape_of(x, rows).map_err(|what| player.refuse(what))?;
    let played = player.call(x, shape)?;
    Shown::of(played).map_err(|what| player.refuse(what))
}

impl Plays for PlayedGraphs {
    fn encode(&mut self, x: &[f32], channels: usize) -> Result<Shown, nn::Error> {
        call(&mut self.encoder, x, channels)
    }

    fn decode(&mut self, z: &Shown) -> Result<Shown, nn::Error> {
        call(&mut self.decoder, &z.values, z.rows)
    }

    fn whole(&mut self, x: &[f32], channels: usize) -> Result<Shown, nn::Error> {
        call(&mut self.whole, x, channels)
    }

    fn reset(&mut self) -> Result<(), nn::Error> {
        for player in [&mut self.whole, &mut self.encoder, &mut self.decoder] {
            player.reset();
        }
        Ok(())
    }
}
