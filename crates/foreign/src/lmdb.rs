//! LMDB databases (`data.mdb`), read in the order of their keys; values are read when asked for.
//!
//! The file is a list of pages. Pages 0 and 1 are meta pages, of which the newer valid one names the
//! root of a B+tree; its leaves hold keys with small values, or with the page where a large value
//! starts. Only the layout of 64-bit little-endian machines and the unnamed database without
//! duplicates is read, which is what every dataset is.
//!
//! Source: the layout described in `lmdb.h` and `mdb.c` of LMDB 0.9, version 1 of the data format.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::error::{Position, io, malformed, unsupported};

const MAGIC: u32 = 0xbeef_c0de;
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 16;
/// The part of a meta page that is read.
const META_BYTES: usize = HEADER_BYTES + 136;
const BRANCH: u16 = 0x01;
const LEAF: u16 = 0x02;
const OVERFLOW: u16 = 0x04;
const META: u16 = 0x08;
/// A node whose value lies on pages of its own.
const BIG_VALUE: u16 = 0x01;
/// Bounds the depth of the tree; one of depth 32 has more entries than fit on any disk.
const DEPTH_MAX: usize = 32;

/// An open database.
pub struct Lmdb {
    path: PathBuf,
    file: File,
    n_bytes: u64,
    page_bytes: usize,
    n_entries: u64,
    depth: usize,
    root: Option<u64>,
}

/// An entry: its key and where its value is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: Vec<u8>,
    /// Where the value starts in the file.
    pub offset: u64,
    /// How long the value is.
    pub n_bytes: usize,
}

/// The entries, in the order of their keys.
///
/// Continues after a damaged page or entry with its siblings.
pub struct Entries<'a> {
    lmdb: &'a Lmdb,
    /// The pages from the root to here, each with the next node to look at.
    pages: Vec<(Page, usize)>,
    last_key: Option<Vec<u8>>,
    /// How many pages may still be read: no page of an intact tree is visited twice.
    n_pages_left: u64,
    next_page: Option<u64>,
}

struct Page {
    number: u64,
    bytes: Vec<u8>,
    is_leaf: bool,
    n_nodes: usize,
}

struct Meta {
    transaction: u64,
    page_bytes: u32,
    flags: u16,
    depth: u16,
    n_entries: u64,
    root: u64,
}

/// Opens a database: `data.mdb` or the folder that holds it.
///
/// # Errors
/// When the file cannot be opened or has no valid meta page.
pub fn open(path: &Path) -> Result<Lmdb, Error> {
    let path = if path.is_dir() { path.join("data.mdb") } else { path.to_owned() };
    let file = File::open(&path).map_err(io(&path))?;
    let n_bytes = file.metadata().map_err(io(&path))?.len();
    let first = read_meta(&file, 0, n_bytes);
    // If the first is damaged, the size of pages is where a valid second one starts.
    let sizes = match &first {
        Ok(meta) => vec![meta.page_bytes],
        Err(_) => vec![4096, 8192, 16384, 32768, 65536, 2048, 1024, 512],
    };
    let second = sizes.into_iter().find_map(|size| {
        read_meta(&file, u64::from(size), n_bytes).ok().filter(|meta| meta.page_bytes == size)
    });
    let meta = match (first, second) {
        (Ok(first), Some(second)) if second.transaction > first.transaction => second,
        (Ok(first), _) => first,
        (Err(_), Some(second)) => second,
        (Err(reason), None) => return Err(malformed(&path, Position::Byte(0), reason)),
    };
    if meta.flags != 0 {
        return Err(unsupported(&path, format!("a database with flags {:#x}", meta.flags)));
    }
    if usize::from(meta.depth) > DEPTH_MAX {
        let reason = format!("its header gives the tree a depth of {} pages", meta.depth);
        return Err(malformed(&path, Position::Byte(0), reason));
    }
    Ok(Lmdb {
        path,
        file,
        n_bytes,
        page_bytes: meta.page_bytes as usize,
        n_entries: meta.n_entries,
        depth: usize::from(meta.depth),
        root: (meta.root != u64::MAX).then_some(meta.root),
    })
}

impl Lmdb {
    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The number of entries in the file's header; a hostile file may claim anything.
    #[must_use]
    pub fn n_entries(&self) -> u64 {
        self.n_entries
    }

