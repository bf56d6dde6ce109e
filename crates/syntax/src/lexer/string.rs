//! The text of strings and heredocs with escapes and interpolations (spec/script.md 1.8 to 1.10, spec/dialects.md 3).

use super::heredoc::HEREDOC;
use super::{Lexer, Mode};
use crate::ast::Dialect;
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::span::SourceId;
use crate::token::TokenKind;

/// What a hash or brace within a text means.
enum Brace {
    /// Text: source bytes to skip and what they stand for.
    Text(usize, &'static str),
    /// Start of an interpolation of so many bytes.
    Insert(usize),
    /// `#{}`.
    Empty,
}

/// Reads a string or heredoc literal of dialect 0.9 as a format of `string::format`: braces that are escaped or doubled stay doubled
/// (spec/dialects.md 3.5). `literal` is the source text of the literal, quotes included. `None` if it has interpolations or errors.
pub fn format_text(literal: &str) -> Option<String> {
    let mut lexer = Lexer::new(SourceId(0), literal, 0..literal.len(), Dialect::V09);
    if !literal.starts_with('"') {
        return None;
    }
    lexer.open_text();
    let is_heredoc = literal.starts_with(HEREDOC);
    let text = lexer.text_run(is_heredoc, true);
    (lexer.errors.is_empty() && lexer.closing(is_heredoc) == Some(lexer.rest().len())).then_some(text)
}

impl Lexer<'_> {
    /// The next piece of a text and what ends it.
    pub(super) fn text_piece(&mut self, is_heredoc: bool, start: usize) {
        let piece_start = self.at;
        let text = self.text_run(is_heredoc, false);
        if self.is_lost {
            return;
        }
        if self.at > piece_start {
            self.push(TokenKind::TextPart(text), piece_start);
        }
        let end = self.at;
        if let Some(length) = self.closing(is_heredoc) {
            self.at += length;
            self.modes.pop();
            self.push(TokenKind::TextClose, end);
        } else if let Some(Brace::Insert(length)) = self.peek().and_then(|c| self.brace(c)) {
            self.warn_of_hash(end, length);
            self.at += length;
            self.modes.push(Mode::Insert {
                start: end,
                length,
                braces: 0,
            });
            self.push(TokenKind::InsertOpen, end);
        } else {
            self.unclosed_text(is_heredoc, start);
        }
    }

    /// In dialect 0.9, warns of the first modern interpolation of the file, unless its hash is doubled.
    fn warn_of_hash(&mut self, at: usize, length: usize) {
        if self.dialect == Dialect::Modern || length == 1 || !self.warnings.is_empty() || self.text[..at].ends_with('#') {
            return;
        }
        let span = self.span(at..at + length);
        let message = "tremor 0.9 prints this hash and inserts the value behind it";
        let warning = Diagnostic::warning(codes::HASH_BRACE, span, message);
        self.warnings
            .push(warning.with_hint("write `##{` to keep the hash, `{` to leave it out"));
    }

