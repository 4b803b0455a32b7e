//! `maquette flow`: small graphs of steps, as data, run by command, by hand or on new files of a folder.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use anyhow::Context;
use api::{
    Flow, FlowAnswer, FlowCheck, FlowInputKind, FlowPlan, FlowRun, FlowSay, FlowState,
    FlowStepState, FlowWatch, FlowWatching, Id, NewFlowRun, SoundPlace,
};
use serde_json::Value;

use super::{
    Console, from_root, interrupt, named,
    output::{self, refused},
    table::{list, table},
    words,
};
use crate::client::Client;

/// How often a run is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// The longest file of a flow.
const FILE_BYTES_MAX: u64 = 1 << 20;

#[derive(clap::Subcommand)]
pub(crate) enum FlowCommand {
    /// List ready-made flows and your own
    List,
    /// Show a flow: its inputs and steps
    Show {
        /// The flow's identifier or name, or a file
        flow: String,
    },
    /// Run a flow and wait until it has ended, or waits for you
    Run {
        /// The flow's identifier or name, or a file
        flow: String,
        /// An input: a file for a sound, else a text or a number; may be given several times
        #[arg(short, long = "input", value_name = "KEY=VALUE", value_parser = input)]
        inputs: Vec<(String, String)>,
        /// Queue it and end, without waiting
        #[arg(long)]
        detach: bool,
    },
    /// List runs of flows, the newest first
    Runs {
        /// Only of this flow: its identifier or name
        flow: Option<String>,
    },
    /// Show where a run stands: what its steps tried, why, and what they made
    Status {
        /// The run's identifier
        run: Id,
    },
    /// Say to a step of a run that asks or is stuck how it goes on, and wait again
    Answer {
        /// The run's identifier
        run: Id,
        /// The step's key
        step: String,
        /// Go on with these of the choices, by their numbers from 1
        #[arg(long, value_name = "N,N…", value_delimiter = ',', group = "what")]
        choose: Vec<u32>,
        /// Try again: this step, and all that use it
        #[arg(long, group = "what")]
        retry: bool,
        /// Go on without it
        #[arg(long, group = "what")]
        skip: bool,
    },
    /// Stop a run, with its jobs
    Stop {
        /// The run's identifier
        run: Id,
    },
    /// Run a flow on each new sound of a folder, while Maquette is running
    Watch {
        /// The flow's identifier or name
        flow: String,
        /// The folder
        #[arg(required_unless_present = "off")]
        folder: Option<PathBuf>,
        /// The input that each new sound is given as [default: the flow's only sound]
        #[arg(long, value_name = "KEY", conflicts_with = "off")]
        sound: Option<String>,
        /// What another input is; may be given several times
        #[arg(short, long = "input", value_name = "KEY=VALUE", value_parser = input, conflicts_with = "off")]
        inputs: Vec<(String, String)>,
        /// Do not watch any more
        #[arg(long, conflicts_with = "folder")]
        off: bool,
    },
    /// Take a flow from a file, as one of your own
    Import {
        /// The file
        file: PathBuf,
    },
    /// Write a flow to a file
    Export {
        /// The flow's identifier or name
        flow: String,
        /// The file
        #[arg(short, long, value_name = "FILE.json")]
        output: PathBuf,
        /// Overwrite the file if it exists
        #[arg(long)]
        force: bool,
    },
    /// Delete a flow of your own; its runs stay
    Delete {
        /// The flow's identifier or name
        flow: String,
    },
}

fn input(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write it as KEY=VALUE")?;
    Ok((key.trim().to_owned(), value.to_owned()))
}

