//! Models as files for other programs, and those files read back.

mod consistency;
mod exported;
mod onnx;
mod torch;
mod verify;

use std::path::Path;

use nn::torch_script;

pub use self::consistency::{Consistent, PlayedFacts, consistent};
pub use self::exported::ExportSettings;
pub(super) use self::exported::Exported;
pub use self::onnx::{OnnxPart, PlayedGraphs};
use self::torch::module;
pub use self::verify::{DIFFERENCE_MAX, Plays, Shown, Verified};
use self::verify::{shape_of, verify};
use super::infer::Model;
use crate::{Error, Prior};

/// Facts about an exported model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportFacts {
    /// Channels of sound.
    pub channels: usize,
    /// Exposed latents.
    pub latents: usize,
    /// Samples per latent frame.
    pub ratio: usize,
    /// Samples per second.
    pub rate_hz: u32,
    /// The latency in samples, if it plays block by block.
    pub latency_samples: usize,
}

impl Model {
    /// The facts of an export with these settings.
    #[must_use]
    pub fn export_facts(&self, settings: ExportSettings) -> ExportFacts {
        let exported = self.exported(settings);
        let late = match settings.is_streaming {
            false => 0,
            true => {
                let own = super::stream::latency_samples(self.config());
                own * settings.rate_multiple + exported.rate_delay()
            }
        };
        ExportFacts {
            channels: exported.channels(),
            latents: exported.latents(),
            ratio: exported.ratio(),
            rate_hz: exported.rate_hz(),
            latency_samples: late,
        }
    }

    /// Writes the model as a TorchScript module, such as for nn~; with a prior of it, if one is given, that plays as
    /// the method `prior`.
    ///
    /// # Errors
    /// When the file cannot be written; nothing is left behind then.
    pub fn write_torch_script(
        &self,
        settings: ExportSettings,
        prior: Option<&dyn Prior>,
        path: &Path,
    ) -> Result<(), Error> {
        Ok(module(&self.exported(settings), self.has_noise(), prior).write(path)?)
    }

    /// Writes part of the model, or all of it, as an ONNX graph.
    ///
    /// # Errors
    /// When the file cannot be written; nothing is left behind then.
    pub fn write_onnx(
        &self,
        settings: ExportSettings,
        part: OnnxPart,
        path: &Path,
    ) -> Result<(), Error> {
        onnx::write(&self.exported(settings), part, path)
    }

    /// Compares a file with this model. `go_on` receives the progress, 0 to 1; false stops it.
    ///
    /// # Errors
    /// When the file cannot be played; `None` if `go_on` stopped it.
    pub fn verify(
        &self,
        settings: ExportSettings,
        file: &mut dyn Plays,
        block: usize,
        go_on: impl FnMut(f64) -> bool,
    ) -> Result<Option<Verified>, Error> {
        verify(self, &self.exported(settings), file, block, go_on)
    }
}

/// Frames that a module's prior is asked for at once.
const PRIOR_FRAMES: usize = 4;

/// A TorchScript module read back from a file.
pub struct PlayedModule {
    player: torch_script::Player,
}

