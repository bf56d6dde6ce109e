//! Tokens, one per line.

use temblor_syntax::ast::Dialect;
use temblor_syntax::highlight::Style;
use temblor_syntax::lexer::{FileKind, tokenize};
use temblor_syntax::token::{Token, TokenKind};
use temblor_syntax::{SourceId, SourceMap};

/// Ends a colour.
const RESET: &str = "\u{1b}[0m";

/// A line of a listing.
pub(super) struct Row {
    /// From where to where.
    pub(super) place: String,
    pub(super) kind: &'static str,
    pub(super) text: String,
    pub(super) style: Option<Style>,
}

impl Row {
    pub(super) fn of(token: &Token, sources: &SourceMap) -> Self {
        let (line, column) = sources.line_col(token.span.source, token.span.start);
        let (end_line, end_column) = sources.line_col(token.span.source, token.span.end);
        Self {
            place: format!("{line}:{column} - {end_line}:{end_column}"),
            kind: token.kind.name(),
            text: sources.slice(token.span).replace('\r', "\\r").replace('\n', "\\n"),
            style: Style::of(&token.kind),
        }
    }

    fn line(&self, has_colours: bool) -> String {
        let Self {
            place,
            kind,
            text,
            style,
        } = self;
        let (start, end) = match style {
            Some(style) if has_colours => (style.ansi(), RESET),
            _ => ("", ""),
        };
        format!("{place:^16} · {kind:<30} · {start}{text}{end}\n")
    }
}

/// The tokens of a text up to the first bad one, without comments, and the dialect the text is in.
pub(super) fn of_file(sources: &SourceMap, id: SourceId, dialect: Dialect, kind: FileKind) -> (Vec<Token>, Dialect) {
    let mut lexed = tokenize(sources, id, dialect, kind);
    let spans = lexed.errors.iter().filter_map(|error| error.span);
    let first_error = spans.map(|span| span.start).min().unwrap_or(u32::MAX);
    let is_bad = |token: &Token| token.kind == TokenKind::Bad || token.span.start >= first_error;
    let good = lexed.tokens.iter().position(is_bad).unwrap_or(lexed.tokens.len());
    lexed.tokens.truncate(good);
    lexed.tokens.retain(|token| is_shown(&token.kind));
    (lexed.tokens, lexed.dialect)
}

fn is_shown(kind: &TokenKind) -> bool {
    !matches!(
        kind,
        TokenKind::ModuleDoc(_) | TokenKind::ItemDoc(_) | TokenKind::Comment | TokenKind::End
    )
}

/// All lines.
pub(super) fn listing(rows: &[Row], has_colours: bool) -> String {
    rows.iter().map(|row| row.line(has_colours)).collect()
}
