//! gin configurations: every form of binding, lookups, errors with their position, and round trips.

use std::path::{Path, PathBuf};

use foreign::gin::{Config, Value, parse};
use proptest::prelude::*;

/// A configuration with every form that is read.
pub(crate) const WHOLE: &str = r#"# A comment.
from __gin__ import dynamic_registration
import toy
from toy import blocks
import toy_streams as ts
import toy.layers as layers

include "base.gin"

WIDTH = 96
KERNEL = 3
DILATIONS = [
    [1, 3, 9],  # a comment in a list
    [1, 3],
]
scope/WIDTH = 7
DEEP = {'a': [%WIDTH, (%KERNEL,)], "b": None,}

# Parameters for blocks.Encoder:
# ==============================================================================
blocks.Encoder:
    width = %WIDTH
    kernel_size = %KERNEL

    dilations = %DILATIONS
    act = @layers.Act
blocks.Encoder.rates = \
    [1e-6, -.5, 5e-2,
     1_000]
wide/blocks.Encoder.width = 192
wide/deep/blocks.Encoder.width = 384
ts.Conv.bias = False
layers.Conv.bias = True
toy.Toy.text = 'it''s' " \"quoted\"\n" '''long
text'''
toy.Toy.made = @wide/blocks.Encoder()
toy.Toy.pair = (5, 1)
toy.Toy.group = (5)
toy.Toy.none = ()
toy.Toy.late = 1
toy.Toy.late = 2
"#;

fn config(text: &str) -> Config {
    parse(Path::new("x.gin"), text).unwrap()
}

