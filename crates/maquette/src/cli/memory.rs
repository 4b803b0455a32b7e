//! `maquette memory`: the patterns in one's own sounds, found by sound and by words, rated, and carried elsewhere.

use std::{fs::File, path::PathBuf, sync::Arc};

use api::{
    FindPatterns, FoundPattern, FoundPatterns, LikePattern, MemoryJob, MemoryMoved, MemoryOverview,
    MemoryResult, NewMemoryQuery, NewPatterns, Pattern, PatternDetail, PatternEdit, PatternId,
    PatternList, PatternsForm, RatePattern, TakePatterns,
};
use serde::{Deserialize, Serialize};

use super::{
    Console,
    follow::Onlooker,
    from_root,
    interrupt::{cancelled_on_interrupt, stopped_on_interrupt},
    output::{self, refused},
    table::{list, table},
    words,
};
use crate::{client::Client, percent};

#[derive(clap::Subcommand)]
pub(crate) enum MemoryCommand {
    /// Cut the sounds of folders into patterns and remember them; Ctrl-C keeps what is done
    Add(AddArgs),
    /// Find patterns by words and facts, like "metallic, under 2 s, around 120 bpm", or by what they are like
    Find(FindArgs),
    /// Say that a pattern is what you looked for, or not: later searches follow
    Rate {
        /// The pattern's identifier
        #[arg(value_parser = pattern, required_unless_present = "forget", conflicts_with = "forget")]
        pattern: Option<PatternId>,
        /// Whether it is what you looked for
        #[arg(value_enum, required_unless_present = "forget")]
        rating: Option<Opinion>,
        /// Forget all ratings instead
        #[arg(long)]
        forget: bool,
    },
    /// Say what is in the memory
    Show {
        /// A pattern, to show what is known of it
        #[arg(value_parser = pattern)]
        pattern: Option<PatternId>,
    },
    /// List patterns, all or those that fit some words
    List {
        /// Words and facts, with commas between them
        #[arg(default_value = "")]
        words: String,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: usize,
    },
    /// Correct a pattern: its ends, its range of frequencies, its kind; the next cut follows
    Teach(TeachArgs),
    /// Take patterns out of the memory; their sounds stay
    Remove {
        /// Their identifiers
        #[arg(value_parser = pattern, required = true)]
        patterns: Vec<PatternId>,
    },
    /// Put back patterns that were removed, or ratings that were forgotten
    Restore {
        /// The number that was said when they were
        removed: u64,
    },
    /// Write patterns with their vectors and ratings as one file
    Export {
        /// The file
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
        /// Only patterns that fit these words and facts
        #[arg(long, default_value = "")]
        words: String,
        /// Put the sounds of the patterns into the file, too
        #[arg(long)]
        sounds: bool,
        /// Overwrite the file if it exists
        #[arg(long)]
        force: bool,
    },
    /// Take the patterns of a file into the memory; those that are there stay as they are
    Import {
        /// The file
        file: PathBuf,
    },
    /// Make vectors again that are damaged or missing
    Mend,
}

#[derive(clap::Args)]
pub(crate) struct AddArgs {
    /// Folders with their sub-folders, or sound files
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// A model that hears them, too: CLAP finds them by words, a codec of yours by its latents
    #[arg(long, value_name = "MODEL")]
    model: Vec<String>,
    /// A word of your own for all of them: a genre, a project
    #[arg(long, value_name = "WORD")]
    tag: Vec<String>,
    /// The shortest pattern, in seconds
    #[arg(long, value_name = "S", requires = "longest")]
    shortest: Option<f64>,
    /// The longest pattern, in seconds
    #[arg(long, value_name = "S", requires = "shortest")]
    longest: Option<f64>,
    /// Cut sounds anew that have patterns already; those that you corrected or rated stay
    #[arg(long)]
    again: bool,
}

