//! From text to tokens (spec/script.md 1, spec/dialects.md 3).
//!
//! The lexer works with an explicit stack of modes – code, string or heredoc, interpolation – so that nesting costs no call stack. It
//! goes on after errors as far as that makes sense: an error that leaves it open what the rest of the text means ends it.

mod format;
mod heredoc;
mod number;
mod string;
pub(crate) mod trivia;

use std::ops::Range;

pub use string::format_text;

use crate::ast::Dialect;
use crate::codes::{self, Code};
use crate::diagnostic::Diagnostic;
use crate::source::SourceMap;
use crate::span::{SourceId, Span};
use crate::token::{Keyword, Symbol, Token, TokenKind};

/// What a file is; decides about the directives it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A script or a module: its only directive is the dialect's, which counts as a comment.
    Script,
    /// A query: directives are tokens.
    Query,
}

/// The tokens of a text.
#[derive(Debug)]
pub struct Lexed {
    /// All tokens in order, comments included. The last one is [`TokenKind::End`].
    pub tokens: Vec<Token>,
    /// Lexical errors in the order in which they were met, the most important one first.
    pub errors: Vec<Diagnostic>,
    /// Warnings that the tokens alone call for.
    pub warnings: Vec<Diagnostic>,
    /// The dialect the text was read in.
    pub dialect: Dialect,
}

/// Tokens of a whole file. A dialect directive of the file goes before `dialect`.
pub fn tokenize(sources: &SourceMap, id: SourceId, dialect: Dialect, kind: FileKind) -> Lexed {
    let text = sources.text(id);
    let leading = crate::dialect::leading(id, text);
    let dialect = leading.dialect.unwrap_or(dialect);
    let directives = if kind == FileKind::Script { leading.lines } else { Vec::new() };
    let mut lexer = Lexer::new(id, text, 0..text.len(), dialect);
    lexer.directives = directives;
    lexer.errors = leading.errors;
    lexer.run()
}

/// Tokens of a part of a text, without any directive.
pub(crate) fn tokenize_part(id: SourceId, text: &str, part: Range<usize>, dialect: Dialect) -> Lexed {
    Lexer::new(id, text, part, dialect).run()
}

/// A mode above plain code, with the byte where it began.
#[derive(Clone, Copy, Debug)]
enum Mode {
    /// In the text of a string or heredoc.
    Text { is_heredoc: bool, start: usize },
    /// In an interpolation.
    Insert {
        start: usize,
        /// Length of the opening brace, with its hash.
        length: usize,
        /// Braces open within.
        braces: u32,
    },
}

struct Lexer<'a> {
    source: SourceId,
    /// The text up to the end of the part that is read.
    text: &'a str,
    /// Next byte.
    at: usize,
    dialect: Dialect,
    /// Lines that count as comments.
    directives: Vec<Range<usize>>,
    modes: Vec<Mode>,
    tokens: Vec<Token>,
    errors: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
    /// The rest of the text is not looked at.
    is_lost: bool,
}

impl<'a> Lexer<'a> {
    fn new(source: SourceId, text: &'a str, part: Range<usize>, dialect: Dialect) -> Self {
        Self {
            source,
            text: &text[..part.end],
            at: part.start,
            dialect,
            directives: Vec::new(),
            modes: Vec::new(),
            tokens: Vec::new(),
            errors: Vec::new(),
            warnings: Vec::new(),
            is_lost: false,
        }
    }

    fn run(mut self) -> Lexed {
        if self.at == 0 && self.text.starts_with('\u{feff}') {
            self.at = '\u{feff}'.len_utf8();
        }
        while !self.is_lost {
            match self.modes.last().copied() {
                Some(Mode::Text { is_heredoc, start }) => self.text_piece(is_heredoc, start),
                _ if self.at < self.text.len() => self.code(),
                Some(Mode::Insert { start, length, .. }) => self.open_interpolation(start, length),
                None => break,
            }
        }
        // The end is shown behind the last token, where something is missing.
        let end = self
            .tokens
            .iter()
            .rev()
            .find(|token| !token.kind.is_trivia())
            .map_or(self.at.min(self.text.len()) as u32, |token| token.span.end);
        let span = Span::new(self.source, end, end);
        self.tokens.push(Token {
            kind: TokenKind::End,
            span,
        });
        Lexed {
            tokens: self.tokens,
            errors: self.errors,
            warnings: self.warnings,
            dialect: self.dialect,
        }
    }