    /// The entries, in the order of their keys.
    #[must_use]
    pub fn entries(&self) -> Entries<'_> {
        Entries {
            lmdb: self,
            pages: Vec::new(),
            last_key: None,
            n_pages_left: self.n_bytes / self.page_bytes as u64,
            next_page: self.root,
        }
    }

    /// Reads the value of an entry of this database.
    ///
    /// # Errors
    /// When the file system refuses, or the entry is of another file.
    pub fn read(&self, entry: &Entry) -> Result<Vec<u8>, Error> {
        let end = entry.offset.checked_add(entry.n_bytes as u64);
        if end.is_none_or(|end| end > self.n_bytes) {
            return Err(at_key(&self.path, &entry.key, "its value is beyond the end of the file"));
        }
        let mut bytes = vec![0; entry.n_bytes];
        self.file.read_exact_at(&mut bytes, entry.offset).map_err(io(&self.path))?;
        Ok(bytes)
    }

    fn page(&self, number: u64) -> Result<Page, Error> {
        let start = number.saturating_mul(self.page_bytes as u64);
        let bad = |reason: &str| malformed(&self.path, Position::Byte(start), reason);
        if number < 2 || start.saturating_add(self.page_bytes as u64) > self.n_bytes {
            return Err(bad("a page of the tree is outside the file"));
        }
        let mut bytes = vec![0; self.page_bytes];
        self.file.read_exact_at(&mut bytes, start).map_err(io(&self.path))?;
        if u64_at(&bytes, 0) != Some(number) {
            return Err(bad("a page of the tree has another page's number"));
        }
        let is_leaf = match u16_at(&bytes, 10).unwrap_or(0) & 0x7f & !0x10 {
            LEAF => true,
            BRANCH => false,
            _ => return Err(bad("a page of the tree is neither branch nor leaf")),
        };
        let lower = usize::from(u16_at(&bytes, 12).unwrap_or(0));
        if lower < HEADER_BYTES || lower > self.page_bytes {
            return Err(bad("a page of the tree has an impossible number of nodes"));
        }
        Ok(Page { number, is_leaf, n_nodes: (lower - HEADER_BYTES) / 2, bytes })
    }

    /// The entry at a node of a leaf.
    fn entry(&self, page: &Page, node: usize) -> Result<Entry, Error> {
        let start = page.number * self.page_bytes as u64;
        let bad = |reason: &str| malformed(&self.path, Position::Byte(start), reason);
        let (at, key) = page.node(node).ok_or_else(|| bad("a node is outside its page"))?;
        let n_bytes = u32_at(&page.bytes, at).unwrap_or(0) as usize;
        let at_value = at + 8 + key.len();
        let entry = |offset| Entry { key: key.to_owned(), offset, n_bytes };
        let beyond = || at_key(&self.path, key, "its value is beyond the end of the file");
        match u16_at(&page.bytes, at + 4).unwrap_or(0) {
            0 if at_value + n_bytes <= page.bytes.len() => Ok(entry(start + at_value as u64)),
            0 => Err(at_key(&self.path, key, "its value is outside its page")),
            BIG_VALUE => {
                let number = u64_at(&page.bytes, at_value)
                    .ok_or_else(|| at_key(&self.path, key, "its node is cut off"))?;
                let first = number.saturating_mul(self.page_bytes as u64);
                let end = first.saturating_add((HEADER_BYTES + n_bytes) as u64);
                if number < 2 || end > self.n_bytes {
                    return Err(beyond());
                }
                let mut header = [0; HEADER_BYTES];
                self.file.read_exact_at(&mut header, first).map_err(io(&self.path))?;
                let n_pages = u64::from(u32_at(&header, 12).unwrap_or(0));
                let is_whole = u64_at(&header, 0) == Some(number)
                    && u16_at(&header, 10).is_some_and(|flags| flags & OVERFLOW != 0)
                    && n_pages.saturating_mul(self.page_bytes as u64) >= end - first;
                if !is_whole {
                    return Err(at_key(&self.path, key, "the pages of its value are damaged"));
                }
                Ok(entry(first + HEADER_BYTES as u64))
            }
            flags => Err(unsupported(&self.path, format!("an entry with flags {flags:#x}"))),
        }
    }
}

