//! The command as its users meet it: the real program, a workspace of its own, real HTTP.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "all/adapters.rs"]
mod adapters;
#[path = "all/answers.rs"]
mod answers;
#[path = "all/change.rs"]
mod change;
#[path = "all/command.rs"]
mod command;
#[path = "all/engines.rs"]
mod engines;
#[path = "all/files.rs"]
mod files;
#[path = "all/flows.rs"]
mod flows;
#[path = "all/full_disk.rs"]
mod full_disk;
#[path = "all/games.rs"]
mod games;
#[path = "all/generate.rs"]
mod generate;
#[path = "all/guard.rs"]
mod guard;
#[path = "all/library.rs"]
mod library;
#[path = "all/live.rs"]
mod live;
#[path = "all/measures.rs"]
mod measures;
#[path = "all/memory.rs"]
mod memory;
#[path = "all/midi.rs"]
mod midi;
#[path = "all/old_workspace.rs"]
mod old_workspace;
#[path = "all/own_sounds.rs"]
mod own_sounds;
#[path = "all/pages.rs"]
mod pages;
#[path = "all/presets.rs"]
mod presets;
#[path = "all/priors.rs"]
mod priors;
#[path = "all/program.rs"]
mod program;
#[path = "all/projects.rs"]
mod projects;
#[path = "all/quickstart.rs"]
mod quickstart;
#[path = "all/requests.rs"]
mod requests;
#[path = "all/sessions.rs"]
mod sessions;
#[path = "all/uploads.rs"]
mod uploads;
#[path = "all/weights.rs"]
mod weights;
