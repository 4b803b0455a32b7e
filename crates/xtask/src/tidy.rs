//! Checks of the repository's own rules, run by `cargo test`.

mod outside;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use crate::{root, step::Step};

/// Who may depend on whom. A crate missing here fails the test, so a new crate is a decision.
const FLOORS: &[(&str, &[&str])] = &[
    ("api", &[]),
    ("audio", &[]),
    ("film", &[]),
    ("foreign", &[]),
    ("games", &[]),
    ("music", &[]),
    ("nn", &[]),
    ("web", &[]),
    ("memory", &["api"]),
    ("job", &["api"]),
    ("models", &["api", "audio", "foreign", "games", "nn"]),
    (
        "worker",
        &["api", "audio", "film", "foreign", "games", "job", "memory", "models", "music", "nn"],
    ),
    ("studio", &["api", "job", "memory"]),
    ("maquette", &["api", "studio", "web", "worker"]),
    ("xtask", &[]),
    ("same-features", &[]),
];

/// What every crate must depend on, so that libraries are built with the same features and so only once.
const OF_ALL: &str = "same-features";

/// External crates that belong to some of ours alone.
const OWNERS: &[(&str, &[&str])] = &[
    ("rusqlite", &["studio"]),
    ("axum", &["maquette"]),
    ("ureq", &["maquette"]),
    ("burn-core", &["nn", "models"]),
    ("burn-flex", &["nn"]),
    ("symphonia", &["audio"]),
    ("rustysynth", &["audio"]),
    ("openh264", &["film"]),
];

/// The only places that may start a process, besides tests.
const STARTERS: &[&str] = &[
    "crates/studio/src/supervisor.rs",
    // A program of others, which a job asks to make a sound and waits for.
    "crates/worker/src/engine/process.rs",
    "crates/maquette/src/opener.rs",
    "crates/maquette/src/doctor.rs",
    "crates/xtask/src/step.rs",
];

/// Words that say where something was made instead of what it is.
const WORKPLACE_WORDS: &[&str] = &["/wor\u{6b}/", "/far\u{6d}/", "/tmp/re\u{73}"];

/// Words that only this project gave their meaning, and those of the field. They are written here with an
/// escape, so that this file passes its own check.
const COINED: &[(&str, &str)] = &[
    ("b\u{65}nd", "activation; curvature"),
    ("b\u{65}nds", "applies an activation"),
    ("b\u{65}nt", "activated"),
    ("c\u{68}ance", "random numbers, noise, random seed"),
    ("c\u{68}ances", "random numbers, noise"),
    ("d\u{65}ception", "discriminator loss"),
    ("d\u{69}spleasure", "generator loss"),
    ("j\u{75}dge", "discriminator; classify"),
    ("j\u{75}dged", "classified, measured"),
    ("j\u{75}dges", "discriminators"),
    ("m\u{61}nieth", "n-th"),
    ("n\u{61}rrowed", "cast to 16 bits"),
    ("o\u{62}ey", "follow, run"),
    ("o\u{62}eyed", "followed"),
    ("o\u{62}eys", "follows"),
    ("q\u{75}ickening", "upsampling"),
];

/// The same for words that are coined only together.
const COINED_TOGETHER: &[(&str, &str)] = &[
    ("as far as the system t\u{65}lls", "if the system reports it"),
    ("is n\u{6f} number", "is not a number"),
    ("latent c\u{75}rve", "latent"),
    ("latent c\u{75}rves", "latents"),
    ("which the system t\u{65}lls", "which the system reports"),
];

#[test]
fn crates_depend_only_downward() {
    let mut ours = BTreeSet::new();
    for package in packages() {
        let name = package["name"].as_str().unwrap().to_owned();
        let Some((_, allowed)) = FLOORS.iter().find(|(it, _)| *it == name) else {
            panic!("crate `{name}` has no floor: add it to FLOORS and to ARCHITECTURE.md");
        };
        for dependency in package["dependencies"].as_array().unwrap() {
            let wanted = dependency["name"].as_str().unwrap();
            let is_dev = dependency["kind"] == "dev";
            if let Some((_, owners)) = OWNERS.iter().find(|(it, _)| *it == wanted) {
                assert!(
                    is_dev || owners.contains(&name.as_str()),
                    "`{wanted}` belongs to `{}`, not to `{name}`",
                    owners.join("` and `")
                );
            }
            let is_ours = FLOORS.iter().any(|(it, _)| *it == wanted);
            assert!(
                !is_ours || is_dev || wanted == OF_ALL || allowed.contains(&wanted),
                "`{name}` must not depend on `{wanted}`: see the floors in ARCHITECTURE.md"
            );
        }
        ours.insert(name);
    }
    assert_eq!(ours.len(), FLOORS.len(), "FLOORS names a crate that is gone");
}

#[test]
fn processes_start_in_one_place() {
    for (path, text) in sources("rs") {
        let is_starter = STARTERS.iter().any(|it| path.ends_with(it));
        let is_test =
            path.components().any(|it| it.as_os_str() == "tests" || it.as_os_str() == "benches");
        let own = text.split("#[cfg(test)]").next().unwrap();
        let starts = own.contains("Command::new(") && !own.contains("clap::Command::new(");
        assert!(
            is_starter || is_test || path.ends_with("tidy.rs") || !starts,
            "{} starts a process: jobs start in studio/src/supervisor.rs",
            path.display()
        );
    }
}

