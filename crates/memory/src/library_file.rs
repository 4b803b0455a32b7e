//! A memory as one file, to take elsewhere: patterns with their facts, vectors, ratings, and small sounds.
//!
//! ```text
//! "MAQMEMLB"  format: u32
//! sections:   tag: u32, length: u64, crc32 of the bytes: u32, the bytes
//! ```
//!
//! Numbers are little-endian. Sections come in this order: one of patterns (JSON), any number of vectors (a line of JSON
//! with the space's name, then for each row its identifier and its float32 numbers), one of ratings (JSON), any number
//! of sounds (the pattern's identifier, then a sound file), and an empty one at the end. Whoever reads it believes
//! nothing: lengths are compared with the file before anything is allocated, and what patterns, vectors and ratings
//! say is checked.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{BufReader, BufWriter, Read, Write},
    path::Path,
};

use crate::{Error, Pattern, PatternId, Rating, SpaceName, Vectors, check_pattern, unit};

/// The version of the format.
pub const LIBRARY_FORMAT: u32 = 1;
const MAGIC: &[u8; 8] = b"MAQMEMLB";
/// The most patterns of a file.
pub const PATTERNS_MAX: usize = 1_000_000;
/// The most ratings of a file, and of a memory.
pub const RATINGS_MAX: usize = 100_000;
/// The largest sound in a file, in bytes.
pub const SOUND_BYTES_MAX: usize = 8 << 20;
/// The largest section of JSON, in bytes.
const JSON_BYTES_MAX: u64 = 1 << 30;
/// The largest section of vectors, in bytes.
const VECTORS_BYTES_MAX: u64 = 16 << 30;
/// The most spaces of a file.
const SPACES_MAX: usize = 64;

const PATTERNS: u32 = 1;
const VECTORS: u32 = 2;
const RATINGS: u32 = 3;
const SOUND: u32 = 4;
const END: u32 = 5;

/// What is in a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Library {
    /// Patterns, each with an identifier of its own.
    pub patterns: Vec<Pattern>,
    /// Vectors of those patterns, space by space.
    pub spaces: Vec<Vectors>,
    /// Ratings.
    pub ratings: Vec<Rating>,
    /// Sound files of some of the patterns.
    pub sounds: BTreeMap<PatternId, Vec<u8>>,
}

/// Writes a library, whole or not at all.
///
/// # Errors
/// The disk is full, a sound is too large, or a pattern cannot be.
pub fn write_library(path: &Path, library: &Library) -> Result<(), Error> {
    check_patterns(&library.patterns)?;
    let partial = path.with_added_extension("partial");
    let written = (|| {
        let file = File::create(&partial).map_err(Error::io("create", &partial))?;
        let mut writer = BufWriter::new(file);
        write(&mut writer, library).map_err(Error::io("write", &partial))?;
        let file =
            writer.into_inner().map_err(|it| Error::io("write", &partial)(it.into_error()))?;
        file.sync_all().map_err(Error::io("write", &partial))?;
        std::fs::rename(&partial, path).map_err(Error::io("write", path))
    })();
    if written.is_err() {
        // Best effort: the error that matters is the first one.
        let _ = std::fs::remove_file(&partial);
    }
    written
}

fn write(writer: &mut impl Write, library: &Library) -> std::io::Result<()> {
    writer.write_all(MAGIC)?;
    writer.write_all(&LIBRARY_FORMAT.to_le_bytes())?;
    let mut section = |tag: u32, bytes: &[u8]| {
        writer.write_all(&tag.to_le_bytes())?;
        writer.write_all(&(bytes.len() as u64).to_le_bytes())?;
        writer.write_all(&crc32fast::hash(bytes).to_le_bytes())?;
        writer.write_all(bytes)
    };
    section(PATTERNS, &serde_json::to_vec(&library.patterns)?)?;
    for (name, rows) in &library.spaces {
        let mut bytes = serde_json::to_vec(name)?;
        bytes.push(b'\n');
        for (id, vector) in rows {
            bytes.extend(id.0.to_le_bytes());
            bytes.extend(vector.iter().flat_map(|x| x.to_le_bytes()));
        }
        section(VECTORS, &bytes)?;
    }
    section(RATINGS, &serde_json::to_vec(&library.ratings)?)?;
    for (id, sound) in &library.sounds {
        let mut bytes = id.0.to_le_bytes().to_vec();
        bytes.extend_from_slice(sound);
        section(SOUND, &bytes)?;
    }
    section(END, &[])
}

