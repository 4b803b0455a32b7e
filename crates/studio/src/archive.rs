//! A project as one archive, to pass it on or to keep it.
//!
//! The archive is a tar file (POSIX ustar), so that every system can look into it: `maquette-project.json` first, which
//! says what is to come; then every file of the project, `<shelf>/<identifier>/…`; and `checksums.txt` last, one line for
//! each file as `sha256sum` writes them. It is written and read from front to back, a piece of a file at a time, so it
//! may be larger than memory, and need not be kept on the way.
//!
//! An archive from outside is hostile until it was read: only plain files are taken, only where the folders of a project
//! are, never more than it announced, and none of it is seen before all of it has agreed with its checksums.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::{self, Read, Write},
    path::{Component, Path, PathBuf},
};

use api::{
    Exit, FolderCard, FolderPlace, Id, Order, Outcome, ProjectFile, SoundCard, Task, UnixMs,
};
use job::{Shelf, files, whole};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    Error,
    library::name_from,
    room,
    workspace::{ids_in, move_folder, remove},
};

/// The first file of an archive.
const HEAD: &str = "maquette-project.json";
/// The last one.
const CHECKSUMS: &str = "checksums.txt";

/// The most files of a project.
const MAX_FILES: u64 = 1_000_000;
/// How deep the folders below that of one thing may be.
const MAX_DEPTH: usize = 8;
/// The longest first file: it holds a name and the settings that new runs start from.
const MAX_HEAD_BYTES: u64 = 1 << 20;
/// The longest line of a checksum: a path of at most 255 bytes.
const MAX_CHECKSUM_BYTES: u64 = 64 + 2 + 256 + 1;
/// How much is copied at a time.
const PIECE_BYTES: usize = 1 << 18;

/// What belongs to a process that is gone.
const LEFT_BEHIND: [&str; 3] = [files::CONTROL, files::WORKER_LOCK, files::RESERVE];

/// `maquette-project.json`: what the archive holds.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    /// Version of the archive's own form.
    format: u32,
    /// The version of Maquette that wrote it.
    version: String,
    /// Files between this one and the checksums.
    n_files: u64,
    /// Their bytes.
    bytes: u64,
    /// The project.
    project: ProjectFile,
}

impl Head {
    const FORMAT: u32 = 1;
}

/// One file of a project, by its path in there.
struct Listed {
    path: String,
    bytes: u64,
}

/// Writes the project in `folder`.
pub(crate) fn write(project: &ProjectFile, folder: &Path, target: impl Write) -> Result<(), Error> {
    let listed = list(folder)?;
    let head = Head {
        format: Head::FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        n_files: listed.len() as u64,
        bytes: listed.iter().map(|it| it.bytes).sum(),
        project: ProjectFile { deleted_ms: None, ..project.clone() },
    };
    let to_archive = |error| Error::io("write to", Path::new("the archive"))(error);
    let mut archive = tar::Builder::new(target);
    archive.mode(tar::HeaderMode::Deterministic);
    let head = serde_json::to_vec_pretty(&head).map_err(|error| to_archive(error.into()))?;
    append(&mut archive, HEAD, &head).map_err(to_archive)?;
    let mut checksums = String::new();
    for Listed { path, bytes } in listed {
        let from = folder.join(&path);
        let file = File::open(&from).map_err(Error::io("read", &from))?;
        let mut hashed = Hashed { source: file.take(bytes), hasher: Sha256::new(), n_read: 0 };
        let added = archive.append_data(&mut header_of(bytes), &path, &mut hashed);
        added.map_err(|error| Error::io("add to the archive", &from)(error))?;
        if hashed.n_read != bytes {
            let error = io::Error::other("it became shorter meanwhile");
            return Err(Error::io("add to the archive", &from)(error));
        }
        checksums.push_str(&format!("{}  {path}\n", hex(hashed.hasher)));
    }
    append(&mut archive, CHECKSUMS, checksums.as_bytes()).map_err(to_archive)?;
    archive.into_inner().and_then(|mut target| target.flush()).map_err(to_archive)
}

fn append(archive: &mut tar::Builder<impl Write>, name: &str, bytes: &[u8]) -> io::Result<()> {
    archive.append_data(&mut header_of(bytes.len() as u64), name, bytes)
}

