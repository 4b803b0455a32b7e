//! `maquette library`: sounds of one's own in folders, what was found in them, and searching that.

mod notes;
mod similar;

use std::path::PathBuf;

use api::{
    AnnotationForm, FolderSource, Id, ItemKind, Job, LibraryFolder, LibraryItem, LibraryItemChange,
    LibraryItemDetail, LibraryPage, LibraryScan, NewAnalysis, NewLibraryFolder,
};

use super::{
    Console, absolute,
    follow::Onlooker,
    output,
    table::{list, table},
    words,
};
use crate::{client::Client, percent::encoded};

#[derive(clap::Subcommand)]
pub(crate) enum LibraryCommand {
    /// Add a folder or a sound file, which is left where it is, and analyse its sounds
    Add {
        /// The folder or file
        path: PathBuf,
        /// Another name than that of the folder
        #[arg(long)]
        name: Option<String>,
        /// List its sounds without analysing them
        #[arg(long)]
        only_list: bool,
        /// Wait until its sounds are analysed
        #[arg(long)]
        follow: bool,
    },
    /// List the folders of the library
    Folders,
    /// Take a folder out of the library; its files stay where they are
    Remove {
        /// The folder's identifier or name
        folder: String,
    },
    /// Look through all folders for what is new, has changed or is gone
    Scan {
        /// Wait until what is new is analysed
        #[arg(long)]
        follow: bool,
    },
    /// Search sounds by what is in them, like `key:Am tempo:118..124 len<8 rating>=3`; `like:ID` puts similar ones first,
    /// and `kind:film` lists films of agents
    Search {
        /// Words and fields; all sounds without any
        query: Vec<String>,
        /// The order: name, added, length, tempo, key, loudness, rating…; `-tempo` for the other way round
        #[arg(long, value_name = "ORDER", allow_hyphen_values = true)]
        sort: Option<String>,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 100,
            value_parser = clap::value_parser!(u64).range(1..=500))]
        limit: u64,
    },
    /// List the sounds that are most like one, with how similar they are
    Similar {
        /// The sound's identifier or name, or a file that is not in the library
        sound: String,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 10,
            value_parser = clap::value_parser!(u64).range(1..=500))]
        limit: u64,
    },
    /// Show a sound and what was found in it, or a film
    Show {
        /// The sound's identifier
        sound: Id,
    },
    /// Rate a sound, or give it tags and collections in place of those it has
    Mark {
        /// The sound's identifier
        sound: Id,
        /// 1 to 5, or 0 for none
        #[arg(long, value_parser = clap::value_parser!(u8).range(0..=5))]
        rating: Option<u8>,
        /// Tags, with commas between them
        #[arg(long, value_delimiter = ',')]
        tags: Option<Vec<String>>,
        /// Collections, with commas between them
        #[arg(long, value_delimiter = ',')]
        collections: Option<Vec<String>>,
    },
    /// Analyse sounds again, or whatever is not analysed
    Analyse {
        /// The sounds' identifiers
        sounds: Vec<Id>,
        /// Wait until they are analysed
        #[arg(long)]
        follow: bool,
    },
    /// List the notes of a sound's melody, with the corrections, or of a MIDI file
    Notes {
        /// The sound's identifier
        sound: Id,
    },
    /// Correct the notes that were found in a sound with those of a file
    CorrectNotes {
        /// The sound's identifier
        sound: Id,
        /// A MIDI file, or the JSON that `library notes --json` prints
        file: PathBuf,
    },
    /// Bring back the notes that were found in a sound; other corrections stay
    FoundNotes {
        /// The sound's identifier
        sound: Id,
    },
    /// Save a MIDI file with some notes changed as a new one; the old one stays
    EditNotes {
        /// The MIDI file's identifier
        midi: Id,
        /// What is changed, as JSON: see the guide's page on notes
        edit: PathBuf,
        /// The name of the new file
        #[arg(long)]
        name: Option<String>,
    },
    /// Write what was found in a sound to a file for another program
    Export {
        /// The sound's identifier
        sound: Id,
        /// The form
        #[arg(long, value_enum)]
        form: Form,
        /// The file
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
        /// Overwrite the file if it exists
        #[arg(long)]
        force: bool,
    },
}

/// The forms in which what was found is written.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum Form {
    /// What `maquette analyse --json` prints
    Json,
    /// A table
    Csv,
    /// The JSON Annotated Music Specification
    Jams,
    /// A label track of Audacity
    Audacity,
    /// Beats as a layer of Sonic Visualiser
    SonicVisualiser,
    /// Notes of the melody as a layer of Sonic Visualiser
    SonicVisualiserNotes,
    /// Tempo map, meter, key, chords and sections as markers, and the melody as a track
    Midi,
}