/// Reads a library, which may come from anywhere.
///
/// # Errors
/// It is no library, of a newer format, damaged, or says what cannot be; in words that name the place.
pub fn read_library(path: &Path) -> Result<Library, Error> {
    let file = File::open(path).map_err(Error::io("open", path))?;
    let left = file.metadata().map_err(Error::io("read", path))?.len();
    let mut reading = Reading { reader: BufReader::new(file), left, path };
    reading.library()
}

struct Reading<'a, R> {
    reader: R,
    /// Bytes that the file still has.
    left: u64,
    path: &'a Path,
}

impl<R: Read> Reading<'_, R> {
    fn library(&mut self) -> Result<Library, Error> {
        let start = self.bytes(12).map_err(|_| self.wrong("it is too short for a library"))?;
        if start[..8] != *MAGIC {
            return Err(self.wrong("it is not a library of a memory"));
        }
        let format = u32_at(&start, 8);
        if format == 0 {
            return Err(self.wrong("its format is none"));
        }
        if format > LIBRARY_FORMAT {
            let (path, known) = (self.path.to_owned(), LIBRARY_FORMAT);
            return Err(Error::Newer { path, found: format, known });
        }
        let mut library = Library::default();
        let mut ids = BTreeSet::new();
        let mut last = 0;
        loop {
            let (tag, bytes) = self.section()?;
            let may_repeat = tag == VECTORS || tag == SOUND;
            if tag < last || (tag == last && !may_repeat) || (last == 0 && tag != PATTERNS) {
                return Err(self.wrong("its sections are not in order"));
            }
            last = tag;
            match tag {
                PATTERNS => {
                    library.patterns = self.json(&bytes, "its patterns")?;
                    check_patterns(&library.patterns)?;
                    ids = library.patterns.iter().map(|it| it.id).collect();
                    if ids.len() != library.patterns.len() {
                        return Err(self.wrong("two of its patterns have the same identifier"));
                    }
                }
                VECTORS => {
                    let space = self.vectors(&bytes, &ids)?;
                    let is_twice = library.spaces.iter().any(|it| it.0 == space.0);
                    if is_twice || library.spaces.len() == SPACES_MAX {
                        return Err(self.wrong("it has a space twice, or too many"));
                    }
                    library.spaces.push(space);
                }
                RATINGS => {
                    library.ratings = self.json(&bytes, "its ratings")?;
                    if library.ratings.len() > RATINGS_MAX {
                        return Err(self.wrong("it has too many ratings"));
                    }
                    library.ratings.iter().try_for_each(Rating::check)?;
                }
                SOUND => {
                    let id = PatternId(self.head_id(&bytes)?);
                    if !ids.contains(&id) {
                        return Err(self.wrong("it has a sound of a pattern that is not there"));
                    }
                    if library.sounds.insert(id, bytes[8..].to_vec()).is_some() {
                        return Err(self.wrong("it has two sounds of a pattern"));
                    }
                }
                _ if self.left > 0 => return Err(self.wrong("there is something behind its end")),
                _ => return Ok(library),
            }
        }
    }

    /// A section, whose length and checksum are right.
    fn section(&mut self) -> Result<(u32, Vec<u8>), Error> {
        let head = self.bytes(16).map_err(|_| self.wrong("it has no end"))?;
        let (tag, checksum) = (u32_at(&head, 0), u32_at(&head, 12));
        let len = u64::from_le_bytes(std::array::from_fn(|i| head[4 + i]));
        let most = match tag {
            PATTERNS | RATINGS => JSON_BYTES_MAX,
            VECTORS => VECTORS_BYTES_MAX,
            SOUND => SOUND_BYTES_MAX as u64 + 8,
            END => 0,
            _ => return Err(self.wrong(format!("it has a section of an unknown kind, {tag}"))),
        };
        if len > most {
            return Err(self.wrong(format!("a section of {len} bytes is too large")));
        }
        let bytes = self.bytes(len).map_err(|_| self.wrong("it is cut off"))?;
        if crc32fast::hash(&bytes) != checksum {
            return Err(self.wrong("a section is damaged: its checksum does not fit"));
        }
        Ok((tag, bytes))
    }

    fn vectors(&self, bytes: &[u8], ids: &BTreeSet<PatternId>) -> Result<Vectors, Error> {
        let Some(at) = bytes.iter().take(4096).position(|it| *it == b'\n') else {
            return Err(self.wrong("a space has no name"));
        };
        let name: SpaceName = self.json(&bytes[..at], "the name of a space")?;
        name.check()?;
        let row = 8 + 4 * name.dim;
        let rows = &bytes[at + 1..];
        if !rows.len().is_multiple_of(row) {
            return Err(self.wrong(format!("the vectors of `{}` have no whole number", name.name)));
        }
        let mut found = Vec::with_capacity(rows.len() / row);
        let mut seen = BTreeSet::new();
        for row in rows.chunks_exact(row) {
            let id = PatternId(self.head_id(row)?);
            if !ids.contains(&id) || !seen.insert(id) {
                let reason =
                    format!("the vector of {id} is there twice, or its pattern is not there");
                return Err(self.wrong(reason));
            }
            let numbers = row[8..].chunks_exact(4);
            let mut vector: Vec<f32> =
                numbers.map(|it| f32::from_le_bytes(std::array::from_fn(|i| it[i]))).collect();
            if vector.iter().any(|x| !x.is_finite()) {
                return Err(
                    self.wrong(format!("the vector of {id} has a value that is not a number"))
                );
            }
            unit(&mut vector);
            found.push((id, vector));
        }
        Ok((name, found))
    }

    fn head_id(&self, bytes: &[u8]) -> Result<u64, Error> {
        let head = bytes.first_chunk::<8>().ok_or_else(|| self.wrong("a section is too short"))?;
        Ok(u64::from_le_bytes(*head))
    }

    fn json<T: serde::de::DeserializeOwned>(&self, bytes: &[u8], what: &str) -> Result<T, Error> {
        serde_json::from_slice(bytes)
            .map_err(|it| self.wrong(format!("{what} cannot be read: {it}")))
    }

    fn bytes(&mut self, n: u64) -> Result<Vec<u8>, ()> {
        if n > self.left {
            return Err(());
        }
        let mut bytes = vec![0; usize::try_from(n).map_err(|_| ())?];
        self.reader.read_exact(&mut bytes).map_err(|_| ())?;
        self.left -= n;
        Ok(bytes)
    }

    fn wrong(&self, reason: impl Into<String>) -> Error {
        Error::damaged(self.path, reason)
    }
}

