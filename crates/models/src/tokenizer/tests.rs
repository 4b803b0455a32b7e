//! Tokenizers against the reference libraries' tokens, and files that are damaged or hostile.

use std::path::PathBuf;

use super::*;

/// Made by `benches/words/tokenizer.py`.
fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/tokenizers").join(name)
}

fn expected() -> serde_json::Value {
    let text = std::fs::read_to_string(folder("expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Compares the tokens of every text that `is_meant`.
fn compare(tokenizer: &Tokenizer, name: &str, is_meant: impl Fn(&str) -> bool) {
    let expected = expected();
    let texts: Vec<String> = serde_json::from_value(expected["texts"].clone()).unwrap();
    let ids: Vec<Vec<u32>> = serde_json::from_value(expected[name].clone()).unwrap();
    assert!(texts.len() > 15 && texts.len() == ids.len());
    for (text, ids) in texts.iter().zip(ids).filter(|(text, _)| is_meant(text)) {
        let found = tokenizer.encode(text, usize::MAX);
        assert_eq!(found, Encoded { ids, n_cut: 0 }, "{name}: {text:?}");
    }
}

#[test]
fn tokens_are_those_of_the_reference() {
    for name in ["unigram", "bytes", "fallback"] {
        compare(&Tokenizer::open(&folder(name)).unwrap(), name, |_| true);
    }
}

#[test]
fn a_sentencepiece_model_alone_is_enough() {
    let place = tempfile::tempdir().unwrap();
    std::fs::copy(folder("unigram/spiece.model"), place.path().join("spiece.model")).unwrap();
    let tokenizer = Tokenizer::open(place.path()).unwrap();
    // The tokens `<extra_id_…>` are in the other file alone.
    compare(&tokenizer, "unigram", |text| !text.contains("<extra_id"));
    assert_eq!(tokenizer.id_of("</s>"), Some(1));
}

#[test]
fn a_vocabulary_and_merges_alone_are_enough() {
    let whole = std::fs::read_to_string(folder("bytes/tokenizer.json")).unwrap();
    let whole: serde_json::Value = serde_json::from_str(&whole).unwrap();
    let merge = |it: &serde_json::Value| {
        let pair: [String; 2] = serde_json::from_value(it.clone()).unwrap();
        pair.join(" ")
    };
    let merges: Vec<String> =
        whole["model"]["merges"].as_array().unwrap().iter().map(merge).collect();
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("vocab.json"), whole["model"]["vocab"].to_string()).unwrap();
    let merges = format!("#version: 0.2\n{}\n", merges.join("\n"));
    std::fs::write(place.path().join("merges.txt"), merges).unwrap();
    compare(&Tokenizer::open(place.path()).unwrap(), "bytes", |_| true);
}

#[test]
fn long_texts_are_cut_and_it_is_said() {
    for (name, before, after) in [("unigram", 0, 1), ("bytes", 1, 1), ("fallback", 1, 0)] {
        let tokenizer = Tokenizer::open(&folder(name)).unwrap();
        let text = "a slow piano ballad 🎹 ".repeat(5_000);
        let whole = tokenizer.encode(&text, usize::MAX);
        assert_eq!(whole.n_cut, 0);
        let cut = tokenizer.encode(&text, 20);
        assert_eq!(cut.ids.len(), 20);
        assert_eq!(cut.ids.len() + cut.n_cut, whole.ids.len());
        let n = 20 - after;
        assert_eq!(cut.ids[..n], whole.ids[..n]);
        assert_eq!(cut.ids[n..], whole.ids[whole.ids.len() - after..]);
        // No room at all.
        assert_eq!(tokenizer.encode(&text, 0).ids.len(), before + after);
        // A single word of a megabyte, and more than is looked at.
        for text in ["z".repeat(1 << 20), "é".repeat(1 << 20), " ".repeat(1 << 20)] {
            assert!(tokenizer.encode(&text, 8).ids.len() <= 8);
        }
    }
}

#[test]
fn what_is_wrong_is_said() {
    let place = tempfile::tempdir().unwrap();
    let check = |name: &str, bytes: &[u8], expected: &str| {
        std::fs::write(place.path().join(name), bytes).unwrap();
        let said = Tokenizer::open(place.path()).unwrap_err().to_string();
        assert!(said.contains(expected), "{said}");
        std::fs::remove_file(place.path().join(name)).unwrap();
    };
    assert!(Tokenizer::open(place.path()).unwrap_err().to_string().contains("not there"));
    let json = |text: &str| text.replace('\'', "\"").into_bytes();
    check("tokenizer.json", b"{", "no tokenizer");
    check("tokenizer.json", b"version https://git-lfs.github.com/spec/v1", "Git LFS pointer");
    check("tokenizer.json", &json("{'model':{'type':'WordPiece','vocab':{'a':1}}}"), "“WordPiece”");
    check("tokenizer.json", &json("{'model':{'type':'Unigram','vocab':[['a']]}}"), "no tokenizer");
    let model = "'model':{'type':'BPE','vocab':{'a':0,'b':1},'merges':[]}";
    let with = |field: &str| json(&format!("{{{field},{model}}}"));
    check("tokenizer.json", &with("'normalizer':{'type':'NFC'}"), "“NFC”");
    check(
        "tokenizer.json",
        &with("'pre_tokenizer':{'type':'Split','pattern':{'Regex':'(a+)+b'},'behavior':'Removed'}"),
        "“(a+)+b”",
    );
    check(
        "tokenizer.json",
        &with("'normalizer':{'type':'Precompiled','precompiled_charsmap':'////'}"),
        "cut off",
    );
    check(
        "tokenizer.json",
        &json("{'model':{'type':'BPE','vocab':{'a':0},'merges':[['a','x']]}}"),
        "“x”, which is no piece",
    );
    check("spiece.model", b"\xFF\xFF", "SentencePiece");
    check("spiece.model", b"", "0 pieces");
}

#[test]
fn a_text_is_not_blown_up() {
    // Forty steps that each double the text.
    let step = r#"{"type":"Replace","pattern":{"String":"a"},"content":"aa"}"#;
    let steps = vec![step; 40].join(",");
    let json = format!(
        r#"{{"normalizer":{{"type":"Sequence","normalizers":[{steps}]}},
            "model":{{"type":"BPE","vocab":{{"a":0}},"merges":[]}}}}"#
    );
    let tokenizer = file::parse(json.as_bytes()).unwrap();
    let found = tokenizer.encode("a", 10);
    assert_eq!(found.ids, [0; 10]);
    assert!(found.n_cut < 8 << 20, "{}", found.n_cut);
}