impl PlayedModule {
    /// Reads a module of ours and makes it deterministic.
    ///
    /// # Errors
    /// When it cannot be read, or does not answer nn~'s queries.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let mut player = torch_script::Player::open(path)?;
        player.set("deterministic", true)?;
        player.set("noise", false)?;
        Ok(Self { player })
    }

    /// Queries what nn~ queries when it loads a module: methods with their channels and ratios, labels for each,
    /// and attributes. Returns the numbers of methods and attributes.
    ///
    /// # Errors
    /// When one of the answers is missing or contradicts another.
    pub fn ask(&mut self) -> Result<[usize; 2], Error> {
        let wrong = |what: String| Err(Error::Differs { what });
        let methods = self.player.texts("get_methods")?;
        for name in &methods {
            let params = self.player.ints(&format!("{name}_params")).unwrap_or_default();
            let &[n_in, ratio_in, n_out, ratio_out] = &params[..] else {
                return wrong(format!("{name}_params does not hold four numbers"));
            };
            if [n_in, ratio_in, n_out, ratio_out].iter().any(|n| *n < 1) {
                return wrong(format!("{name}_params holds a number below 1"));
            }
            for (kind, n) in [("input", n_in), ("output", n_out)] {
                let labels = self.player.labels(&format!("{name}_{kind}_labels"));
                if labels.map(|it| it.len() as i64) != Some(n) {
                    return wrong(format!("not {n} labels in {name}_{kind}_labels"));
                }
            }
        }
        let attributes = self.player.texts("get_attributes")?;
        for name in &attributes {
            if self.player.ints(&format!("{name}_params")).is_none() {
                return wrong(format!("the attribute {name} has no type"));
            }
            self.player.act(&format!("get_{name}"))?;
            self.player.set(name, name == "deterministic")?;
        }
        self.player.texts("get_buffer_attributes")?;
        self.player.act("get_sample_rate")?;
        Ok([methods.len(), attributes.len()])
    }

    /// Whether a file is a module of ours: those of other programs are PyTorch archives too.
    #[must_use]
    pub fn is_one(path: &Path) -> bool {
        torch_script::Player::open(path).is_ok()
    }

    /// The facts that the module states about itself.
    ///
    /// # Errors
    /// When they are missing.
    pub fn facts(&self) -> Result<PlayedFacts, Error> {
        let number = |name: &str, index: usize| {
            let found = self.player.ints(name).and_then(|it| it.get(index).copied());
            let found = found.and_then(|it| usize::try_from(it).ok()).filter(|it| *it > 0);
            found.ok_or_else(|| Error::Differs { what: format!("it has no {name}") })
        };
        let rate_hz = number("sr", 0)?;
        PlayedFacts {
            channels: number("encode_params", 0)?,
            latents: number("encode_params", 2)?,
            ratio: number("encode_params", 3)?,
            rate_hz: u32::try_from(rate_hz).unwrap_or(u32::MAX),
            is_streaming: self.player.truth("is_streaming") == Some(true),
        }
        .believable()
    }

    /// Latents that the module's prior makes at a temperature, `[latent][frame]`.
    ///
    /// # Errors
    /// When it has none, or what it has cannot be played.
    pub fn prior(&mut self, temperature: f32, n_frames: usize) -> Result<Shown, Error> {
        // What the module takes `softplus(x) / ln 2` of.
        let x = ((temperature * std::f32::consts::LN_2).exp() - 1.0).ln().max(-80.0);
        self.player.act("reset")?;
        // Few at a time, as what a single call may compute is limited.
        let mut rows: Vec<Vec<f32>> = vec![];
        let mut n_left = n_frames;
        while n_left > 0 {
            let n = n_left.min(PRIOR_FRAMES);
            let made = self.call("prior", &vec![x; n], 1)?;
            rows.resize(made.rows, vec![]);
            for (row, made) in rows.iter_mut().zip(made.values.chunks(n)) {
                row.extend_from_slice(made);
            }
            n_left -= n;
        }
        Ok(Shown { rows: rows.len(), values: rows.concat() })
    }

    fn call(&mut self, method: &str, x: &[f32], rows: usize) -> Result<Shown, nn::Error> {
        let shape = shape_of(x, rows).map_err(|what| self.player.refuse(what))?;
        let played = self.player.call(method, x, shape)?;
        Shown::of(played).map_err(|what| self.player.refuse(what))
    }
}

impl Plays for PlayedModule {
    fn encode(&mut self, x: &[f32], channels: usize) -> Result<Shown, nn::Error> {
        self.call("encode", x, channels)
    }

    fn decode(&mut self, z: &Shown) -> Result<Shown, nn::Error> {
        self.call("decode", &z.values, z.rows)
    }

    fn whole(&mut self, x: &[f32], channels: usize) -> Result<Shown, nn::Error> {
        self.call("forward", x, channels)
    }

    fn reset(&mut self) -> Result<(), nn::Error> {
        self.player.act("reset")
    }
}

#[cfg(test)]
mod tests;
