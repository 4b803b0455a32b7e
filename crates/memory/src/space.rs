//! A space: the vectors that one way of hearing gives, on disk, with one program that writes and any number that search.
//!
//! Over 600 lines because writing, reading and checking one set of files stand together: each says what the others rely on.

use std::{
    collections::HashMap,
    fs::{self, File},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use memmap2::Mmap;
use serde::{Deserialize, Serialize};

use crate::{
    Error, Snapshot,
    codes::{Code, Rotation},
    files::{FORMAT, HEADER, Part, sync_folder, write_at, write_whole},
    log::{self, BLOCK_ROWS, Block, RECORD, Record},
    snapshot::{CHUNK, Chunk},
    unit,
};

/// The version of the format on disk.
pub const SPACE_FORMAT: u32 = FORMAT;
/// The largest dimension.
const DIM_MAX: usize = 8192;
/// The most rows, deleted ones among them.
const ROWS_MAX: u32 = 1 << 28;
/// Bytes of a row in `rows.bin`.
const ROW: usize = 16;
/// How long to wait for another program that writes.
const PATIENCE: Duration = Duration::from_secs(1);
const META: &str = "space.json";

/// What a space is of. Vectors of different names, versions or dimensions are never compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpaceName {
    /// Its name: `dsp`, `clap`.
    pub name: String,
    /// The version of how its vectors are made.
    pub version: u32,
    /// Numbers of a vector.
    pub dim: usize,
}

impl SpaceName {
    /// Its name and version in one word, as in `dsp-1`.
    #[must_use]
    pub fn word(&self) -> String {
        format!("{}-{}", self.name, self.version)
    }

    /// Whether a space can be of it.
    ///
    /// # Errors
    /// What it may be.
    pub fn check(&self) -> Result<(), Error> {
        let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if self.name.is_empty() || self.name.len() > 64 || !self.name.chars().all(is_letter) {
            let short: String = self.name.chars().take(64).collect();
            let reason = format!(
                "`{short}` is not the name of a space: 1 to 64 letters, digits, `-` and `_`"
            );
            return Err(Error::unfit(reason));
        }
        if !(1..=DIM_MAX).contains(&self.dim) {
            return Err(Error::unfit(format!("vectors have 1 to {DIM_MAX} numbers")));
        }
        Ok(())
    }
}

/// What became of vectors that were added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Added {
    /// They were not there before.
    pub n_new: usize,
    /// They took the place of others.
    pub n_replaced: usize,
}

/// What a look at the files has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Vectors that are whole.
    pub n_whole: usize,
    /// Identifiers of vectors that are damaged: they are not found any more until they are added again.
    pub damaged: Vec<u64>,
    /// Rows whose identifiers are lost, too: whoever knows what ought to be there adds what is not.
    pub n_lost: usize,
    /// Blocks of short forms that were damaged and have been made again from the vectors.
    pub n_mended: usize,
}

#[derive(Debug, Serialize, Deserialize)]
struct Meta {
    format: u32,
    #[serde(flatten)]
    name: SpaceName,
    generation: u64,
}

/// A space that is open for writing.
#[derive(Debug)]
pub struct Space {
    folder: PathBuf,
    generation: Generation,
    checked: Checked,
    /// Held as long as this lives.
    _lock: File,
}

impl Space {
    /// Opens the space in a folder, or begins one there.
    ///
    /// # Errors
    /// Another program writes to it, it is of another name, version or dimension, or its files are damaged beyond what
    /// is left out ([`Self::opened`]).
    pub fn open(folder: &Path, name: &SpaceName) -> Result<Self, Error> {
        name.check()?;
        fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
        let lock = lock(folder)?;
        let meta_path = folder.join(META);
        if !meta_path.exists() {
            let generation = Generation::create(folder, name, 1)?;
            generation.name_it(folder)?;
            let (folder, checked) = (folder.to_owned(), Checked::default());
            return Ok(Self { folder, generation, checked, _lock: lock });
        }
        let meta = read_meta(folder)?;
        if meta.name != *name {
            let SpaceName { name, version, dim } = meta.name;
            let reason = format!("it is the space `{name}` {version} of {dim} numbers");
            return Err(Error::damaged(&meta_path, reason));
        }
        clear_others(folder, meta.generation);
        let (generation, checked) = Generation::open(folder, meta, true)?;
        let is_cut =
            generation.blocks.last().is_some_and(|it| it.first + it.n > generation.now.n_rows);
        let mut space = Self { folder: folder.to_owned(), generation, checked, _lock: lock };
        if is_cut {
            // The log tells of rows that are not there: what is left goes on in files of its own.
            space.compact()?;
        }
        Ok(space)
    }

