//! The command line's way to the studio: over HTTP, to the one that serves the workspace, or to one
//! inside this process if there is none.

mod own_studio;

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::Context;
use api::{Health, Id, Problem};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

pub(crate) use own_studio::{OwnStudio, open_studio};

/// How long to wait for a studio that holds the workspace and does not answer yet.
const ATTACH_TIME: Duration = Duration::from_secs(8);

/// How many other studios are asked in turn when each goes away before it answers.
const REATTACH_MAX: u32 = 20;

/// How long a connection to this computer may take, and an answer: an import copies its folder first.
const CONNECT_TIME: Duration = Duration::from_secs(2);
const ANSWER_TIME: Duration = Duration::from_secs(600);

/// How long a job that is cancelled is waited for.
const CANCEL_TIME: Duration = Duration::from_secs(10);

/// The longest JSON answer that is read.
const ANSWER_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Speaks to a studio. When that one is closed, the next request finds another, or starts its own.
pub(crate) struct Client {
    workspace: PathBuf,
    agent: ureq::Agent,
    studio: Mutex<Attached>,
    /// The project that every request is about, if it is a single one.
    project: Option<Id>,
}

/// Which studio answers.
enum Attached {
    /// One that serves the workspace already.
    Other { port: u16 },
    /// One inside this process.
    Own(OwnStudio),
}

impl Attached {
    fn port(&self) -> u16 {
        match self {
            Self::Other { port } => *port,
            Self::Own(studio) => studio.port(),
        }
    }
}

/// The studio's answer that it did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.what)]
pub(crate) struct Refused(pub(crate) Problem);

/// `studio.json` of a workspace that is served.
#[derive(Deserialize)]
struct Served {
    port: u16,
}

impl Client {
    /// Finds the studio that serves a workspace, or starts one inside this process.
    ///
    /// # Errors
    /// When the workspace cannot be opened, or another program holds it and does not answer.
    pub(crate) fn attach(workspace: &Path) -> anyhow::Result<Self> {
        let agent = agent();
        let studio = Mutex::new(attach(workspace, &agent)?);
        Ok(Self { workspace: workspace.to_owned(), agent, studio, project: None })
    }

    /// From now on, every request is about one project: lists are of that one, and what is new goes into it.
    pub(crate) fn in_project(self, project: Id) -> Self {
        Self { project: Some(project), ..self }
    }

    /// Whether the studio ends with this command.
    pub(crate) fn is_own(&self) -> bool {
        matches!(*self.studio(), Attached::Own(_))
    }

    /// The workspace that the studio serves.
    pub(crate) fn workspace(&self) -> &Path {
        &self.workspace
    }

    /// Asks for something.
    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        read(self.ask(|base| self.agent.get(self.url(base, path)).call(), |_| true)?)
    }

    /// Sends JSON and reads the answer.
    pub(crate) fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> anyhow::Result<T> {
        read(self.ask(|base| self.agent.post(self.url(base, path)).send_json(body), not_heard)?)
    }

    /// Asks for something to be done that needs no more words.
    pub(crate) fn post_empty<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        read(self.ask(|base| self.agent.post(self.url(base, path)).send_empty(), not_heard)?)
    }

    /// Sends a file as it is and reads the answer.
    pub(crate) fn post_file<T: DeserializeOwned>(
        &self,
        path: &str,
        file: &fs::File,
    ) -> anyhow::Result<T> {
        let send = |base: &str| {
            let request = self.agent.post(self.url(base, path));
            request.content_type("application/octet-stream").send(file)
        };
        read(self.ask(send, not_sent)?)
    }

    /// Sends what is read from somewhere, a piece at a time, and reads the answer.
    pub(crate) fn post_from<T: DeserializeOwned>(
        &self,
        path: &str,
        source: &mut impl io::Read,
    ) -> anyhow::Result<T> {
        let base = base(self.studio().port());
        let request = self.agent.post(self.url(&base, path));
        let request = request.content_type("application/octet-stream");
        let sent = request.send(ureq::SendBody::from_reader(source));
        read(sent.context("failed to reach Maquette")?)
    }

    /// Changes something.
    pub(crate) fn patch<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> anyhow::Result<T> {
        read(self.ask(|base| self.agent.patch(self.url(base, path)).send_json(body), not_heard)?)
    }

    /// Puts something in the place of another.
    pub(crate) fn put<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> anyhow::Result<T> {
        read(self.ask(|base| self.agent.put(self.url(base, path)).send_json(body), not_heard)?)
    }

    /// Removes something.
    pub(crate) fn delete(&self, path: &str) -> anyhow::Result<()> {
        let answer = self.ask(|base| self.agent.delete(self.url(base, path)).call(), not_heard)?;
        check(answer).map(drop)
    }

    /// Removes something and reads what that gave.
    pub(crate) fn delete_for<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        read(self.ask(|base| self.agent.delete(self.url(base, path)).call(), not_heard)?)
    }

    /// Removes what nobody wants any more; what cannot be removed goes with the next ones.
    pub(crate) fn discard(&self, path: &str) {
        let _ = self.delete(path);
    }

    /// Stops a job and waits a little until it is gone, because the studio may go with the command. Whether
    /// it is.
    pub(crate) fn cancel<T: DeserializeOwned>(&self, path: &str) -> bool {
        self.discard(path);
        self.is_gone_soon::<T>(path)
    }

    /// Asks a job to stop and waits a little until it has ended. Whether it has.
    pub(crate) fn stop_and_wait(&self, path: &str) -> bool {
        if self.post_empty::<()>(&format!("{path}/cancel")).is_err() {
            return false;
        }
        let deadline = Instant::now() + CANCEL_TIME;
        while self.get::<api::Job>(path).is_ok_and(|it| {
            matches!(it.state, api::JobState::Queued { .. } | api::JobState::Running { .. })
        }) {
            if Instant::now() > deadline {
                return false;
            }
            thread::sleep(Duration::from_millis(50));
        }
        true
    }

    /// Stops preparing a dataset, as [`cancel`](Self::cancel) stops other jobs.
    pub(crate) fn cancel_dataset(&self, path: &str) -> bool {
        // One that was prepared meanwhile is kept, and so is one that failed.
        let asked = self.post_empty::<()>(&format!("{path}/cancel"));
        asked.is_ok() && self.is_gone_soon::<api::Dataset>(path)
    }

    fn is_gone_soon<T: DeserializeOwned>(&self, path: &str) -> bool {
        let deadline = Instant::now() + CANCEL_TIME;
        while self.get::<T>(path).is_ok() {
            if Instant::now() > deadline {
                return false;
            }
            thread::sleep(Duration::from_millis(50));
        }
        true
    }

    /// Copies a file of the studio into `to`.
    pub(crate) fn download(&self, path: &str, to: &mut impl Write) -> anyhow::Result<()> {
        let answer = self.ask(|base| self.agent.get(self.url(base, path)).call(), |_| true)?;
        let mut body = check(answer)?.into_body();
        io::copy(&mut body.as_reader(), to).context("failed to copy the file")?;
        Ok(())
    }

    /// A path with the project in its query.
    fn url(&self, base: &str, path: &str) -> String {
        match &self.project {
            None => format!("{base}{path}"),
            Some(id) if path.contains('?') => format!("{base}{path}&project={id}"),
            Some(id) => format!("{base}{path}?project={id}"),
        }
    }

    fn studio(&self) -> MutexGuard<'_, Attached> {
        self.studio.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a request, and sends it again elsewhere if the studio went away meanwhile: it may have
    /// belonged to another command that is done now.
    fn ask(
        &self,
        send: impl Fn(&str) -> Result<Answer, ureq::Error>,
        may_send_again: fn(&ureq::Error) -> bool,
    ) -> anyhow::Result<Answer> {
        let mut tries = 0..REATTACH_MAX;
        loop {
            let port = self.studio().port();
            match send(&base(port)) {
                // The next one may be going, too: commands that follow each other each have their own.
                Err(error)
                    if !self.is_own() && may_send_again(&error) && tries.next().is_some() =>
                {
                    let mut studio = self.studio();
                    *studio = attach(&self.workspace, &self.agent)?;
                }
                answered => break answered,
            }
        }
        .context("failed to reach Maquette")
    }
}

