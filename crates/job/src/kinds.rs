//! The table of the kinds of job, which the studio, the command and the pages are drawn from.
//!
//! For each kind: its name, where its folders are, what it needs of the computer, what can be asked of it, and what
//! becomes of its results.

use api::{JobKind, MemoryWork, RecipeSource, Task};

use crate::Shelf;

/// A kind of job.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Which one.
    pub kind: JobKind,
    /// Its word in orders and in the database.
    pub word: &'static str,
    /// Where its folders stand.
    pub shelf: Shelf,
    /// What it takes of the computer while it runs, unless it is on a GPU: see [`needs`].
    pub needs: Needs,
    /// What becomes of what it made.
    pub kept: Kept,
    /// What is left of one that is ended before it is done.
    pub stopped: Stopped,
    /// How one that ended early goes on.
    pub again: Again,
    /// Whether anybody may queue it by its order alone. Else it has a verb of its own, which sees that the order makes
    /// sense: that its model is there, that its settings fit.
    pub is_plain: bool,
}

/// What is left of a job that is ended before it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// What it has made so far; it is stopped.
    Kept,
    /// Nothing: it is cancelled, and gone with its folder.
    Gone,
}

/// How a job goes on that failed, was stopped or was interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// From where it was.
    Resume,
    /// From the start, with the same order.
    Restart,
    /// Not: it is asked for anew.
    Never,
}

/// What a job takes of the computer. The queue starts the next job whose needs are free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Every core, for long: one of these runs at a time.
    Computer,
    /// The GPU: one of these runs at a time, whatever its kind, beside those that take no GPU.
    Gpu,
    /// Some cores for minutes: a few of these run beside each other and beside a training.
    Cores,
    /// It stays until somebody ends it, and mostly waits: it never keeps others from starting.
    Resident,
}

impl Needs {
    /// Every kind of need.
    pub const ALL: [Needs; 4] = [Needs::Computer, Needs::Gpu, Needs::Cores, Needs::Resident];

    /// Jobs with these needs that run at the same time, at most.
    pub fn n_beside(self) -> usize {
        match self {
            Needs::Computer | Needs::Gpu => 1,
            Needs::Cores => 2,
            Needs::Resident => 8,
        }
    }
}

/// What becomes of what a job made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is kept until it is deleted, and then for a while in the trash.
    Trash,
    /// Whoever asked takes it, or it can be made again: only the newest so many are kept, and there is no trash.
    Newest(usize),
}

/// Every kind of job.
pub const KINDS: &[Kind] = &[
    Kind {
        kind: JobKind::Import,
        word: "import",
        shelf: Shelf::Imports,
        needs: Needs::Cores,
        kept: Kept::Newest(10),
        stopped: Stopped::Gone,
        again: Again::Never,
        is_plain: false,
    },
    Kind {
        kind: JobKind::Prepare,
        word: "prepare",
        shelf: Shelf::Datasets,
        needs: Needs::Cores,
        kept: Kept::Trash,
        stopped: Stopped::Gone,
        again: Again::Restart,
        is_plain: false,
    },
    Kind {
        kind: JobKind::Train,
        word: "train",
        shelf: Shelf::Runs,
        needs: Needs::Computer,
        kept: Kept::Trash,
        stopped: Stopped::Kept,
        again: Again::Resume,
        is_plain: false,
    },
    Kind {
        kind: JobKind::Reconstruct,
        word: "reconstruct",
        shelf: Shelf::Reconstructions,
        needs: Needs::Cores,
        kept: Kept::Trash,
        stopped: Stopped::Gone,
        again: Again::Never,
        is_plain: false,
    },
    Kind {
        kind: JobKind::Convert,
        word: "convert",
        shelf: Shelf::Conversions,
        needs: Needs::Cores,
        kept: Kept::Newest(20),
        stopped: Stopped::Gone,
        again: Again::Never,
        is_plain: false,
    },
    Kind {
        kind: JobKind::Export,
        word: "export",
        shelf: Shelf::Exports,
        needs: Needs::Cores,
        kept: Kept::Trash,
        stopped: Stopped::Gone,
        again: Again::Never,
        is_plain: false,
    },
    Kind {
        kind: JobKind::Measure,
        word: "measure",
        shelf: Shelf::Measures,
        needs: Needs::Cores,
        kept: Kept::Newest(100),
        stopped: Stopped::Gone,
        again: Again::Never,
        is_plain: false,
    },
    Kind {
        kind: JobKind::Film,
        word: "film",
        shelf: Shelf::Films,
        needs: Needs::Cores,
        kept: Kept::Trash,
        stopped: Stopped::Gone,
        again: Again::Restart,
        is_plain: false,
    },
    Kind {
        kind: JobKind::Play,
        word: "play",
        shelf: Shelf::Plays,
        needs: Needs::Resident,
        kept: Kept::Newest(4),
        stopped: Stopped::Gone,
        again: Again::Never,
        is_plain: false,
    },
    Kind {
        kind: JobKind::Session,
        word: "session",
        shelf: Shelf::Sessions,
        needs: Needs::Resident,
        kept: Kept::Newest(4),
        stopped: Stopped::Kept,
        again: Again::Never,
        is_plain: false,
    },
    Kind {
        kind: JobKind::Generate,
        word: "generate",
        shelf: Shelf::Generations,
        needs: Needs::Cores,
        kept: Kept::Trash,
        stopped: Stopped::Kept,
        again: Again::Resume,
        is_plain: false,
    },
    Kind {
        kind: JobKind::Map,
        word: "map",
        shelf: Shelf::Maps,
        needs: Needs::Cores,
        kept: Kept::Newest(20),
        stopped: Stopped::Gone,
        again: Again::Restart,
        is_plain: false,
    },
    Kind {
        kind: JobKind::Analyse,
        word: "analyse",
        shelf: Shelf::Analyses,
        needs: Needs::Cores,
        kept: Kept::Newest(10),
        stopped: Stopped::Kept,
        again: Again::Resume,
        is_plain: false,
    },
    Kind {
        kind: JobKind::Change,
        word: "change",
        shelf: Shelf::Changes,
        needs: Needs::Cores,
        kept: Kept::Newest(40),
        stopped: Stopped::Gone,
        again: Again::Restart,
        is_plain: false,
    },
    Kind {
        kind: JobKind::Memory,
        word: "memory",
        shelf: Shelf::MemoryJobs,
        needs: Needs::Cores,
        // Searches are many, and small; what was stopped shall stay until somebody goes on with it.
        kept: Kept::Newest(60),
        stopped: Stopped::Kept,
        again: Again::Resume,
        is_plain: false,
    },
];

