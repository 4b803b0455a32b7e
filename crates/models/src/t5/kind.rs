//! What T5 says of itself to those who look at its folder.

use super::{EMBEDDING, EMBEDDING_AGAIN, T5, T5Config};
use crate::hub::{HubFolder, Kind, Part, Wanted};

/// T5, as transformers saves it; its encoder alone is used.
pub(crate) const KIND: Kind =
    Kind { name: "t5", called: &["t5"], uses: &[], look, open_words: None, effort: None };

fn look(folder: &HubFolder<'_>) -> Result<Wanted, String> {
    let config = T5Config::parse(&folder.config("")?)
        .map_err(|why| format!("config.json cannot be used: {why}"))?;
    let facts = vec![
        ("tokens".to_owned(), config.vocab_size.to_string()),
        ("layers".to_owned(), config.num_layers.to_string()),
        ("numbers a token".to_owned(), config.d_model.to_string()),
    ];
    let tensors = as_written(folder, "", T5::tensors(&config));
    let part = Part { folder: "", file: None, tensors, is_known: T5::is_not_needed };
    Ok(Wanted { parts: vec![part], facts, words: None })
}

/// Needed tensors with the embedding by the name that it has in the folder, which is one of two.
pub(crate) fn as_written(
    folder: &HubFolder<'_>,
    prefix: &str,
    mut tensors: Vec<(String, Vec<usize>)>,
) -> Vec<(String, Vec<usize>)> {
    let Ok(files) = nn::weight_files::open(folder.path()) else { return tensors };
    let [name, other] = [EMBEDDING, EMBEDDING_AGAIN].map(|it| format!("{prefix}{it}"));
    let has = |name: &str| files.tensors().any(|(it, _)| it == name);
    if !has(&name) && has(&other) {
        tensors.iter_mut().filter(|it| it.0 == name).for_each(|it| it.0.clone_from(&other));
    }
    tensors
}
