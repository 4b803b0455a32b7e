//! How a verb prints: results on standard output, progress and problems on standard error.

use std::{
    fmt::Write as _,
    io::{self, IsTerminal, Write},
};

use anyhow::Context;
use api::Problem;
use serde::Serialize;

use super::printable::{one_line, printable};
use crate::client::Refused;

/// Standard output and error of a command.
#[derive(Clone, Copy)]
pub(crate) struct Terminal {
    is_json: bool,
    /// Whether standard error is a terminal, so that a line of progress can be redrawn.
    is_live: bool,
}

impl Terminal {
    pub(crate) fn new(is_json: bool) -> Self {
        Self { is_json, is_live: io::stderr().is_terminal() }
    }

    /// Whether only JSON may be printed.
    pub(crate) fn is_json(self) -> bool {
        self.is_json
    }

    /// Prints a line of the result, as it is.
    pub(crate) fn line(self, text: &str) -> anyhow::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "{text}").and_then(|()| out.flush()).context("failed to print")
    }

    /// Prints the result: JSON for programs, the given text for people.
    pub(crate) fn result(
        self,
        result: &impl Serialize,
        words: impl FnOnce() -> String,
    ) -> anyhow::Result<()> {
        if self.is_json { self.json(result) } else { self.line(printable(&words()).trim_end()) }
    }

    /// Prints one line of JSON.
    pub(crate) fn json(self, value: &impl Serialize) -> anyhow::Result<()> {
        self.line(&serde_json::to_string(value).context("failed to write JSON")?)
    }

    /// Prints a note for people that is not part of the result.
    pub(crate) fn note(self, text: &str) {
        if !self.is_json {
            self.erase();
            say(&format!("{}\n", printable(text)));
        }
    }

    /// Draws the line of progress, over the previous one if possible.
    pub(crate) fn progress(self, text: &str) {
        if self.is_live && !self.is_json {
            say(&format!("\r\x1b[2K{}", one_line(text)));
        }
    }

    /// Clears the line of progress.
    pub(crate) fn erase(self) {
        if self.is_live && !self.is_json {
            say("\r\x1b[2K");
        }
    }

    /// Whether progress is drawn over and over; else a line now and then is a [`note`](Self::note).
    pub(crate) fn is_live(self) -> bool {
        self.is_live
    }

    /// Says a problem that does not end the verb, in the form of one that does.
    pub(crate) fn warn(self, problem: &Problem) {
        self.erase();
        if self.is_json {
            say(&format!("{}\n", serde_json::json!({ "problem": problem })));
        } else {
            say(&printable(&words(problem)));
        }
    }

    /// Says why a verb failed: what, why, and what to do.
    pub(crate) fn complain(self, error: &anyhow::Error) {
        let broken_pipe = |cause: &(dyn std::error::Error + 'static)| {
            cause
                .downcast_ref::<io::Error>()
                .is_some_and(|it| it.kind() == io::ErrorKind::BrokenPipe)
        };
        if error.chain().any(broken_pipe) {
            return; // The reader of our output has closed it, as `head` does; that is not an error.
        }
        self.warn(&match error.downcast_ref::<Refused>() {
            Some(Refused(problem)) => problem.clone(),
            None => problem_of(error),
        });
    }
}

/// The problem for an error that is not a refusal of the studio.
fn problem_of(error: &anyhow::Error) -> Problem {
    let causes: Vec<String> = error.chain().skip(1).map(ToString::to_string).collect();
    Problem {
        code: "failed".to_owned(),
        what: api::sentence(&error.to_string()),
        why: (!causes.is_empty()).then(|| api::sentence(&causes.join(": "))),
        remedy: Some("Try again. `maquette doctor` checks this computer for problems.".to_owned()),
        fields: vec![],
    }
}

/// A problem as lines of text.
pub(crate) fn words(problem: &Problem) -> String {
    let mut text = format!("error: {}\n", problem.what);
    if let Some(why) = &problem.why {
        let _ = writeln!(text, "  why: {why}");
    }
    for field in &problem.fields {
        // A problem with a single field repeats its message as the reason.
        if problem.why.as_ref() == Some(&api::sentence(&field.message)) {
            continue;
        }
        let _ = write!(text, "  {}: {}", field.key, field.message);
        if let Some(suggestion) = &field.suggestion {
            let _ = write!(text, " (try {suggestion})");
        }
        text.push('\n');
    }
    if let Some(remedy) = &problem.remedy {
        let _ = writeln!(text, "  what to do: {remedy}");
    }
    text
}

/// Writes to standard error. If that is closed, the error has nowhere to go.
fn say(text: &str) {
    let mut err = io::stderr().lock();
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_of_our_own_is_a_problem_too() {
        let error = anyhow::anyhow!("connection refused").context("failed to reach Maquette");
        let problem = problem_of(&error);
        assert_eq!(problem.what, "Failed to reach Maquette.");
        assert_eq!(problem.why.as_deref(), Some("Connection refused."));
        assert!(problem.remedy.is_some());
    }

    #[test]
    fn a_problem_says_what_why_and_what_to_do() {
        let problem = Problem {
            code: "bad_settings".into(),
            what: "This cannot be trained as it is.".into(),
            why: Some("too much".into()),
            remedy: Some("Change it.".into()),
            fields: vec![api::FieldProblem {
                key: "batch".into(),
                message: "at most 64".into(),
                suggestion: Some(64.into()),
            }],
        };
        let expected = "error: This cannot be trained as it is.\n  why: too much\n  \
                        batch: at most 64 (try 64)\n  what to do: Change it.\n";
        assert_eq!(words(&problem), expected);
        let once = Problem { why: Some("At most 64.".into()), ..problem };
        assert_eq!(words(&once).matches("t most 64").count(), 1, "{}", words(&once));
    }
}
