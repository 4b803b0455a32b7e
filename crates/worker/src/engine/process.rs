//! A process of an engine: started in its folder, watched while it runs, and ended when nobody waits for it any more.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};

use api::EngineFile;

/// The most bytes that an engine may print; one that prints more is ended.
pub(super) const PRINTED_BYTES_MAX: u64 = 16 << 20;
/// How much of the end of what was printed is told where it failed.
const TOLD_BYTES: u64 = 400;

/// An engine that runs. It is killed when this is dropped.
pub(super) struct Process {
    child: Child,
    printed: PathBuf,
}

impl Process {
    /// Starts an engine with some arguments. What it prints goes to a file.
    ///
    /// It belongs to the group of the process that starts it, so that it ends with it when a whole job is ended.
    #[expect(
        clippy::disallowed_methods,
        reason = "an engine is a process that a job starts for itself"
    )]
    pub(super) fn start(
        folder: &Path,
        file: &EngineFile,
        args: &[&std::ffi::OsStr],
        printed: PathBuf,
    ) -> io::Result<Self> {
        let [program, rest @ ..] = &file.command[..] else {
            return Err(io::Error::other("no program is named"));
        };
        let program = match program.contains(std::path::MAIN_SEPARATOR) {
            true => folder.join(program),
            false => program.into(),
        };
        let out = File::create(&printed)?;
        let child = Command::new(program)
            .args(rest)
            .args(args)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stderr(out.try_clone()?)
            .stdout(out)
            .spawn()?;
        Ok(Self { child, printed })
    }

    /// How it ended, if it has.
    pub(super) fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Whether it has printed more than anybody reads.
    pub(super) fn has_flooded(&self) -> bool {
        self.printed.metadata().is_ok_and(|it| it.len() > PRINTED_BYTES_MAX)
    }

    /// The end of what it printed, as a sentence to put behind another; empty where it printed nothing.
    pub(super) fn last_words(&self) -> String {
        let read = || -> io::Result<Vec<u8>> {
            let mut file = File::open(&self.printed)?;
            let n = file.metadata()?.len();
            file.seek(SeekFrom::Start(n.saturating_sub(TOLD_BYTES)))?;
            let mut bytes = vec![];
            file.take(TOLD_BYTES).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let text = String::from_utf8_lossy(&read().unwrap_or_default()).into_owned();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() { text } else { format!(" It printed: {text}") }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended already cannot be killed, and nobody needs to know.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