impl From<Form> for AnnotationForm {
    fn from(form: Form) -> Self {
        match form {
            Form::Json => Self::Json,
            Form::Csv => Self::Csv,
            Form::Jams => Self::Jams,
            Form::Audacity => Self::Audacity,
            Form::SonicVisualiser => Self::SonicVisualiser,
            Form::SonicVisualiserNotes => Self::SonicVisualiserNotes,
            Form::Midi => Self::Midi,
        }
    }
}

pub(crate) fn run(command: &LibraryCommand, console: &Console) -> anyhow::Result<()> {
    let client = console.client()?;
    let terminal = console.terminal;
    let item = |id: &Id| format!("/api/library/items/{id}");
    match command {
        LibraryCommand::Add { path, name, only_list, follow } => {
            let source = FolderSource::Path { path: absolute(path)? };
            let new = NewLibraryFolder { name: name.clone(), source, is_only_listed: *only_list };
            let scan: LibraryScan = client.post("/api/library/folders", &new)?;
            finished(&client, console, scan, *follow)
        }
        LibraryCommand::Folders => {
            let folders: Vec<LibraryFolder> = client.get("/api/library/folders")?;
            terminal.result(&folders, || folder_table(&folders))
        }
        LibraryCommand::Remove { folder } => {
            let folders: Vec<LibraryFolder> = client.get("/api/library/folders")?;
            let id = folder_id(&folders, folder)?;
            client.delete(&format!("/api/library/folders/{id}"))?;
            terminal.result(&serde_json::json!({ "deleted": id }), || words::deleted(&id))
        }
        LibraryCommand::Scan { follow } => {
            let scan: LibraryScan = client.post_empty("/api/library/scan")?;
            finished(&client, console, scan, *follow)
        }
        LibraryCommand::Search { query, sort, limit } => {
            let q = encoded(&query.join(" "));
            let sort = sort.as_deref().unwrap_or_default();
            let path = format!("/api/library/items?q={q}&sort={}&limit={limit}", encoded(sort));
            let page: LibraryPage = client.get(&path)?;
            terminal.result(&page, || item_table(&page))
        }
        LibraryCommand::Similar { sound, limit } => {
            let page = similar::page(&client, console, sound, *limit)?;
            terminal.result(&page, || item_table(&page))
        }
        LibraryCommand::Show { sound } => {
            let shown: LibraryItemDetail = client.get(&item(sound))?;
            terminal.result(&shown, || detail(&shown))
        }
        LibraryCommand::Mark { sound, rating, tags, collections } => {
            let change = LibraryItemChange {
                rating: *rating,
                tags: tags.clone(),
                collections: collections.clone(),
            };
            let shown: LibraryItemDetail = client.patch(&item(sound), &change)?;
            terminal.result(&shown, || detail(&shown))
        }
        LibraryCommand::Analyse { sounds, follow } => {
            let is_again = !sounds.is_empty();
            let new =
                NewAnalysis { items: is_again.then(|| sounds.clone()), folder: None, is_again };
            let job: Option<Job> = client.post("/api/library/analyses", &new)?;
            if (*follow || client.is_own())
                && let Some(job) = &job
            {
                Onlooker { client: &client, terminal }.job(&job.id)?;
            }
            terminal.result(&job, || match &job {
                Some(job) => list(&[("job", job.id.to_string()), ("name", job.name.clone())]),
                None => "Everything is analysed.".to_owned(),
            })
        }
        LibraryCommand::Notes { sound } => notes::list(&client, terminal, sound),
        LibraryCommand::CorrectNotes { sound, file } => {
            let shown = notes::correct(&client, sound, Some(file.as_path()))?;
            terminal.result(&shown, || detail(&shown))
        }
        LibraryCommand::FoundNotes { sound } => {
            let shown = notes::correct(&client, sound, None)?;
            terminal.result(&shown, || detail(&shown))
        }
        LibraryCommand::EditNotes { midi, edit, name } => {
            let shown = notes::edit(&client, midi, edit, name.clone())?;
            terminal.result(&shown, || detail(&shown))
        }
        LibraryCommand::Export { sound, form, output: file, force } => {
            output::check_place(file, *force)?;
            let form = serde_json::to_value(AnnotationForm::from(*form))?;
            let form = form.as_str().unwrap_or_default();
            let path = format!("{}/annotations?form={form}", item(sound));
            output::download(&client, &path, file)?;
            terminal.result(&serde_json::json!({ "file": file }), || file.display().to_string())
        }
    }
}

/// Says what was found in folders, once it is analysed if that is asked for.
fn finished(
    client: &Client,
    console: &Console,
    mut scan: LibraryScan,
    is_followed: bool,
) -> anyhow::Result<()> {
    // A studio inside this process ends with it, so the job would not begin.
    if (is_followed || client.is_own())
        && let Some(job) = &scan.job
    {
        Onlooker { client, terminal: console.terminal }.job(job)?;
        for folder in &mut scan.folders {
            *folder = client.get(&format!("/api/library/folders/{}", folder.id))?;
        }
    }
    console.terminal.result(&scan, || folder_table(&scan.folders))
}