pub(crate) fn run(command: &FlowCommand, console: &Console) -> anyhow::Result<()> {
    let client = console.client()?;
    let terminal = console.terminal;
    match command {
        FlowCommand::List => {
            let flows: Vec<Flow> = client.get("/api/flows")?;
            terminal.result(&flows, || listed(&flows))
        }
        FlowCommand::Show { flow } => {
            let plan = match asked(&client, flow)? {
                Asked::Kept(flow) => flow.plan,
                Asked::Given(plan) => *plan,
            };
            let checked: FlowCheck = client.post("/api/flows/check", &plan)?;
            terminal.result(&plan, || shown(&plan, &checked))
        }
        FlowCommand::Run { flow, inputs, detach } => {
            let asked = asked(&client, flow)?;
            let new = match &asked {
                Asked::Kept(flow) => NewFlowRun {
                    flow: Some(flow.id.clone()),
                    inputs: values(&flow.plan, inputs)?,
                    plan: None,
                },
                Asked::Given(plan) => NewFlowRun {
                    flow: None,
                    inputs: values(plan, inputs)?,
                    plan: Some(FlowPlan::clone(plan)),
                },
            };
            let run: FlowRun = client.post("/api/flow-runs", &new)?;
            match detach {
                true => terminal.result(&run, || format!("It runs as {}.", run.id)),
                false => followed(&client, &run.id, console),
            }
        }
        FlowCommand::Runs { flow } => {
            let of = match flow {
                Some(flow) => format!("?flow={}", kept(&client, flow)?.id),
                None => String::new(),
            };
            let runs: Vec<FlowRun> = client.get(&format!("/api/flow-runs{of}"))?;
            terminal.result(&runs, || runs_table(&runs))
        }
        FlowCommand::Status { run } => {
            let run: FlowRun = client.get(&format!("/api/flow-runs/{run}"))?;
            terminal.result(&run, || status(&run))
        }
        FlowCommand::Answer { run, step, choose, retry, skip } => {
            let say = if *retry {
                FlowSay::Retry { work: None }
            } else if *skip {
                FlowSay::Skip
            } else if let Some(numbers) = from_one(choose) {
                FlowSay::Choose { numbers }
            } else {
                let what = "Say what to do.".to_owned();
                let remedy = "Add `--choose 1,2`, `--retry` or `--skip`.";
                return Err(refused("no_answer", what, "", remedy).into());
            };
            let answer = FlowAnswer { step: step.clone(), answer: say };
            let path = format!("/api/flow-runs/{run}/answer");
            let run: FlowRun = client.post(&path, &answer)?;
            followed(&client, &run.id, console)
        }
        FlowCommand::Stop { run } => {
            let run: FlowRun = client.post_empty(&format!("/api/flow-runs/{run}/stop"))?;
            terminal.result(&run, || "It is stopped. What it kept stays.".to_owned())
        }
        FlowCommand::Watch { flow, folder, sound, inputs, off } => {
            let flow = kept(&client, flow)?;
            let watch = match (folder, off) {
                (Some(folder), false) => {
                    let of_sound =
                        flow.plan.inputs.iter().find(|it| it.kind == FlowInputKind::Sound);
                    let input = sound.clone().or_else(|| of_sound.map(|it| it.key.clone()));
                    Some(FlowWatch {
                        folder: from_root(folder)?,
                        input: input.unwrap_or_default(),
                        inputs: values(&flow.plan, inputs)?,
                    })
                }
                _ => None,
            };
            let path = format!("/api/flows/{}/watch", flow.id);
            let flow: Flow = client.put(&path, &FlowWatching { watch })?;
            terminal.result(&flow, || match &flow.watch {
                Some(watch) => format!(
                    "“{}” ({}) runs on each new sound in {}, while Maquette is running.",
                    flow.plan.name, flow.id, watch.folder
                ),
                None => format!("“{}” watches no folder.", flow.plan.name),
            })
        }
        FlowCommand::Import { file } => {
            let flow: Flow = client.post("/api/flows", &read(file)?)?;
            terminal.result(&flow, || format!("It is there as {}.", flow.id))
        }
        FlowCommand::Export { flow, output: file, force } => {
            output::check_place(file, *force)?;
            let plan = kept(&client, flow)?.plan;
            let text = serde_json::to_string_pretty(&plan).context("failed to write JSON")?;
            output::write(file, &(text + "\n"))?;
            terminal.result(&plan, || format!("{} is written.", file.display()))
        }
        FlowCommand::Delete { flow } => {
            let flow = kept(&client, flow)?;
            let flow: Flow = client.delete_for(&format!("/api/flows/{}", flow.id))?;
            terminal.result(&flow, || format!("“{}” is deleted.", flow.plan.name))
        }
    }
}

/// A flow that was named.
enum Asked {
    /// By its identifier or name.
    Kept(Box<Flow>),
    /// By a file.
    Given(Box<FlowPlan>),
}

fn asked(client: &Client, text: &str) -> anyhow::Result<Asked> {
    let path = Path::new(text);
    if path.is_file() {
        return Ok(Asked::Given(Box::new(read(path)?)));
    }
    Ok(Asked::Kept(Box::new(kept(client, text)?)))
}

fn kept(client: &Client, text: &str) -> anyhow::Result<Flow> {
    let flows: Vec<Flow> = client.get("/api/flows")?;
    let all: Vec<_> = flows.iter().map(|it| (it.id.clone(), it.plan.name.clone())).collect();
    let id = named::choose(&all, text, "flow", "`maquette flow list` shows every flow.")?;
    flows.into_iter().find(|it| it.id == id).context("failed to find the flow")
}

