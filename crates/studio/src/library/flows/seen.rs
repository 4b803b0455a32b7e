//! Folders that flows watch: each new sound starts a run, once it is whole. What was there before does not.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, TryRecvError, channel},
    time::Duration,
};

use api::{FlowWatch, Id, Project, SoundPlace, UnixMs};
use serde::{Deserialize, Serialize};

use super::{
    Active, Flows, LOOK_EVERY, begun,
    inputs::{checked_inputs, to_value},
    kept::{FOLDER, read_own},
};
use crate::{Error, library::folders::walk::walk, shared::Shared};

/// The folder in which it is kept what was seen.
const SEEN: &str = "seen";
/// Runs of one watched folder at a time; more sounds wait.
const AT_ONCE: usize = 2;

/// A folder that is watched.
#[derive(Debug)]
pub(super) struct Watching {
    watch: FlowWatch,
    /// What was seen; nothing before the first look.
    seen: Option<BTreeSet<Seen>>,
    /// New sounds as they were when the folder was looked at last: what has not changed since is whole.
    growing: BTreeMap<String, (u64, UnixMs)>,
    looked: Option<Duration>,
    /// What is in the folder, while somebody walks through it: a disk may take its time, or never answer.
    looking: Option<Receiver<Result<BTreeSet<Seen>, Error>>>,
}

/// A sound that was seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Seen {
    path: String,
    bytes: u64,
    modified_ms: UnixMs,
}

/// The file of what was seen.
#[derive(Debug, Default, Serialize, Deserialize)]
struct SeenFile {
    format: u32,
    seen: BTreeSet<Seen>,
}

const FORMAT: u32 = 1;

/// Where it is kept what a flow has seen.
pub(super) fn path(shared: &Shared, flow: &Id) -> PathBuf {
    shared.workspace.root().join(FOLDER).join(SEEN).join(format!("{flow}.json"))
}

/// Sees that a folder can be watched.
pub(super) fn check_folder(shared: &Shared, watch: &FlowWatch) -> Result<(), Error> {
    let folder = Path::new(&watch.folder);
    if !folder.is_absolute() || !folder.is_dir() {
        return Err(Error::invalid("folder", "enter the absolute path of a folder"));
    }
    let folder = fs::canonicalize(folder).map_err(Error::io("read", folder))?;
    match folder.starts_with(root(shared)) {
        true => {
            let message = "it lies in the workspace, whose sounds flows make themselves";
            Err(Error::invalid("folder", message))
        }
        false => Ok(()),
    }
}

impl Watching {
    /// Begins to watch: what is there now is no news.
    pub(super) fn begin(shared: &Shared, flow: &Id, watch: &FlowWatch) -> Result<Self, Error> {
        let seen = Some(all_in(Path::new(&watch.folder), &root(shared))?);
        let watching = Self { seen, ..Self::new(watch) };
        watching.save(shared, flow)?;
        Ok(watching)
    }

    /// Goes on watching, after the studio was closed: what came meanwhile is new.
    pub(super) fn go_on(shared: &Shared, flow: &Id, watch: &FlowWatch) -> Self {
        let file = job::whole::read_versioned::<SeenFile>(&path(shared, flow), FORMAT);
        let seen = match file {
            Ok(file) => Some(file.seen),
            // Without it, everything would be new; what the next look finds is not.
            Err(error) => {
                tracing::warn!("{flow}: what it has seen is lost: failed to {error}");
                None
            }
        };
        Self { seen, ..Self::new(watch) }
    }

    fn new(watch: &FlowWatch) -> Self {
        let growing = BTreeMap::new();
        Self { watch: watch.clone(), seen: None, growing, looked: None, looking: None }
    }

