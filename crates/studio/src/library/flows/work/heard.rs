//! How alike sounds are to what was asked: both are heard by jobs of the memory, in its own space.

use api::{Excerpt, FlowKnows, FlowSound, FlowWork, Id, Problem, SoundPlace};

use super::{Desk, problem, told};

/// The most sounds that are heard in one step.
const HEARD_MAX: usize = 256;
/// What is as loud as this, in dB of full scale, is distorted.
const CLIPPED_DB: f64 = -0.001;

impl Desk<'_> {
    /// A job that hears sounds, one after the other.
    pub(super) fn hear(&self, sounds: &[FlowSound]) -> Result<Vec<Id>, Problem> {
        if sounds.len() > HEARD_MAX {
            let n = sounds.len();
            let what = format!("These are {n} sounds; {HEARD_MAX} can be heard at once.");
            return Err(problem("too_many", &what, "Make fewer."));
        }
        let mut excerpts = vec![];
        for sound in sounds {
            excerpts.push(match &sound.place {
                SoundPlace::Pattern { id, .. } => self.studio.excerpt_of(*id).map_err(told)?,
                place => {
                    let (path, name) = self.file_of(place)?;
                    Excerpt { path, name, part_secs: None }
                }
            });
        }
        Ok(vec![self.studio.hear_sounds(excerpts).map_err(told)?.job.id])
    }

    /// The vectors that a job has heard, of one length; none of a sound that is silent. The job is not needed any more.
    pub(super) fn heard(&self, jobs: &[Id]) -> Result<Vec<Option<Vec<f32>>>, Problem> {
        let mut vectors = vec![];
        for job in jobs {
            let result = self.studio.memory_job(job).map_err(told)?.result;
            for mut vector in result.map(|it| it.heard).unwrap_or_default() {
                ::memory::unit(&mut vector);
                vectors.push(Some(vector).filter(|it| !it.is_empty()));
            }
            if let Err(error) = self.studio.discard_job(job) {
                tracing::debug!("{job}: failed to {error}");
            }
        }
        Ok(vectors)
    }

    /// The sounds that pass a test, the most alike ones first.
    pub(super) fn tested(&self, work: &FlowWork, jobs: &[Id]) -> Result<FlowKnows, Problem> {
        let FlowWork::Test { sounds, like, likeness, loudness_lufs, most } = work else {
            return Err(problem("unknown", "This is no test.", "Change the flow."));
        };
        let tested = self.some_sounds(sounds)?;
        let mut heard = self.heard(jobs)?;
        let others = heard.split_off(tested.len().min(heard.len()));
        let mut vectors: Vec<Vec<f32>> = others.into_iter().flatten().collect();
        vectors.extend(self.studio.pattern_vectors(&self.patterns(like)).map_err(told)?);
        if let (Some(_), true) = (likeness, vectors.is_empty()) {
            let what = "There is nothing that the sounds could be compared with.";
            return Err(problem(
                "nothing_like",
                what,
                "Say what they are to be like, or leave out the likeness.",
            ));
        }
        let mut passed = vec![];
        let mut notes = vec![];
        for (i, sound) in tested.into_iter().enumerate() {
            let mut faults = self.faults(&sound, *loudness_lufs)?;
            let own = heard.get(i).and_then(Option::as_ref);
            // What it is most like counts: a mean of unlike sounds is like none of them.
            let is_like = own.and_then(|own| {
                let cosine = |it: &Vec<f32>| it.iter().zip(own).map(|(x, y)| x * y).sum::<f32>();
                vectors.iter().map(cosine).max_by(f32::total_cmp).map(f64::from)
            });
            match (likeness, is_like) {
                (Some(least), Some(is)) if is < *least => {
                    faults.push(format!(
                        "it is {:.0} % similar, less than {:.0} %",
                        100.0 * is,
                        100.0 * least
                    ));
                }
                (Some(_), None) => faults.push("it could not be heard".to_owned()),
                _ => {}
            }
            let why = match (faults.is_empty(), is_like) {
                (true, Some(is)) => format!("It passed: {:.0} % similar.", 100.0 * is),
                (true, None) => "It passed.".to_owned(),
                (false, _) => format!("It did not pass: {}.", faults.join(", ")),
            };
            if !faults.is_empty() {
                notes.push(format!("“{}”: {}.", sound.name, faults.join(", ")));
                continue;
            }
            passed.push(FlowSound { why, likeness: is_like, ..sound });
        }
        passed.sort_by(|a, b| {
            let is = |it: &FlowSound| it.likeness.unwrap_or(0.0);
            is(b).total_cmp(&is(a))
        });
        let n_tested = passed.len() + notes.len();
        if passed.is_empty() {
            let what = match n_tested {
                1 => "The sound did not pass the test.".to_owned(),
                n => format!("None of {n} sounds passed the test."),
            };
            let told = problem("none_passed", &what, "Choose some by ear, or make others.");
            return Err(Problem { why: Some(notes.join(" ")), ..told });
        }
        if let Some(most) = most {
            passed.truncate(*most as usize);
        }
        Ok(FlowKnows { sounds: passed, notes, ..FlowKnows::default() })
    }

    /// What is wrong with a sound that was made.
    fn faults(&self, sound: &FlowSound, least_lufs: Option<f64>) -> Result<Vec<String>, Problem> {
        let facts = match &sound.place {
            SoundPlace::Generation { id, number } => {
                self.studio.generated_sound(id, *number).map_err(told)?.card.facts
            }
            SoundPlace::Library { id } => self.studio.sound(id).map_err(told)?.card.facts,
            // What was not made here is as its maker wanted it.
            _ => return Ok(vec![]),
        };
        let mut faults = vec![];
        match facts.peak_db {
            None => faults.push("it is silent".to_owned()),
            Some(peak) if peak > CLIPPED_DB => faults.push("it is distorted".to_owned()),
            Some(_) => {}
        }
        if let (Some(least), Some(is)) = (least_lufs, facts.loudness_lufs)
            && is < least
        {
            faults.push(format!("it has {is:.1} LUFS, less than {least}"));
        }
        Ok(faults)
    }
}
