//! Every text is read or refused with errors that can be shown; what is read is printed to a text that is read as the same tree.
//!
//! Input: a letter (dialect, kind of file), then the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use temblor_fuzz::{choose, dialect, report};
use temblor_syntax::ast::Dialect;
use temblor_syntax::{
    ParseLimits, Parsed, Severity, SourceId, SourceMap, parse_module, parse_query, parse_query_module, parse_script, printer,
};

type Parse<T> = fn(&SourceMap, SourceId, Dialect, &ParseLimits) -> Parsed<T>;

/// The tree of a text without errors, printed, and the dialect it was read in.
fn printed<T>(text: &str, dialect: Dialect, parse: Parse<T>, print: fn(&T) -> String) -> Option<String> {
    let mut sources = SourceMap::new();
    let id = sources.add("fuzz", text);
    let parsed = parse(&sources, id, dialect, &ParseLimits::default());
    report(&sources, &parsed.diagnostics);
    let fails = parsed
        .diagnostics
        .iter()
        .any(|diagnostic| diagnostic.severity == Severity::Error);
    assert!(fails || parsed.tree.is_some(), "neither tree nor error");
    parsed.tree.filter(|_| !fails).as_ref().map(print)
}

fn round_trip<T>(text: &str, dialect: Dialect, parse: Parse<T>, print: fn(&T) -> String, dialect_of: fn(&T) -> Dialect) {
    let Some(first) = printed(text, dialect, parse, print) else {
        return;
    };
    let mut sources = SourceMap::new();
    let id = sources.add("fuzz", text);
    let read_in = parse(&sources, id, dialect, &ParseLimits::default())
        .tree
        .as_ref()
        .map_or(dialect, dialect_of);
    let second = printed(&first, read_in, parse, print);
    assert_eq!(second.as_ref(), Some(&first), "the printed text is read differently");
}

fuzz_target!(|data: &[u8]| {
    let Some((choice, text)) = choose(data, 8) else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let dialect = dialect(choice);
    match choice / 2 {
        0 => round_trip(text, dialect, parse_script, printer::script, |tree| tree.dialect),
        1 => round_trip(text, dialect, parse_query, printer::query, |tree| tree.dialect),
        2 => round_trip(text, dialect, parse_module, printer::module, |tree| tree.dialect),
        _ => round_trip(text, dialect, parse_query_module, printer::query_module, |tree| tree.dialect),
    }
});
