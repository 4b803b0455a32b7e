//! Sees that the built pages are there and tells when they are older than their sources.
//!
//! It never runs npm: `cargo xtask ui` does, and its result is committed, so that building Maquette
//! needs no Node. A warning of a crate in this workspace is easy to miss, so the test
//! `stamp_is_fresh` guards the same thing.

#[path = "src/stamp.rs"]
#[expect(unreachable_pub, reason = "it is public in the library")]
mod stamp;

use std::{fs, path::Path};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/stamp.rs");
    println!("cargo::rerun-if-changed=dist");
    for source in stamp::SOURCES {
        println!("cargo::rerun-if-changed=ui/{source}");
    }
    assert!(
        Path::new("dist/index.html").is_file(),
        "crates/web/dist/index.html is missing: run `cargo xtask ui` (needs Node), \
         or `git checkout -- crates/web/dist`"
    );
    let ui = Path::new("ui");
    if !ui.is_dir() {
        return; // A packaged crate has the built pages only.
    }
    let have = fs::read_to_string("dist/.stamp").unwrap_or_default();
    match stamp::stamp(ui) {
        Ok(want) if want == have.trim() => {}
        Ok(_) => {
            println!("cargo::warning=the pages in dist/ are older than ui/: run `cargo xtask ui`")
        }
        Err(error) => println!("cargo::warning=failed to read crates/web/ui: {error}"),
    }
}
