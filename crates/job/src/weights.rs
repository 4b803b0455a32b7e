//! Which weights a folder of a model hub holds, for whoever has to know them again.

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom},
    path::Path,
};

use api::WeightsFile;
use sha2::{Digest, Sha256};

use crate::Error;

/// How much of the start and the end of a file of weights counts for which weights they are.
const SAMPLED_BYTES: u64 = 1 << 20;

/// Which weights they are: the SHA-256 of the names and lengths of their files, and of the start and the end of each.
/// Whole files of many gigabytes are not read for it.
///
/// # Errors
/// `Io` when a file cannot be read.
pub fn fingerprint(folder: &Path, files: &[WeightsFile]) -> Result<String, Error> {
    let mut hasher = Sha256::new();
    for file in files {
        hasher.update(file.name.as_bytes());
        hasher.update(file.bytes.to_le_bytes());
        let path = folder.join(&file.name);
        let sampled = || -> std::io::Result<Vec<u8>> {
            let mut file = File::open(&path)?;
            let n = file.metadata()?.len();
            let mut bytes = Vec::new();
            (&mut file).take(SAMPLED_BYTES).read_to_end(&mut bytes)?;
            if n > SAMPLED_BYTES {
                file.seek(SeekFrom::Start(n.saturating_sub(SAMPLED_BYTES).max(SAMPLED_BYTES)))?;
                file.take(SAMPLED_BYTES).read_to_end(&mut bytes)?;
            }
            Ok(bytes)
        };
        hasher.update(&sampled().map_err(Error::io("read", &path))?);
    }
    // Settings decide what the same numbers compute.
    for name in ["config.json", "model_index.json"] {
        hasher.update(fs::read(folder.join(name)).unwrap_or_default());
    }
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