fn header_of(bytes: u64) -> tar::Header {
    let mut header = tar::Header::new_ustar();
    header.set_size(bytes);
    header.set_mode(0o644);
    header.set_mtime(0);
    header
}

/// What is read, with its checksum.
struct Hashed<R> {
    source: R,
    hasher: Sha256,
    n_read: u64,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let n = self.source.read(bytes)?;
        self.hasher.update(&bytes[..n]);
        self.n_read += n as u64;
        Ok(n)
    }
}

fn hex(hasher: Sha256) -> String {
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Every file of a project, in order; no links, and nothing that is being put together.
fn list(folder: &Path) -> Result<Vec<Listed>, Error> {
    let mut listed = Vec::new();
    for shelf in Shelf::ALL {
        let shelf_folder = folder.join(shelf.name());
        if !shelf_folder.is_dir() {
            continue;
        }
        for id in ids_in(&shelf_folder)? {
            let name = format!("{}/{id}", shelf.name());
            list_level(&folder.join(&name), &name, 0, &mut listed)?;
        }
    }
    listed.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(listed)
}

fn list_level(
    folder: &Path,
    name: &str,
    depth: usize,
    listed: &mut Vec<Listed>,
) -> Result<(), Error> {
    if depth > MAX_DEPTH {
        return Err(Error::TooMuch { limit: format!("{MAX_DEPTH} levels of folders") });
    }
    for entry in fs::read_dir(folder).map_err(Error::io("read", folder))? {
        let entry = entry.map_err(Error::io("read", folder))?;
        let path = entry.path();
        let found = entry.metadata().map_err(Error::io("read", &path))?;
        let file_name = entry.file_name();
        let Some(file_name) = file_name.to_str() else {
            let error = io::Error::other("its name is not Unicode; rename it");
            return Err(Error::io("add to the archive", &path)(error));
        };
        let inner = format!("{name}/{file_name}");
        if found.is_dir() {
            list_level(&path, &inner, depth + 1, listed)?;
        } else if found.is_file() && !(depth == 0 && LEFT_BEHIND.contains(&file_name)) {
            listed.push(Listed { path: inner, bytes: found.len() });
        }
        if listed.len() as u64 > MAX_FILES {
            return Err(Error::TooMuch { limit: format!("{MAX_FILES} files in one project") });
        }
    }
    Ok(())
}

/// Reads an archive into an empty folder, and gives what it says of the project. `disk` is where free space is looked for.
pub(crate) fn read(source: impl Read, folder: &Path, disk: &Path) -> Result<ProjectFile, Error> {
    let mut archive = tar::Archive::new(source);
    // Raw: names and sizes stand in the headers alone, and nothing is read into memory to find them.
    let mut entries = archive.entries().map_err(unreadable)?.raw(true);
    let head = match entries.next() {
        Some(entry) => read_head(entry.map_err(unreadable)?)?,
        None => return Err(refuse("it is empty")),
    };
    if room::free_bytes(disk).is_some_and(|free| free < head.bytes) {
        return Err(Error::io("read the archive into", folder)(io::ErrorKind::StorageFull.into()));
    }
    let mut taken = Taken { checksums: BTreeMap::new(), bytes: 0 };
    for entry in entries {
        let mut entry = entry.map_err(unreadable)?;
        let path = path_of(&entry)?;
        if path == CHECKSUMS {
            taken.check(&head, entry)?;
            return Ok(ProjectFile { deleted_ms: None, ..head.project });
        }
        take(&mut taken, &head, &mut entry, &path, folder)?;
    }
    Err(refuse("it is cut short: its checksums are missing"))
}

fn read_head(entry: tar::Entry<'_, impl Read>) -> Result<Head, Error> {
    let not_ours = || refuse("it is not the archive of a project");
    if path_of(&entry)? != HEAD || entry.size() > MAX_HEAD_BYTES {
        return Err(not_ours());
    }
    let mut bytes = Vec::new();
    entry.take(MAX_HEAD_BYTES).read_to_end(&mut bytes).map_err(unreadable)?;
    let value: Value = serde_json::from_slice(&bytes).map_err(|_| not_ours())?;
    let format_of = |value: &Value| value.get("format").and_then(Value::as_u64);
    let newer = |value: Option<&Value>, known: u32| {
        let found = u32::try_from(value.and_then(format_of)?).unwrap_or(u32::MAX);
        (found > known).then(|| Error::Newer { path: HEAD.into(), found, known })
    };
    if let Some(error) = newer(Some(&value), Head::FORMAT)
        .or_else(|| newer(value.get("project"), ProjectFile::FORMAT))
    {
        return Err(error);
    }
    let head: Head = serde_json::from_value(value)
        .map_err(|error| refuse(format!("what it says of its project is damaged: {error}")))?;
    if head.n_files > MAX_FILES {
        return Err(Error::TooMuch { limit: format!("{MAX_FILES} files in one project") });
    }
    Ok(head)
}

/// What was read so far.
struct Taken {
    checksums: BTreeMap<String, String>,
    bytes: u64,
}

impl Taken {
    /// Sees that all is there that was announced, and that it is what it was when it was written.
    fn check(&self, head: &Head, mut entry: tar::Entry<'_, impl Read>) -> Result<(), Error> {
        if (self.checksums.len() as u64, self.bytes) != (head.n_files, head.bytes) {
            return Err(refuse("it does not hold the files that it announces"));
        }
        if entry.size() > head.n_files.saturating_mul(MAX_CHECKSUM_BYTES) {
            return Err(refuse("its checksums are damaged"));
        }
        let mut text = String::new();
        entry.read_to_string(&mut text).map_err(unreadable)?;
        let lines = text.lines().filter_map(|line| line.split_once("  "));
        let said: BTreeMap<&str, &str> = lines.map(|(sum, path)| (path, sum)).collect();
        for (path, sum) in &self.checksums {
            if said.get(path.as_str()) != Some(&sum.as_str()) {
                return Err(refuse(format!("“{}” in it is damaged", path.escape_debug())));
            }
        }
        Ok(())
    }
}

/// Reads one file of the project.
fn take(
    taken: &mut Taken,
    head: &Head,
    entry: &mut tar::Entry<'_, impl Read>,
    path: &str,
    folder: &Path,
) -> Result<(), Error> {
    let shown = path.escape_debug();
    let kind = entry.header().entry_type();
    if kind.is_dir() {
        // Other programs add folders; ours come with their files.
        return Ok(());
    }
    if !kind.is_file() {
        return Err(refuse(format!("“{shown}” in it is a link or a special file")));
    }
    let Some((is_left_behind, target)) = place_of(path, folder) else {
        return Err(refuse(format!("“{shown}” in it is in no folder of a project")));
    };
    taken.bytes = taken.bytes.saturating_add(entry.size());
    if taken.bytes > head.bytes || taken.checksums.len() as u64 >= head.n_files {
        return Err(refuse("it holds more than it announces"));
    }
    let parent = target.parent().unwrap_or(folder);
    fs::create_dir_all(parent).map_err(Error::io("make", parent))?;
    let bytes = entry.size();
    let mut hashed = Hashed { source: entry, hasher: Sha256::new(), n_read: 0 };
    if is_left_behind {
        io::copy(&mut hashed, &mut io::sink()).map_err(unreadable)?;
    } else {
        let mut file = match File::create_new(&target) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(refuse(format!("it holds “{shown}” twice")));
            }
            made => made.map_err(Error::io("write", &target))?,
        };
        copy(&mut hashed, &mut file, &target)?;
        file.sync_all().map_err(Error::io("write", &target))?;
    }
    if hashed.n_read != bytes {
        return Err(refuse(format!("it is cut short in “{shown}”")));
    }
    taken.checksums.insert(path.to_owned(), hex(hashed.hasher));
    Ok(())
}