    /// Opens the space in a folder, whatever it is of; nothing where there is none.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_any(folder: &Path) -> Result<Option<Self>, Error> {
        if !folder.join(META).exists() {
            return Ok(None);
        }
        let meta = read_meta(folder)?;
        Self::open(folder, &meta.name).map(Some)
    }

    /// The space in a folder as it is now, while another program may write to it.
    ///
    /// # Errors
    /// There is none, or its files are damaged beyond what is left out.
    pub fn read(folder: &Path) -> Result<(Snapshot, Checked), Error> {
        let mut tries = 0;
        loop {
            let meta = read_meta(folder)?;
            match Generation::open(folder, meta, false) {
                Ok((generation, checked)) => return Ok((generation.now, checked)),
                // Its files were replaced by smaller ones in between.
                Err(Error::Io { source, .. })
                    if source.kind() == std::io::ErrorKind::NotFound && tries < 5 =>
                {
                    tries += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The space as it is now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.generation.now.clone()
    }

    /// What was found when it was opened: everything but the vectors themselves, which [`Self::check`] reads.
    #[must_use]
    pub fn opened(&self) -> &Checked {
        &self.checked
    }

    /// Whether there is a vector of an identifier.
    #[must_use]
    pub fn contains(&self, id: u64) -> bool {
        self.generation.index.contains_key(&id)
    }

    /// Adds vectors, which are stored one long; those with an identifier that is there take its place. When this returns,
    /// they stay, whatever happens to the program.
    ///
    /// # Errors
    /// A vector does not fit, and then none is added; the disk is full, or the space is.
    pub fn add(&mut self, vectors: &[(u64, &[f32])]) -> Result<Added, Error> {
        self.generation.add(&self.folder, vectors)
    }

    /// Deletes vectors; says how many were there.
    ///
    /// # Errors
    /// The log cannot be written.
    pub fn delete(&mut self, ids: &[u64]) -> Result<usize, Error> {
        self.generation.delete(&self.folder, ids)
    }

    /// Reads everything and compares checksums. What is damaged is not found any more.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn check(&mut self) -> Result<Checked, Error> {
        let damaged = self.generation.check_vectors();
        let mut checked = self.checked.clone();
        checked.damaged.extend(damaged);
        checked.damaged.sort_unstable();
        checked.damaged.dedup();
        // What was added again since is whole.
        checked.damaged.retain(|id| !self.contains(*id));
        checked.n_whole = self.generation.now.len();
        self.checked = checked.clone();
        Ok(checked)
    }

    /// Whether most of the files is of vectors that are gone.
    #[must_use]
    pub fn is_wasteful(&self) -> bool {
        self.generation.now.gone.len() > CHUNK.max(self.generation.now.len())
    }

    /// Writes the files again without what is gone. Snapshots go on with the old ones.
    ///
    /// # Errors
    /// The disk is full; the space is as before then.
    pub fn compact(&mut self) -> Result<(), Error> {
        self.generation.check_vectors();
        let now = self.snapshot();
        let number = self.generation.number + 1;
        let mut made = Generation::create(&self.folder, &now.name, number)?;
        let rows: Vec<(u32, u64)> = now.rows().collect();
        for some in rows.chunks(16 * BLOCK_ROWS) {
            let vectors: Vec<(u64, &[f32])> =
                some.iter().map(|(row, id)| (*id, now.vector(*row))).collect();
            made.add(&self.folder, &vectors)?;
        }
        made.name_it(&self.folder)?;
        self.generation = made;
        clear_others(&self.folder, number);
        Ok(())
    }
}

/// One set of files.
#[derive(Debug)]
struct Generation {
    number: u64,
    files: Files,
    blocks: Vec<Block>,
    log_len: u64,
    /// Rows that the files have room for.
    room: u32,
    /// The row of each identifier that is there.
    index: HashMap<u64, u32>,
    now: Snapshot,
}

#[derive(Debug)]
struct Files {
    vectors: File,
    codes: File,
    rows: File,
    log: File,
}

impl Files {
    fn map_with(
        folder: &Path,
        number: u64,
        open: impl Fn(Part, &Path) -> Result<File, Error>,
    ) -> Result<Self, Error> {
        let file = |part: Part| open(part, &part.path(folder, number));
        Ok(Self {
            vectors: file(Part::Vectors)?,
            codes: file(Part::Codes)?,
            rows: file(Part::Rows)?,
            log: file(Part::Log)?,
        })
    }
}

impl Generation {
    fn create(folder: &Path, name: &SpaceName, number: u64) -> Result<Self, Error> {
        let files = Files::map_with(folder, number, |part, path| part.create(path, name.dim))?;
        sync_folder(folder);
        let now = Snapshot {
            rotation: Arc::new(Rotation::new(name.dim)),
            vectors: map(&files.vectors, &Part::Vectors.path(folder, number))?,
            codes: map(&files.codes, &Part::Codes.path(folder, number))?,
            name: Arc::new(name.clone()),
            chunks: Arc::default(),
            gone: Arc::default(),
            n_rows: 0,
            factor_max: 1.0,
        };
        let (blocks, index) = (vec![], HashMap::new());
        Ok(Self { number, files, blocks, log_len: 0, room: 0, index, now })
    }

    /// Says that these are the files that count.
    fn name_it(&self, folder: &Path) -> Result<(), Error> {
        let name = (*self.now.name).clone();
        let meta = Meta { format: FORMAT, name, generation: self.number };
        let bytes = serde_json::to_vec_pretty(&meta).expect("names and numbers are always JSON");
        write_whole(&folder.join(META), &bytes)
    }

    fn open(folder: &Path, meta: Meta, writes: bool) -> Result<(Self, Checked), Error> {
        let number = meta.generation;
        let dim = meta.name.dim;
        let files = Files::map_with(folder, number, |part, path| part.open(path, dim, writes))?;
        let read = |part: Part| {
            let path = part.path(folder, number);
            fs::read(&path)
                .map(|mut it| it.split_off(HEADER.min(it.len())))
                .map_err(Error::io("read", &path))
        };
        // The log before the others: whatever it tells of was written before it was.
        let told = log::read(&read(Part::Log)?);
        let row_bytes = read(Part::Rows)?;
        let rotation = Rotation::new(dim);
        let vectors = map(&files.vectors, &Part::Vectors.path(folder, number))?;
        let codes = map(&files.codes, &Part::Codes.path(folder, number))?;
        let room_of = |map: &Mmap, row: usize| (map.len().saturating_sub(HEADER) / row) as u32;
        let room = room_of(&vectors, dim * 4).min(room_of(&codes, rotation.width));
        let n_rows = told.n_rows.min((row_bytes.len() / ROW) as u32).min(room);
        let mut opened = Self {
            number,
            blocks: told.blocks,
            log_len: told.len as u64,
            room,
            index: HashMap::with_capacity(n_rows as usize),
            now: Snapshot {
                name: Arc::new(meta.name),
                rotation: Arc::new(rotation),
                vectors,
                codes,
                chunks: Arc::default(),
                gone: Arc::default(),
                n_rows: 0,
                factor_max: 1.0,
            },
            files,
        };
        let mut checked =
            Checked { n_lost: told.n_rows.saturating_sub(n_rows) as usize, ..Checked::default() };
        if writes {
            let len = HEADER as u64 + opened.log_len;
            let path = Part::Log.path(folder, number);
            opened.files.log.set_len(len).map_err(Error::io("write", &path))?;
        }
        opened.load(folder, &row_bytes, n_rows, writes, &mut checked)?;
        for row in told.deleted {
            opened.forget(row);
        }
        checked.n_whole = opened.now.len();
        Ok((opened, checked))
    }

    /// Takes rows into memory, block by block, and leaves out what is damaged.
    fn load(
        &mut self,
        folder: &Path,
        row_bytes: &[u8],
        n_rows: u32,
        writes: bool,
        checked: &mut Checked,
    ) -> Result<(), Error> {
        let width = self.now.rotation.width;
        let blocks = self.blocks.clone();
        for block in blocks.iter().filter(|it| it.first + it.n <= n_rows) {
            // Rows between two blocks have lost their record.
            checked.n_lost += (block.first - self.now.n_rows) as usize;
            self.pad(block.first);
            let (first, n) = (block.first as usize, block.n as usize);
            let rows = &row_bytes[first * ROW..(first + n) * ROW];
            if crc32fast::hash(rows) != block.rows {
                checked.n_lost += n;
                self.pad(block.first + block.n);
                continue;
            }
            let from = HEADER + first * width;
            let codes = self.now.codes.clone();
            let mut codes = std::borrow::Cow::Borrowed(&codes[from..from + n * width]);
            if crc32fast::hash(&codes) != block.codes {
                match self.codes_again(*block).filter(|_| writes) {
                    Some(again) => {
                        let path = Part::Codes.path(folder, self.number);
                        write_at(&mut self.files.codes, (first * width) as u64, &again, &path)?;
                        codes = again.into();
                        checked.n_mended += 1;
                    }
                    None => {
                        checked.damaged.extend(rows.chunks_exact(ROW).map(id_of));
                        self.pad(block.first + block.n);
                        continue;
                    }
                }
            }
            for (row, code) in rows.chunks_exact(ROW).zip(codes.chunks_exact(width)) {
                let number = |at: usize| f32::from_le_bytes(std::array::from_fn(|i| row[at + i]));
                self.push(id_of(row), bytemuck::cast_slice(code), number(8), number(12));
            }
        }
        checked.n_lost += (n_rows - self.now.n_rows) as usize;
        self.pad(n_rows);
        checked.damaged.retain(|id| !self.index.contains_key(id));
        Ok(())
    }

    /// The short forms of a block, from its vectors, if those are whole.
    fn codes_again(&self, block: Block) -> Option<Vec<u8>> {
        self.vectors_are_whole(block).then_some(())?;
        let mut bytes = vec![];
        for row in block.first..block.first + block.n {
            let code = Code::of(&self.now.rotation.rotated(self.now.vector(row)));
            bytes.extend_from_slice(bytemuck::cast_slice(&code.values));
        }
        (crc32fast::hash(&bytes) == block.codes).then_some(bytes)
    }

    fn vectors_are_whole(&self, block: Block) -> bool {
        let row = self.now.name.dim * 4;
        let from = HEADER + block.first as usize * row;
        let bytes = self.now.vectors.get(from..from + block.n as usize * row);
        bytes.is_some_and(|bytes| crc32fast::hash(bytes) == block.vectors)
    }

    /// Rows that are not there, up to a row.
    fn pad(&mut self, to: u32) {
        let nothing = vec![0; self.now.rotation.width];
        while self.now.n_rows < to {
            let row = self.now.n_rows;
            self.append(0, &nothing, 0.0, 0.0);
            Arc::make_mut(&mut self.now.gone).insert(row);
        }
    }

    fn push(&mut self, id: u64, code: &[i8], step: f32, factor: f32) {
        let row = self.now.n_rows;
        self.append(id, code, step, factor);
        self.now.factor_max = self.now.factor_max.max(factor);
        if let Some(before) = self.index.insert(id, row) {
            Arc::make_mut(&mut self.now.gone).insert(before);
        }
    }

    fn append(&mut self, id: u64, code: &[i8], step: f32, factor: f32) {
        let chunks = Arc::make_mut(&mut self.now.chunks);
        if (self.now.n_rows as usize).is_multiple_of(CHUNK) {
            chunks.push(Arc::default());
        }
        let last: &mut Arc<Chunk> = chunks.last_mut().expect("one was added for the first row");
        Arc::make_mut(last).push(id, code, step, factor);
        self.now.n_rows += 1;
    }

    fn forget(&mut self, row: u32) {
        let chunk = &self.now.chunks.get(row as usize / CHUNK);
        let Some(id) = chunk.and_then(|it| it.ids.get(row as usize % CHUNK)) else { return };
        if self.index.get(id) == Some(&row) {
            self.index.remove(id);
        }
        Arc::make_mut(&mut self.now.gone).insert(row);
    }

    fn add(&mut self, folder: &Path, vectors: &[(u64, &[f32])]) -> Result<Added, Error> {
        let dim = self.now.name.dim;
        let mut units = Vec::with_capacity(vectors.len() * dim);
        for (id, vector) in vectors {
            if vector.len() != dim {
                let n = vector.len();
                let reason = format!("the vector of {id} has {n} numbers and not {dim}");
                return Err(Error::unfit(reason));
            }
            if vector.iter().any(|x| !x.is_finite()) {
                return Err(Error::unfit(format!(
                    "the vector of {id} has a value that is not a number"
                )));
            }
            let at = units.len();
            units.extend_from_slice(vector);
            unit(&mut units[at..]);
        }
        let n_rows = self.now.n_rows as usize + vectors.len();
        if n_rows > ROWS_MAX as usize {
            return Err(Error::unfit(format!("a space has {ROWS_MAX} rows at most")));
        }
        self.make_room(folder, n_rows as u32)?;
        let mut codes = Vec::with_capacity(vectors.len());
        let (mut records, mut blocks) = (vec![], vec![]);
        for (ids, units) in vectors.chunks(BLOCK_ROWS).zip(units.chunks(BLOCK_ROWS * dim)) {
            let first = self.now.n_rows + codes.len() as u32;
            let block = self.write_block(folder, first, (ids, units), &mut codes)?;
            records.extend(Record::Added(block).bytes());
            blocks.push(block);
        }
        for (file, part) in [
            (&self.files.vectors, Part::Vectors),
            (&self.files.codes, Part::Codes),
            (&self.files.rows, Part::Rows),
        ] {
            file.sync_data().map_err(Error::io("write", &part.path(folder, self.number)))?;
        }
        self.write_log(folder, &records)?;
        self.blocks.extend(blocks);
        let n_before = self.index.len();
        for ((id, _), code) in vectors.iter().zip(&codes) {
            self.push(*id, &code.values, code.step, code.factor);
        }
        let n_new = self.index.len() - n_before;
        Ok(Added { n_new, n_replaced: vectors.len() - n_new })
    }

    /// Writes some rows behind all others, which says nothing to anybody yet.
    fn write_block(
        &mut self,
        folder: &Path,
        first: u32,
        (ids, units): (&[(u64, &[f32])], &[f32]),
        made: &mut Vec<Code>,
    ) -> Result<Block, Error> {
        let (dim, width) = (self.now.name.dim, self.now.rotation.width);
        let (mut codes, mut rows) = (vec![], vec![]);
        for ((id, _), vector) in ids.iter().zip(units.chunks_exact(dim)) {
            let code = Code::of(&self.now.rotation.rotated(vector));
            codes.extend_from_slice(bytemuck::cast_slice(&code.values));
            rows.extend(id.to_le_bytes());
            rows.extend(code.step.to_le_bytes());
            rows.extend(code.factor.to_le_bytes());
            made.push(code);
        }
        let vectors: &[u8] = bytemuck::cast_slice(units);
        let at = u64::from(first);
        let path = |part: Part| part.path(folder, self.number);
        write_at(&mut self.files.vectors, at * dim as u64 * 4, vectors, &path(Part::Vectors))?;
        write_at(&mut self.files.codes, at * width as u64, &codes, &path(Part::Codes))?;
        write_at(&mut self.files.rows, at * ROW as u64, &rows, &path(Part::Rows))?;
        Ok(Block {
            first,
            n: ids.len() as u32,
            vectors: crc32fast::hash(vectors),
            codes: crc32fast::hash(&codes),
            rows: crc32fast::hash(&rows),
        })
    }

    fn write_log(&mut self, folder: &Path, records: &[u8]) -> Result<(), Error> {
        let path = Part::Log.path(folder, self.number);
        write_at(&mut self.files.log, self.log_len, records, &path)?;
        self.files.log.sync_data().map_err(Error::io("write", &path))?;
        self.log_len += records.len() as u64;
        Ok(())
    }

    fn delete(&mut self, folder: &Path, ids: &[u64]) -> Result<usize, Error> {
        let mut rows: Vec<u32> = ids.iter().filter_map(|id| self.index.get(id).copied()).collect();
        rows.sort_unstable();
        rows.dedup();
        let mut records = Vec::with_capacity(rows.len() * RECORD);
        records.extend(rows.iter().flat_map(|row| Record::Deleted { row: *row }.bytes()));
        self.write_log(folder, &records)?;
        rows.iter().for_each(|row| self.forget(*row));
        Ok(rows.len())
    }

    /// Lengthens the files ahead of what is written, so that they are mapped seldom.
    fn make_room(&mut self, folder: &Path, n_rows: u32) -> Result<(), Error> {
        if n_rows <= self.room {
            return Ok(());
        }
        let room = n_rows + n_rows / 2 + 256;
        let (dim, width) = (self.now.name.dim as u64, self.now.rotation.width as u64);
        for (file, part, row) in
            [(&self.files.vectors, Part::Vectors, dim * 4), (&self.files.codes, Part::Codes, width)]
        {
            let len = HEADER as u64 + u64::from(room) * row;
            file.set_len(len).map_err(Error::io("write", &part.path(folder, self.number)))?;
        }
        self.now.vectors = map(&self.files.vectors, &Part::Vectors.path(folder, self.number))?;
        self.now.codes = map(&self.files.codes, &Part::Codes.path(folder, self.number))?;
        self.room = room;
        Ok(())
    }

    /// Reads all vectors that are there; leaves out damaged ones and says which.
    fn check_vectors(&mut self) -> Vec<u64> {
        let mut damaged = vec![];
        for block in self.blocks.clone() {
            let rows = block.first..(block.first + block.n).min(self.now.n_rows);
            let is_used = rows.clone().any(|row| !self.now.gone.contains(row));
            if !is_used || self.vectors_are_whole(block) {
                continue;
            }
            for row in rows.filter(|row| !self.now.gone.contains(*row)).collect::<Vec<_>>() {
                damaged.push(self.now.chunks[row as usize / CHUNK].ids[row as usize % CHUNK]);
                self.forget(row);
            }
        }
        damaged
    }
}

fn id_of(row: &[u8]) -> u64 {
    u64::from_le_bytes(std::array::from_fn(|i| row[i]))
}

fn read_meta(folder: &Path) -> Result<Meta, Error> {
    let path = folder.join(META);
    let bytes = fs::read(&path).map_err(Error::io("read", &path))?;
    let meta: Meta =
        serde_json::from_slice(&bytes).map_err(|it| Error::damaged(&path, it.to_string()))?;
    if meta.format > FORMAT {
        return Err(Error::Newer { path, found: meta.format, known: FORMAT });
    }
    if meta.name.dim == 0 || meta.name.dim > DIM_MAX {
        return Err(Error::damaged(&path, "its dimension is none"));
    }
    Ok(meta)
}

/// Takes a folder for as long as the file lives.
pub(crate) fn lock(folder: &Path) -> Result<File, Error> {
    let path = folder.join("writer.lock");
    let lock = File::create(&path).map_err(Error::io("create", &path))?;
    let started = Instant::now();
    while lock.try_lock().is_err() {
        if started.elapsed() > PATIENCE {
            return Err(Error::Busy { folder: folder.to_owned() });
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(lock)
}

/// Deletes files of other generations: what a compaction has left, or one that was broken off.
fn clear_others(folder: &Path, generation: u64) {
    let ours = Part::ALL.map(|part| part.path(folder, generation));
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|it| it.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_part = ["vectors-", "rows-", "log-"].iter().any(|it| name.starts_with(it));
        if is_part && !ours.contains(&path) {
            // Best effort: where the system does not delete files that are mapped, the next opening does.
            let _ = fs::remove_file(path);
        }
    }
}

#[expect(unsafe_code, reason = "files are mapped into memory, so that their size does not matter")]
fn map(file: &File, path: &Path) -> Result<Arc<Mmap>, Error> {
    // SAFETY: rows that are told of are never written again, and files are never shortened while they have their name:
    // only the holder of the lock writes, and behind those rows. A person who cuts a file ends the program by it.
    let mapped = unsafe { Mmap::map(file) };
    mapped.map(Arc::new).map_err(Error::io("map", path))
}