proptest::proptest! {
    #[test]
    fn damaged_files_are_no_worse_than_an_error(
        which in 0..4usize,
        changes in proptest::collection::vec((proptest::num::usize::ANY, proptest::num::u8::ANY), 1..6),
    ) {
        let names = ["unigram/tokenizer.json", "bytes/tokenizer.json", "fallback/tokenizer.json"];
        let path = folder(names.get(which).unwrap_or(&"unigram/spiece.model"));
        let mut bytes = std::fs::read(path).unwrap();
        for (at, byte) in changes {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        let parsed = if which < 3 { file::parse(&bytes) } else { sentencepiece::parse(&bytes) };
        if let Ok(tokenizer) = parsed {
            let _ = tokenizer.encode("a slow piano, fullｗidth ﬁ é 🎹 </s>", 64);
        }
    }

    #[test]
    fn hostile_tables_are_no_worse_than_an_error(
        units in proptest::collection::vec(proptest::num::u32::ANY, 0..600),
        rest in proptest::collection::vec(proptest::num::u8::ANY, 0..40),
        text in ".{0,60}",
    ) {
        let mut bytes = (units.len() as u32 * 4).to_le_bytes().to_vec();
        bytes.extend(units.iter().flat_map(|it| it.to_le_bytes()));
        bytes.extend(rest);
        if let Ok(table) = charsmap::Charsmap::parse(&bytes) {
            let _ = table.replace(&text, 1 << 10);
        }
    }

    #[test]
    fn every_text_has_tokens(text in ".{0,200}") {
        for name in ["unigram", "bytes", "fallback"] {
            let tokenizer = Tokenizer::open(&folder(name)).unwrap();
            let found = tokenizer.encode(&text, 50);
            proptest::prop_assert!(found.ids.len() <= 50);
            proptest::prop_assert!(text.trim().is_empty() || !found.ids.is_empty());
        }
    }
}