/// A flow from a file.
fn read(path: &Path) -> anyhow::Result<FlowPlan> {
    let refuse = |why: String| {
        let what = format!("“{}” could not be read as a flow.", path.display());
        let remedy = "`maquette flow export` writes such a file; docs/flows.md says what is in it.";
        refused("bad_flow", what, &api::sentence(&why), remedy)
    };
    let length = std::fs::metadata(path).map_err(|error| refuse(error.to_string()))?.len();
    if length > FILE_BYTES_MAX {
        return Err(refuse("it is longer than any flow".to_owned()).into());
    }
    let text = std::fs::read_to_string(path).map_err(|error| refuse(error.to_string()))?;
    Ok(serde_json::from_str(&text).map_err(|error| refuse(error.to_string()))?)
}

/// Inputs as the studio takes them: of a sound its file, by its absolute path.
fn values(plan: &FlowPlan, given: &[(String, String)]) -> anyhow::Result<BTreeMap<String, Value>> {
    let mut values = BTreeMap::new();
    for (key, text) in given {
        let kind = plan.inputs.iter().find(|it| it.key == *key).map(|it| it.kind);
        let value = match kind {
            Some(FlowInputKind::Sound) => {
                let path = from_root(Path::new(text))?.into();
                serde_json::to_value(SoundPlace::File { path }).context("failed to write JSON")?
            }
            _ => Value::from(text.clone()),
        };
        values.insert(key.clone(), value);
    }
    Ok(values)
}

fn from_one(numbers: &[u32]) -> Option<Vec<u32>> {
    let from_none: Option<Vec<u32>> = numbers.iter().map(|it| it.checked_sub(1)).collect();
    from_none.filter(|it| !it.is_empty())
}

/// Waits until a run has ended or waits for the person, and prints what became of it.
fn followed(client: &Client, id: &Id, console: &Console) -> anyhow::Result<()> {
    let terminal = console.terminal;
    interrupt::say_on_interrupt(format!(
        "The flow goes on while Maquette is running. `maquette flow status {id}` shows it, \
         `maquette flow stop {id}` stops it."
    ));
    let mut said = String::new();
    let run = loop {
        let run: FlowRun = client.get(&format!("/api/flow-runs/{id}"))?;
        if run.state != FlowState::Running {
            break run;
        }
        let standing = standing(&run);
        if terminal.is_live() {
            terminal.progress(&standing);
        } else if standing != said {
            terminal.note(&standing);
        }
        said = standing;
        thread::sleep(LOOK_EVERY);
    };
    terminal.erase();
    terminal.result(&run, || status(&run))?;
    match run.state {
        FlowState::Failed => {
            let what = format!("“{}” has failed.", run.plan.name);
            let remedy = format!("`maquette flow answer {id} STEP --retry` tries a step again.");
            Err(refused("flow_failed", what, "", &remedy).into())
        }
        FlowState::Waiting => {
            let waits = run
                .steps
                .iter()
                .find(|it| matches!(it.state, FlowStepState::Asking | FlowStepState::Stuck));
            let step = waits.map_or("STEP", |it| it.key.as_str());
            let what = format!("“{}” waits for you.", run.plan.name);
            let remedy = format!(
                "Answer with `maquette flow answer {id} {step}` and `--choose 1,2`, `--retry` or \
                 `--skip`, or on its page."
            );
            Err(refused("flow_waits", what, "", &remedy).into())
        }
        _ => Ok(()),
    }
}

/// `3 of 6 steps: Make sounds`.
fn standing(run: &FlowRun) -> String {
    let is_done =
        |state: FlowStepState| matches!(state, FlowStepState::Done | FlowStepState::Skipped);
    let n_done = run.steps.iter().filter(|it| is_done(it.state)).count();
    let now = run.steps.iter().zip(&run.plan.steps);
    let now: Vec<&str> = now
        .filter(|(it, _)| it.state == FlowStepState::Running)
        .map(|(_, step)| step.label.as_str())
        .collect();
    format!("{n_done} of {}: {}", words::n_of(run.steps.len(), "step"), now.join(", "))
}

fn state(run: &FlowRun) -> &'static str {
    match run.state {
        FlowState::Running => "running",
        FlowState::Waiting => "waits for you",
        FlowState::Done => "done",
        FlowState::Failed => "failed",
        FlowState::Stopped => "stopped",
    }
}

