//! The pages, built and embedded: the server asks for a file by its path.
//!
//! Sources are in `ui/`, the committed build in `dist/`; `cargo xtask ui` makes the one from the
//! other.

use std::borrow::Cow;

pub mod stamp;

#[derive(rust_embed::RustEmbed)]
#[folder = "dist/"]
struct Dist;

/// One file of the built pages.
pub struct PageFile {
    /// What it holds.
    pub bytes: Cow<'static, [u8]>,
    /// SHA-256 of that, known since the program was built.
    pub sha256: [u8; 32],
}

/// The file at a path below `dist/`, like `index.html` or `assets/index-3f9a2c.js.br`.
pub fn page_file(path: &str) -> Option<PageFile> {
    if path.starts_with('.') {
        return None; // The stamp, which is for the build.
    }
    let file = <Dist as rust_embed::RustEmbed>::get(path)?;
    Some(PageFile { sha256: file.metadata.sha256_hash(), bytes: file.data })
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn the_first_page_is_embedded() {
        assert!(page_file("index.html").is_some_and(|page| !page.bytes.is_empty()));
        assert!(page_file(".stamp").is_none(), "the stamp is not a page");
        assert!(page_file("../Cargo.toml").is_none(), "nothing outside dist/ is embedded");
    }

    #[test]
    fn stamp_is_fresh() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let want = stamp::stamp(&here.join("ui")).unwrap();
        let have = fs::read_to_string(here.join("dist/.stamp")).unwrap_or_default();
        assert_eq!(
            have.trim(),
            want,
            "dist/ was built from other sources: run `cargo xtask ui` and commit crates/web/dist"
        );
    }

    #[test]
    fn a_stamp_sees_content_and_names_but_not_line_ends() {
        let check = |files: &[(&str, &str)]| {
            let root = std::env::temp_dir().join(format!(
                "maquette-stamp-{}-{:?}",
                std::process::id(),
                std::thread::current().id()
            ));
            let ui = root.join("crates/web/ui");
            fs::create_dir_all(&ui).unwrap();
            for (name, content) in files {
                let path = ui.join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, content).unwrap();
            }
            let stamp = stamp::stamp(&ui).unwrap();
            fs::remove_dir_all(root).unwrap();
            stamp
        };
        let first = check(&[("src/main.ts", "a\nb"), ("index.html", "x")]);
        assert_eq!(first, check(&[("index.html", "x"), ("src/main.ts", "a\r\nb")]));
        assert_eq!(first, check(&[("index.html", "x"), ("src/main.ts", "a\nb"), ("e2e/t.ts", "")]));
        assert_ne!(first, check(&[("index.html", "x"), ("src/main.ts", "a b")]));
        assert_ne!(first, check(&[("index.html", "x"), ("src/other.ts", "a\nb")]));
        let guide = "../../../docs/guide/training.md";
        let helpful = check(&[("index.html", "x"), ("src/main.ts", "a\nb"), (guide, "Train.")]);
        assert_ne!(first, helpful);
        let mended = [("index.html", "x"), ("src/main.ts", "a\nb"), (guide, "Train it.")];
        assert_ne!(helpful, check(&mended));
    }
}
