//! A disk that is really full: a small file system in memory, filled while a model trains. Only root may make one;
//! without that, nothing is tried here.
#![cfg(target_os = "linux")]

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::program::{json, maquette, run, text, until, write_sounds};

/// A small disk that is there until it is dropped.
struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    #[expect(
        clippy::disallowed_methods,
        reason = "no disk can be made without the system's command"
    )]
    #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
    fn new() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("disk")).unwrap();
        let disk = Self { folder };
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=14m", "tmpfs"])
            .arg(disk.path())
            .stderr(Stdio::null())
            .status();
        match mounted {
            Ok(status) if status.success() => Some(disk),
            _ => {
                eprintln!("skipped: no file system can be mounted here");
                None
            }
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("disk")
    }

    fn workspace(&self) -> PathBuf {
        self.path().join("workspace")
    }

    fn filling(&self) -> PathBuf {
        self.path().join("filling")
    }

    /// Takes every byte that is left, and goes on taking what is freed as long as it is told to.
    fn fill(&self) -> Filler {
        let (path, is_filling) = (self.filling(), Arc::new(AtomicBool::new(true)));
        let mut file = File::options().create(true).append(true).open(path).unwrap();
        let goes_on = Arc::clone(&is_filling);
        let fill = move || {
            let block = vec![0x5a; 4096];
            while goes_on.load(Ordering::SeqCst) {
                while file.write_all(&block).is_ok() {}
                thread::sleep(Duration::from_micros(200));
            }
        };
        Filler { is_filling, thread: Some(thread::spawn(fill)) }
    }
}

impl Drop for SmallDisk {
    #[expect(clippy::disallowed_methods, reason = "see above")]
    fn drop(&mut self) {
        // What still runs there goes on without it.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

struct Filler {
    is_filling: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Filler {
    fn stop(&mut self) {
        self.is_filling.store(false, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Filler {
    fn drop(&mut self) {
        self.stop();
    }
}

fn dataset(disk: &SmallDisk) -> String {
    let sounds = disk.folder.path().join("sounds");
    write_sounds(&sounds);
    let dataset = json(&disk.workspace(), &["dataset", "create", sounds.to_str().unwrap()]);
    dataset["id"].as_str().unwrap().to_owned()
}

/// A program that does not outlive its test.
struct Killed(std::process::Child);

impl Killed {
    fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The settings of a run that goes on for longer than any test, and is small.
const ENDLESS: [&str; 6] = ["--set", "capacity=2", "--set", "batch_size=1", "--minutes", "2"];

fn run_of(workspace: &Path) -> Value {
    json(workspace, &["run", "list"])[0].clone()
}

/// Waits until the run has begun to train.
fn begun(workspace: &Path) -> String {
    until(|| {
        let found = run_of(workspace);
        (found["step"].as_u64() > Some(0)).then(|| found["id"].as_str().unwrap().to_owned())
    })
}

fn assert_full(run: &Value) {
    assert_eq!(run["job"]["state"]["state"], "failed", "{run}");
    assert_eq!(run["job"]["state"]["problem"]["code"], "disk_full", "{run}");
}

#[test]
fn a_run_on_a_full_disk_ends_and_says_why() {
    let Some(disk) = SmallDisk::new() else { return };
    let (workspace, dataset) = (disk.workspace(), dataset(&disk));
    let mut follow = maquette(&[&["train", &dataset, "--follow"], &ENDLESS[..]].concat());
    let follow = follow.arg("--workspace").arg(&workspace).stderr(Stdio::piped()).spawn().unwrap();
    let id = begun(&workspace);
    let mut filler = disk.fill();
    let ended = follow.wait_with_output().unwrap();
    let err = text(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{err}");
    assert!(err.contains("The disk is full.") && err.contains("trash"), "{err}");
    assert!(err.matches("failed to").count() < 10, "nothing is said over and over: {err}");
    // With nobody left, it can still be seen, on the full disk and after it.
    filler.stop();
    assert_full(&run_of(&workspace));
    fs::remove_file(disk.filling()).unwrap();
    assert_full(&run_of(&workspace));
    fs::remove_file(workspace.join("maquette.db")).unwrap();
    assert_full(&run_of(&workspace));
    let resumed = json(&workspace, &["run", "resume", &id]);
    assert_eq!(resumed["job"]["state"]["state"], "running", "{resumed}");
    let stopped = json(&workspace, &["run", "stop", &id]);
    assert_eq!(stopped["job"]["state"]["state"], "stopped", "{stopped}");
}

#[test]
fn a_full_disk_does_not_keep_a_studio_from_making_room() {
    let Some(disk) = SmallDisk::new() else { return };
    let (workspace, dataset) = (disk.workspace(), dataset(&disk));
    let log = disk.folder.path().join("log.txt");
    let serve = maquette(&["serve", "--no-open", "--port", "0", "--workspace"])
        .arg(&workspace)
        .stdout(Stdio::null())
        .stderr(File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let mut serve = Killed(serve);
    until(|| workspace.join("studio.json").exists().then_some(()));
    json(&workspace, &[&["train", &dataset], &ENDLESS[..]].concat());
    let id = begun(&workspace);
    let mut filler = disk.fill();
    until(|| (run_of(&workspace)["job"]["state"]["state"] == "failed").then_some(()));
    assert_full(&run_of(&workspace));
    let stop = run(&workspace, &["run", "stop", &id]);
    assert!(text(&stop.stderr).contains("already failed"), "{}", text(&stop.stderr));
    // What is deleted goes to the trash and out of it, and its space is free.
    json(&workspace, &["run", "delete", &id]);
    assert_eq!(json(&workspace, &["trash", "list"])[0]["id"], id.as_str());
    json(&workspace, &["trash", "restore", &id]);
    assert_full(&run_of(&workspace));
    filler.stop();
    let said = fs::read_to_string(&log).unwrap();
    assert!(said.lines().count() < 20, "nothing is said over and over: {said}");
    fs::remove_file(disk.filling()).unwrap();
    // Once there is room, everything is written down.
    until(|| {
        workspace.join("projects/default/runs").join(&id).join("exit.json").exists().then_some(())
    });
    thread::sleep(Duration::from_millis(1500));
    serve.kill();
    assert_full(&run_of(&workspace));
}
