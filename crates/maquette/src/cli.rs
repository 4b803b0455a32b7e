//! The command line: one file per verb. A verb is a few calls of the studio's API; it prints the answers as
//! text for people or as JSON for programs.

mod adapter;
mod analyse;
mod batch;
mod blend;
mod check;
mod codec;
mod compose;
mod convert;
mod convert_sound;
mod dataset;
mod daw;
mod doctor;
mod embed;
mod engine;
mod export;
mod features;
mod film;
mod flow;
mod follow;
mod game;
mod generate;
mod generate_text;
mod generated;
mod import;
mod interrupt;
mod job;
mod library;
mod memory;
mod midi;
mod model;
mod named;
mod notes;
mod output;
mod pitch;
mod play;
mod preset;
mod printable;
mod prior;
mod project;
mod quickstart;
mod reconstruct;
mod run;
mod separate;
mod serve;
mod sound;
mod spectral_edit;
mod stretch;
mod style;
mod table;
mod terminal;
mod to_grid;
mod train;
mod training;
mod trash;
mod tune;
mod weights;
mod words;

use std::{io::IsTerminal, path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::{CommandFactory, Parser, Subcommand, error::ErrorKind};
use tracing_subscriber::EnvFilter;

use crate::{
    client::{Client, Refused},
    server,
};
use terminal::Terminal;

/// A local-first studio for small models: train them on your own sounds.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(flatten)]
    shared: Shared,
    #[command(flatten)]
    serve: serve::ServeArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Options that every verb takes.
#[derive(clap::Args)]
struct Shared {
    /// The workspace: the folder that holds everything [default: `MAQUETTE_WORKSPACE`, or ~/Maquette]
    #[arg(long, global = true, value_name = "DIR")]
    workspace: Option<PathBuf>,
    /// Work in this project: list only what is in it, and put what is new into it
    #[arg(long = "project", global = true, value_name = "ID|NAME")]
    in_project: Option<String>,
    /// Print JSON for programs
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Start the studio and open it in the browser (the same as no command)
    Serve(serve::ServeArgs),
    /// Go through everything once: dataset, training, model, reconstruction of a held-out file
    Quickstart(quickstart::QuickstartArgs),
    /// Create and manage projects: datasets, runs and models that belong together
    #[command(subcommand, name = "project")]
    Projects(project::ProjectCommand),
    /// Create and manage datasets
    #[command(subcommand)]
    Dataset(dataset::DatasetCommand),
    /// Show the settings that a preset, switches and changes add up to, and what they cost
    Compose(compose::ComposeArgs),
    /// Save and manage your own presets
    #[command(subcommand)]
    Preset(preset::PresetCommand),
    /// List games, and let an agent play one
    #[command(subcommand)]
    Game(game::GameCommand),
    /// Train a model on a dataset, or an agent that plays a game
    Train(train::TrainArgs),
    /// Train adapters (LoRA), which teach a model that makes sound from words your own sounds, and list them
    #[command(subcommand)]
    Adapter(adapter::AdapterCommand),
    /// Train priors, which make latents of a model by themselves, and list them
    #[command(subcommand)]
    Prior(prior::PriorCommand),
    /// Manage training runs: list, show, stop, resume
    #[command(subcommand)]
    Run(run::RunCommand),
    /// Add models to the library and manage it
    #[command(subcommand)]
    Model(model::ModelCommand),
    /// Reconstruct a sound file with a model
    Reconstruct(reconstruct::ReconstructArgs),
    /// Encode a sound file into a model's latents, for your own scripts
    Encode(convert::EncodeArgs),
    /// Decode latents back into sound
    Decode(convert::DecodeArgs),
    /// Measure a feature of a sound over time, as librosa names them, into a NumPy file
    Features(features::FeaturesArgs),
    /// Find the pitch of a voice over a recording, into a table
    Pitch(pitch::PitchArgs),
    /// Play a sound file through models as a live session does, block by block
    Play(play::PlayArgs),
    /// Make new sounds with a model: from a prior, a path or a random walk
    Generate(generate::GenerateArgs),
    /// Send many sound files through models, a folder at once
    Style(style::StyleArgs),
    /// Manage the library of sounds that were generated or recorded
    #[command(subcommand)]
    Sound(sound::SoundCommand),
    /// Add your own sounds, search them by what is in them, and rate them
    #[command(subcommand)]
    Library(library::LibraryCommand),
    /// Convert sound files: format, rate, channels, dither, loudness
    ConvertSound(convert_sound::ConvertSoundArgs),
    /// Take sounds apart: tones and voices, drums and attacks
    Separate(separate::SeparateArgs),
    /// Make sounds longer or shorter, higher or lower
    Stretch(stretch::StretchArgs),
    /// Tune voices: their notes come to the pitches of a key
    Tune(tune::TuneArgs),
    /// Edit sounds in their spectrum: cut, gain or heal fields of time and frequency
    SpectralEdit(spectral_edit::SpectralEditArgs),
    /// Put takes on the grid: even beats, and notes on the steps between them
    ToGrid(to_grid::ToGridArgs),
    /// Check, quantise, search, harmonise and arrange MIDI files, and write parts for them
    #[command(subcommand)]
    Midi(midi::MidiCommand),
    /// Read projects of audio workstations, and convert them
    #[command(subcommand)]
    Daw(daw::DawCommand),
    /// Export a model for a player or another program, and manage exports
    Export(export::ExportArgs),
    /// Make a film of an agent at play, and manage films
    Film(film::FilmArgs),
    /// Show what is in a sound: tempo, beats, bars, sections, loudness and faults
    Analyse(analyse::AnalyseArgs),
    /// Write the notes of a sound as a MIDI file
    Notes(notes::NotesArgs),
    /// Check, add and list engines: programs of others that run models
    #[command(subcommand)]
    Engine(engine::EngineCommand),
    /// Check, add and list weights of other people's models, in folders as a model hub has them
    #[command(subcommand)]
    Weights(weights::WeightsCommand),
    /// Turn sounds into the codes of a codec, and codes into sound
    Codec(codec::CodecArgs),
    /// Make a sound from words, with a model of others
    GenerateText(generate_text::GenerateTextArgs),
    /// Turn words or a sound into a vector that can be compared
    Embed(embed::EmbedArgs),
    /// Remember the patterns in your own sounds, find them by sound and by words, and rate them
    #[command(subcommand)]
    Memory(memory::MemoryCommand),
    /// Make one sound of several: files and patterns of the memory
    Blend(blend::BlendArgs),
    /// Run flows: small graphs of steps that analyse, describe, make, test and keep sounds
    #[command(subcommand)]
    Flow(flow::FlowCommand),
    /// Check that a model file is intact and plays
    Check(check::CheckArgs),
    /// Import runs, datasets and models from acids-rave or another workspace
    Import(import::ImportArgs),
    /// List, cancel, restart and delete jobs of every kind, and read their logs
    #[command(subcommand)]
    Job(job::JobCommand),
    /// List and restore deleted items, or delete them forever
    #[command(subcommand)]
    Trash(trash::TrashCommand),
    /// Check this computer and the workspace for problems
    Doctor,
    /// Run the job in a folder; Maquette starts its workers with it
    #[command(hide = true)]
    Worker {
        /// The job's folder
        folder: PathBuf,
    },
    /// Print the OpenAPI description of the HTTP API
    #[command(hide = true)]
    Openapi,
}

/// What a verb needs: the workspace, and where to print.
struct Console {
    workspace: PathBuf,
    /// The project that the user named, if any.
    project: Option<String>,
    terminal: Terminal,
}

impl Console {
    fn client(&self) -> anyhow::Result<Client> {
        let client = Client::attach(&self.workspace)?;
        match &self.project {
            None => Ok(client),
            Some(project) => {
                let id = named::id(&client, named::Kind::Project, project)?;
                Ok(client.in_project(id))
            }
        }
    }
}

/// The whole program: parses the command line, runs the verb, and reports errors.
pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    log_to_stderr();
    let terminal = Terminal::new(cli.shared.json);
    let is_worker = matches!(cli.command, Some(Command::Worker { .. }));
    let project = cli.shared.in_project;
    match workspace(cli.shared.workspace).and_then(|workspace| {
        let console = Console { workspace, project, terminal };
        run_command(cli.command, &cli.serve, &console)
    }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            terminal.complain(&error);
            match is_worker {
                true => ExitCode::from(worker::exit_code(&error)),
                false => ExitCode::FAILURE,
            }
        }
    }
}

