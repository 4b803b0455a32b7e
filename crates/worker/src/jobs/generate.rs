//! Sounds made from recipes: many at once, each in a folder of its own that is whole or not there.
//!
//! One thread prepares instruments ([`prepare`]), as many as there are cores let them play ([`render`]) and write what
//! came out ([`keep`]). A job that is started again goes on with the sounds that are missing.

mod blend;
mod finish;
mod from_words;
mod keep;
mod plan;
mod prepare;
mod render;
mod replay;
mod transpose;

use std::{
    collections::BTreeMap,
    fs,
    panic::AssertUnwindSafe,
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    time::{Duration, Instant},
};

use anyhow::Context;
use api::{EventBody, GenerateTask, Outcome, RecipeSource, Warning};
use job::files::GENERATED;

use self::{plan::Plan, prepare::Workshop, render::Prepared};
use super::{Refused, refuse};
use crate::{
    folder::JobFolder,
    instrument::Players,
    log::log,
    progress::{Goal, ProgressMeter},
    system,
};

/// How often the job looks whether it should stop.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Makes the sounds of the job's folder.
pub(crate) fn run(folder: &mut JobFolder, task: &GenerateTask) -> anyhow::Result<Outcome> {
    system::give_way();
    let sounds = folder.path().join(GENERATED);
    fs::create_dir_all(&sounds).with_context(|| format!("make {}", sounds.display()))?;
    let plan = Plan::of(folder.path(), &task.asked)?;
    let missing = missing(&sounds, plan.n_sounds())?;
    let n_there = plan.n_sounds() - missing.len() as u32;
    match task.asked.recipe.source {
        RecipeSource::Words(_) => {
            return from_words::run(folder, &plan, &task.asked.recipe, missing);
        }
        RecipeSource::Blend(_) => return blend::run(folder, &plan, &task.asked.recipe, missing),
        _ => {}
    }
    let goal = Goal::Units(u64::from(plan.n_sounds()));
    let meter = ProgressMeter::new("sounds", goal, 0.0);
    folder.emit(EventBody::Progress(meter.progress("loading the models", u64::from(n_there))))?;
    let name = folder.order().name.clone();
    let workshop = Workshop::open(folder.path(), name, &task.asked.recipe)?;
    for note in workshop.notes() {
        folder.warn(Warning { code: "note".into(), file: None, message: note.clone() })?;
    }
    let started = Instant::now();
    let making = Making { folder, plan: &plan, workshop, meter, n_done: n_there, secs_made: 0.0 };
    let (outcome, secs_made) = making.work(missing, nn::n_threads())?;
    let secs = started.elapsed().as_secs_f64();
    log(&format!(
        "{secs_made:.1} s of sound in {secs:.1} s, {:.1} times real time",
        secs_made / secs
    ));
    Ok(outcome)
}

/// Numbers whose sounds are not there; removes what was left of a sound under way.
fn missing(sounds: &Path, n_sounds: u32) -> anyhow::Result<Vec<u32>> {
    for entry in fs::read_dir(sounds).with_context(|| format!("read {}", sounds.display()))? {
        let path = entry.with_context(|| format!("read {}", sounds.display()))?.path();
        if path.extension().is_some_and(|it| it == keep::PARTIAL) {
            fs::remove_dir_all(&path).with_context(|| format!("remove {}", path.display()))?;
        }
    }
    // One that was thrown away has its folder still.
    Ok((1..=n_sounds).filter(|number| !sounds.join(keep::folder_name(*number)).exists()).collect())
}

struct Making<'a> {
    folder: &'a mut JobFolder,
    plan: &'a Plan,
    workshop: Workshop,
    meter: ProgressMeter,
    n_done: u32,
    secs_made: f64,
}

/// The length of a sound that was kept, in seconds, and what played it; none where it was told to stop; or why it was
/// not made.
type Kept = anyhow::Result<Option<(f64, Players)>>;

