//! Reports of unexpected tokens and where to go on behind them (spec/script.md 10.1 and 10.4).

use super::{Failed, Parse, Parser};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::span::Span;
use crate::suggest;
use crate::token::{Keyword, Symbol, TokenKind};

/// Errors after which the rest of a text is not looked at.
const MAX_ERRORS: usize = 8;

/// Something that would fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    Symbol(Symbol),
    Keyword(Keyword),
    Name,
    Int,
    Newline,
    Format,
    /// `"` or `"""`.
    Text,
    /// `#!config `.
    Config,
    /// What an atom starts with.
    Atom,
    /// What an operand starts with behind `not`.
    NotOperand,
    /// What an operation starts with.
    Operation,
    /// What a value starts with.
    Value,
    /// What an action starts with.
    Action,
    /// Binary operators.
    Operator,
}

const OPERATORS: [&str; 17] = [
    "or", "xor", "and", "^", "&", "==", "!=", "<", "<=", ">", ">=", "<<", ">>", ">>>", "+", "-", "*",
];

const ATOMS: [&str; 19] = [
    "(", "<ident>", "nil", "bool", "int", "float", "\"", "\"\"\"", "{", "[", "<<", "$", "event", "state", "args", "group",
    "window", "patch", "merge",
];

impl Expected {
    fn texts(self, texts: &mut Vec<&'static str>) {
        match self {
            Self::Symbol(symbol) => texts.push(symbol.text()),
            Self::Keyword(keyword) => texts.push(keyword.text()),
            Self::Name => texts.push("<ident>"),
            Self::Int => texts.push("int"),
            Self::Newline => texts.push("<newline>"),
            Self::Format => texts.push("|"),
            Self::Text => texts.extend(["\"", "\"\"\""]),
            Self::Config => texts.push("#!config "),
            Self::Atom => {
                texts.extend(ATOMS);
                texts.push("recur");
            }
            Self::NotOperand => {
                Self::Atom.texts(texts);
                texts.extend(["present", "absent", "not", "!"]);
            }
            Self::Operation => {
                Self::NotOperand.texts(texts);
                texts.extend(["+", "-"]);
            }
            Self::Value => {
                Self::Operation.texts(texts);
                texts.extend(["match", "for"]);
            }
            Self::Action => {
                Self::Value.texts(texts);
                texts.extend(["let", "emit", "drop"]);
            }
            Self::Operator => {
                texts.extend(OPERATORS);
                texts.extend(["/", "%"]);
            }
        }
    }
}

/// The number behind a minus sign that belongs to it.
fn glued_number(token: &str) -> Option<&str> {
    token
        .strip_prefix('-')
        .filter(|number| number.starts_with(|c: char| c.is_ascii_digit()))
}

impl Parser<'_> {
    /// Reports the next token as unexpected.
    pub(super) fn unexpected<T>(&mut self) -> Parse<T> {
        let span = self.here();
        let token = self.text.get(span.start as usize..span.end as usize).unwrap_or("");
        self.unexpected_text(span, token)
    }

    /// Reports the line end behind the last token as unexpected.
    pub(super) fn unexpected_newline<T>(&mut self) -> Parse<T> {
        let end = self.end();
        self.unexpected_text(Span::new(self.source, end, end), "<newline>")
    }

    fn unexpected_text<T>(&mut self, span: Span, token: &str) -> Parse<T> {
        let mut expected = Vec::new();
        for one in self.expected.drain(..) {
            one.texts(&mut expected);
        }
        expected.sort_unstable();
        expected.dedup();
        let hint = self.hint(token, &expected);
        let list: Vec<String> = expected.iter().map(|text| format!("`{text}`")).collect();
        let list = match list.as_slice() {
            [] => "the end of the text".to_owned(),
            [one] => one.clone(),
            [all @ .., last] => format!("one of {} or {last}", all.join(", ")),
        };
        let end = if token.is_empty() { " (the end of the text)" } else { "" };
        let mut error = Diagnostic::error(
            codes::UNEXPECTED_TOKEN,
            span,
            format!("found the token `{token}`{end} but expected {list}"),
        );
        error.hint = hint;
        self.errors.push(error);
        Err(Failed)
    }

    fn hint(&self, token: &str, expected: &[&'static str]) -> Option<String> {
        let keyword = match self.peek() {
            Some(TokenKind::Keyword(keyword)) if keyword.text() == token => Some(*keyword),
            _ => None,
        };
        let is_name_only = expected == ["<ident>"];
        match keyword {
            _ if token.is_empty() => Some("a `;` or something else is missing at the end".to_owned()),
            Some(Keyword::Case | Keyword::Default) if !is_name_only => {
                Some(format!("the statement before `{token}` may have a trailing `,`"))
            }
            Some(Keyword::Const | Keyword::Fn | Keyword::Intrinsic) if expected.contains(&"select") => Some(format!(
                "in a query `{token}` stands in a module: `mod name with … end` or a file that is used"
            )),
            Some(_) if expected.contains(&"<ident>") => Some(format!(
                "`{token}` is a keyword; make it a name by quoting it as `{token}` with back-quotes"
            )),
            None if token == "-" && expected.contains(&"(") => Some("put the operand into parentheses: `(-x)`".to_owned()),
            None if token.starts_with(['“', '”', '„', '‘', '’']) => Some("use plain quotes: `\"`".to_owned()),
            None if token.starts_with("#!config") => {
                Some("directives stand before the first statement and before any `use`".to_owned())
            }
            Some(_) if expected.contains(&";") && self.starts_statement() => {
                Some(format!("a `;` may be missing before `{token}`"))
            }
            _ => {
                if let Some(number) = glued_number(token)
                    && expected.contains(&"-")
                {
                    return Some(format!(
                        "Did you mean to use `- {number}`? A minus directly before a digit belongs to the number"
                    ));
                }
                // Of one or two characters nearly everything is near.
                let length = token.chars().count();
                let is_word = |text: &str| text.chars().all(char::is_alphabetic);
                let alike = expected.iter().copied().filter(|other| is_word(other) == is_word(token));
                let nearest = suggest::nearest(token, alike, 3.min(length.saturating_sub(1)))?;
                Some(format!("Did you mean to use `{nearest}`?"))
            }
        }
    }

    /// Goes on at the next line that starts, without indentation, with a word that starts a statement. False: there is none.
    pub(super) fn recover(&mut self) -> bool {
        self.depth = 0;
        self.deepest = 0;
        if self.errors.len() >= MAX_ERRORS {
            return false;
        }
        let failed_at = self.at;
        while !self.is_end() {
            if self.at > failed_at && self.starts_statement() {
                return true;
            }
            self.advance();
        }
        false
    }

    fn starts_statement(&self) -> bool {
        use Keyword as K;
        let before = &self.text[..self.start() as usize];
        let is_word = matches!(
            self.peek(),
            Some(TokenKind::Keyword(
                K::Const | K::Fn | K::Intrinsic | K::Mod | K::Use | K::Let | K::Define | K::Create | K::Select | K::Emit
            ))
        );
        is_word && before.ends_with('\n')
    }
}
