//! Tokens of any text lie in the text and in order; colours do not change it; errors can be shown.
//!
//! Input: a letter (dialect, kind of file), then the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use temblor_fuzz::{choose, dialect, report};
use temblor_syntax::lexer::{FileKind, tokenize};
use temblor_syntax::token::TokenKind;
use temblor_syntax::{SourceMap, highlight};

fuzz_target!(|data: &[u8]| {
    let Some((choice, text)) = choose(data, 4) else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let kind = if choice < 2 { FileKind::Script } else { FileKind::Query };
    let mut sources = SourceMap::new();
    let id = sources.add("fuzz", text);
    let lexed = tokenize(&sources, id, dialect(choice), kind);
    let mut last = 0;
    for token in &lexed.tokens {
        let (start, end) = (token.span.start as usize, token.span.end as usize);
        assert!(text.get(start..end).is_some(), "token outside of the text: {token:?}");
        // The end has its place behind the last token that is no comment.
        if token.kind == TokenKind::End {
            break;
        }
        assert!(last <= start, "tokens overlap: {token:?}");
        last = end;
    }
    assert!(matches!(lexed.tokens.last(), Some(token) if token.kind == TokenKind::End));
    report(&sources, lexed.errors.iter().chain(&lexed.warnings));
    if !text.contains('\x1b') {
        let painted = highlight::ansi(&sources, id, dialect(choice), kind);
        assert_eq!(without_colours(&painted), text, "colours change the text");
    }
});

fn without_colours(painted: &str) -> String {
    let mut pieces = painted.split("\x1b[");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| text + piece.split_once('m').map_or("", |(_, rest)| rest))
}