impl Making<'_> {
    /// Makes sounds on so many threads; ends early when it is asked to. The outcome, and the seconds of sound.
    fn work(mut self, missing: Vec<u32>, n_threads: usize) -> anyhow::Result<(Outcome, f64)> {
        let (to_threads, orders) = channel::<Prepared>();
        let (to_here, made) = channel::<Kept>();
        let (orders, long) = (Mutex::new(orders), Mutex::new(()));
        let sounds: PathBuf = self.folder.path().join(GENERATED);
        let stop = self.folder.stop_flag().clone();
        let result = std::thread::scope(|scope| {
            for _ in 0..n_threads.max(1) {
                let to_here = to_here.clone();
                scope.spawn(|| {
                    let to_here = to_here;
                    while let Some(order) = next(&orders) {
                        // Long sounds take much memory, so one is made at a time.
                        let _alone = order.is_long().then(|| lock(&long));
                        let kept = std::panic::catch_unwind(AssertUnwindSafe(|| {
                            let played = render::play(order, || !stop.is_raised());
                            let kept = played.map(|render::Played { made, players }| {
                                keep::keep(&sounds, made).map(|secs| (secs, players))
                            });
                            kept.transpose()
                        }));
                        // Whoever waits for it must hear of it.
                        let kept =
                            kept.unwrap_or_else(|_| Err(anyhow::anyhow!("make a sound: a bug")));
                        if to_here.send(kept).is_err() {
                            return;
                        }
                    }
                });
            }
            drop(to_here);
            // Threads end when nothing can come any more, whichever way this ends.
            let to_threads = to_threads;
            let result = self.hand_out(missing, n_threads + 1, &to_threads, &made);
            if !matches!(result, Ok(Outcome::Done)) {
                stop.raise();
            }
            result
        });
        result.map(|outcome| (outcome, self.secs_made))
    }

    fn hand_out(
        &mut self,
        missing: Vec<u32>,
        n_ahead: usize,
        to_threads: &std::sync::mpsc::Sender<Prepared>,
        made: &Receiver<Kept>,
    ) -> anyhow::Result<Outcome> {
        let n_inputs_left = missing.len();
        let (mut n_under_way, mut n_failed) = (0, 0);
        let mut last_refusal = None;
        let mut numbers = missing.into_iter().peekable();
        // What was said of an input is not said again for each of its sounds.
        let mut said: BTreeMap<usize, ()> = BTreeMap::new();
        loop {
            if self.folder.should_stop() {
                return Ok(Outcome::Stopped);
            }
            while n_under_way < n_ahead
                && let Some(number) = numbers.next()
            {
                match self.workshop.prepare(self.folder.path(), self.plan, number) {
                    Ok((prepared, notes)) => {
                        for note in notes {
                            self.note(number, note)?;
                        }
                        if to_threads.send(prepared).is_err() {
                            anyhow::bail!("make a sound: all threads have ended");
                        }
                        n_under_way += 1;
                    }
                    Err(error) => {
                        let refused = self.skip(number, error, &mut said)?;
                        last_refusal = Some(refused);
                        n_failed += 1;
                    }
                }
                if self.folder.should_stop() {
                    return Ok(Outcome::Stopped);
                }
            }
            if n_under_way == 0 && numbers.peek().is_none() {
                break;
            }
            match made.recv_timeout(LOOK_EVERY) {
                Ok(made) => {
                    if let Some((secs, players)) = made? {
                        self.secs_made += secs;
                        self.workshop.take_back(players);
                    }
                    self.n_done += 1;
                    n_under_way -= 1;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    anyhow::bail!("make a sound: a thread has failed")
                }
            }
            if let Some(progress) = self.meter.mark("making sounds", u64::from(self.n_done)) {
                self.folder.emit(EventBody::Progress(progress))?;
            }
        }
        let progress = self.meter.progress("done", u64::from(self.n_done));
        self.folder.emit(EventBody::Progress(progress))?;
        match last_refusal {
            // Nothing at all came of it.
            Some(refused) if n_failed == n_inputs_left && self.n_done == 0 => {
                Err(anyhow::Error::new(refused))
            }
            _ => Ok(Outcome::Done),
        }
    }

    /// Notes why a sound cannot be made; whatever is no fault of its input ends the job.
    fn skip(
        &mut self,
        number: u32,
        error: anyhow::Error,
        said: &mut BTreeMap<usize, ()>,
    ) -> anyhow::Result<Refused> {
        let refused = match error.downcast::<Refused>() {
            Ok(refused) if self.plan.is_batch() => refused,
            Ok(refused) => return Err(anyhow::Error::new(refused)),
            Err(error) => return Err(error),
        };
        if said.insert(self.plan.input_idx(number), ()).is_none() {
            let problem = &refused.0;
            let why = problem.why.clone().unwrap_or_else(|| problem.what.clone());
            let warning = Warning {
                code: problem.code.clone(),
                file: Some(self.plan.input_name(number)),
                message: why,
            };
            self.folder.warn(warning)?;
        }
        Ok(refused)
    }

    fn note(&mut self, number: u32, message: String) -> anyhow::Result<()> {
        let file = self.plan.is_batch().then(|| self.plan.input_name(number));
        self.folder.warn(Warning { code: "note".into(), file, message })
    }
}

/// The next sound to make; none when all are made.
fn next(orders: &Mutex<Receiver<Prepared>>) -> Option<Prepared> {
    lock(orders).recv().ok()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A refusal in a recipe: what cannot be used, and why.
fn refuse_recipe<T>(why: &str, remedy: &str) -> anyhow::Result<T> {
    refuse("bad_recipe", "The recipe cannot be followed.", why, remedy)
}
