//! Text to the numbers that a text encoder takes: the tokenizers that come with models of others.
//!
//! [`Tokenizer::open`] reads `tokenizer.json`, or else `spiece.model` (`SentencePiece`) or `vocab.json` with `merges.txt`.
//! Three kinds are known, each
//! with what its models have around it: Unigram (T5), BPE over bytes (`RoBERTa`), and BPE over characters that falls
//! back to bytes (Gemma). The files come from outside: their size, pieces and merges are bounded, there are no regular
//! expressions to run, and a normaliser that would blow a text up is cut.
//!
//! Sources: Kudo, "Subword Regularization", 2018 (Unigram); Sennrich et al., "Neural Machine Translation of Rare Words
//! with Subword Units", 2016 (BPE); the documentation of Hugging Face's tokenizers and of Google's `SentencePiece` for
//! the files.

mod added;
mod bpe;
mod charsmap;
mod file;
mod normalise;
mod prefixes;
mod sentencepiece;
mod split;
mod unigram;
mod vocabulary;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::Error;
use added::{Added, Part};
use bpe::Bpe;
use normalise::Normaliser;
use split::Splitter;
use unigram::Unigram;

/// The most bytes of a tokenizer's file; Gemma's, the largest in use, has 34 MB.
const FILE_BYTES_MAX: u64 = 96 << 20;
/// The most pieces of a vocabulary, and merges between them.
const PIECES_MAX: usize = 1 << 21;
/// The most bytes of a piece.
const PIECE_BYTES_MAX: usize = 512;
/// The most bytes of a text that are looked at; what follows is cut.
const TEXT_BYTES_MAX: usize = 1 << 20;

const JSON: &str = "tokenizer.json";
/// Names of `SentencePiece` files.
const PIECES: [&str; 2] = ["spiece.model", "tokenizer.model"];

const VOCABULARY: &str = "vocab.json";
const MERGES: &str = "merges.txt";

/// A tokenizer, ready for texts.
#[derive(Debug)]
pub struct Tokenizer {
    /// Tokens that are found in a text as it is written, such as `</s>`.
    added: Added,
    normalisers: Vec<Normaliser>,
    /// Tokens that are found once the text is normalised.
    added_normalised: Added,
    splitters: Vec<Splitter>,
    model: Model,
    /// Tokens before and after every text.
    before: Vec<u32>,
    after: Vec<u32>,
}

#[derive(Debug)]
enum Model {
    Unigram(Unigram),
    Bpe(Bpe),
}

/// A text in tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encoded {
    /// The tokens, those that begin and end a text among them.
    pub ids: Vec<u32>,
    /// Tokens at the text's end for which there was no room.
    pub n_cut: usize,
}

impl Tokenizer {
    /// Reads the tokenizer of a folder: `tokenizer.json`, or else `spiece.model`, `tokenizer.model`, or `vocab.json` with
    /// `merges.txt`.
    ///
    /// # Errors
    /// When the folder has none of them, or the file is damaged, too large, or of a kind that is not known here.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(JSON);
        if let Some(bytes) = read(&path)? {
            return file::parse(&bytes).map_err(|reason| Error::Settings { path, reason });
        }
        for name in PIECES {
            let path = folder.join(name);
            if let Some(bytes) = read(&path)? {
                return sentencepiece::parse(&bytes)
                    .map_err(|reason| Error::Settings { path, reason });
            }
        }
        let path = folder.join(VOCABULARY);
        if let (Some(pieces), Some(merges)) = (read(&path)?, read(&folder.join(MERGES))?) {
            return vocabulary::parse(&pieces, &merges)
                .map_err(|reason| Error::Settings { path, reason });
        }
        let path = folder.join(JSON);
        let reason = format!(
            "it is not there, nor {} or {VOCABULARY} with {MERGES}; download one of them",
            PIECES[0]
        );
        Err(Error::Settings { path, reason })
    }

    /// Turns a text into at most `max_tokens` tokens, those that begin and end every text among them; what does not fit
    /// is cut at the text's end, and counted. Of a text of more than a MiB only the first is looked at.
    #[must_use]
    pub fn encode(&self, text: &str, max_tokens: usize) -> Encoded {
        let mut ids = vec![];
        for part in self.added.parts(until(text, TEXT_BYTES_MAX)) {
            match part {
                Part::Token(id) => ids.push(id),
                Part::Text { text, is_first } => self.encode_text(text, is_first, &mut ids),
            }
        }
        let n_around = self.before.len() + self.after.len();
        let room = max_tokens.saturating_sub(n_around);
        let n_cut = ids.len().saturating_sub(room);
        ids.truncate(room);
        let ids = [&self.before[..], &ids, &self.after].concat();
        Encoded { ids, n_cut }
    }

    /// The number of a token, such as `<pad>`.
    #[must_use]
    pub fn id_of(&self, token: &str) -> Option<u32> {
        let of_model = || match &self.model {
            Model::Unigram(model) => model.id_of(token),
            Model::Bpe(model) => model.id_of(token),
        };
        let added = self.added.id_of(token).or_else(|| self.added_normalised.id_of(token));
        added.or_else(of_model)
    }

    /// Tokens of a text between added tokens.
    fn encode_text(&self, text: &str, is_first: bool, ids: &mut Vec<u32>) {
        let normalised =
            self.normalisers.iter().fold(text.to_owned(), |text, it| it.normalise(&text));
        for part in self.added_normalised.parts(&normalised) {
            match part {
                Part::Token(id) => ids.push(id),
                Part::Text { text, is_first: is_first_here } => {
                    let whole = vec![(text.to_owned(), is_first && is_first_here)];
                    let words = self.splitters.iter().fold(whole, |words, it| it.split(words));
                    for (word, _) in words.iter().filter(|(word, _)| !word.is_empty()) {
                        match &self.model {
                            Model::Unigram(model) => model.encode(word, ids),
                            Model::Bpe(model) => model.encode(word, ids),
                        }
                    }
                }
            }
        }
    }
}

/// A file's bytes; nothing if it is not there.
fn read(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    let unusable = |reason: String| Error::Settings { path: path.to_owned(), reason };
    let file = match File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|error| unusable(error.to_string()))?,
    };
    let mut bytes = vec![];
    file.take(FILE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unusable(error.to_string()))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(unusable(format!("it has more than {FILE_BYTES_MAX} bytes, no tokenizer has")));
    }
    if bytes.starts_with(b"version https://git-lfs") {
        return Err(unusable(
            "it is a Git LFS pointer, a few lines that stand for the file; download the file itself"
                .into(),
        ));
    }
    Ok(Some(bytes))
}

/// The first bytes of a text, whole characters.
fn until(text: &str, n_bytes: usize) -> &str {
    &text[..text.floor_char_boundary(n_bytes)]
}

#[cfg(test)]
mod tests;
