//! The licence of weights: what the front matter of a `README.md` or a file `LICENSE` says.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use api::WeightsLicence;

/// How much of a file is read.
const BYTES_MAX: u64 = 1 << 16;
const FILES: [&str; 6] =
    ["LICENSE", "LICENSE.md", "LICENSE.txt", "LICENCE", "LICENCE.md", "COPYING"];

/// Licences by their names on model hubs: a text that its file contains, and the terms in a sentence.
///
/// Those of [`FREE`] ask for nothing but to be named; all others must be accepted before weights are used.
const KNOWN: &[(&str, &str, &str)] = &[
    (
        "cc-by-nc-sa-4.0",
        "Attribution-NonCommercial-ShareAlike 4.0",
        "Not for commercial use; name the authors, and pass changes on under the same terms.",
    ),
    (
        "cc-by-nc-nd-4.0",
        "Attribution-NonCommercial-NoDerivatives 4.0",
        "Not for commercial use; name the authors, and pass no changed weights on.",
    ),
    ("cc-by-nc-4.0", "Attribution-NonCommercial 4.0", "Not for commercial use; name the authors."),
    (
        "cc-by-sa-4.0",
        "Attribution-ShareAlike 4.0",
        "Name the authors, and pass changes on under the same terms.",
    ),
    ("cc-by-4.0", "Attribution 4.0", "Free for any use; name the authors."),
    ("cc0-1.0", "CC0 1.0", "Free for any use, without conditions."),
    ("mit", "MIT License", "Free for any use; keep the licence's text with copies."),
    ("apache-2.0", "Apache License", "Free for any use; keep the licence's text and notices."),
    (
        "bsd-3-clause",
        "Redistributions of source code",
        "Free for any use; keep the licence's text.",
    ),
    (
        "gpl-3.0",
        "GNU GENERAL PUBLIC LICENSE",
        "Free for any use; what is passed on must be under the same licence.",
    ),
    ("openrail", "OpenRAIL", "Free for uses that its list of restrictions does not exclude."),
    (
        "stabilityai-ai-community",
        "STABILITY AI COMMUNITY LICENSE",
        "Commercial use up to a yearly revenue that the licence names; register there.",
    ),
];

/// Licences that leave every use free, sale of what is made included.
const FREE: [&str; 6] =
    ["cc-by-4.0", "cc-by-sa-4.0", "cc0-1.0", "mit", "apache-2.0", "bsd-3-clause"];

/// Looks for the licence of a folder's weights.
pub(super) fn find(folder: &Path) -> Option<WeightsLicence> {
    let of_readme = || {
        let name = of_front_matter(&read(&folder.join("README.md"))?)?;
        Some(licence(name, "README.md"))
    };
    of_readme().or_else(|| {
        FILES.into_iter().find_map(|file| {
            let text = read(&folder.join(file))?;
            let name = of_text(&text)?;
            Some(licence(name, file))
        })
    })
}

fn licence(name: String, file: &str) -> WeightsLicence {
    WeightsLicence {
        terms: terms_of(&name),
        must_be_accepted: !FREE.iter().any(|free| free.eq_ignore_ascii_case(&name)),
        name,
        file: file.to_owned(),
    }
}

fn terms_of(name: &str) -> Option<String> {
    let known = KNOWN.iter().find(|(it, ..)| it.eq_ignore_ascii_case(name))?;
    Some(known.2.to_owned())
}

/// The value of `license` between the lines of dashes at the start; of `license_name` where that is `other`.
fn of_front_matter(text: &str) -> Option<String> {
    let matter = text.trim_start_matches('\u{feff}').strip_prefix("---")?;
    let value = |key: &str| {
        let lines = matter.lines().skip(1).take_while(|line| line.trim_end() != "---");
        let mut values = lines.filter_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
        let value = values.next()?.trim().trim_matches(['"', '\'']).trim();
        let short: String = value.chars().filter(|c| !c.is_control()).take(100).collect();
        (!short.is_empty()).then_some(short)
    };
    let name = value("license")?;
    if name == "other" { value("license_name").or(Some(name)) } else { Some(name) }
}

/// The name of a licence by its text, else its first line.
fn of_text(text: &str) -> Option<String> {
    let plain = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let known = KNOWN.iter().find(|(_, contained, _)| plain.contains(&contained.to_lowercase()));
    if let Some((name, ..)) = known {
        return Some((*name).to_owned());
    }
    let first = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    Some(
        first
            .trim_start_matches(['#', ' '])
            .chars()
            .filter(|c| !c.is_control())
            .take(100)
            .collect(),
    )
}

fn read(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(BYTES_MAX).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licences_are_found_where_hubs_put_them() {
        let check = |file: &str, text: &str, name: Option<&str>, terms: &str| {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join(file), text).unwrap();
            let found = find(folder.path());
            assert_eq!(found.as_ref().map(|it| it.name.as_str()), name, "{text}");
            let said = found.and_then(|it| it.terms).unwrap_or_default();
            assert!(said.contains(terms), "{said}");
        };
        let matter = "---\ntags:\n- audio\nlicense: cc-by-nc-4.0\n---\n# A model\nlicense: mit\n";
        check("README.md", matter, Some("cc-by-nc-4.0"), "Not for commercial use");
        check(
            "README.md",
            "---\nlicense: other\nlicense_name: my-terms\n---\n",
            Some("my-terms"),
            "",
        );
        check("README.md", "---\ntags: a\n---\nlicense: mit\n", None, "");
        check("README.md", "# A model\nlicense: mit\n", None, "");
        check("LICENSE", "MIT License\n\nCopyright (c) somebody", Some("mit"), "any use");
        check("LICENSE.md", "# Terms of ours\n\nBe good.", Some("Terms of ours"), "");
        check(
            "COPYING",
            "\n Creative Commons\nAttribution-NonCommercial\n4.0 ",
            Some("cc-by-nc-4.0"),
            "",
        );
    }
}
