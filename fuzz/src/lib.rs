//! What the fuzz targets share: how an input is taken apart, what is done with every diagnostic, how bytes are cut.
//!
//! Inputs are meant to be read and written by people: a letter or two that choose, then text, with a line of four hyphens between parts.

use temblor_syntax::{Diagnostic, SourceMap, ast::Dialect, render, render_json};

/// Line between two texts of one input.
const BETWEEN: &str = "\n----\n";

/// Takes the first byte off an input: a number below `count`, which counts from the letter `a`.
pub fn choose(data: &[u8], count: usize) -> Option<(usize, &[u8])> {
    let (first, rest) = data.split_first()?;
    Some((usize::from(first.wrapping_sub(b'a')) % count.max(1), rest))
}

/// The two texts of an input; the second one is empty if there is no line between.
pub fn two_texts(data: &[u8]) -> Option<(&str, &str)> {
    let text = std::str::from_utf8(data).ok()?;
    Some(text.split_once(BETWEEN).unwrap_or((text, "")))
}

/// Dialect of a number: even ones are the present dialect.
pub fn dialect(number: usize) -> Dialect {
    if number % 2 == 0 { Dialect::Modern } else { Dialect::V09 }
}

/// Writes diagnostics in every form and checks that their places lie in the text.
pub fn report<'a>(sources: &SourceMap, diagnostics: impl IntoIterator<Item = &'a Diagnostic>) {
    for diagnostic in diagnostics {
        for span in diagnostic.span.iter().chain(diagnostic.labels.iter().map(|(span, _)| span)) {
            let text = sources.text(span.source);
            assert!(
                text.get(span.start as usize..span.end as usize).is_some(),
                "place outside of the text: {diagnostic:?}"
            );
        }
        assert!(!render(sources, diagnostic, false).is_empty());
        assert!(!render(sources, diagnostic, true).is_empty());
        let json = render_json(sources, diagnostic);
        assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok(), "no JSON: {json}");
    }
}

/// Ways to cut bytes: each byte alone, and in two at places that are all places of a short text and some of a long one.
pub fn cuts(data: &[u8]) -> impl Iterator<Item = Vec<&[u8]>> {
    const PLACES: usize = 96;
    let step = data.len() / PLACES + 1;
    let pairs = (0..=data.len()).step_by(step).map(|at| {
        let (first, second) = data.split_at(at);
        vec![first, second]
    });
    std::iter::once(data.chunks(1).collect()).chain(pairs)
}