impl Page {
    /// Where a node starts, and its key.
    fn node(&self, node: usize) -> Option<(usize, &[u8])> {
        let at = usize::from(u16_at(&self.bytes, HEADER_BYTES + 2 * node)?);
        let n_key = usize::from(u16_at(&self.bytes, at + 6)?);
        Some((at, self.bytes.get(at + 8..at + 8 + n_key)?))
    }

    /// The page that a node of a branch leads to.
    fn child(&self, node: usize) -> Option<u64> {
        let (at, _) = self.node(node)?;
        let low = u64::from(u32_at(&self.bytes, at)?);
        Some(low | u64::from(u16_at(&self.bytes, at + 4)?) << 32)
    }
}

impl Entries<'_> {
    /// Descends to a page, which must not have been visited.
    fn enter(&mut self, number: u64) -> Result<(), Error> {
        let path = &self.lmdb.path;
        let position = Position::Byte(number.saturating_mul(self.lmdb.page_bytes as u64));
        if self.n_pages_left == 0 || self.pages.iter().any(|(page, _)| page.number == number) {
            return Err(malformed(path, position, "a page of the tree is visited twice"));
        }
        self.n_pages_left -= 1;
        let page = self.lmdb.page(number)?;
        if page.is_leaf != (self.pages.len() + 1 == self.lmdb.depth) {
            return Err(malformed(path, position, "a page of the tree is at the wrong depth"));
        }
        self.pages.push((page, 0));
        Ok(())
    }
}

impl Iterator for Entries<'_> {
    type Item = Result<Entry, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(number) = self.next_page.take()
                && let Err(error) = self.enter(number)
            {
                return Some(Err(error));
            }
            let (page, next) = self.pages.last_mut()?;
            if *next >= page.n_nodes {
                self.pages.pop();
                continue;
            }
            let node = *next;
            *next += 1;
            if !page.is_leaf {
                self.next_page = page.child(node);
                if self.next_page.is_none() {
                    let position = Position::Byte(page.number * self.lmdb.page_bytes as u64);
                    let reason = "a node is outside its page";
                    return Some(Err(malformed(&self.lmdb.path, position, reason)));
                }
                continue;
            }
            let entry = self.lmdb.entry(page, node);
            if let Ok(entry) = &entry {
                if self.last_key.as_ref().is_some_and(|last| *last >= entry.key) {
                    // The rest of this page would be out of order too.
                    self.pages.pop();
                    let reason = "it is out of order";
                    return Some(Err(at_key(&self.lmdb.path, &entry.key, reason)));
                }
                self.last_key = Some(entry.key.clone());
            }
            return Some(entry);
        }
    }
}

/// The meta page that starts at `start`.
fn read_meta(file: &File, start: u64, n_bytes: u64) -> Result<Meta, &'static str> {
    if start.saturating_add(META_BYTES as u64) > n_bytes {
        return Err("the file is too short for an LMDB database");
    }
    let mut bytes = [0; META_BYTES];
    file.read_exact_at(&mut bytes, start).map_err(|_| "its first pages cannot be read")?;
    let u16_at = |at| u16_at(&bytes, at).unwrap_or(0);
    let u32_at = |at| u32_at(&bytes, at).unwrap_or(0);
    let u64_at = |at| u64_at(&bytes, at).unwrap_or(0);
    if u16_at(10) & META == 0 || u32_at(16) != MAGIC {
        return Err("it is not an LMDB database of a 64-bit little-endian machine");
    }
    if u32_at(20) != VERSION {
        return Err("it is an LMDB database of another version");
    }
    // Two descriptions of 48 bytes follow: of the free pages, whose first number is the size of a
    // page, and of the unnamed database.
    let page_bytes = u32_at(40);
    if !page_bytes.is_power_of_two() || !(512..=65536).contains(&page_bytes) {
        return Err("its pages have an impossible size");
    }
    Ok(Meta {
        page_bytes,
        flags: u16_at(92),
        depth: u16_at(94),
        n_entries: u64_at(120),
        root: u64_at(128),
        transaction: u64_at(144),
    })
}

fn at_key(path: &Path, key: &[u8], reason: &str) -> Error {
    let key = key.iter().take(64).flat_map(|byte| byte.escape_ascii()).map(char::from).collect();
    malformed(path, Position::Key { key, byte: 0 }, reason)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}
