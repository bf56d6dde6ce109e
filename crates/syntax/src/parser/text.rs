//! Strings and heredocs, and braces in them that look like interpolations of the older dialect (spec/dialects.md 4.1).

use std::ops::Range;

use super::recovery::Expected;
use super::{Parse, ParseLimits, Parser};
use crate::ast::{Dialect, Expr, Text, TextPart};
use crate::lexer;
use crate::span::Span;
use crate::token::{Symbol, TokenKind};

/// A braced piece of a text of the default dialect that could be meant as an interpolation: it parses as an operation and contains a path
/// or a call. Warning W1 is due for the first one of each literal whose names are all known.
#[derive(Clone, Debug, PartialEq)]
pub struct BraceCandidate {
    /// The whole literal, quotes included: the place of its expression, record key or port.
    pub literal: Span,
    /// The piece, braces included.
    pub span: Span,
    /// The text between the braces.
    pub text: String,
    /// What it means.
    pub expr: Expr,
}

impl Parser<'_> {
    /// A string or heredoc; the caller has seen that one starts here or reports that none does.
    pub(super) fn text(&mut self) -> Parse<(Text, Span)> {
        let start = self.start();
        let Some(TokenKind::TextOpen { is_heredoc }) = self.peek() else {
            self.expected.push(Expected::Text);
            return self.unexpected();
        };
        let is_heredoc = *is_heredoc;
        self.advance();
        self.enter()?;
        let mut parts = Vec::new();
        let mut pieces = Vec::new();
        loop {
            let here = self.here();
            match self.tokens.get_mut(self.at).map(|token| &mut token.kind) {
                Some(TokenKind::TextPart(text)) => {
                    parts.push(TextPart::Literal(std::mem::take(text)));
                    pieces.push(here);
                    self.advance();
                }
                Some(TokenKind::InsertOpen) => {
                    self.advance();
                    parts.push(TextPart::Value(self.operation()?));
                    if !matches!(self.peek(), Some(TokenKind::InsertClose)) {
                        self.expected.push(Expected::Symbol(Symbol::BraceClose));
                        return self.unexpected();
                    }
                    self.advance();
                }
                Some(TokenKind::TextClose) => break,
                _ => return self.unexpected(),
            }
        }
        self.advance();
        self.leave();
        let span = self.since(start);
        if self.dialect == Dialect::Modern && !self.is_piece {
            for piece in pieces {
                self.find_braces(span, piece);
            }
        }
        Ok((Text { parts, is_heredoc }, span))
    }

    /// Notes the braced texts of a literal part.
    fn find_braces(&mut self, literal: Span, piece: Span) {
        let (start, end) = (piece.start as usize, piece.end as usize);
        let source = &self.text[start..end];
        for (open, _) in source.match_indices('{') {
            let inside = &source[open + 1..];
            let is_escaped = self.text[..start + open].ends_with(['{', '#', '\\']);
            // A piece with a brace of its own cannot be an operation, for it ends at the first closing one.
            let length = inside
                .find(['{', '}', '\n'])
                .filter(|length| inside[*length..].starts_with('}'));
            let Some(length) = length.filter(|length| *length > 0 && !is_escaped) else {
                continue;
            };
            let range = start + open + 1..start + open + 1 + length;
            if let Some(expr) = self.braced(range.clone()) {
                self.braces.push(BraceCandidate {
                    literal,
                    span: self.span(range.start - 1..range.end + 1),
                    text: self.text[range].to_owned(),
                    expr,
                });
            }
        }
    }

    fn braced(&self, range: Range<usize>) -> Option<Expr> {
        let lexed = lexer::tokenize_part(self.source, self.text, range, Dialect::Modern);
        if !lexed.errors.is_empty() {
            return None;
        }
        let mut parser = Parser::new(
            self.source,
            self.text,
            lexed,
            ParseLimits {
                source_depth: self.limit,
            },
        );
        parser.is_piece = true;
        parser.depth = self.depth;
        let expr = parser.operation().ok()?;
        (parser.is_end() && parser.has_names).then_some(expr)
    }
}