#[derive(clap::Args)]
pub(crate) struct FindArgs {
    /// Words and facts, with commas between them
    #[arg(default_value = "")]
    words: String,
    /// A sound file, or the identifier of a pattern
    #[arg(long, value_name = "FILE|PATTERN")]
    like: Option<String>,
    /// Only the part of the file that begins here, in seconds
    #[arg(long, value_name = "S", requires = "like")]
    from: Option<f64>,
    /// Only the part of the file that ends here, in seconds
    #[arg(long, value_name = "S", requires = "like")]
    to: Option<f64>,
    /// Describe it as you like, where a space reads words
    #[arg(long, value_name = "WORDS", conflicts_with = "like")]
    text: Option<String>,
    /// The space that is searched; `maquette memory show` lists them
    #[arg(long, value_name = "SPACE")]
    space: Option<String>,
    /// More like this pattern; may be given several times
    #[arg(long, value_name = "PATTERN", value_parser = pattern)]
    more: Vec<PatternId>,
    /// Less like this pattern; may be given several times
    #[arg(long, value_name = "PATTERN", value_parser = pattern)]
    less: Vec<PatternId>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
}

#[derive(clap::Args)]
pub(crate) struct TeachArgs {
    /// The pattern's identifier
    #[arg(value_parser = pattern)]
    pattern: PatternId,
    /// Where it begins in its sound, in seconds
    #[arg(long, value_name = "S")]
    start: Option<f64>,
    /// Where it ends
    #[arg(long, value_name = "S")]
    end: Option<f64>,
    /// The lower end of its range of frequencies, in Hz
    #[arg(long, value_name = "HZ")]
    low: Option<f64>,
    /// The upper end
    #[arg(long, value_name = "HZ")]
    high: Option<f64>,
    /// Its kind: one of ours, or a word of your own
    #[arg(long, value_name = "WORD")]
    kind: Option<String>,
    /// Its tags, in place of those that it has
    #[arg(long, value_name = "WORD")]
    tag: Option<Vec<String>>,
}

/// The value of `rate`.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Opinion {
    /// It is what you looked for
    Good,
    /// It is not
    Bad,
    /// What you said last is withdrawn
    None,
}

/// What was looked for last, so that `rate` knows what a rating is about.
#[derive(Serialize, Deserialize)]
struct LastSearch {
    space: Option<String>,
    query: Vec<f32>,
    found: Vec<PatternId>,
}

fn pattern(text: &str) -> Result<PatternId, String> {
    PatternId::read(text)
}