fn check_patterns(patterns: &[Pattern]) -> Result<(), Error> {
    if patterns.len() > PATTERNS_MAX {
        return Err(Error::unfit(format!("a library has {PATTERNS_MAX} patterns at most")));
    }
    patterns.iter().try_for_each(check_pattern)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(std::array::from_fn(|i| bytes[at + i]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{pattern::tests::pattern, testing::Random};

    fn library() -> Library {
        let mut random = Random::new(4);
        let patterns = vec![pattern(0.0, 1.0, &["bright"]), pattern(1.0, 2.5, &[])];
        let [one, other] = [patterns[0].id, patterns[1].id];
        let name = |dim: usize| SpaceName { name: format!("space{dim}"), version: 1, dim };
        Library {
            spaces: vec![
                (name(3), vec![(one, random.unit(3)), (other, random.unit(3))]),
                (name(7), vec![(other, random.unit(7))]),
            ],
            ratings: vec![Rating {
                space: "space3-1".into(),
                query: random.unit(3),
                item: other,
                is_liked: false,
            }],
            sounds: [(one, vec![1, 2, 3])].into(),
            patterns,
        }
    }

    fn written(library: &Library) -> Vec<u8> {
        let mut bytes = vec![];
        write(&mut bytes, library).unwrap();
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Library, Error> {
        let path = Path::new("x.memory");
        Reading { reader: bytes, left: bytes.len() as u64, path }.library()
    }

    #[test]
    fn a_library_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.memory");
        write_library(&path, &library()).unwrap();
        let found = read_library(&path).unwrap();
        assert_eq!(found.patterns, library().patterns);
        assert_eq!(found.ratings, library().ratings);
        assert_eq!(found.sounds, library().sounds);
        let ids = |it: &Library| -> Vec<(SpaceName, Vec<PatternId>)> {
            let of = |rows: &[(PatternId, Vec<f32>)]| rows.iter().map(|it| it.0).collect();
            it.spaces.iter().map(|(name, rows)| (name.clone(), of(rows))).collect()
        };
        assert_eq!(ids(&found), ids(&library()));
    }

    #[test]
    fn every_cut_and_every_changed_byte_is_noticed() {
        let bytes = written(&library());
        for len in 0..bytes.len() {
            assert!(read(&bytes[..len]).is_err(), "cut at {len}");
        }
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(read(&changed).is_err(), "changed at {at}");
        }
    }

    #[test]
    fn files_that_lie_are_refused_in_words() {
        let check = |change: &dyn Fn(&mut Library), said: &str| {
            let mut library = library();
            change(&mut library);
            let error = read(&written(&library)).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        };
        check(&|it| it.patterns[1] = it.patterns[0].clone(), "the same identifier");
        check(&|it| it.patterns[0].end_secs = -1.0, "no length");
        check(&|it| it.spaces[0].1[0].0 = PatternId(7), "is there twice, or its pattern is not");
        check(&|it| it.spaces[0].1[1] = it.spaces[0].1[0].clone(), "is there twice");
        check(&|it| it.spaces[0].1[0].1[1] = f32::NAN, "not a number");
        check(&|it| it.spaces[0].0.dim = 5, "have no whole number");
        check(&|it| it.spaces[0].0.dim = 0, "1 to 8192 numbers");
        check(&|it| it.spaces[0].0.name = "../a".into(), "`../a`");
        check(&|it| it.spaces[1] = it.spaces[0].clone(), "a space twice");
        check(&|it| it.ratings[0].query[0] = 1e30, "rating");
        check(&|it| _ = it.sounds.insert(PatternId(3), vec![]), "a pattern that is not there");
        check(
            &|it| _ = it.sounds.insert(it.patterns[1].id, vec![0; SOUND_BYTES_MAX + 1]),
            "too large",
        );
        // Lengths that lie do not make it allocate.
        let mut bytes = written(&library());
        bytes[16..24].copy_from_slice(&(1u64 << 29).to_le_bytes());
        assert!(read(&bytes).unwrap_err().to_string().contains("cut off"));
        let mut newer = written(&library());
        newer[8] = 9;
        assert!(read(&newer).unwrap_err().to_string().contains("its format is 9"));
        let mut longer = written(&library());
        longer.push(0);
        assert!(read(&longer).unwrap_err().to_string().contains("behind its end"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&bytes);
            let mut begun = written(&Library::default());
            begun.truncate(12);
            begun.extend(bytes);
            let _ = read(&begun);
        }

        /// Sections with right checksums and any bytes: what a person who lies would write.
        #[test]
        fn any_sections_are_read_without_a_panic(
            sections in prop::collection::vec((1u32..6, prop::collection::vec(any::<u8>(), 0..60)), 0..6),
        ) {
            let mut bytes = written(&Library::default());
            let first = bytes.len() - 16 - 16 - 2;
            bytes.truncate(first);
            for (tag, content) in sections {
                bytes.extend(tag.to_le_bytes());
                bytes.extend((content.len() as u64).to_le_bytes());
                bytes.extend(crc32fast::hash(&content).to_le_bytes());
                bytes.extend(content);
            }
            let _ = read(&bytes);
        }
    }
}
