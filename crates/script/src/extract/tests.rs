//! What all extractors have in common (spec/extractors.md 1, 2).

use super::*;

const NAMES: [&str; 11] = [
    "base64", "cidr", "datetime", "dissect", "glob", "grok", "influx", "json", "kv", "re", "rerg",
];

fn compiled(name: &str, format: &str) -> Result<Box<dyn Extract>, ExtractError> {
    let limits = Limits::default();
    compile(
        name,
        format,
        &ExtractCx {
            dialect: Dialect::Modern,
            limits: &limits,
            grok_patterns: None,
        },
    )
}

#[test]
fn names_count_in_any_case() {
    for name in NAMES {
        let format = if name == "grok" { "x" } else { "" };
        assert!(compiled(&name.to_uppercase(), format).is_ok(), "{name}");
    }
}

#[test]
fn unknown_names_are_refused_as_written() {
    let error = compiled("Jsonn", "").err().unwrap();
    assert_eq!(error.to_string(), "Unsupported extractor Jsonn");
}

#[test]
fn only_strings_match() {
    let others = [
        Value::Null,
        Value::from(true),
        Value::from(10),
        Value::from(1.5),
        Value::object(),
        Value::array(),
    ];
    for name in NAMES {
        let extractor = compiled(name, "%{a}.*")
            .or_else(|_| compiled(name, ""))
            .or_else(|_| compiled(name, "x"))
            .unwrap();
        for value in &others {
            assert!(!extractor.accepts(value), "{name}");
            assert_eq!(extractor.extract(value, 0), None, "{name}");
        }
    }
}