fn state_of_step(state: FlowStepState) -> &'static str {
    match state {
        FlowStepState::Waiting => "not yet",
        FlowStepState::Running => "running",
        FlowStepState::Asking => "asks you",
        FlowStepState::Stuck => "stuck",
        FlowStepState::Done => "done",
        FlowStepState::Skipped => "left out",
        FlowStepState::Failed => "failed",
    }
}

fn listed(flows: &[Flow]) -> String {
    let rows: Vec<[String; 4]> = flows
        .iter()
        .map(|flow| {
            let what = match &flow.watch {
                Some(watch) => format!("watches {}", watch.folder),
                None if flow.is_ready_made => "ready-made".to_owned(),
                None => "your own".to_owned(),
            };
            let inputs: Vec<&str> = flow.plan.inputs.iter().map(|it| it.key.as_str()).collect();
            [flow.id.to_string(), flow.plan.name.clone(), inputs.join(", "), what]
        })
        .collect();
    let mut text = table(["ID", "NAME", "INPUTS", ""], &rows);
    for flow in flows.iter().filter(|it| !it.missing.is_empty()) {
        text.push_str(&format!("{}: {}\n", flow.plan.name, flow.missing.join(" ")));
    }
    text
}

fn shown(plan: &FlowPlan, checked: &FlowCheck) -> String {
    let mut text = format!("{}\n{}\n\n", plan.name, plan.about);
    for input in &plan.inputs {
        let kind = match input.kind {
            FlowInputKind::Sound => "a sound",
            FlowInputKind::Words => "words",
            FlowInputKind::Number => "a number",
        };
        let usual = input.usual.as_ref().map_or(String::new(), |it| format!(", usually {it}"));
        text.push_str(&format!("input {}: {} ({kind}{usual})\n", input.key, input.label));
    }
    let rows: Vec<[String; 4]> = plan
        .steps
        .iter()
        .map(|step| {
            let uses = checked.uses.get(&step.key).cloned().unwrap_or_default();
            let work = step.work.word().to_owned();
            [step.key.clone(), step.label.clone(), work, uses.join(", ")]
        })
        .collect();
    text.push('\n');
    text.push_str(&table(["STEP", "NAME", "DOES", "USES"], &rows));
    for sentence in checked.problems.iter().chain(&checked.missing) {
        text.push_str(&format!("{sentence}\n"));
    }
    text
}

fn runs_table(runs: &[FlowRun]) -> String {
    let rows: Vec<[String; 3]> = runs
        .iter()
        .map(|run| [run.id.to_string(), run.plan.name.clone(), state(run).to_owned()])
        .collect();
    table(["ID", "FLOW", "STATE"], &rows)
}

fn status(run: &FlowRun) -> String {
    let mut text = list(&[
        ("run", run.id.to_string()),
        ("flow", run.plan.name.clone()),
        ("state", state(run).to_owned()),
    ]);
    for (step, planned) in run.steps.iter().zip(&run.plan.steps) {
        text.push_str(&format!("\n{}: {}\n", planned.label, state_of_step(step.state)));
        for attempt in &step.attempts {
            if !attempt.why.is_empty() {
                text.push_str(&format!("  {}\n", attempt.why));
            }
            if let Some(problem) = &attempt.problem {
                let why = problem.why.clone().map_or(String::new(), |it| format!(" {it}"));
                text.push_str(&format!("  {}{why}\n", problem.what));
            }
        }
        let facts = step.knows.facts.iter();
        for (name, value) in facts {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            text.push_str(&format!("  {name}: {value}\n"));
        }
        for sound in &step.knows.sounds {
            text.push_str(&format!("  {}: {}{}\n", sound.name, place(&sound.place), said(sound)));
        }
        for note in &step.knows.notes {
            text.push_str(&format!("  {note}\n"));
        }
        for (i, sound) in (1..).zip(&step.choices) {
            text.push_str(&format!(
                "  {i}. {}: {}{}\n",
                sound.name,
                place(&sound.place),
                said(sound)
            ));
        }
    }
    text
}

fn said(sound: &api::FlowSound) -> String {
    if sound.why.is_empty() { String::new() } else { format!(". {}", sound.why) }
}

fn place(place: &SoundPlace) -> String {
    match place {
        SoundPlace::Library { id } => format!("sound {id}"),
        SoundPlace::Generation { id, number } => format!("sound {number} of {id}"),
        SoundPlace::Dataset { dataset, idx } => format!("sound {idx} of {dataset}"),
        SoundPlace::Upload { upload } => format!("upload {upload}"),
        SoundPlace::File { path } => path.display().to_string(),
        SoundPlace::Pattern { id, .. } => format!("pattern {id}"),
    }
}
