//! Checks of the libraries of others that the crates depend on: features, licences, use, and the version of Rust.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use super::{packages, walk};
use crate::{root, step::Step};

/// Licences under which a library may become part of the program.
const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

#[test]
fn libraries_have_the_same_features_in_every_build() {
    let of_all = features(&["--workspace"]);
    for package in packages() {
        let name = package["name"].as_str().unwrap();
        let own = features(&["--package", name]);
        let others: Vec<_> = own.difference(&of_all).collect();
        assert!(
            others.is_empty(),
            "`--package {name}` builds other features than `--workspace`, so libraries are built twice: name the \
             missing ones in crates/same-features/Cargo.toml: {others:#?}"
        );
    }
}

#[test]
fn dependencies_are_used() {
    for package in packages() {
        let name = package["name"].as_str().unwrap();
        // It has no code.
        if name == "same-features" {
            continue;
        }
        let folder = Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap();
        let mut files = vec![];
        walk(folder, "rs", &mut files);
        files.extend(included(&files));
        for dependency in package["dependencies"].as_array().unwrap() {
            let called = dependency["rename"].as_str().or(dependency["name"].as_str()).unwrap();
            let path = format!("{}::", called.replace('-', "_"));
            let is_used = files.iter().any(|(_, text)| text.contains(&path));
            assert!(
                is_used || called == "same-features",
                "`{name}` does not use `{called}`: take it out of its Cargo.toml"
            );
        }
    }
}

#[test]
fn licences_allow_to_pass_the_program_on() {
    for line in tree("{l}|{p}", &["--workspace"]) {
        let (licence, name) = line.split_once('|').unwrap();
        assert!(
            is_allowed(licence),
            "`{name}` is under `{licence}`: if that goes with MIT or Apache-2.0, add it to LICENCES"
        );
    }
}

#[test]
fn a_choice_of_licences_needs_one_that_is_allowed() {
    let check =
        |licence: &str, expected: bool| assert_eq!(is_allowed(licence), expected, "{licence}");
    check("MIT", true);
    check("MIT/Apache-2.0", true);
    check("MIT OR GPL-3.0", true);
    check("(MIT OR Apache-2.0) AND Unicode-3.0", true);
    check("Apache-2.0 WITH LLVM-exception OR GPL-2.0", true);
    check("GPL-3.0", false);
    check("MIT AND GPL-3.0", false);
    check("(MIT OR Apache-2.0) AND LGPL-2.1", false);
    check("none", false);
}

#[test]
fn the_version_of_rust_is_said_as_it_is() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    for package in packages() {
        let version =
            package["rust_version"].as_str().expect("every crate says its version of Rust");
        assert!(
            readme.contains(&format!("Rust {version}")),
            "README.md does not say Rust {version}"
        );
    }
}

/// Files of other crates that these take in as modules of their own.
fn included(files: &[(PathBuf, String)]) -> Vec<(PathBuf, String)> {
    let mut found = vec![];
    for (path, text) in files {
        let lines = text.lines().filter_map(|line| line.strip_prefix("#[path = \""));
        for way in
            lines.filter_map(|line| line.strip_suffix("\"]")).filter(|way| way.starts_with("../"))
        {
            let file = path.parent().unwrap().join(way);
            let text = fs::read_to_string(&file).unwrap();
            found.push((file, text));
        }
    }
    found
}

/// Every outside library with its version and features, as a build of these packages chooses them.
fn features(selection: &[&str]) -> BTreeSet<String> {
    // Ours have their folder in the line.
    let here = root().display().to_string();
    tree("{p} {f}", selection).into_iter().filter(|line| !line.contains(&here)).collect()
}

/// A line for every package that these packages are built from on this system.
fn tree(format: &str, selection: &[&str]) -> BTreeSet<String> {
    let start = ["tree", "--offline", "--edges", "normal,build,dev", "--prefix", "none"];
    let args = [&start[..], &["--format", format], selection].concat();
    let output = Step::new("cargo tree", env!("CARGO"), &args).output().unwrap();
    let lines = output.lines().map(|line| line.trim_end_matches(" (*)").trim_end().to_owned());
    lines.filter(|line| !line.is_empty()).collect()
}

/// Whether an SPDX expression asks for nothing but licences of the list: parts joined by AND, of which each
/// is a choice; older ones write `/` for OR.
fn is_allowed(expression: &str) -> bool {
    let part_is_allowed = |part: &str| {
        let part = part.trim_matches(['(', ')', ' ']);
        part.split(" OR ").any(|it| LICENCES.contains(&it.trim_matches(['(', ')', ' '])))
    };
    let expression = expression.replace('/', " OR ");
    // AND binds closer than OR, unless parentheses say otherwise.
    if expression.contains('(') || !expression.contains(" OR ") {
        return expression.split(" AND ").all(part_is_allowed);
    }
    expression.split(" OR ").any(|choice| choice.split(" AND ").all(part_is_allowed))
}