/// As [`io::copy`], but it says on which side something failed.
fn copy(source: &mut impl Read, file: &mut File, target: &Path) -> Result<(), Error> {
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let n = source.read(&mut piece).map_err(unreadable)?;
        if n == 0 {
            return Ok(());
        }
        file.write_all(&piece[..n]).map_err(Error::io("write", target))?;
    }
}

fn path_of(entry: &tar::Entry<'_, impl Read>) -> Result<String, Error> {
    let bytes = entry.header().path_bytes();
    let path = std::str::from_utf8(&bytes).map_err(|_| refuse("a name in it is not Unicode"))?;
    // As other programs write it: `tar cf x.tar ./…`.
    Ok(path.strip_prefix("./").unwrap_or(path).to_owned())
}

/// Where a file of an archive belongs, if it is one of a project, and whether it is left behind.
fn place_of(path: &str, folder: &Path) -> Option<(bool, PathBuf)> {
    let parts: Vec<&str> = Path::new(path)
        .components()
        .map(|part| match part {
            Component::Normal(part) => part.to_str(),
            _ => None,
        })
        .collect::<Option<_>>()?;
    let [shelf, id, inner @ ..] = &parts[..] else { return None };
    Shelf::named(shelf)?;
    id.parse::<Id>().ok()?;
    if inner.is_empty() || inner.len() > MAX_DEPTH + 1 || path.contains('\0') {
        return None;
    }
    let is_left_behind = inner.len() == 1 && LEFT_BEHIND.contains(&inner[0]);
    Some((is_left_behind, parts.iter().fold(folder.to_owned(), |path, part| path.join(part))))
}