fn run_command(
    command: Option<Command>,
    serve: &serve::ServeArgs,
    console: &Console,
) -> anyhow::Result<()> {
    if command.is_some() && *serve != serve::ServeArgs::default() {
        let message = "--port and --no-open can only be used with `serve`, or without a command";
        Cli::command().error(ErrorKind::ArgumentConflict, message).exit();
    }
    match command {
        None => serve::run(serve, console),
        Some(Command::Serve(args)) => serve::run(&args, console),
        Some(Command::Quickstart(args)) => quickstart::run(args, console),
        Some(Command::Projects(command)) => project::run(command, console),
        Some(Command::Dataset(command)) => dataset::run(command, console),
        Some(Command::Compose(args)) => compose::run(args, console),
        Some(Command::Preset(command)) => preset::run(command, console),
        Some(Command::Game(command)) => game::run(command, console),
        Some(Command::Train(args)) => train::run(args, console),
        Some(Command::Prior(command)) => prior::run(command, console),
        Some(Command::Adapter(command)) => adapter::run(command, console),
        Some(Command::Run(command)) => run::run(command, console),
        Some(Command::Model(command)) => model::run(command, console),
        Some(Command::Reconstruct(args)) => reconstruct::run(&args, console),
        Some(Command::Encode(args)) => convert::encode(&args, console),
        Some(Command::Decode(args)) => convert::decode(&args, console),
        Some(Command::Features(args)) => features::run(&args, console),
        Some(Command::Pitch(args)) => pitch::run(&args, console),
        Some(Command::Play(args)) => play::run(&args, console),
        Some(Command::Generate(args)) => generate::run(&args, console),
        Some(Command::Style(args)) => style::run(&args, console),
        Some(Command::Sound(command)) => sound::run(&command, console),
        Some(Command::Library(command)) => library::run(&command, console),
        Some(Command::ConvertSound(args)) => convert_sound::run(&args, console),
        Some(Command::Separate(args)) => separate::run(&args, console),
        Some(Command::Stretch(args)) => stretch::run(&args, console),
        Some(Command::Tune(args)) => tune::run(&args, console),
        Some(Command::SpectralEdit(args)) => spectral_edit::run(&args, console),
        Some(Command::ToGrid(args)) => to_grid::run(&args, console),
        Some(Command::Midi(command)) => midi::run(&command, console),
        Some(Command::Daw(command)) => daw::run(&command, console),
        Some(Command::Export(args)) => export::run(&args, console),
        Some(Command::Film(args)) => film::run(&args, console),
        Some(Command::Analyse(args)) => analyse::run(&args, console),
        Some(Command::Notes(args)) => notes::run(&args, console),
        Some(Command::Engine(command)) => engine::run(&command, console),
        Some(Command::Weights(command)) => weights::run(&command, console),
        Some(Command::Codec(args)) => codec::run(&args, console),
        Some(Command::GenerateText(args)) => generate_text::run(&args, console),
        Some(Command::Embed(args)) => embed::run(&args, console),
        Some(Command::Memory(command)) => memory::run(&command, console),
        Some(Command::Blend(args)) => blend::run(&args, console),
        Some(Command::Flow(command)) => flow::run(&command, console),
        Some(Command::Check(args)) => check::run(&args, console),
        Some(Command::Import(args)) => import::run(&args, console),
        Some(Command::Job(command)) => job::run(command, console),
        Some(Command::Trash(command)) => trash::run(command, console),
        Some(Command::Doctor) => doctor::run(console),
        Some(Command::Worker { folder }) => worker::run(&folder),
        Some(Command::Openapi) => {
            let document = server::openapi::document().to_pretty_json();
            console.terminal.line(&document.context("failed to write the description")?)
        }
    }
}

