//! One step of a chore: a command with a title, shown as it runs and timed.

use std::{path::Path, process::Command, time::Instant};

use anyhow::{Context, bail};

/// A command to run.
pub(crate) struct Step {
    title: String,
    command: Command,
}

impl Step {
    /// `title` says what the step is for; `program` is looked up in the path.
    pub(crate) fn new(title: &str, program: &str, args: &[&str]) -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "runs tools of the repository, starts no job"
        )]
        let mut command = Command::new(program);
        command.args(args).current_dir(crate::root());
        Self { title: title.into(), command }
    }

    /// Runs in another folder than the root.
    pub(crate) fn in_folder(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Sets a variable of its environment.
    pub(crate) fn env(mut self, key: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(key, value);
        self
    }

    /// Runs it with its output shown.
    ///
    /// # Errors
    /// The program is missing, or it failed.
    pub(crate) fn run(mut self) -> anyhow::Result<()> {
        say(&format!("\n── {}", self.title));
        let started = Instant::now();
        let program = self.command.get_program().to_string_lossy().into_owned();
        let status = self.command.status().with_context(|| format!("start `{program}`"))?;
        if !status.success() {
            bail!("{} failed ({status})", self.title);
        }
        say(&format!("── {}: {:.0} s", self.title, started.elapsed().as_secs_f64()));
        Ok(())
    }

    /// Runs it and shows its output at once when it has ended, for steps that run beside each other.
    ///
    /// # Errors
    /// The program is missing, or it failed.
    pub(crate) fn run_quietly(mut self) -> anyhow::Result<()> {
        let started = Instant::now();
        let program = self.command.get_program().to_string_lossy().into_owned();
        let output = self.command.output().with_context(|| format!("start `{program}`"))?;
        let [out, err] = [&output.stdout, &output.stderr].map(|it| String::from_utf8_lossy(it));
        let secs = started.elapsed().as_secs_f64();
        say(&format!("\n── {}\n{out}{err}── {}: {secs:.0} s", self.title, self.title));
        if !output.status.success() {
            bail!("{} failed ({})", self.title, output.status);
        }
        Ok(())
    }

    /// Runs it and gives what it printed.
    ///
    /// # Errors
    /// The program is missing, or it failed.
    pub(crate) fn output(mut self) -> anyhow::Result<String> {
        let program = self.command.get_program().to_string_lossy().into_owned();
        let output = self.command.output().with_context(|| format!("start `{program}`"))?;
        if !output.status.success() {
            let error = String::from_utf8_lossy(&output.stderr).into_owned();
            bail!("{} failed ({}): {error}", self.title, output.status);
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// Prints a line for the person at the terminal.
#[expect(clippy::print_stdout, reason = "a chore talks to the person who runs it")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}
