//! Looks at a file of a model as the program would that plays it: what it is, whether it is whole, whether
//! it plays.

use std::path::Path;

use api::{ExportCheck, FileCheck, Problem};
use models::{
    CodecShape, Consistent, Finished, OnnxPart, PlayedFacts, PlayedGraphs, PlayedModule, Plays,
    consistent,
};

use crate::{
    folder::problem,
    jobs::{Refused, load_any, open_foreign},
    package,
    words::listed,
};

/// Looks at a file. `model` is the folder or file of a model that it should play, if it is to be compared.
///
/// # Errors
/// When it cannot be read, or is of no kind that is known.
pub fn check_file(path: &Path, model: Option<&Path>) -> Result<FileCheck, Problem> {
    let unreadable = |why: String| {
        let what = format!("“{}” could not be checked.", path.display());
        let ours = ["ts", "onnx", "safetensors", "maq"];
        let others = models::other_endings().into_iter().filter(|it| !ours.contains(it));
        let endings = listed(ours.into_iter().chain(others).map(|it| format!(".{it}")), "or");
        problem("unreadable_file", what, &why, &format!("Name a {endings} file."))
    };
    let about = std::fs::metadata(path).map_err(|error| unreadable(format!("{error}.")))?;
    if !about.is_file() {
        return Err(unreadable("It is not a regular file.".into()));
    }
    let model =
        model.map(load_any).transpose().map_err(|error| match error.downcast::<Refused>() {
            Ok(Refused(problem)) => problem,
            Err(error) => unreadable(format!("{error:#}.")),
        })?;
    let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
    let mut look = Look {
        path,
        model,
        found: FileCheck {
            path: path.display().to_string(),
            kind: String::new(),
            facts: vec![("size".into(), format!("{} bytes", about.len()))],
            checks: vec![],
            is_good: true,
        },
    };
    match ending.to_str() {
        _ if package::is_package(path) => look.package(),
        Some("onnx") => look.graph(),
        Some("safetensors") => look.weights(),
        Some("ts") if PlayedModule::is_one(path) => look.module(),
        Some(ending) if models::other_endings().contains(&ending) => look.foreign(),
        Some("maq") => {
            look.found.kind = "a Maquette package".into();
            look.bad(
                "read",
                "It does not start like a package: it is damaged, or something else.".into(),
            );
        }
        _ => return Err(unreadable("Its file extension is not one of these.".into())),
    }
    Ok(look.found)
}

struct Look<'a> {
    path: &'a Path,
    model: Option<Box<dyn Finished>>,
    found: FileCheck,
}