    /// Characters up to the closing quotes, an interpolation, or what must not stand in the text. With `keep_braces` escaped and doubled
    /// braces of dialect 0.9 stay two characters.
    fn text_run(&mut self, is_heredoc: bool, keep_braces: bool) -> String {
        let mut text = String::new();
        while let Some(c) = self.peek() {
            if self.closing(is_heredoc).is_some() || (c == '\n' && !is_heredoc) {
                break;
            }
            if c == '\\' {
                self.escape(&mut text, keep_braces);
                if self.is_lost {
                    break;
                }
                continue;
            }
            match self.brace(c) {
                Some(Brace::Insert(_)) => break,
                Some(Brace::Empty) => {
                    let hint = "write `\\#{` for a literal `#{`";
                    let span = self.span(self.at..self.at + 3);
                    let message = "an interpolation without content";
                    self.errors
                        .push(Diagnostic::error(codes::EMPTY_INTERPOLATION, span, message).with_hint(hint));
                    self.at += 3;
                }
                Some(Brace::Text(2, single)) if keep_braces && matches!(single, "{" | "}") => {
                    text.push_str(single);
                    text.push_str(single);
                    self.at += 2;
                }
                Some(Brace::Text(length, stands_for)) => {
                    text.push_str(stands_for);
                    self.at += length;
                }
                None => {
                    text.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
        text
    }

    /// Length of the closing quotes, if they come next.
    fn closing(&self, is_heredoc: bool) -> Option<usize> {
        let quotes = if is_heredoc { HEREDOC } else { "\"" };
        self.rest().starts_with(quotes).then_some(quotes.len())
    }

    /// What a hash or brace means; `None`: itself.
    fn brace(&self, c: char) -> Option<Brace> {
        let (second, third) = match c {
            '#' | '{' | '}' => (
                self.peek_at(1),
                self.peek_at(1).and_then(|second| self.peek_at(1 + second.len_utf8())),
            ),
            _ => return None,
        };
        match (self.dialect, c, second, third) {
            (Dialect::Modern, '#', Some('{'), Some('}')) => Some(Brace::Empty),
            (Dialect::Modern, '#', Some('{'), _) => Some(Brace::Insert(2)),
            (Dialect::V09, '{', Some('{'), _) => Some(Brace::Text(2, "{")),
            (Dialect::V09, '{', Some('}'), _) => Some(Brace::Text(2, "{}")),
            (Dialect::V09, '{', _, _) => Some(Brace::Insert(1)),
            (Dialect::V09, '}', Some('}'), _) => Some(Brace::Text(2, "}")),
            (Dialect::V09, '#', Some('{'), Some(third)) if !matches!(third, '{' | '}') => Some(Brace::Insert(2)),
            _ => None,
        }
    }

    fn escape(&mut self, text: &mut String, keep_braces: bool) {
        let start = self.at;
        let Some(c) = self.peek_at(1) else {
            return self.end_of_stream(start);
        };
        let value = match c {
            '"' | '\'' | '\\' | '/' | '#' => c,
            '{' | '}' if self.dialect == Dialect::V09 => {
                if keep_braces {
                    text.push(c);
                }
                c
            }
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => return self.unicode_escape(text),
            _ => return self.unknown_escape(c),
        };
        self.at += 2;
        text.push(value);
    }

    fn unicode_escape(&mut self, text: &mut String) {
        let start = self.at;
        self.at += 2;
        let digits = self.rest().bytes().take(4).take_while(u8::is_ascii_hexdigit).count();
        let code = u32::from_str_radix(&self.rest()[..digits], 16).ok();
        self.at += digits;
        match code.and_then(char::from_u32).filter(|_| digits == 4) {
            Some(c) => text.push(c),
            None => {
                let message = format!(
                    "invalid UTF8 escape `{}`: it takes four hexadecimal digits and names no surrogate",
                    &self.text[start..self.at]
                );
                self.error(codes::UNICODE_ESCAPE, start..self.at, message);
            }
        }
    }

    /// A backslash before a character that it cannot escape. Neither is text; an LF is left for the caller to see.
    pub(super) fn unknown_escape(&mut self, c: char) {
        let shown = c.escape_debug();
        let shown = if c == '\'' || c == '"' {
            c.to_string()
        } else {
            shown.to_string()
        };
        let span = self.span(self.at..self.at + 1 + c.len_utf8());
        let error = Diagnostic::error(codes::ESCAPE, span, format!("an unexpected escape code '{shown}' was found"));
        self.errors.push(match c {
            '{' | '}' => error.with_hint("braces need no escape here; tremor 0.9 had them, see `#!config dialect = \"0.9\"`"),
            _ => error.with_hint("write `\\\\` for a backslash"),
        });
        self.at += 1 + if c == '\n' { 0 } else { c.len_utf8() };
    }

    /// A backslash at the very end of the text.
    pub(super) fn end_of_stream(&mut self, start: usize) {
        self.error(codes::END_OF_STREAM, start..self.text.len(), "unexpected end of stream");
        self.is_lost = true;
    }

    fn unclosed_text(&mut self, is_heredoc: bool, start: usize) {
        self.modes.pop();
        // An unclosed text inside of an interpolation is most often the closing quote of the text around it.
        if let Some(Mode::Insert { start, length, .. }) = self.modes.last().copied() {
            return self.open_interpolation(start, length);
        }
        if is_heredoc {
            let line_end = start + self.text[start..].find('\n').unwrap_or(self.text.len() - start);
            self.error(
                codes::OPEN_HEREDOC,
                start..line_end,
                "you forgot to terminate a here doc with closing '\"\"\"'",
            );
            self.is_lost = true;
        } else {
            let end = self.line_end();
            self.error(
                codes::OPEN_STRING,
                start..end,
                "you forgot to terminate a string with a closing '\"' on its line",
            );
            self.give_up_line(end);
        }
    }

    /// An interpolation without its closing brace.
    pub(super) fn open_interpolation(&mut self, start: usize, length: usize) {
        let hint = match self.dialect {
            Dialect::Modern => "write `\\#{` for a literal `#{`",
            Dialect::V09 => "write `\\{` or `{{` for a literal brace",
        };
        let span = self.span(start..start + length);
        let message = "you forgot to terminate a string interpolation with a closing '}'";
        self.errors
            .push(Diagnostic::error(codes::OPEN_INTERPOLATION, span, message).with_hint(hint));
        self.is_lost = true;
    }
}
