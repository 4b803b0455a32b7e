//! Asking an engine who it is and what it can do.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use api::{EngineCheck, EngineFile, EngineHello, Problem, WordsAbilities};

use super::{process::Process, read_file};

/// How long an engine may take to say hello.
const HELLO_TIME: Duration = Duration::from_secs(20);
/// How often it is looked whether it has.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// The most models of an engine.
const MODELS_MAX: usize = 1_000;
/// The most characters of a name.
const NAME_MAX: usize = 200;

/// Starts the engine of a folder to ask who it is.
///
/// # Errors
/// When the folder holds no engine: what is wrong, and what to do. An engine that does not answer as it should is no
/// error; the answer says so.
pub fn check_engine(folder: &Path) -> Result<EngineCheck, Problem> {
    let file = read_file(folder)?;
    let started = Instant::now();
    let answered = ask(folder, &file);
    let mut check = EngineCheck {
        folder: folder.display().to_string(),
        answer_secs: started.elapsed().as_secs_f64(),
        ..EngineCheck::default()
    };
    match answered {
        Ok(hello) => {
            check.problems = problems(&hello);
            check.hello = Some(hello);
        }
        Err(why) => check.problems.push(why),
    }
    check.is_well = check.problems.is_empty();
    Ok(check)
}

fn ask(folder: &Path, file: &EngineFile) -> Result<EngineHello, String> {
    let place = tempfile::tempdir()
        .map_err(|error| api::sentence(&format!("failed to make a folder: {error}")))?;
    let printed = place.path().join("hello.json");
    let mut process = Process::start(folder, file, &["hello".as_ref()], printed.clone())
        .map_err(|error| not_started(file, &error))?;
    let started = Instant::now();
    let status = loop {
        let ended = process.ended().map_err(|error| api::sentence(&error.to_string()))?;
        if let Some(status) = ended {
            break status;
        }
        if started.elapsed() > HELLO_TIME {
            return Err(format!(
                "It did not answer within {} s, and was ended.{}",
                HELLO_TIME.as_secs(),
                process.last_words()
            ));
        }
        if process.has_flooded() {
            return Err("It printed without end, and was ended.".to_owned());
        }
        std::thread::sleep(LOOK_EVERY);
    };
    if !status.success() {
        return Err(format!("It ended with {status}.{}", process.last_words()));
    }
    job::whole::read_json(&printed).map_err(|error| {
        let error = std::error::Error::source(&error).map_or_else(String::new, ToString::to_string);
        format!("Its answer is not understood: {error}.{}", process.last_words())
    })
}

/// A sentence about a program that cannot be started.
pub(super) fn not_started(file: &EngineFile, error: &std::io::Error) -> String {
    let program = file.command.first().map_or("", String::as_str);
    let why = api::in_plain_words(&error.to_string());
    format!("“{program}” could not be started: {why}. Install it, or correct {}.", EngineFile::NAME)
}

/// What is wrong with an answer.
fn problems(hello: &EngineHello) -> Vec<String> {
    let mut found = vec![];
    if hello.protocol != EngineFile::PROTOCOL {
        found.push(format!(
            "It follows version {} of the protocol, and this is version {}.",
            hello.protocol,
            EngineFile::PROTOCOL
        ));
    }
    let is_name = |name: &str| !name.trim().is_empty() && name.chars().count() <= NAME_MAX;
    if !is_name(&hello.name) {
        found.push("It says no name, or one that is too long.".to_owned());
    }
    if hello.models.is_empty() || hello.models.len() > MODELS_MAX {
        found.push(format!("It has {} models; 1 to {MODELS_MAX} can be used.", hello.models.len()));
    }
    for (i, model) in hello.models.iter().take(MODELS_MAX).enumerate() {
        if !is_name(&model.id) || !is_name(&model.name) {
            found.push(format!("Model {} has no name, or one that is too long.", i + 1));
        }
        if hello.models[..i].iter().any(|it| it.id == model.id) {
            found.push(format!("Two models are called “{}”.", model.id));
        }
        if let Err(why) = can_be(&model.words) {
            found.push(format!("“{}” {why}.", model.name));
        }
    }
    found
}

/// Whether abilities are those of a model that there can be.
fn can_be(can: &WordsAbilities) -> Result<(), &'static str> {
    if !(1_000..=384_000).contains(&can.rate_hz) {
        return Err("has a sampling rate that is not between 1,000 and 384,000 Hz");
    }
    if !(1..=8).contains(&can.channels) {
        return Err("has a number of channels that is not between 1 and 8");
    }
    if !(can.max_secs > 0.0 && can.max_secs <= 3_600.0) {
        return Err("makes sounds of a length that is not between 0 and 3,600 s");
    }
    if !(0.0..=100.0).contains(&can.guidance) {
        return Err("has a guidance that is not between 0 and 100");
    }
    if can.writes_codes {
        return Err("says that it writes codes, which engines do not");
    }
    if can.takes_adapters {
        return Err("says that it takes adapters, which engines do not");
    }
    match can.steps {
        Some(it) if !(1 <= it.least && it.least <= it.usual && it.usual <= it.most) => {
            Err("has a usual number of steps that is not between its least and its most")
        }
        _ => Ok(()),
    }
}
