//! Packages (`.maq`): a model with all that another Maquette and another person need of it, in one ZIP
//! archive of stored files.
//!
//! `package.json` comes first: the version of the format, what the model is, and each other file with its
//! size and SHA-256. `weights.safetensors` is the model, `prior.safetensors` a prior of it, if one came
//! with it, `card.md` is for people, and `sounds/` holds originals beside what the model made of them. A package is read as what a stranger sent: nothing is
//! taken that the list does not name, or that differs from it.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, BufWriter, Read, Seek, Write},
    path::{Component, Path, PathBuf},
};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

/// The file of the model in a package.
pub(crate) const WEIGHTS: &str = "weights.safetensors";
/// The file of a prior of that model.
pub(crate) const PRIOR: &str = "prior.safetensors";
/// The file for people.
pub(crate) const CARD: &str = "card.md";
/// The file that lists the others.
const MANIFEST: &str = "package.json";
/// The version of the format that this program writes.
const FORMAT: u32 = 1;
/// Bounds of what is believed: bytes of the list, files, and bytes of all of them.
const MANIFEST_BYTES_MAX: u64 = 1 << 20;
const FILES_MAX: usize = 256;
const BYTES_MAX: u64 = 16 << 30;
/// Samples per second of a model.
const RATES_HZ: std::ops::RangeInclusive<u32> = 1000..=1_000_000;

/// What goes into a package.
pub(crate) struct Contents<'a> {
    pub(crate) name: String,
    pub(crate) family: String,
    pub(crate) rate_hz: Option<u32>,
    /// As the library of its maker knows it, if that does.
    pub(crate) model: Option<api::Model>,
    /// The run that it comes from, on whatever computer.
    pub(crate) lineage: Option<api::Lineage>,
    pub(crate) author: String,
    pub(crate) license: String,
    pub(crate) weights: &'a Path,
    /// A prior that leaves with it: its name and where its weights are.
    pub(crate) prior: Option<(String, &'a Path)>,
    /// Markdown.
    pub(crate) card: &'a str,
    /// Paths in the package, and where the sounds are.
    pub(crate) sounds: &'a [(String, PathBuf)],
}

/// `package.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) format: u32,
    /// The version of Maquette that wrote it.
    pub(crate) version: String,
    pub(crate) name: String,
    pub(crate) family: String,
    /// Samples per second, if it has to do with sound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rate_hz: Option<u32>,
    #[serde(default)]
    pub(crate) author: String,
    #[serde(default)]
    pub(crate) license: String,
    /// Settings and lineage, as the library of its maker knew them.
    #[serde(default)]
    pub(crate) model: Option<api::Model>,
    /// The run that it comes from, where that is known.
    #[serde(default)]
    pub(crate) lineage: Option<api::Lineage>,
    /// What the prior in it is called, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) prior_name: Option<String>,
    pub(crate) files: Vec<Packed>,
}

impl Manifest {
    /// What it says of where the model comes from.
    pub(crate) fn packaged(&self) -> api::Packaged {
        // Packages of before said it with the model alone.
        let of_model = || self.model.as_ref()?.lineage.clone();
        api::Packaged {
            author: self.author.clone(),
            license: self.license.clone(),
            lineage: self.lineage.clone().or_else(of_model),
        }
    }
}

/// A file of a package.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Packed {
    pub(crate) path: String,
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
}

/// Writes a package whole or not at all; says how many files are in it.
pub(crate) fn write(path: &Path, contents: &Contents<'_>) -> anyhow::Result<usize> {
    job::whole::write_with(path, |partial| write_to(partial, contents))
}

fn write_to(path: &Path, contents: &Contents<'_>) -> anyhow::Result<usize> {
    let mut sources: Vec<(&str, Source<'_>)> =
        vec![(WEIGHTS, Source::File(contents.weights)), (CARD, Source::Text(contents.card))];
    sources.extend(contents.prior.iter().map(|(_, path)| (PRIOR, Source::File(path))));
    sources.extend(contents.sounds.iter().map(|(name, path)| (&name[..], Source::File(path))));
    let mut files = vec![];
    for (name, source) in &sources {
        let (bytes, sha256) = source.digest().with_context(|| format!("read {name}"))?;
        files.push(Packed { path: (*name).to_owned(), bytes, sha256 });
    }
    let manifest = Manifest {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        name: contents.name.clone(),
        family: contents.family.clone(),
        rate_hz: contents.rate_hz,
        author: contents.author.trim().to_owned(),
        license: contents.license.trim().to_owned(),
        model: contents.model.clone(),
        lineage: contents.lineage.clone(),
        prior_name: contents.prior.as_ref().map(|(name, _)| name.clone()),
        files,
    };
    let mut archive = ZipWriter::new(BufWriter::with_capacity(1 << 20, File::create(path)?));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    archive.start_file(MANIFEST, stored)?;
    archive.write_all(&serde_json::to_vec_pretty(&manifest)?)?;
    for ((name, source), packed) in sources.iter().zip(&manifest.files) {
        let is_large = packed.bytes >= u64::from(u32::MAX);
        archive.start_file(*name, stored.large_file(is_large))?;
        io::copy(&mut source.open()?, &mut archive)?;
    }
    archive.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    Ok(sources.len())
}

enum Source<'a> {
    File(&'a Path),
    Text(&'a str),
}

impl Source<'_> {
    fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(match self {
            Self::File(path) => Box::new(File::open(path)?),
            Self::Text(text) => Box::new(text.as_bytes()),
        })
    }

    fn digest(&self) -> io::Result<(u64, String)> {
        copy_hashed(self.open()?, &mut io::sink(), u64::MAX)
    }
}

