//! Integers and floats (spec/script.md 1.5 and 1.6).

use super::{Lexer, is_name_character};
use crate::codes;
use crate::token::TokenKind;

impl Lexer<'_> {
    /// A number; the next character is a digit, or a minus sign before one.
    pub(super) fn number(&mut self) {
        let start = self.at;
        self.at += usize::from(self.rest().starts_with('-'));
        self.digits();
        match self.peek() {
            Some('x') => self.hexadecimal(start),
            Some('.') => self.float(start),
            _ => {
                let value = plain(&self.text[start..self.at]).parse();
                if value.is_err() {
                    let message = "invalid integer: it is not within -9223372036854775808 to 9223372036854775807";
                    self.error(codes::INTEGER, start..self.at, message);
                }
                self.push(TokenKind::Int(value.unwrap_or(0)), start);
            }
        }
        self.no_name_behind(start);
    }

    fn hexadecimal(&mut self, start: usize) {
        let prefix = &self.text[start..self.at];
        self.at += 1;
        let digits_start = self.at;
        self.skip_while(|c| c == '_' || c.is_ascii_hexdigit());
        let digits = plain(&self.text[digits_start..self.at]);
        let value = i64::from_str_radix(&digits, 16).ok().filter(|_| matches!(prefix, "0" | "-0"));
        if value.is_none() {
            let message = "invalid hexadecimal: it is written as 0x with at least one digit and fits 63 bits";
            self.error(codes::HEXADECIMAL, start..self.at, message);
        }
        let value = value.unwrap_or(0);
        self.push(TokenKind::Int(if prefix.starts_with('-') { -value } else { value }), start);
    }

    fn float(&mut self, start: usize) {
        self.at += 1;
        self.digits();
        if matches!(self.peek(), Some('e' | 'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some('+' | '-')));
            let digits_start = self.at;
            if self.peek().is_some_and(|c| c.is_ascii_digit()) {
                self.digits();
            }
            if self.at == digits_start {
                self.error(codes::FLOAT, start..self.at, "invalid float: its exponent has no digits");
                self.skip_while(is_name_character);
            }
        }
        let value = plain(&self.text[start..self.at]).parse().unwrap_or(0.0);
        self.push(TokenKind::Float(value), start);
    }

    fn digits(&mut self) {
        self.skip_while(|c| c == '_' || c.is_ascii_digit());
    }

    fn no_name_behind(&mut self, start: usize) {
        if let Some(c) = self.peek().filter(|c| is_name_character(*c)) {
            let message = format!("unexpected character '{c}' directly behind a number");
            self.error(codes::CHARACTER, start..self.at + c.len_utf8(), message);
            if c == '-' {
                self.hint("put blanks around a minus sign");
            }
            self.skip_while(is_name_character);
        }
    }
}

/// The digits without separators.
fn plain(digits: &str) -> String {
    digits.replace('_', "")
}
