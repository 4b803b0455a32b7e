//! A bag of models: the `.yaml` file that names them, and what each of their files says of itself.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use nn::torch_checkpoint::{self, Value as Pickled};
use nn::weight_files::WeightFormat;
use serde_json::{Map, Value, json};

/// Bounds a file that names models; those that are known have 150 bytes.
const BAG_BYTES_MAX: u64 = 1 << 16;
/// The most models of a bag.
const MODELS_MAX: usize = 32;
/// The longest name of a model.
const NAME_MAX: usize = 64;
/// How deep settings of a pickle are followed.
const DEPTH_MAX: usize = 4;
/// The most entries of a folder that are looked at.
const ENTRIES_MAX: usize = 10_000;
/// The most items of a list of settings.
const ITEMS_MAX: usize = 1_000;

/// A model of a bag.
#[derive(Debug)]
pub(super) struct Member {
    /// The file of its weights.
    pub(super) file: String,
    /// Its class, by its full name.
    pub(super) class: String,
    /// The settings that it was made with, by their names.
    pub(super) settings: Map<String, Value>,
}

/// The models of a folder: those of its bag, or the one of PyTorch's files that lies there alone.
pub(super) fn models(folder: &Path) -> Result<Vec<Member>, String> {
    if let Some(bag) = find(folder) {
        return members(folder, &bag)?.iter().map(|name| member(folder, name)).collect();
    }
    let file = alone(folder).ok_or("there is not one .yaml file that names the models")?;
    Ok(vec![older(folder, file)?])
}

/// Whether a folder holds models of demucs, as far as can be told without looking at their tensors.
pub(super) fn is_one(folder: &Path) -> bool {
    match find(folder) {
        Some(bag) => members(folder, &bag).is_ok(),
        None => alone(folder)
            .and_then(|file| older(folder, file).ok())
            .is_some_and(|member| member.class.starts_with("demucs.")),
    }
}

/// The only file of PyTorch in a folder.
fn alone(folder: &Path) -> Option<String> {
    let mut files = names(folder).filter(|name| name.ends_with(".th"));
    let first = files.next()?;
    if files.next().is_some() { None } else { Some(first) }
}

/// The only bag of a folder: the name of its file, without the ending.
fn find(folder: &Path) -> Option<String> {
    let mut bags = names(folder).filter_map(|name| Some(name.strip_suffix(".yaml")?.to_owned()));
    let first = bags.next()?;
    if bags.next().is_some() { None } else { Some(first) }
}

fn names(folder: &Path) -> impl Iterator<Item = String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().take(ENTRIES_MAX);
    entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok())
}

/// The models of a bag, in its order.
fn members(folder: &Path, bag: &str) -> Result<Vec<String>, String> {
    let name = format!("{bag}.yaml");
    let mut text = String::new();
    File::open(folder.join(&name))
        .and_then(|file| file.take(BAG_BYTES_MAX).read_to_string(&mut text))
        .map_err(|error| format!("{name} cannot be read: {error}"))?;
    let models = listed(&text).ok_or_else(|| format!("{name} does not list `models`"))?;
    let is_name = |it: &String| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        !it.is_empty() && it.len() <= NAME_MAX && it.chars().all(is_plain)
    };
    if models.is_empty() || models.len() > MODELS_MAX || !models.iter().all(is_name) {
        return Err(format!("{name} lists no models, too many, or one by a name that is none"));
    }
    Ok(models)
}

/// The items of the list `models` of a YAML file: in brackets, or a line each.
fn listed(text: &str) -> Option<Vec<String>> {
    let plain = |item: &str| item.trim().trim_matches(['\'', '"']).to_owned();
    let mut lines = text.lines().map(|line| line.split(" #").next().unwrap_or("").trim_end());
    let first = lines.find_map(|line| line.strip_prefix("models:"))?.trim().to_owned();
    if let Some(rest) = first.strip_prefix('[') {
        // A list in brackets may go on over several lines.
        let rest = lines.fold(rest.to_owned(), |all, line| all + " " + line);
        let (items, _) = rest.split_once(']')?;
        return Some(items.split(',').map(plain).filter(|it| !it.is_empty()).collect());
    }
    let items = lines.take_while(|line| line.is_empty() || line.trim_start().starts_with('-'));
    Some(items.filter_map(|line| line.trim_start().strip_prefix('-')).map(plain).collect())
}

/// A model by its name: from `NAME.safetensors`, or `NAME.th`, or `NAME-CHECKSUM.th`.
fn member(folder: &Path, name: &str) -> Result<Member, String> {
    let has = |file: &String| folder.join(file).is_file();
    let is_older = |file: &String| {
        let stem = file.strip_suffix(".th");
        stem.is_some_and(|stem| stem == name || stem.split_once('-').is_some_and(|it| it.0 == name))
    };
    let file = format!("{name}.safetensors");
    if has(&file) {
        return newer(folder, file);
    }
    match names(folder).find(is_older) {
        Some(file) => older(folder, file),
        None => Err(format!("{file} is not there, though the bag names it: download it")),
    }
}