    /// One token of code, or white space.
    fn code(&mut self) {
        let Some(c) = self.peek() else { return };
        let start = self.at;
        match c {
            _ if c.is_whitespace() => self.at += c.len_utf8(),
            '#' => self.comment(),
            '"' => self.open_text(),
            '`' => self.quoted_name(),
            '|' => self.format(),
            '0'..='9' => self.number(),
            '-' if self.peek_at(1).is_some_and(|next| next.is_ascii_digit()) => self.number(),
            ':' => self.colons(),
            _ if unicode_ident::is_xid_start(c) => {
                self.skip_while(is_name_character);
                let text = &self.text[start..self.at];
                let kind = Keyword::of(text).map_or_else(|| TokenKind::Name(text.to_owned()), TokenKind::Keyword);
                self.push(kind, start);
            }
            _ => match Symbol::at_start_of(&self.text[start..]) {
                Some(symbol) => self.symbol(symbol),
                None => {
                    self.at += c.len_utf8();
                    self.push(TokenKind::Bad, start);
                }
            },
        }
    }

    fn symbol(&mut self, symbol: Symbol) {
        let start = self.at;
        self.at += symbol.text().len();
        if let Some(Mode::Insert { braces, .. }) = self.modes.last_mut() {
            match symbol {
                Symbol::BraceOpen | Symbol::RecordPattern => *braces += 1,
                Symbol::BraceClose if *braces == 0 => {
                    self.modes.pop();
                    return self.push(TokenKind::InsertClose, start);
                }
                Symbol::BraceClose => *braces -= 1,
                _ => {}
            }
        }
        self.push(TokenKind::Symbol(symbol), start);
    }

    /// A run of colons other than one or two is no token.
    fn colons(&mut self) {
        let start = self.at;
        self.skip_while(|c| c == ':');
        let kind = match self.at - start {
            1 => TokenKind::Symbol(Symbol::Colon),
            2 => TokenKind::Symbol(Symbol::ColonColon),
            _ => TokenKind::Bad,
        };
        self.push(kind, start);
    }

    fn quoted_name(&mut self) {
        let start = self.at;
        let rest = &self.text[start + 1..];
        match rest.find(['`', '\n']) {
            Some(length) if rest[length..].starts_with('`') => {
                self.at = start + 1 + length + 1;
                self.push(TokenKind::Name(rest[..length].to_owned()), start);
            }
            _ => {
                let end = self.line_end();
                self.error(
                    codes::OPEN_NAME,
                    start..end,
                    "you forgot to terminate an ident with a closing '`' on its line",
                );
                self.give_up_line(end);
            }
        }
    }

    /// Goes on behind an open token at the next line, if it is known what the text there is.
    fn give_up_line(&mut self, line_end: usize) {
        self.at = line_end;
        self.is_lost = !self.modes.is_empty();
    }

    fn error(&mut self, code: Code, range: Range<usize>, message: impl Into<String>) {
        let span = self.span(range);
        self.errors.push(Diagnostic::error(code, span, message));
    }

    /// Adds a hint to the last error.
    fn hint(&mut self, hint: &str) {
        if let Some(error) = self.errors.last_mut() {
            error.hint = Some(hint.to_owned());
        }
    }

    fn push(&mut self, kind: TokenKind, start: usize) {
        let span = self.span(start..self.at);
        self.tokens.push(Token { kind, span });
    }

    fn span(&self, range: Range<usize>) -> Span {
        Span::new(self.source, range.start as u32, range.end as u32)
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// The character that starts `offset` bytes behind the next one; the bytes between must be ASCII.
    fn peek_at(&self, offset: usize) -> Option<char> {
        self.text.get(self.at + offset..)?.chars().next()
    }

    fn skip_while(&mut self, keep: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.find(|c| !keep(c)).unwrap_or(rest.len());
    }

    /// The next LF, or the end of the text.
    fn line_end(&self) -> usize {
        self.at + self.rest().find('\n').unwrap_or(self.rest().len())
    }
}

/// Whether a bare name goes on with this character (spec/script.md 1.3).
pub(crate) fn is_name_character(c: char) -> bool {
    c == '-' || unicode_ident::is_xid_continue(c)
}

/// Whether a text is a bare name: it can be written without back-quotes.
pub fn is_bare_name(text: &str) -> bool {
    text.chars().next().is_some_and(unicode_ident::is_xid_start)
        && text.chars().all(is_name_character)
        && Keyword::of(text).is_none()
}

#[cfg(test)]
mod tests;