/// Makes what came in an archive ours: other identifiers for what has one that is taken here, no ways out of the project,
/// and nothing that would start by itself.
pub(crate) fn make_ours(
    folder: &Path,
    is_taken: &dyn Fn(&Id) -> Result<bool, Error>,
    fresh: &dyn Fn(&Id) -> Result<Id, Error>,
    now_ms: UnixMs,
) -> Result<(), Error> {
    let mut all = Vec::new();
    for shelf in Shelf::ALL {
        let shelf_folder = folder.join(shelf.name());
        if shelf_folder.is_dir() {
            all.extend(ids_in(&shelf_folder)?.into_iter().map(|id| (shelf, id)));
        }
    }
    let (mut renamed, mut seen) = (BTreeMap::new(), BTreeSet::new());
    for (_, id) in &all {
        if is_taken(id)? {
            renamed.insert(id.clone(), fresh(id)?);
        }
        if !seen.insert(id) {
            return Err(refuse(format!("it holds two things with the identifier {id}")));
        }
    }
    for (shelf, id) in all {
        let place = folder.join(shelf.name()).join(id.as_str());
        match shelf {
            Shelf::Models => rename_in(&place.join(files::MODEL), &renamed)?,
            Shelf::Presets => rename_in(&place.join(files::PRESET), &renamed)?,
            Shelf::Patches => rename_in(&place.join(files::PATCH), &renamed)?,
            Shelf::Folders => keep_folder_inside(&place)?,
            Shelf::Sounds => {
                rename_in(&place.join(SoundCard::CARD), &renamed)?;
                // It says which job it was taken from.
                rename_in(&place.join(files::CARD), &renamed)?;
            }
            _ => {
                rename_in(&place.join(files::ORDER), &renamed)?;
                make_job_ours(&place, now_ms)?;
                // What it says it found in files of others is not believed.
                remove(&place.join(files::FOUND))?;
            }
        }
        if let Some(id) = renamed.get(&id) {
            move_folder(&place, &folder.join(shelf.name()).join(id.as_str()))?;
        }
    }
    Ok(())
}

/// Writes the new identifiers wherever a file names an old one. What cannot be read is left, and shown as such later.
///
/// An identifier ends in six random digits, so a text that is equal to one is one, whichever field it stands in: kinds of
/// job to come need nothing here.
fn rename_in(path: &Path, renamed: &BTreeMap<Id, Id>) -> Result<(), Error> {
    let Ok(mut value) = whole::read_json::<Value>(path) else { return Ok(()) };
    if !renamed.is_empty() && rename(&mut value, renamed) {
        whole::write_json(path, &value)?;
    }
    Ok(())
}

fn rename(value: &mut Value, renamed: &BTreeMap<Id, Id>) -> bool {
    match value {
        Value::String(text) => {
            let new = text.parse::<Id>().ok().and_then(|id| renamed.get(&id));
            if let Some(new) = new {
                *text = new.to_string();
            }
            new.is_some()
        }
        Value::Array(values) => values.iter_mut().fold(false, |any, it| rename(it, renamed) | any),
        Value::Object(map) => map.values_mut().fold(false, |any, it| rename(it, renamed) | any),
        _ => false,
    }
}

/// Sees that a folder of the library leads nowhere outside: what it watched is not on this computer, or is not asked for.
fn keep_folder_inside(place: &Path) -> Result<(), Error> {
    let path = place.join(FolderCard::CARD);
    let Ok(card) = whole::read_versioned::<FolderCard>(&path, FolderCard::FORMAT) else {
        return Ok(());
    };
    let watched = match &card.place {
        FolderPlace::Kept => return Ok(()),
        FolderPlace::Watched { path } => Some(path),
        FolderPlace::Listed { paths } => paths.first(),
    };
    let was = watched.map_or_else(String::new, |path| format!(" (was {})", path.display()));
    let name = name_from(&format!("{}{was}", card.name));
    let card = FolderCard { name, place: FolderPlace::Kept, ..card };
    Ok(whole::write_json(&path, &card)?)
}

