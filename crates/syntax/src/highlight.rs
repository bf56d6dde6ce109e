//! Colours of source texts (spec/script.md 10.5).

use std::fmt::Write as _;
use std::ops::Range;

use crate::ast::Dialect;
use crate::lexer::{self, FileKind};
use crate::source::SourceMap;
use crate::span::SourceId;
use crate::token::{Token, TokenKind};

/// What a piece of text is, as far as its colour goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A keyword.
    Keyword,
    /// An operator or another symbol.
    Symbol,
    /// A name.
    Name,
    /// A number, a boolean or null.
    Literal,
    /// A piece of a string, or an extractor format.
    Text,
    /// A plain comment or a directive.
    Comment,
    /// A documentation line.
    Documentation,
    /// A bad token.
    Bad,
}

/// Ends every colour.
pub(crate) const RESET: &str = "\u{1b}[0m";

impl Style {
    /// The terminal sequence that starts the style.
    pub fn ansi(self) -> &'static str {
        match self {
            Self::Keyword => "\u{1b}[1;32m",
            Self::Symbol => "\u{1b}[1;37m",
            Self::Name => "\u{1b}[33m",
            Self::Literal => "\u{1b}[31m",
            Self::Text => "\u{1b}[35m",
            Self::Comment => "\u{1b}[34m",
            Self::Documentation => "\u{1b}[36m",
            Self::Bad => "\u{1b}[37;41m",
        }
    }

    /// The style of a token; `None` for the end of a text.
    pub fn of(kind: &TokenKind) -> Option<Self> {
        use crate::token::Keyword as K;
        Some(match kind {
            TokenKind::Keyword(K::True | K::False | K::Null) | TokenKind::Int(_) | TokenKind::Float(_) => Self::Literal,
            TokenKind::Keyword(_) => Self::Keyword,
            TokenKind::Symbol(_) | TokenKind::InsertOpen | TokenKind::InsertClose => Self::Symbol,
            TokenKind::Name(_) => Self::Name,
            TokenKind::TextOpen { .. } | TokenKind::TextPart(_) | TokenKind::TextClose | TokenKind::Format(_) => Self::Text,
            TokenKind::ModuleDoc(_) | TokenKind::ItemDoc(_) => Self::Documentation,
            TokenKind::Config | TokenKind::LineDirective | TokenKind::Comment => Self::Comment,
            TokenKind::Bad => Self::Bad,
            TokenKind::End => return None,
        })
    }
}

/// The styled bytes of a text, in order and without overlaps.
pub fn styles(tokens: &[Token]) -> impl Iterator<Item = (Range<usize>, Style)> + '_ {
    tokens.iter().filter_map(|token| {
        let range = token.span.start as usize..token.span.end as usize;
        Style::of(&token.kind).map(|style| (range, style))
    })
}

/// A whole text with terminal colours. What a lexical error hides stays plain.
pub fn ansi(sources: &SourceMap, id: SourceId, dialect: Dialect, kind: FileKind) -> String {
    let text = sources.text(id);
    let tokens = lexer::tokenize(sources, id, dialect, kind).tokens;
    paint(text, 0, &styles(&tokens).collect::<Vec<_>>())
}

/// Colours a piece that starts at byte `offset` of its text. A style never goes over the end of a line.
pub(crate) fn paint(piece: &str, offset: usize, styles: &[(Range<usize>, Style)]) -> String {
    let mut painted = String::with_capacity(piece.len() * 2);
    let mut done = 0;
    let first = styles.partition_point(|(range, _)| range.end <= offset);
    for (range, style) in &styles[first..] {
        if range.start >= offset + piece.len() {
            break;
        }
        let start = range.start.saturating_sub(offset).max(done);
        let end = (range.end - offset).min(piece.len());
        let (Some(before), Some(token)) = (piece.get(done..start), piece.get(start..end)) else {
            break;
        };
        painted.push_str(before);
        for line in token.split_inclusive('\n') {
            let bare = line.trim_end_matches('\n');
            // Writing to a string cannot fail.
            let _ = write!(painted, "{}{bare}{RESET}{}", style.ansi(), &line[bare.len()..]);
        }
        done = end;
    }
    painted.push_str(piece.get(done..).unwrap_or(""));
    painted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_by_kind_and_nothing_is_lost() {
        let text = "## doc\nlet `a b` = \"x#{1}\" # note\n?";
        let mut sources = SourceMap::new();
        let id = sources.add("quay", text);
        let painted = ansi(&sources, id, Dialect::Modern, FileKind::Script);
        for expected in [
            "\u{1b}[36m## doc\u{1b}[0m\n",
            "\u{1b}[1;32mlet\u{1b}[0m ",
            "\u{1b}[33m`a b`\u{1b}[0m",
            "\u{1b}[1;37m=\u{1b}[0m",
            "\u{1b}[35mx\u{1b}[0m",
            "\u{1b}[31m1\u{1b}[0m",
            "\u{1b}[34m# note\u{1b}[0m",
            "\u{1b}[37;41m?\u{1b}[0m",
        ] {
            assert!(painted.contains(expected), "{expected:?} in {painted:?}");
        }
        let mut plain = painted.replace(RESET, "");
        for style in [
            Style::Keyword,
            Style::Symbol,
            Style::Name,
            Style::Literal,
            Style::Text,
            Style::Comment,
            Style::Documentation,
            Style::Bad,
        ] {
            plain = plain.replace(style.ansi(), "");
        }
        assert_eq!(plain, text);
    }
}
