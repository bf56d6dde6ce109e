//! Opening of strings and heredocs (spec/script.md 1.8 and 1.10).

use super::{Lexer, Mode};
use crate::codes;
use crate::token::TokenKind;

/// The quotes of a heredoc.
pub(super) const HEREDOC: &str = "\"\"\"";

impl Lexer<'_> {
    /// Reads the opening quotes of a string or heredoc and, of a heredoc, the LF behind them.
    pub(super) fn open_text(&mut self) {
        let start = self.at;
        let is_heredoc = self.rest().starts_with(HEREDOC);
        self.at += if is_heredoc { HEREDOC.len() } else { 1 };
        self.push(TokenKind::TextOpen { is_heredoc }, start);
        if is_heredoc && self.at < self.text.len() {
            let line_end = self.line_end();
            if line_end > self.at {
                self.error(
                    codes::HEREDOC_OPENING,
                    start..line_end,
                    "nothing may follow a here doc opening on its line",
                );
            }
            self.at = (line_end + 1).min(self.text.len());
        }
        self.modes.push(Mode::Text { is_heredoc, start });
    }
}
