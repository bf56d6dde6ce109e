//! Extractor formats (spec/script.md 1.11).

use super::Lexer;
use crate::codes;
use crate::token::TokenKind;

impl Lexer<'_> {
    /// From one bar to the next that is not escaped.
    pub(super) fn format(&mut self) {
        let start = self.at;
        self.at += 1;
        let mut pieces = vec![String::new()];
        loop {
            let (Some(c), next) = (self.peek(), self.peek_at(1)) else {
                return self.open_format(start);
            };
            let mut take = c;
            match c {
                '\n' => return self.open_format(start),
                '|' => break,
                '\\' => match next {
                    Some('\n') => {
                        self.at += 2;
                        pieces.push(String::new());
                        continue;
                    }
                    Some(escaped @ ('|' | '\\')) => {
                        self.at += 1;
                        take = escaped;
                    }
                    Some(other) => {
                        self.unknown_escape(other);
                        continue;
                    }
                    None => return self.end_of_stream(start),
                },
                _ => {}
            }
            self.at += take.len_utf8();
            if let Some(piece) = pieces.last_mut() {
                piece.push(take);
            }
        }
        self.at += 1;
        self.push(TokenKind::Format(join(pieces)), start);
    }

    fn open_format(&mut self, start: usize) {
        let end = self.at;
        self.error(
            codes::OPEN_EXTRACTOR,
            start..end,
            "you forgot to terminate an extractor with a closing '|'",
        );
        self.give_up_line(end);
    }
}

/// Joins the pieces between continuations: the first piece loses the common indentation, then all lose what is common now.
fn join(mut pieces: Vec<String>) -> String {
    let common = indentation(&pieces);
    if let Some(first) = pieces.first_mut() {
        *first = without(first, common);
    }
    let common = indentation(&pieces);
    pieces.iter().map(|piece| without(piece, common)).collect()
}

fn indentation(pieces: &[String]) -> usize {
    let blanks = |piece: &String| piece.chars().take_while(|c| c.is_whitespace()).count();
    pieces.iter().filter(|piece| !piece.is_empty()).map(blanks).min().unwrap_or(0)
}

fn without(piece: &str, characters: usize) -> String {
    piece.chars().skip(characters).collect()
}
