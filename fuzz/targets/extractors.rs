//! Every extractor format is compiled or refused, and testing and extracting agree (spec/extractors.md 2).
//!
//! Input: two letters (extractor, dialect), the format, a line of four hyphens, the target.
#![no_main]

use libfuzzer_sys::fuzz_target;
use temblor_fuzz::{choose, dialect, two_texts};
use temblor_script::Limits;
use temblor_script::extract::{ExtractCx, compile};
use temblor_value::Value;

const NAMES: [&str; 11] = [
    "base64", "cidr", "datetime", "dissect", "glob", "grok", "influx", "json", "kv", "re", "rerg",
];

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = choose(data, NAMES.len()) else {
        return;
    };
    let Some((number, rest)) = choose(rest, 2) else { return };
    let Some((format, target)) = two_texts(rest) else { return };
    let limits = Limits::default();
    let cx = ExtractCx {
        dialect: dialect(number),
        limits: &limits,
        grok_patterns: None,
    };
    let name = NAMES[choice];
    let extractor = match compile(name, format, &cx) {
        Ok(extractor) => extractor,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let target = Value::from(target);
    let accepts = extractor.accepts(&target);
    let extracts = extractor.extract(&target, 1).is_some();
    match name {
        // Bytes that are no text are accepted but not extracted (3.1).
        "base64" => assert!(accepts || !extracts),
        // Always extracts (3.4).
        "rerg" => assert!(extracts),
        _ => assert_eq!(accepts, extracts, "{name} tests and extracts differently"),
    }
});