/// Sees that a job's order leads nowhere outside, and that the job does not start by itself.
fn make_job_ours(folder: &Path, now_ms: UnixMs) -> Result<(), Error> {
    if let Ok(mut order) = job::order::read(folder) {
        keep_inside(&mut order);
        job::order::write(folder, &order)?;
    }
    if !folder.join(files::EVENTS).exists() && !folder.join(files::EXIT).exists() {
        let exit = Exit { ended_ms: now_ms, outcome: Outcome::Stopped };
        job::exit::write(folder, &exit)?;
    }
    Ok(())
}

/// Writes anew the ways of an order that could lead outside of the workspace.
pub(crate) fn keep_inside(order: &mut Order) {
    match &mut order.task {
        Task::Train(task) => {
            let seen = task.dataset.as_ref().map(|id| Shelf::Datasets.seen_from_job(id));
            task.dataset_path = seen.unwrap_or_default();
            let seen = task.model.as_ref().map(|id| Shelf::Models.seen_from_job(id));
            task.model_path = seen.unwrap_or_default();
        }
        Task::Map(task) => {
            task.dataset_path = Shelf::Datasets.seen_from_job(&task.dataset);
            task.model_path = Shelf::Models.seen_from_job(&task.model);
        }
        Task::Reconstruct(task) => {
            task.model_path = Shelf::Models.seen_from_job(&task.model);
            if !task.input.to_str().is_some_and(job::inside::is_plain) {
                task.input = task.input.file_name().map(PathBuf::from).unwrap_or_default();
            }
        }
        Task::Export(order) => {
            if let Some(known) = &mut order.known {
                let run = known.model.lineage.as_ref().map(|lineage| &lineage.run);
                let is_known = known.run_path.is_some();
                known.run_path = run.filter(|_| is_known).map(|run| Shelf::Runs.seen_from_job(run));
            }
        }
        Task::Film(task) => task.run_path = Shelf::Runs.seen_from_job(&task.film.run),
        // What these read, they read when they are started, which people do.
        _ => {}
    }
}

fn unreadable(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => refuse("it is cut short"),
        io::ErrorKind::Other | io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            refuse("it is damaged, or not the archive of a project")
        }
        _ => Error::io("read", Path::new("the archive"))(error),
    }
}

fn refuse(reason: impl Into<String>) -> Error {
    Error::BadArchive { reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_belong_below_a_thing_of_a_shelf() {
        let folder = Path::new("/w/projects/.new-x");
        let check = |path: &str, fits: bool| {
            let place = place_of(path, folder);
            assert_eq!(place.is_some(), fits, "{path:?}");
            assert!(place.is_none_or(|(_, place)| place.starts_with(folder)));
        };
        check("runs/bells-000001/job.json", true);
        check("runs/bells-000001/checkpoints/step-1.safetensors", true);
        for bad in [
            "",
            "runs",
            "runs/bells-000001",
            "project.json",
            "other/bells-000001/a",
            "runs/Bells/a",
            "runs/../a/b",
            "../runs/bells-000001/a",
            "/runs/bells-000001/a",
            "runs/bells-000001/../../../a",
            "runs/.new-x/a",
            "runs/bells-000001/a\0",
            "runs/bells-000001/1/2/3/4/5/6/7/8/9/10",
        ] {
            check(bad, false);
        }
    }

    #[test]
    fn identifiers_change_wherever_they_stand() {
        let id = |text: &str| text.parse::<Id>().unwrap();
        let renamed = BTreeMap::from([(id("a-000001"), id("a-000002"))]);
        let mut value = serde_json::json!({
            "id": "a-000001", "name": "a-000001 again", "deep": [{ "dataset": "a-000001" }], "n": 1
        });
        assert!(rename(&mut value, &renamed));
        let expected = serde_json::json!({
            "id": "a-000002", "name": "a-000001 again", "deep": [{ "dataset": "a-000002" }], "n": 1
        });
        assert_eq!(value, expected);
        assert!(!rename(&mut value, &renamed));
    }
}