impl Look<'_> {
    fn fact(&mut self, name: &str, value: &dyn ToString) {
        self.found.facts.push((name.into(), value.to_string()));
    }

    fn good(&mut self, what: &str, words: String) {
        self.found.checks.push(ExportCheck { what: what.into(), words, is_good: true });
    }

    fn bad(&mut self, what: &str, words: String) {
        self.found.checks.push(ExportCheck { what: what.into(), words, is_good: false });
        self.found.is_good = false;
    }

    fn failed(&mut self, what: &str, error: &dyn std::fmt::Display) {
        self.bad(what, format!("Failed to {error}."));
    }

    fn package(&mut self) {
        self.found.kind = "a Maquette package".into();
        let manifest = match package::verify(self.path) {
            Ok(manifest) => manifest,
            Err(error) => return self.failed("whole", &format!("{error:#}")),
        };
        self.fact("name", &manifest.name);
        self.fact("license", &or_not_said(&manifest.license));
        self.fact("author", &or_not_said(&manifest.author));
        if let Some(rate_hz) = manifest.rate_hz {
            self.fact("sampling rate", &format!("{rate_hz} Hz"));
        }
        let n = manifest.files.len();
        self.good("whole", format!("All {n} files match the size and SHA-256 in the package."));
        let read = tempfile::tempdir().map_err(anyhow::Error::from).and_then(|folder| {
            package::unpack(self.path, folder.path())?;
            Ok(models::open(&folder.path().join(package::WEIGHTS))?)
        });
        match read {
            Ok(model) => {
                self.good("read", "The weights match the settings.".into());
                self.weighed(model.as_ref());
            }
            Err(error) => self.failed("read", &format!("{error:#}")),
        }
    }

    /// Compares weights, if there is something to compare them with.
    fn weighed(&mut self, model: &dyn Finished) {
        match &self.model {
            Some(other) if !model.has_weights_of(other.as_ref()) => {
                self.bad("equal", "Its weights differ from the model's.".into());
            }
            Some(_) => self.good("equal", "Every weight is identical to the model's.".into()),
            None => {}
        }
    }

    fn weights(&mut self) {
        self.found.kind = "Maquette weights".into();
        match models::open(self.path) {
            Ok(model) => {
                if let Some(codec) = model.as_codec() {
                    self.shape(codec.shape());
                }
                let n = model.n_arrays();
                self.good("read", format!("All {n} arrays match the settings in the header."));
                self.weighed(model.as_ref());
            }
            Err(error) => self.failed("read", &error),
        }
    }

    fn shape(&mut self, shape: CodecShape) {
        self.fact("sampling rate", &format!("{} Hz", shape.rate_hz));
        self.fact("channels", &shape.channels);
        self.fact("latents", &shape.latent_size);
        self.fact("ratio", &shape.ratio);
    }

    fn foreign(&mut self) {
        match open_foreign(self.path) {
            Ok(foreign) => {
                self.found.kind = foreign.kind().into();
                if let Some(shape) = foreign.settings().codec() {
                    self.shape(shape);
                }
                self.fact("steps", &foreign.step());
                self.good("read", "The weights match the settings in the file.".into());
                let again = tempfile::tempdir().map_err(anyhow::Error::from).and_then(|folder| {
                    let path = folder.path().join("weights.safetensors");
                    foreign.save_model(&path)?;
                    Ok(models::open(&path)?)
                });
                match again {
                    Ok(model) => self.weighed(model.as_ref()),
                    Err(error) => self.failed("read", &format!("{error:#}")),
                }
                for warning in foreign.warnings() {
                    self.good("note", api::sentence(warning));
                }
            }
            Err(error) => {
                self.found.kind = "a PyTorch file".into();
                self.failed("read", &error);
            }
        }
    }

    fn module(&mut self) {
        self.found.kind = "a TorchScript module written by Maquette".into();
        let opened = PlayedModule::open(self.path).and_then(|mut module| {
            let answered = module.ask()?;
            Ok((module, answered))
        });
        match opened {
            Ok((mut module, [n_methods, n_attributes])) => {
                let what = "It has what nn~ looks for";
                self.good(
                    "read",
                    format!("{what}: {n_methods} methods, {n_attributes} attributes."),
                );
                let facts = module.facts();
                self.played(&mut module, facts);
            }
            Err(error) => self.failed("read", &error),
        }
    }

    /// A graph of the whole is checked with its parts, if they lie beside it.
    fn graph(&mut self) {
        self.found.kind = "an ONNX graph".into();
        let name = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let parts = [OnnxPart::Encoder, OnnxPart::Decoder, OnnxPart::Whole];
        let part = parts.into_iter().find(|part| name.ends_with(part.ending()));
        let part = part.unwrap_or(OnnxPart::Whole);
        let stem = name.strip_suffix(part.ending()).unwrap_or(&name).to_owned();
        let path_of = |part: OnnxPart| self.path.with_file_name(format!("{stem}{}", part.ending()));
        if OnnxPart::ALL.iter().all(|part| path_of(*part).is_file()) {
            match PlayedGraphs::open(path_of) {
                Ok(mut graphs) => {
                    self.fact("opset", &graphs.opset());
                    self.fact("states", &graphs.n_states());
                    self.good(
                        "read",
                        "The whole model, the encoder and the decoder can be read.".into(),
                    );
                    let facts = graphs.facts();
                    self.played(&mut graphs, facts);
                }
                Err(error) => self.failed("read", &error),
            }
            return;
        }
        match PlayedGraphs::look(self.path) {
            Ok(facts) => {
                for (name, value) in facts {
                    self.fact(&name, &value);
                }
                let words =
                    "It plays a short burst of noise. Its other parts are not in the same folder.";
                self.good("plays", words.into());
                if self.model.is_some() {
                    let words = "To compare it, put the whole model, the encoder and the decoder in one folder.";
                    self.bad("alone", words.into());
                }
            }
            Err(error) => self.failed("read", &error),
        }
    }

    fn played(&mut self, file: &mut dyn Plays, facts: Result<PlayedFacts, models::Error>) {
        let facts = match facts {
            Ok(facts) => facts,
            Err(error) => return self.failed("read", &error),
        };
        self.fact("sampling rate", &format!("{} Hz", facts.rate_hz));
        self.fact("channels", &facts.channels);
        self.fact("latents", &facts.latents);
        self.fact("ratio", &facts.ratio);
        self.fact("streaming", &facts.is_streaming);
        match consistent(file, facts) {
            Ok(found) if found.is_good() => self.good("plays", words(&found, facts)),
            Ok(found) => self.bad("plays", words(&found, facts)),
            Err(error) => return self.failed("play", &error),
        }
        let Some(model) = self.model.take() else { return };
        let playable = model.as_playable();
        let settings = playable.and_then(|it| Some((it, facts.settings_of(&it.shape())?)));
        let Some((model, settings)) = settings else {
            return self.bad(
                "equal",
                "It belongs to a model with other channels, latents, ratio or sample rate.".into(),
            );
        };
        match file
            .reset()
            .map_err(Into::into)
            .and_then(|()| model.verify(settings, file, 2048, &mut |_| true))
        {
            Ok(found) => {
                let found = found.unwrap_or_default();
                let words = format!(
                    "Compared with the model: latents {}, sound {}.",
                    difference(found.latents),
                    difference(found.sound.max(found.whole))
                );
                if found.is_good() { self.good("equal", words) } else { self.bad("equal", words) }
            }
            Err(error) => self.failed("compare", &error),
        }
    }
}

fn words(found: &Consistent, facts: PlayedFacts) -> String {
    let again = match facts.is_streaming {
        true => "Playback with another block size",
        false => "Repeated playback",
    };
    format!(
        "Played {:.1} s of noise. {again}: {}. Playback in two parts: {}. Speed in this check: {:.0} times \
         real time.",
        found.secs,
        difference(found.blocks),
        difference(found.parts),
        found.speed
    )
}

/// How far two sounds or latents are apart, relative to the largest value.
fn difference(share: f64) -> String {
    if share == 0.0 {
        return "identical".into();
    }
    format!("at most {share:.0e} of the peak apart")
}

fn or_not_said(text: &str) -> &str {
    if text.is_empty() { "not stated" } else { text }
}