    fn save(&self, shared: &Shared, flow: &Id) -> Result<(), Error> {
        let Some(seen) = &self.seen else { return Ok(()) };
        let path = path(shared, flow);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(Error::io("make", folder))?;
        }
        let file = SeenFile { format: FORMAT, seen: seen.clone() };
        shared.workspace.with_room(|| job::whole::write_json(&path, &file))
    }

    /// Marks a sound as seen, in the place of what was at its path before.
    fn mark(&mut self, shared: &Shared, flow: &Id, new: Seen) -> Result<(), Error> {
        let seen = self.seen.get_or_insert_default();
        seen.retain(|it| it.path != new.path);
        seen.insert(new);
        self.save(shared, flow)
    }

    /// What is in the folder, once somebody has walked through it; nothing before that.
    fn walked(&mut self, shared: &Shared) -> Option<Result<BTreeSet<Seen>, Error>> {
        if let Some(looking) = &self.looking {
            let found = match looking.try_recv() {
                Ok(found) => found,
                Err(TryRecvError::Empty) => return None,
                Err(TryRecvError::Disconnected) => Ok(self.seen.clone().unwrap_or_default()),
            };
            self.looking = None;
            return Some(found);
        }
        let now = shared.options.clock.passed();
        if self.looked.is_some_and(|last| now.saturating_sub(last) < LOOK_EVERY) {
            return None;
        }
        self.looked = Some(now);
        let (sender, receiver) = channel();
        let (folder, root) = (PathBuf::from(&self.watch.folder), root(shared));
        let bell = std::sync::Arc::clone(&shared.bell);
        let walk = std::thread::Builder::new().name("watched folder".to_owned()).spawn(move || {
            if sender.send(all_in(&folder, &root)).is_ok() {
                bell.ring();
            }
        });
        if walk.is_ok() {
            self.looking = Some(receiver);
        }
        None
    }

    /// New sounds that are whole, of those that are there.
    fn news(&mut self, all: BTreeSet<Seen>) -> Vec<Seen> {
        let Some(seen) = &self.seen else {
            self.seen = Some(all);
            return vec![];
        };
        let before = std::mem::take(&mut self.growing);
        let mut whole = vec![];
        for it in all.difference(seen) {
            let is = (it.bytes, it.modified_ms);
            self.growing.insert(it.path.clone(), is);
            if before.get(&it.path) == Some(&is) && it.bytes > 0 {
                whole.push(it.clone());
            }
        }
        whole
    }
}

/// Looks into watched folders whose time has come, and begins runs for what is new.
pub(super) fn look(shared: &Shared, flows: &mut Flows) {
    for id in flows.watching.keys().cloned().collect::<Vec<_>>() {
        let under_way = flows.runs.values();
        let n =
            under_way.filter(|it| it.run.is_watched && it.run.flow.as_ref() == Some(&id)).count();
        let Some(watching) = flows.watching.get_mut(&id) else { continue };
        if n >= AT_ONCE {
            continue;
        }
        let all = match watching.walked(shared) {
            Some(Ok(all)) => all,
            // It may be on a disk that is not plugged in.
            Some(Err(error)) => {
                tracing::debug!("{id}: failed to {error}");
                continue;
            }
            None => continue,
        };
        let is_first = watching.seen.is_none();
        let news = watching.news(all);
        if is_first && let Err(error) = watching.save(shared, &id) {
            tracing::warn!("{id}: what it has seen is not written: failed to {error}");
        }
        for it in news.into_iter().take(AT_ONCE - n) {
            if let Err(error) = start(shared, flows, &id, it) {
                tracing::warn!("{id}: a new sound starts no run yet: failed to {error}");
            }
        }
    }
}

fn start(shared: &Shared, flows: &mut Flows, id: &Id, new: Seen) -> Result<(), Error> {
    let plan = read_own(shared, id)?.plan;
    let Some(watching) = flows.watching.get(id) else { return Ok(()) };
    let path = Path::new(&watching.watch.folder).join(&new.path);
    let mut inputs = watching.watch.inputs.clone();
    inputs.insert(watching.watch.input.clone(), to_value(&SoundPlace::File { path }));
    let run = checked_inputs(&plan, inputs).and_then(|inputs| {
        let given = (Project::first(), inputs);
        begun(shared, flows, Some(id.clone()), plan, given, true)
    });
    // One that can never run is not tried again; what found no room, or no place beside others, is.
    let is_final = matches!(run, Ok(_) | Err(Error::Invalid { .. }));
    if is_final && let Some(watching) = flows.watching.get_mut(id) {
        watching.mark(shared, id, new)?;
    }
    let run = run?;
    flows.runs.insert(run.id.clone(), Active { run, is_saved: true });
    Ok(())
}

/// The sounds of a folder, those of the workspace left out.
fn all_in(folder: &Path, root: &Path) -> Result<BTreeSet<Seen>, Error> {
    let whole = fs::canonicalize(folder).map_err(Error::io("read", folder))?;
    let files = walk(folder)?.files.into_iter();
    let files =
        files.filter(|it| api::is_sound_name(&it.path) && !whole.join(&it.path).starts_with(root));
    Ok(files
        .map(|it| Seen { path: it.path, bytes: it.bytes, modified_ms: it.modified_ms })
        .collect())
}

/// The workspace's folder, as the system names it.
fn root(shared: &Shared) -> PathBuf {
    let root = shared.workspace.root();
    fs::canonicalize(root).unwrap_or_else(|_| root.to_owned())
}