pub(crate) fn run(command: &MemoryCommand, console: &Console) -> anyhow::Result<()> {
    let terminal = console.terminal;
    match command {
        MemoryCommand::Add(args) => add(args, console),
        MemoryCommand::Find(args) => find(args, console),
        MemoryCommand::Rate { pattern: Some(pattern), rating: Some(rating), .. } => {
            let client = console.client()?;
            let path = format!("/api/memory/patterns/{pattern}/ratings");
            if *rating == Opinion::None {
                let left: MemoryMoved = client.delete_for(&path)?;
                return terminal.result(&left, || "Withdrawn.".to_owned());
            }
            let last = last_search(&client).filter(|it| it.found.contains(pattern));
            let is_of_search = last.as_ref().is_some_and(|it| !it.query.is_empty());
            let (space, query) = last.map_or_else(Default::default, |it| (it.space, it.query));
            let rate = RatePattern { is_liked: *rating == Opinion::Good, space, query };
            let rated: MemoryMoved = client.post(&path, &rate)?;
            terminal.result(&rated, || match is_of_search {
                true => "Kept: searches like the last one follow it.".to_owned(),
                false => "Kept for this pattern alone: the last search was for words only, or did not find it.".to_owned(),
            })
        }
        MemoryCommand::Rate { .. } => {
            let forgotten: MemoryMoved = console.client()?.delete_for("/api/memory/ratings")?;
            terminal.result(&forgotten, || {
                let n_ratings = words::n_of(forgotten.n_ratings as usize, "rating");
                n_ratings + " forgotten." + &way_back(&forgotten)
            })
        }
        MemoryCommand::Show { pattern: None } => {
            let found: MemoryOverview = console.client()?.get("/api/memory")?;
            terminal.result(&found, || overview(&found))
        }
        MemoryCommand::Show { pattern: Some(id) } => {
            let found: PatternDetail =
                console.client()?.get(&format!("/api/memory/patterns/{id}"))?;
            terminal.result(&found, || detail(&found))
        }
        MemoryCommand::List { words, limit } => {
            let asked = percent::encoded(words);
            let path = format!("/api/memory/patterns?words={asked}&limit={limit}");
            let listed: PatternList = console.client()?.get(&path)?;
            terminal.result(&listed, || listed_table(&listed))
        }
        MemoryCommand::Teach(args) => {
            let edit = PatternEdit {
                start_secs: args.start,
                end_secs: args.end,
                low_hz: args.low,
                high_hz: args.high,
                kind: args.kind.clone(),
                tags: args.tag.clone(),
            };
            let client = console.client()?;
            let path = format!("/api/memory/patterns/{}", args.pattern);
            let changed: PatternDetail = client.patch(&path, &edit)?;
            // Described anew before the command ends, or nobody would.
            if let Some(job) = &changed.job {
                Onlooker { client: &client, terminal }.memory(job)?;
            }
            let path = format!("/api/memory/patterns/{}", changed.pattern.id);
            let changed: PatternDetail = client.get(&path)?;
            terminal.result(&changed, || detail(&changed))
        }
        MemoryCommand::Remove { patterns } => {
            let moved: MemoryMoved = console.client()?.post("/api/memory/delete", patterns)?;
            terminal.result(&moved, || {
                words::n_of(moved.n_patterns as usize, "pattern") + " removed." + &way_back(&moved)
            })
        }
        MemoryCommand::Restore { removed } => {
            let path = format!("/api/memory/removed/{removed}");
            let moved: MemoryMoved = console.client()?.post_empty(&path)?;
            terminal.result(&moved, || {
                let patterns = words::n_of(moved.n_patterns as usize, "pattern");
                let ratings = words::n_of(moved.n_ratings as usize, "rating");
                format!("{patterns} and {ratings} put back.")
            })
        }
        MemoryCommand::Export { output: file, words, sounds, force } => {
            output::check_place(file, *force)?;
            let form = match sounds {
                true => PatternsForm::LibraryWithSounds,
                false => PatternsForm::Library,
            };
            let take = TakePatterns { ids: vec![], words: words.clone(), form };
            let client = Arc::new(console.client()?);
            let job: MemoryJob = client.post("/api/memory/take", &take)?;
            let done = done(&client, &job, console)?;
            let made = done.file.clone().unwrap_or_default();
            output::download(
                &client,
                &format!("/api/memory/jobs/{}/files/{made}", job.job.id),
                file,
            )?;
            terminal.result(&done, || {
                let mut text = list(&[
                    ("file", file.display().to_string()),
                    ("patterns", done.n_patterns.to_string()),
                ]);
                for failure in &done.failures {
                    text.push_str(&format!("without its sound: {}\n", failure.file));
                }
                text
            })
        }
        MemoryCommand::Import { file } => {
            let opened = File::open(file).map_err(|error| {
                let what = format!("“{}” could not be read.", file.display());
                refused("unreadable", what, &api::sentence(&error.to_string()), "Check its name.")
            })?;
            let moved: MemoryMoved = console.client()?.post_file("/api/memory/import", &opened)?;
            terminal.result(&moved, || words::n_of(moved.n_patterns as usize, "new pattern") + ".")
        }
        MemoryCommand::Mend => {
            let client = Arc::new(console.client()?);
            let job: MemoryJob = client.post_empty("/api/memory/mend")?;
            let done = done(&client, &job, console)?;
            terminal.result(&done, || {
                words::n_of(done.n_patterns as usize, "pattern") + " described again."
            })
        }
    }
}

