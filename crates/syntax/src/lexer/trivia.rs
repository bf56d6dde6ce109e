//! Comments, documentation lines and directives (spec/script.md 1.2).

use super::Lexer;
use crate::codes;
use crate::token::TokenKind;

/// What a line directive says.
pub(crate) struct LineDirective<'a> {
    /// Number of the line behind it, from 1.
    pub(crate) line: u32,
    /// The file that it came from.
    pub(crate) file: &'a str,
}

/// A directive without its five fields, or with a field that is no number.
pub(crate) struct Malformed;

/// Reads a line directive; `None` if the text starts none.
pub(crate) fn line_directive(text: &str) -> Option<Result<LineDirective<'_>, Malformed>> {
    let rest = text.strip_prefix("#!line")?;
    if !rest.is_empty() && !rest.starts_with(char::is_whitespace) {
        return None;
    }
    let mut fields = rest.split_whitespace();
    let mut number = || fields.next()?.parse::<u64>().ok();
    let numbers = (number(), number(), number(), number());
    let (Some(_), Some(line), Some(_), Some(_)) = numbers else {
        return Some(Err(Malformed));
    };
    let Some(file) = fields.next() else {
        return Some(Err(Malformed));
    };
    let line = u32::try_from(line).unwrap_or(u32::MAX).max(1);
    Some(Ok(LineDirective { line, file }))
}

impl Lexer<'_> {
    /// What starts with `#` outside of a string.
    pub(super) fn comment(&mut self) {
        let start = self.at;
        let end = self.line_end();
        let line = &self.text[start..end];
        if line.starts_with("#!config ") && !self.directives.iter().any(|range| range.contains(&start)) {
            self.at += "#!config ".len();
            return self.push(TokenKind::Config, start);
        }
        self.at = end;
        let kind = match line_directive(line) {
            Some(Ok(_)) => TokenKind::LineDirective,
            Some(Err(Malformed)) => {
                self.error(
                    codes::LINE_DIRECTIVE,
                    start..end,
                    "malformed line directive: it takes four numbers and the name of a file",
                );
                TokenKind::Comment
            }
            None if line.starts_with("###") => TokenKind::ModuleDoc(documentation(line)),
            None if line.starts_with("##") => TokenKind::ItemDoc(documentation(line)),
            None => TokenKind::Comment,
        };
        self.push(kind, start);
    }
}

fn documentation(line: &str) -> String {
    line.trim_start_matches('#').trim().to_owned()
}