/// The workspace: what the command line says, else the environment, else `Maquette` at home.
fn workspace(given: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    let given = given.or_else(|| std::env::var_os("MAQUETTE_WORKSPACE").map(PathBuf::from));
    let folder = match given.filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => folder,
        None => std::env::home_dir()
            .context("failed to find your home folder; choose a workspace with --workspace")?
            .join("Maquette"),
    };
    std::path::absolute(folder).context("failed to find the current folder")
}

/// Quiet, unless `RUST_LOG` asks for more.
fn log_to_stderr() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
}

/// The absolute path of an existing folder or file. Links are not resolved, because the given name says more
/// than their target.
fn from_root(path: &std::path::Path) -> anyhow::Result<String> {
    absolute(path)?;
    let path = std::path::absolute(path).context("failed to find the current folder")?;
    Ok(path.to_string_lossy().into_owned())
}

/// A folder or file as the studio needs it: absolute and existing.
fn absolute(path: &std::path::Path) -> anyhow::Result<PathBuf> {
    std::fs::canonicalize(path).map_err(|error| {
        Refused(api::Problem {
            code: "not_found".to_owned(),
            what: format!("Could not open “{}”.", path.display()),
            why: Some(api::sentence(&error.to_string())),
            remedy: Some("Check the spelling of the path.".to_owned()),
            fields: vec![],
        })
        .into()
    })
}