fn add(args: &AddArgs, console: &Console) -> anyhow::Result<()> {
    let client = Arc::new(console.client()?);
    let models = args.model.iter();
    let models = models.map(|it| super::named::id(&client, super::named::Kind::Model, it));
    let new = NewPatterns {
        paths: args
            .paths
            .iter()
            .map(|it| Ok(from_root(it)?.into()))
            .collect::<anyhow::Result<_>>()?,
        items: vec![],
        models: models.collect::<anyhow::Result<_>>()?,
        tags: args.tag.clone(),
        lengths_secs: args.shortest.zip(args.longest).map(|(a, b)| [a, b]),
        again: args.again,
    };
    let before: MemoryOverview = client.get("/api/memory")?;
    let job: MemoryJob = client.post("/api/memory/patterns", &new)?;
    let done = stopped_on_interrupt(&client, &job.job.id, || {
        Onlooker { client: &client, terminal: console.terminal }.memory(&job.job.id)
    })?;
    let done = done.result.unwrap_or_default();
    let after: MemoryOverview = client.get("/api/memory")?;
    for failure in &done.failures {
        console.terminal.warn(&failure.problem);
    }
    for note in &done.notes {
        console.terminal.note(note);
    }
    console.terminal.result(&done, || {
        list(&[
            ("sounds", done.n_sounds.to_string()),
            ("known already", done.n_known.to_string()),
            ("patterns", done.n_patterns.to_string()),
            ("new", after.n_patterns.saturating_sub(before.n_patterns).to_string()),
            ("patterns now", after.n_patterns.to_string()),
        ])
    })
}

fn find(args: &FindArgs, console: &Console) -> anyhow::Result<()> {
    let client = Arc::new(console.client()?);
    let asks = |query: NewMemoryQuery| -> anyhow::Result<LikePattern> {
        let job: MemoryJob = client.post("/api/memory/queries", &query)?;
        done(&client, &job, console)?;
        Ok(LikePattern::Query { id: job.job.id })
    };
    let mut space = args.space.clone();
    let like = match (&args.like, &args.text) {
        (Some(text), _) if !PathBuf::from(text).exists() && PatternId::read(text).is_ok() => {
            Some(LikePattern::Pattern { id: PatternId::read(text).map_err(anyhow::Error::msg)? })
        }
        (Some(text), _) => Some(asks(NewMemoryQuery {
            space: space.clone(),
            path: Some(from_root(&PathBuf::from(text))?.into()),
            start_secs: args.from,
            end_secs: args.to,
            ..NewMemoryQuery::default()
        })?),
        (None, Some(text)) => {
            if space.is_none() {
                let seen: MemoryOverview = client.get("/api/memory")?;
                space = seen
                    .spaces
                    .into_iter()
                    .find(|it| it.reads_words && it.is_usable)
                    .map(|it| it.name);
            }
            let Some(space) = &space else {
                let what = "No space of the memory reads words.".to_owned();
                let why = "Words are read by a CLAP model.";
                let remedy = "Add one with `maquette weights add FOLDER`, then the sounds with `--model`; or use the memory’s own words, without --text.";
                return Err(refused("no_space", what, why, remedy).into());
            };
            let query = NewMemoryQuery {
                space: Some(space.clone()),
                text: Some(text.clone()),
                ..NewMemoryQuery::default()
            };
            Some(asks(query)?)
        }
        (None, None) => None,
    };
    let ask = FindPatterns {
        words: args.words.clone(),
        like,
        more: args.more.clone(),
        less: args.less.clone(),
        space,
        limit: Some(args.limit),
    };
    let found: FoundPatterns = client.post("/api/memory/find", &ask)?;
    let last = LastSearch {
        space: found.space.clone(),
        query: found.query.clone(),
        found: found.found.iter().map(|it| it.pattern.id).collect(),
    };
    // Without it ratings count for patterns alone.
    if let Ok(text) = serde_json::to_string(&last) {
        let _ = std::fs::write(last_search_file(&client), text);
    }
    console.terminal.result(&found, || found_table(&found))
}

fn last_search_file(client: &Client) -> PathBuf {
    client.workspace().join("memory").join("last-search.json")
}

fn last_search(client: &Client) -> Option<LastSearch> {
    serde_json::from_slice(&std::fs::read(last_search_file(client)).ok()?).ok()
}

fn done(client: &Arc<Client>, job: &MemoryJob, console: &Console) -> anyhow::Result<MemoryResult> {
    let id = &job.job.id;
    let path = format!("/api/jobs/{id}");
    let terminal = console.terminal;
    let done = cancelled_on_interrupt::<api::Job, _>(client, &path, || {
        Onlooker { client, terminal }.memory(id)
    })?;
    Ok(done.result.unwrap_or_default())
}