fn folder_id(folders: &[LibraryFolder], text: &str) -> anyhow::Result<Id> {
    let matching: Vec<&LibraryFolder> =
        folders.iter().filter(|it| it.id.as_str() == text || it.name == text).collect();
    match matching[..] {
        [only] => Ok(only.id.clone()),
        [] => {
            let what = format!("There is no folder “{text}” in the library.");
            Err(output::refused("not_found", what, "", "See `maquette library folders`.").into())
        }
        _ => {
            let what = format!("Several folders are called “{text}”.");
            let remedy = "Use the identifier that `maquette library folders` shows.";
            Err(output::refused("ambiguous", what, "", remedy).into())
        }
    }
}

fn folder_table(folders: &[LibraryFolder]) -> String {
    if folders.is_empty() {
        return "No folders. `maquette library add FOLDER` adds one.".to_owned();
    }
    let row = |folder: &LibraryFolder| {
        let state = [
            (folder.n_missing > 0).then(|| format!("{} missing", folder.n_missing)),
            (folder.n_new > 0).then(|| format!("{} not analysed", folder.n_new)),
            folder.problem.clone(),
        ];
        [
            folder.id.to_string(),
            folder.name.clone(),
            folder.n_sounds.to_string(),
            state.into_iter().flatten().collect::<Vec<_>>().join(", "),
            folder.path.clone(),
        ]
    };
    let rows: Vec<_> = folders.iter().map(row).collect();
    table(["id", "name", "sounds", "", "path"], &rows)
}

fn number(value: Option<f64>, unit: &str) -> String {
    value.map_or_else(String::new, |it| format!("{it:.1}{unit}"))
}

fn item_table(page: &LibraryPage) -> String {
    if page.items.is_empty() {
        return "Nothing passes this search.".to_owned();
    }
    let row = |item: &LibraryItem| {
        [
            item.id.to_string(),
            item.name.clone(),
            item.seconds.map_or_else(String::new, words::duration),
            number(item.tempo_bpm, ""),
            item.key.clone().unwrap_or_default(),
            number(item.loudness_lufs, ""),
            "*".repeat(item.rating.into()),
            item.tags.join(", "),
            item.similarity.map_or_else(String::new, |it| format!("{:.0} %", 100.0 * it)),
        ]
    };
    let rows: Vec<_> = page.items.iter().map(row).collect();
    let is_compared = page.items.iter().any(|it| it.similarity.is_some());
    let last = if is_compared { "similar" } else { "" };
    let headings = ["id", "name", "length", "bpm", "key", "LUFS", "rating", "tags", last];
    let shown = table(headings, &rows);
    let n_left = page.total.saturating_sub(page.items.len() as u64);
    match n_left {
        0 => shown,
        _ => format!("{shown}{n_left} more; --limit shows up to 500, or narrow the search.\n"),
    }
}

fn detail(shown: &LibraryItemDetail) -> String {
    let item = &shown.item;
    let state = match (&item.problem, item.is_missing, item.is_analysed) {
        _ if item.kind == ItemKind::Film => String::new(),
        (_, true, _) => "missing".to_owned(),
        (Some(problem), ..) => problem.clone(),
        (.., false) => "not analysed".to_owned(),
        _ if item.is_outdated => "analysed by an earlier version".to_owned(),
        _ if item.is_edited => "corrected by hand".to_owned(),
        _ => String::new(),
    };
    let kind = match item.kind {
        ItemKind::Sound => "sound",
        ItemKind::Midi => "notes",
        ItemKind::Film => "film",
    };
    let findings = shown.analysis.iter().flat_map(|it| &it.findings);
    let findings: Vec<&str> = findings.map(|it| it.sentence.as_str()).collect();
    let rating = if item.rating > 0 { format!("{} of 5", item.rating) } else { String::new() };
    list(&[
        (kind, item.id.to_string()),
        ("name", item.name.clone()),
        ("path", item.path.clone()),
        ("state", state),
        ("length", item.seconds.map_or_else(String::new, words::duration)),
        ("tempo", number(item.tempo_bpm, " BPM")),
        ("meter", item.meter.clone().unwrap_or_default()),
        ("key", item.key.clone().unwrap_or_default()),
        ("loudness", number(item.loudness_lufs, " LUFS")),
        ("true peak", number(item.true_peak_dbtp, " dBTP")),
        ("words", item.words.join(", ")),
        ("faults", findings.join(" ")),
        ("rating", rating),
        ("tags", item.tags.join(", ")),
        ("collections", item.collections.join(", ")),
    ])
}