/// The row of a kind.
pub fn kind(kind: JobKind) -> &'static Kind {
    KINDS.iter().find(|row| row.kind == kind).expect("a test sees that every kind has a row")
}

/// What a job of a kind takes of the computer.
pub fn needs(of: JobKind, on_gpu: bool) -> Needs {
    if on_gpu { Needs::Gpu } else { kind(of).needs }
}

/// Whether a task was said to compute on a GPU when it was ordered.
pub fn is_on_gpu(task: &Task) -> bool {
    match task {
        Task::Train(task) => task.on_gpu,
        Task::Measure(task) => task.on_gpu,
        _ => false,
    }
}

/// Memory that a task was said to need when it was ordered, in bytes, where that is known.
///
/// Of a task on a GPU that is the memory of the card, and nothing is known of the computer's.
pub fn needs_bytes(task: &Task) -> Option<u64> {
    match task {
        Task::Train(task) if !task.on_gpu => task.memory.as_ref().map(|it| it.needed_bytes()),
        Task::Generate(task) => task.needs_bytes,
        _ => None,
    }
}

/// The environment variable by which a worker knows that it may stay after its job.
///
/// It keeps its model loaded for the next job that needs the same one; the studio names that job's folder on the worker's
/// standard input, in a line.
pub const STAYS: &str = "MAQUETTE_STAYS";

/// What tells the loaded model of a task from others, where a worker may stay with it.
///
/// Tasks with the same one, one after the other, need not load it again.
pub fn stays_for(task: &Task) -> Option<String> {
    match task {
        Task::Generate(task) => {
            let RecipeSource::Words(words) = &task.asked.recipe.source else { return None };
            let model = task.asked.recipe.models.first().filter(|it| !it.sha256.is_empty())?;
            let adapters = words.adapters.iter().map(|it| (&it.adapter.sha256, it.weight));
            let adapters: Vec<_> = adapters.collect();
            let is_known = adapters.iter().all(|(sha256, _)| !sha256.is_empty());
            is_known.then(|| format!("words {} {} {adapters:?}", model.sha256, words.in_8_bits))
        }
        Task::Memory(task) => match &task.work {
            MemoryWork::Query { .. } if !task.spaces.is_empty() => {
                let spaces: Vec<_> = task.spaces.iter().map(|it| it.name.as_str()).collect();
                Some(format!("hearing {}", spaces.join(" ")))
            }
            _ => None,
        },
        _ => None,
    }
}

/// The kind of a task.
pub fn of(task: &Task) -> JobKind {
    match task {
        Task::Import(_) => JobKind::Import,
        Task::Prepare(_) => JobKind::Prepare,
        Task::Train(_) => JobKind::Train,
        Task::Reconstruct(_) => JobKind::Reconstruct,
        Task::Convert(_) => JobKind::Convert,
        Task::Export(_) => JobKind::Export,
        Task::Measure(_) => JobKind::Measure,
        Task::Film(_) => JobKind::Film,
        Task::Play(_) => JobKind::Play,
        Task::Session(_) => JobKind::Session,
        Task::Generate(_) => JobKind::Generate,
        Task::Map(_) => JobKind::Map,
        Task::Analyse(_) => JobKind::Analyse,
        Task::Change(_) => JobKind::Change,
        Task::Memory(_) => JobKind::Memory,
    }
}

/// The row of the jobs that stand on a shelf, if jobs do.
pub fn on_shelf(shelf: Shelf) -> Option<&'static Kind> {
    KINDS.iter().find(|row| row.shelf == shelf)
}

/// The row with a word, if this program knows it.
pub fn by_word(word: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|row| row.word == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_one_row_whose_word_is_that_of_orders() {
        for (idx, row) in KINDS.iter().enumerate() {
            assert_eq!(serde_json::to_value(row.kind).unwrap(), row.word);
            assert_eq!(KINDS.iter().position(|it| it.kind == row.kind), Some(idx));
            assert_eq!(Shelf::of(row.kind), row.shelf);
        }
        // Kinds follow each other without a gap: as many rows as the largest of them means a row for each.
        let largest = KINDS.iter().map(|row| row.kind as usize).max();
        assert_eq!(Some(KINDS.len()), largest.map(|it| it + 1));
    }
}