/// A file of safetensors, whose header has class and settings.
fn newer(folder: &Path, file: String) -> Result<Member, String> {
    let header = nn::checkpoint::read_some(&folder.join(&file), |_| false);
    let said = header.map_err(|error| format!("{file}: failed to {error}"))?.metadata;
    if said.contains_key("structure") {
        return Err(format!("{file} holds quantised weights, which are not known here"));
    }
    let field = |key: &str| said.get(key).ok_or_else(|| format!("{file} does not say its {key}"));
    let json = |key: &str| -> Result<Value, String> {
        serde_json::from_str(field(key)?).map_err(|_| format!("{key} of {file} is not JSON"))
    };
    let Value::Object(mut settings) = json("kwargs")? else {
        return Err(format!("kwargs of {file} are no settings by name"));
    };
    add_first(&mut settings, &json("args")?);
    Ok(Member { class: field("klass")?.clone(), settings, file })
}

/// A file of PyTorch, in whose pickle they are; it is read within bounds and not run.
fn older(folder: &Path, file: String) -> Result<Member, String> {
    let package = torch_checkpoint::open(&folder.join(&file))
        .map_err(|error| format!("{file}: failed to {error}"))?;
    let root = package.root();
    let Some(class) = root.get("klass").and_then(|it| it.class()) else {
        return Err(format!("{file} does not say its klass"));
    };
    if root.get("state").is_some_and(|state| state.get("__quantized").is_some()) {
        return Err(format!("{file} holds quantised weights, which are not known here"));
    }
    let mut settings = match root.get("kwargs").map(|it| plain(it, DEPTH_MAX)) {
        Some(Value::Object(settings)) => settings,
        _ => Map::new(),
    };
    let first = root.get("args").map_or(Value::Null, |it| plain(it, DEPTH_MAX));
    add_first(&mut settings, &first);
    Ok(Member { class: class.replace(' ', "."), settings, file })
}

/// The sources may stand without a name, as the first argument.
fn add_first(settings: &mut Map<String, Value>, arguments: &Value) {
    if let Some(first) = arguments.get(0).filter(|it| it.is_array()) {
        settings.entry("sources").or_insert_with(|| first.clone());
    }
}

/// Numbers, texts, lists and dictionaries of a pickle; nothing for what else there is.
fn plain(value: Pickled<'_>, depth: usize) -> Value {
    if let Some(it) = value.as_bool() {
        return json!(it);
    }
    if let Some(it) = value.as_int() {
        return json!(it);
    }
    if let Some(it) = value.as_float() {
        return json!(it);
    }
    if let Some(it) = value.as_str() {
        return json!(it);
    }
    if depth == 0 || value.class().is_some() {
        return Value::Null;
    }
    let pairs = value.entries().take(ITEMS_MAX);
    let named: Map<String, Value> = pairs
        .filter_map(|(key, value)| Some((key.as_str()?.to_owned(), plain(value, depth - 1))))
        .collect();
    if !named.is_empty() {
        return Value::Object(named);
    }
    Value::Array(value.items().take(ITEMS_MAX).map(|it| plain(it, depth - 1)).collect())
}

/// How the weights of a file are kept.
pub(super) fn format(file: &str) -> WeightFormat {
    if file.ends_with(".th") { WeightFormat::Torch } else { WeightFormat::Safetensors }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bags_list_their_models_in_brackets_or_line_by_line() {
        let check = |text: &str, expected: Option<&[&str]>| {
            let found = listed(text);
            assert_eq!(
                found.as_deref(),
                expected
                    .map(|it| { it.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>() })
                    .as_deref(),
                "{text}"
            );
        };
        check("models: ['955717e8']\n", Some(&["955717e8"]));
        check("weights: [\n  [1.]\n]\nmodels: [a,\n  \"b\"]\nsegment: 44", Some(&["a", "b"]));
        check("models:\n  - a\n- 'b' # the second\nsegment: 44", Some(&["a", "b"]));
        check("models: [a, b", None);
        check("model: a", None);
        check("models:\n", Some(&[]));
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["../secret", "/etc/passwd", "a/b", "a b", ""] {
            let bag = format!("models: ['{name}', 'fine']");
            std::fs::write(folder.path().join("bag.yaml"), bag).unwrap();
            let found = members(folder.path(), "bag");
            assert!(name.is_empty() || found.is_err(), "{name}: {found:?}");
        }
    }
}