#[test]
fn common_code_knows_no_family_by_name() {
    for (path, text) in sources("rs") {
        let is_common = ["crates/api/src", "crates/studio/src", "crates/worker/src"]
            .iter()
            .any(|it| path.starts_with(root().join(it)));
        if !is_common || path.ends_with("tests.rs") {
            continue;
        }
        let own = text.split("#[cfg(test)]").next().unwrap();
        for line in own.lines().filter(|line| !line.trim_start().starts_with("//")) {
            // The program that others have is called so, too.
            let line = line.to_lowercase().replace("acids-rave", "");
            let mut words = line.split(|c: char| !c.is_alphanumeric());
            assert!(
                words.all(|word| word != "rave"),
                "{} names a family: go through `models::Family` (`{line}`)",
                path.display()
            );
        }
    }
}

#[test]
fn only_a_family_reads_its_settings() {
    let studio = root().join("crates/studio/src");
    let pages = root().join("crates/web/ui/src");
    for ending in ["rs", "ts", "svelte"] {
        for (path, text) in sources(ending) {
            let is_common = path.starts_with(&studio) || path.starts_with(&pages);
            if !is_common || path.starts_with(pages.join("families")) {
                continue;
            }
            for way in ["settings.get(\"", "settings[\"", "settings['"] {
                assert!(
                    !text.contains(way),
                    "{} reads a knob by its key: ask the family, through the worker or the server",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn nothing_speaks_of_the_place_it_was_made_in() {
    for ending in ["rs", "md", "ts", "svelte", "mjs", "py", "toml", "json"] {
        for (path, text) in sources(ending) {
            for word in WORKPLACE_WORDS {
                assert!(!text.contains(word), "{} mentions {word}", path.display());
            }
        }
    }
}

#[test]
fn words_are_those_of_the_field() {
    for ending in ["rs", "md", "ts", "svelte"] {
        for (path, text) in sources(ending) {
            for (i, line) in text.lines().enumerate() {
                // Parts of snake_case names are words of their own.
                for word in line.split(|c: char| !c.is_alphabetic()) {
                    let coined =
                        COINED.iter().find(|(coined, _)| word.eq_ignore_ascii_case(coined));
                    if let Some((_, better)) = coined {
                        panic!("{}:{}: «{word}»: say {better}", path.display(), i + 1);
                    }
                }
                let lower = line.to_lowercase();
                let coined = COINED_TOGETHER.iter().find(|(coined, _)| lower.contains(coined));
                if let Some((coined, better)) = coined {
                    panic!("{}:{}: «{coined}»: say {better}", path.display(), i + 1);
                }
            }
        }
    }
}

/// The page filters what is dropped on it before the studio sees it, so it must know the same names.
#[test]
fn pages_and_studio_know_the_same_names_of_files() {
    let read = |path: &str| fs::read_to_string(root().join(path)).unwrap();
    let studio = read("crates/api/src/names.rs");
    let page = read("crates/web/ui/src/lib/dropped.ts").replace('\'', "\"");
    for list in ["SOUND_ENDINGS", "SYSTEM_NAMES"] {
        let words = |text: &str| -> Vec<String> {
            let list = text.split_once(&format!("const {list}")).unwrap().1;
            let list = list.split_once("= [").unwrap().1.split_once(']').unwrap().0;
            list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
        };
        assert!(!words(&studio).is_empty());
        assert_eq!(words(&studio), words(&page), "{list} of names.rs and of dropped.ts");
    }
}

#[test]
fn long_files_say_why() {
    for ending in ["rs", "ts", "svelte"] {
        for (path, text) in sources(ending) {
            let n_lines = text.lines().count();
            let head: String = text.lines().take(12).collect();
            let is_generated = head.contains("auto-generated");
            assert!(
                n_lines <= 600 || head.contains("lines because") || is_generated,
                "{} has {n_lines} lines and does not say in its head why («… lines because …»)",
                path.display()
            );
        }
    }
}

#[test]
fn every_module_opens_with_a_sentence() {
    for (path, text) in sources("rs") {
        assert!(text.starts_with("//!"), "{} does not say what it is", path.display());
    }
}

fn packages() -> Vec<serde_json::Value> {
    let args = ["metadata", "--no-deps", "--offline", "--format-version", "1"];
    let output = Step::new("cargo metadata", env!("CARGO"), &args).output().unwrap();
    let metadata: serde_json::Value = serde_json::from_str(&output).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// Every file of ours with an ending, with its text.
fn sources(ending: &str) -> Vec<(PathBuf, String)> {
    let mut found = vec![];
    walk(&root(), ending, &mut found);
    assert!(!found.is_empty() || ending == "py", "no .{ending} files: is the root right?");
    found
}

fn walk(folder: &Path, ending: &str, found: &mut Vec<(PathBuf, String)>) {
    const NOT_OURS: &[&str] = &["target", "node_modules", "dist", ".git", "package-lock.json"];
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if NOT_OURS.iter().any(|it| name == *it) || name.to_string_lossy().starts_with(".venv") {
            continue;
        }
        if path.is_dir() {
            walk(&path, ending, found);
        } else if path.extension().is_some_and(|it| it == ending) {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
}