/// Whether no connection came to be, so that nothing of a request was sent.
fn not_sent(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::Io(error) => error.kind() == io::ErrorKind::ConnectionRefused,
        ureq::Error::ConnectionFailed => true,
        _ => false,
    }
}

/// Whether a short request was not read: a connection is reset when a studio closes it with something
/// unread in it. One that had read everything would end it in order, even when killed.
fn not_heard(error: &ureq::Error) -> bool {
    let ureq::Error::Io(cause) = error else { return not_sent(error) };
    not_sent(error)
        || matches!(cause.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe)
}

/// A client that never asks a proxy, because everything is on this computer; and that keeps no
/// connections, because the studio at the other end may go away between two requests.
fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .proxy(None)
        .max_idle_connections(0)
        .http_status_as_error(false)
        .timeout_connect(Some(CONNECT_TIME))
        .timeout_recv_response(Some(ANSWER_TIME))
        .build()
        .into()
}

fn base(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

fn attach(workspace: &Path, agent: &ureq::Agent) -> anyhow::Result<Attached> {
    let deadline = Instant::now() + ATTACH_TIME;
    loop {
        if let Some(port) = ask_who_serves(workspace, agent) {
            return Ok(Attached::Other { port });
        }
        match open_studio(workspace) {
            Ok(studio) => return Ok(Attached::Own(OwnStudio::serve(studio)?)),
            // Another command is just starting or ending here.
            Err(studio::Error::Locked { .. }) if Instant::now() < deadline => {
                thread::sleep(Duration::from_millis(20));
            }
            Err(error) => return Err(Refused(error.problem()).into()),
        }
    }
}

/// The port of the studio that serves a workspace, if one answers.
pub(crate) fn who_serves(workspace: &Path) -> Option<u16> {
    ask_who_serves(workspace, &agent())
}

fn ask_who_serves(workspace: &Path, agent: &ureq::Agent) -> Option<u16> {
    let text = fs::read_to_string(workspace.join("studio.json")).ok()?;
    let Served { port } = serde_json::from_str(&text).ok()?;
    let request = agent.get(format!("{}/api/health", base(port)));
    let request = request.config().timeout_global(Some(CONNECT_TIME)).build();
    let health: Health = read(request.call().ok()?).ok()?;
    // The port may have gone to the studio of another workspace since.
    let is_same = fs::canonicalize(&health.workspace).ok() == fs::canonicalize(workspace).ok();
    is_same.then_some(port)
}

fn read<T: DeserializeOwned>(answer: Answer) -> anyhow::Result<T> {
    let mut answer = check(answer)?;
    let body = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
    let body = body.context("failed to read the answer")?;
    let body: &[u8] = if body.is_empty() { b"null" } else { &body };
    serde_json::from_slice(body).context("failed to understand the answer")
}

type Answer = ureq::http::Response<ureq::Body>;

fn check(mut answer: Answer) -> anyhow::Result<Answer> {
    if answer.status().is_success() {
        return Ok(answer);
    }
    let status = answer.status();
    let problem = answer.body_mut().read_json::<Problem>();
    Err(match problem {
        Ok(problem) => Refused(problem).into(),
        Err(_) => anyhow::anyhow!("failed to get a useful answer: {status}"),
    })
}