/// Whether a file begins as packages do.
pub(crate) fn is_package(path: &Path) -> bool {
    let mut start = [0; 30 + MANIFEST.len()];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut start));
    // The header of the first file in a ZIP archive, and its name.
    read.is_ok() && start.starts_with(b"PK\x03\x04") && &start[30..] == MANIFEST.as_bytes()
}

/// What a package says of itself. Its files stay in it.
pub(crate) fn manifest_of(path: &Path) -> anyhow::Result<Manifest> {
    let file = File::open(path).with_context(|| format!("open {}", path.display()))?;
    manifest_in(&mut archive_of(file)?)
}

fn archive_of<R: Read + Seek>(reader: R) -> anyhow::Result<ZipArchive<R>> {
    ZipArchive::new(reader).context("read it as a package")
}

fn manifest_in<R: Read + Seek>(archive: &mut ZipArchive<R>) -> anyhow::Result<Manifest> {
    let member = archive.by_name(MANIFEST).with_context(|| format!("find {MANIFEST}"))?;
    let mut text = Vec::new();
    member.take(MANIFEST_BYTES_MAX + 1).read_to_end(&mut text).context("read its list")?;
    if text.len() as u64 > MANIFEST_BYTES_MAX {
        bail!("read its list: it is longer than 1 MiB");
    }
    let manifest: Manifest =
        serde_json::from_slice(&text).with_context(|| format!("understand {MANIFEST}"))?;
    let is_rate = manifest.rate_hz.is_none_or(|rate_hz| RATES_HZ.contains(&rate_hz));
    if manifest.format == 0 || !is_rate {
        bail!("understand {MANIFEST}: its format version or sample rate is invalid");
    }
    if manifest.format > FORMAT {
        bail!("understand {MANIFEST}: it was written by a newer Maquette ({})", manifest.version);
    }
    let names: BTreeSet<&str> = manifest.files.iter().map(|it| &it.path[..]).collect();
    if names.len() != manifest.files.len() || manifest.files.len() > FILES_MAX {
        bail!("understand {MANIFEST}: it lists too many files, or one twice");
    }
    if let Some(bad) = manifest.files.iter().find(|it| !is_plain(&it.path)) {
        bail!("understand {MANIFEST}: `{}` points outside the package", bad.path.escape_debug());
    }
    let bytes = manifest.files.iter().try_fold(0u64, |sum, it| sum.checked_add(it.bytes));
    if bytes.is_none_or(|bytes| bytes > BYTES_MAX) {
        bail!("understand {MANIFEST}: its files are larger than 16 GiB");
    }
    if !names.contains(WEIGHTS) {
        bail!("understand {MANIFEST}: it does not list {WEIGHTS}");
    }
    Ok(manifest)
}

/// Whether a path leads down only, and as every system writes it.
fn is_plain(path: &str) -> bool {
    let parts = || Path::new(path).components();
    parts().count() <= 3
        && parts().all(|it| matches!(it, Component::Normal(_)))
        && !path.is_empty()
        && !path.ends_with('/')
        && !path.contains(['\\', '\0', ':'])
        && path.len() <= 200
}

/// Takes a package apart into an empty folder: every file that the list names, if it is what the list says.
pub(crate) fn unpack(path: &Path, folder: &Path) -> anyhow::Result<Manifest> {
    check(path, |packed, member| {
        let target = folder.join(&packed.path);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut file = File::create_new(&target)?;
        let copied = copy_hashed(member, &mut file, packed.bytes)?;
        file.sync_all()?;
        Ok(copied)
    })
}

/// Reads a package to its end without keeping anything.
pub(crate) fn verify(path: &Path) -> anyhow::Result<Manifest> {
    check(path, |packed, member| copy_hashed(member, &mut io::sink(), packed.bytes))
}

fn check(
    path: &Path,
    mut take: impl FnMut(&Packed, &mut dyn Read) -> io::Result<(u64, String)>,
) -> anyhow::Result<Manifest> {
    let file = File::open(path).with_context(|| format!("open {}", path.display()))?;
    let mut archive = archive_of(file)?;
    let manifest = manifest_in(&mut archive)?;
    for packed in &manifest.files {
        let mut member =
            archive.by_name(&packed.path).with_context(|| format!("find {}", packed.path))?;
        // What is stored is as large as it looks.
        if member.compression() != CompressionMethod::Stored {
            bail!("unpack {}: it is compressed, and files in a package must not be", packed.path);
        }
        let (bytes, sha256) =
            take(packed, &mut member).with_context(|| format!("unpack {}", packed.path))?;
        if bytes != packed.bytes || sha256 != packed.sha256 {
            bail!(
                "unpack {}: it is damaged or was changed ({bytes} bytes with SHA-256 {sha256}, expected \
                 {} with {})",
                packed.path,
                packed.bytes,
                packed.sha256
            );
        }
    }
    Ok(manifest)
}

/// Copies at most one byte more than so many; gives how many, and their SHA-256.
fn copy_hashed(from: impl Read, to: &mut impl Write, bytes_max: u64) -> io::Result<(u64, String)> {
    let mut from = from.take(bytes_max.saturating_add(1));
    let mut hasher = Sha256::new();
    let (mut buffer, mut n_bytes) = (vec![0; 1 << 20], 0);
    loop {
        let n = from.read(&mut buffer)?;
        if n == 0 {
            break;
        }
        hasher.update(&buffer[..n]);
        to.write_all(&buffer[..n])?;
        n_bytes += n as u64;
    }
    let hash = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((n_bytes, hash))
}

#[cfg(test)]
mod tests;