#[test]
fn parameters_are_found_as_gin_finds_them() {
    let config = config(WHOLE);
    let check = |name: &str, expected: Option<&str>| {
        let found = config.get(name).unwrap();
        assert_eq!(found.map(|value| value.to_string()).as_deref(), expected, "{name}");
    };
    check("blocks.Encoder.kernel_size", Some("3"));
    check("Encoder.kernel_size", Some("3"));
    check("toy.blocks.Encoder.kernel_size", Some("3"));
    check("other.blocks.Encoder.kernel_size", None);
    check("coder.kernel_size", None);
    check("Encoder.dilations", Some("[[1, 3, 9], [1, 3]]"));
    check("Encoder.rates", Some("[1e-6, -0.5, 0.05, 1000]"));
    check("Encoder.act", Some("@layers.Act"));
    check("Encoder.width", Some("96"));
    check("wide/Encoder.width", Some("192"));
    check("wide/deep/Encoder.width", Some("384"));
    check("wide/deep/more/Encoder.width", Some("384"));
    check("wider/Encoder.width", Some("96"));
    check("ts.Conv.bias", Some("False"));
    check("toy_streams.Conv.bias", Some("False"));
    check("layers.Conv.bias", Some("True"));
    check("Toy.text", Some(r#"'its "quoted"\nlong\ntext'"#));
    check("Toy.made", Some("@wide/blocks.Encoder()"));
    check("Toy.pair", Some("(5, 1)"));
    check("Toy.group", Some("5"));
    check("Toy.none", Some("()"));
    check("Toy.late", Some("2"));
    check("Toy.missing", None);
    check("WIDTH", Some("96"));
    check("scope/WIDTH", Some("7"));
    check("DEEP", Some("{'a': [96, (3,)], 'b': None}"));
    assert_eq!(config.includes[0].name, "base.gin");
    let message = config.get("Conv.bias").unwrap_err().to_string();
    assert!(message.contains("it is ambiguous"), "{message}");
}

#[test]
fn included_files_stand_where_they_are_included() {
    let find = |name: &str| {
        let text = match name {
            "base.gin" => "A = 1\nB = 1\nt.T.a = %A\nt.T.b = 1\ninclude 'deep.gin'\nC = 1",
            "deep.gin" => "C = 0\nD = 0",
            "again.gin" => "include 'again.gin'",
            _ => return None,
        };
        Some((PathBuf::from(name), text.to_owned()))
    };
    let whole = |text: &str| config(text).with_includes(Path::new("x.gin"), &find);
    let config = whole("B = 0\nt.T.b = 0\ninclude 'base.gin'\nA = 2\nD = 2\nt.T.c = 3").unwrap();
    let check = |name: &str, expected: i64| {
        assert_eq!(config.get(name).unwrap(), Some(Value::Int(expected)), "{name}");
    };
    for (name, expected) in [("A", 2), ("B", 1), ("C", 1), ("D", 2), ("T.a", 2), ("T.b", 1)] {
        check(name, expected);
    }
    let order: Vec<_> = config.bindings.iter().map(|it| it.parameter.as_str()).collect();
    assert_eq!(order, ["b", "a", "b", "c"]);

    let check = |text: &str, expected: &str| {
        let message = whole(text).unwrap_err().to_string();
        assert!(message.contains(expected), "`{message}` does not say `{expected}`");
    };
    check("\ninclude 'none.gin'", "`none.gin` cannot be found (at line 2, column 1)");
    check("include 'again.gin'", "too deep");
}

#[test]
fn later_configurations_win() {
    let mut config = config("A = 1\nt.T.a = %A");
    config.extend(parse(Path::new("--override"), "A = 5").unwrap());
    assert_eq!(config.get("T.a").unwrap(), Some(Value::Int(5)));
}

#[test]
fn wrong_text_says_where() {
    let check = |text: &str, expected: &str| {
        let message = parse(Path::new("x.gin"), text).unwrap_err().to_string();
        assert!(message.contains(expected), "`{message}` does not say `{expected}`");
        assert!(message.contains("x.gin"), "{message}");
    };
    check("A = ", "a value is missing (at line 1, column 5)");
    check("A = 1\nB == 2", "a value is missing (at line 2, column 4)");
    check("A = [1, 2\nB = 3", "`]` is missing (at line 2, column 1)");
    check("A = 'x\n", "not closed on its line (at line 1, column 5)");
    check("A = '''x\n", "not closed (at line 1, column 5)");
    check("A = nothing", "a bare name is not a value (at line 1, column 5)");
    check("A = 1 2", "goes on after its value (at line 1, column 7)");
    check("A.1b = 1", "empty part (at line 1, column 1)");
    check("5 = 1", "does not start with a name (at line 1, column 1)");
    check("a.b:\n  c.d = 1", "a dot or a slash (at line 2, column 3)");
    check(
        "A = 99999999999999999999",
        "the number `99999999999999999999` is too large (at line 1, column 5)",
    );
    check("A = 1 \\ 2", "not at the end of its line (at line 1, column 7)");
    check("A = $", "unexpected `$`");
    check("import", "neither a binding nor an import");
    check(&format!("A = {}", "[".repeat(1000)), "too deep");
}

#[test]
fn macros_that_never_end_are_refused() {
    let check = |text: &str, expected: &str| {
        let message = config(text).get("A").unwrap_err().to_string();
        assert!(message.contains(expected), "`{message}` does not say `{expected}`");
    };
    check("A = %B", "`%B` is not defined");
    check("A = [%B]\nB = [%A]", "circular");
    let doubling: String = (0..30).map(|i| format!("M{i} = [%M{0}, %M{0}]\n", i + 1)).collect();
    check(&format!("A = %M0\n{doubling}M30 = 1"), "too many values");
}

fn any_value() -> impl Strategy<Value = Value> {
    let name = "[a-zA-Z_][a-z0-9_]{0,5}([./][a-z_][a-z0-9]{0,3}){0,2}";
    let plain = prop_oneof![
        Just(Value::None),
        any::<bool>().prop_map(Value::Bool),
        (-i64::MAX..=i64::MAX).prop_map(Value::Int),
        any::<f64>()
            .prop_filter("nan is not equal to itself", |it| !it.is_nan())
            .prop_map(Value::Float),
        any::<String>().prop_map(Value::Text),
        name.prop_map(Value::Macro),
        (name, any::<bool>()).prop_map(|(name, is_called)| Value::Reference { name, is_called }),
    ];
    plain.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Tuple),
            prop::collection::vec((inner.clone(), inner), 0..3).prop_map(Value::Dict),
        ]
    })
}

proptest! {
    #![proptest_config(super::hostile::config())]

    #[test]
    fn every_value_comes_back_as_it_was_written(value in any_value()) {
        let config = config(&format!("s/a.B.c = {value}\nM = {value}\n"));
        prop_assert_eq!(&config.bindings[0].value, &value);
        prop_assert_eq!(&config.macros[0].value, &value);
        let again = parse(Path::new("y.gin"), &config.to_string()).unwrap();
        prop_assert_eq!(again, config);
    }
}
