//! Names of dialects and the directive that chooses one (spec/dialects.md 1).
//!
//! The directive is looked for before tokenising, because it changes the tokens.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use crate::ast::Dialect;
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::span::{SourceId, Span};

/// Names that [`Dialect::from_str`] knows.
pub const NAMES: [&str; 3] = ["0.9", "0.10", "0.11"];

/// A name that stands for no dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownDialect(String);

impl fmt::Display for UnknownDialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown dialect `{}`; known are {}", self.0, NAMES.join(", "))
    }
}

impl std::error::Error for UnknownDialect {}

impl FromStr for Dialect {
    type Err = UnknownDialect;

    fn from_str(name: &str) -> Result<Self, UnknownDialect> {
        match name {
            "0.9" => Ok(Self::V09),
            "0.10" | "0.11" => Ok(Self::Modern),
            _ => Err(UnknownDialect(name.to_owned())),
        }
    }
}

/// What the leading lines of a file say.
#[derive(Debug, Default)]
pub(crate) struct Leading {
    /// The dialect they choose.
    pub(crate) dialect: Option<Dialect>,
    /// Bytes of the dialect lines, without line ends.
    pub(crate) lines: Vec<Range<usize>>,
    /// Errors of the dialect lines.
    pub(crate) errors: Vec<Diagnostic>,
}

/// Looks through the leading lines: blank ones, plain comments and directives.
pub(crate) fn leading(source: SourceId, text: &str) -> Leading {
    let mut found = Leading::default();
    let mut named: Option<&str> = None;
    let mut start = 0;
    for line in text.split('\n') {
        let range = start..start + line.len();
        start = range.end + 1;
        let line = line.trim_end_matches('\r');
        let line = line
            .strip_prefix('\u{feff}')
            .filter(|_| range.start == 0)
            .unwrap_or(line)
            .trim_start();
        if line.is_empty() {
            continue;
        }
        if let Some(directive) = line.strip_prefix("#!config ") {
            let Some(value) = value_of(directive) else { continue };
            let span = Span::new(source, range.start as u32, range.end as u32);
            found.lines.push(range);
            match plain_string(value) {
                None => found.errors.push(Diagnostic::error(
                    codes::DIALECT_FORM,
                    span,
                    "the value of the directive dialect must be a plain string, such as \"0.9\"",
                )),
                Some(name) => match (name.parse(), named.replace(name)) {
                    (Err(UnknownDialect(_)), _) => {
                        let message = UnknownDialect(name.to_owned()).to_string();
                        found.errors.push(Diagnostic::error(codes::DIALECT_UNKNOWN, span, message));
                    }
                    (Ok(_), Some(before)) if before != name => found.errors.push(Diagnostic::error(
                        codes::DIALECT_CONFLICT,
                        span,
                        format!("this file names two dialects, `{before}` and `{name}`"),
                    )),
                    (Ok(dialect), _) => found.dialect = Some(dialect),
                },
            }
        } else if line.starts_with("##") || !line.starts_with('#') {
            break;
        }
    }
    found
}

/// What follows the `=` of a directive whose name is exactly `dialect`; the text behind the name if there is no `=`.
fn value_of(directive: &str) -> Option<&str> {
    let rest = directive.trim_start().strip_prefix("dialect")?;
    if rest.starts_with(|c: char| c == '-' || unicode_ident::is_xid_continue(c)) {
        return None;
    }
    let rest = rest.trim_start();
    Some(rest.strip_prefix('=').unwrap_or(""))
}

/// The text of a plain string that may be followed by a plain comment only.
fn plain_string(value: &str) -> Option<&str> {
    let (name, rest) = value.trim_start().strip_prefix('"')?.split_once('"')?;
    let rest = rest.trim_start();
    let is_plain = !name.contains(['\\', '{', '#']);
    let is_end = rest.is_empty() || (rest.starts_with('#') && !rest.starts_with("##") && !rest.starts_with("#!config "));
    (is_plain && is_end).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(text: &str) -> (Option<Dialect>, usize, Vec<String>) {
        let found = leading(SourceId(0), text);
        (
            found.dialect,
            found.lines.len(),
            found.errors.into_iter().map(|error| error.message).collect(),
        )
    }

    #[test]
    fn forms() {
        for text in [
            "#!config dialect = \"0.9\"\nevent",
            "\u{feff}#!config dialect=\"0.9\"\r\nevent",
            "\n# about\n  #!config   dialect = \"0.9\"   # old\n",
            "#!config id = \"quay\"\n#!config dialect = \"0.9\"",
            "#!config dialect = \"0.9\"\n#!config dialect = \"0.9\"",
        ] {
            assert_eq!(scan(text).0, Some(Dialect::V09), "{text}");
        }
        assert_eq!(scan("#!config dialect = \"0.10\"").0, Some(Dialect::Modern));
        for text in [
            "event\n#!config dialect = \"0.9\"",
            "## a\n#!config dialect = \"0.9\"",
            "#!config dialects = 1",
            "#!config  x",
        ] {
            assert_eq!(scan(text), (None, 0, vec![]), "{text}");
        }
    }

    #[test]
    fn errors() {
        for (text, marker) in [
            ("#!config dialect = 0.9", "dialect must be a plain string"),
            ("#!config dialect", "dialect must be a plain string"),
            ("#!config dialect = \"0#9\"", "dialect must be a plain string"),
            ("#!config dialect = \"0.9\" 1", "dialect must be a plain string"),
            (
                "#!config dialect = \"0.7\"",
                "unknown dialect `0.7`; known are 0.9, 0.10, 0.11",
            ),
            ("#!config dialect = \"0.9\"\n#!config dialect = \"0.11\"", "two dialects"),
        ] {
            let errors = scan(text).2;
            assert!(errors.len() == 1 && errors[0].contains(marker), "{text}: {errors:?}");
        }
    }
}