fn place(it: &Pattern) -> [String; 3] {
    [
        it.id.to_string(),
        format!("{} {:.2}–{:.2} s", it.source.name, it.start_secs, it.end_secs),
        format!("{} ({:.0} %)", it.kind, 100.0 * it.kind_confidence),
    ]
}

fn found_table(found: &FoundPatterns) -> String {
    if found.found.is_empty() {
        return format!("None of {} fits.", words::n_of(found.n_compared as usize, "pattern"));
    }
    let row = |it: &FoundPattern| {
        let [id, sound, kind] = place(&it.pattern);
        [id, format!("{:.3}", it.score), sound, kind, it.why.clone()]
    };
    let rows: Vec<_> = found.found.iter().map(row).collect();
    table(["pattern", "score", "sound", "kind", "why"], &rows)
}

/// How to put back what was taken out.
fn way_back(moved: &MemoryMoved) -> String {
    moved.removed.map_or_else(String::new, |removed| {
        format!(" `maquette memory restore {removed}` puts back what was taken out.")
    })
}

fn listed_table(listed: &PatternList) -> String {
    if listed.patterns.is_empty() {
        return "No patterns. `maquette memory add FOLDER` adds some.".to_owned();
    }
    let row = |it: &Pattern| {
        let [id, sound, kind] = place(it);
        let range = format!("{:.0}–{:.0} Hz", it.low_hz, it.high_hz);
        let cut = format!("{:.0} %", 100.0 * it.confidence);
        let words: Vec<&str> = it.facts.words.iter().chain(&it.tags).map(String::as_str).collect();
        [id, sound, cut, kind, range, words.join(", ")]
    };
    let rows: Vec<_> = listed.patterns.iter().map(row).collect();
    let all = table(["pattern", "sound", "cut", "kind", "range", "words"], &rows);
    match listed.n_total as usize > rows.len() {
        true => format!("{all}{} of {}; --limit shows more.\n", rows.len(), listed.n_total),
        false => all,
    }
}

fn overview(found: &MemoryOverview) -> String {
    if found.n_patterns == 0 {
        return "Nothing is remembered yet. `maquette memory add FOLDER` cuts your sounds into patterns.".to_owned();
    }
    let counts = |all: &[api::MemoryCount]| {
        let each: Vec<String> =
            all.iter().map(|it| format!("{} {}", it.n_patterns, it.name)).collect();
        each.join(", ")
    };
    let mut rows = vec![
        ("patterns", found.n_patterns.to_string()),
        ("sounds", found.n_sounds.to_string()),
        ("ratings", found.n_ratings.to_string()),
        ("kinds", counts(&found.kinds)),
        ("tags", counts(&found.tags)),
    ];
    for space in &found.spaces {
        let reads = if space.reads_words { ", reads words" } else { "" };
        let state = if space.is_usable { "" } else { ", its model is gone" };
        rows.push((
            "space",
            format!("{}: {} × {}{reads}{state}", space.name, space.n_patterns, space.dim),
        ));
    }
    rows.extend(found.cutting.iter().map(|it| ("cutting", it.clone())));
    if found.n_missing > 0 {
        rows.push((
            "missing",
            format!("{} vectors; `maquette memory mend` makes them again", found.n_missing),
        ));
    }
    list(&rows)
}

fn detail(found: &PatternDetail) -> String {
    let it = &found.pattern;
    let [id, sound, kind] = place(it);
    let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
    list(&[
        ("pattern", id),
        ("sound", sound),
        ("kind", kind),
        (
            "cut",
            format!(
                "{:.0} % sure{}",
                100.0 * it.confidence,
                if it.is_by_hand { ", set by you" } else { "" }
            ),
        ),
        ("range", format!("{:.0}–{:.0} Hz", it.low_hz, it.high_hz)),
        ("words", it.facts.words.join(", ")),
        ("tags", it.tags.join(", ")),
        ("tempo", it.facts.tempo_bpm.map_or_else(String::new, |bpm| format!("{bpm:.1} bpm"))),
        ("level", format!("{:.1} dB", it.facts.level_db)),
        ("ratings", format!("{} good, {} bad", found.n_liked, found.n_disliked)),
        ("prompt", found.prompt.clone()),
        ("spaces", found.spaces.join(", ")),
        ("can be heard", yes(found.can_be_heard)),
    ])
}
