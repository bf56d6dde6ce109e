//! Literal formats of `string::format` in dialect 0.9 (spec/dialects.md 3.5).
//!
//! Such a literal keeps its brace escapes doubled, because `format` turns them into single braces. The tree holds the text with single
//! braces already, so the source is read again.

use temblor_syntax::ast::{self, Dialect, ExprKind, TextPart};
use temblor_value::{Str, Value};

use super::Lowerer;
use crate::func::FunctionDef;
use crate::ir::{Expr, Kind};

impl Lowerer<'_> {
    /// The constant for `arg`, if it is such a format.
    pub(crate) fn format_literal(&self, function: &FunctionDef, position: usize, arg: &ast::Expr) -> Option<Expr> {
        let is_format = self.dialect == Dialect::V09 && position == 0 && function.module == "string" && function.name == "format";
        let ExprKind::Text(text) = &arg.kind else {
            return None;
        };
        if !is_format || text.parts.iter().any(|part| matches!(part, TextPart::Value(_))) {
            return None;
        }
        let source = self.sources.slice(arg.span);
        let inner = if text.is_heredoc {
            source.strip_prefix("\"\"\"\n")?.strip_suffix("\"\"\"")?
        } else {
            source.strip_prefix('"')?.strip_suffix('"')?
        };
        Some(Expr::new(Kind::Const(Value::Str(Str::new(&reread(inner)?))), arg.span))
    }
}

/// The text of a literal without interpolation, its brace escapes doubled; `None` for what the lexer would have refused.
fn reread(source: &str) -> Option<String> {
    let mut text = String::with_capacity(source.len());
    let mut rest = source.chars();
    while let Some(next) = rest.next() {
        match next {
            '\\' => match rest.next()? {
                'b' => text.push('\u{8}'),
                'f' => text.push('\u{c}'),
                'n' => text.push('\n'),
                'r' => text.push('\r'),
                't' => text.push('\t'),
                'u' => {
                    let digits: String = rest.by_ref().take(4).collect();
                    text.push(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?);
                }
                brace @ ('{' | '}') => text.extend([brace, brace]),
                other => text.push(other),
            },
            // A pair of equal braces stays a pair; so does the placeholder.
            '{' | '}' => {
                text.push(next);
                if let Some(second @ ('{' | '}')) = rest.clone().next()
                    && (second == next || next == '{')
                {
                    text.push(second);
                    rest.next();
                }
            }
            other => text.push(other),
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brace_escapes_are_doubled() {
        assert_eq!(reread(r"\{{}\}.").as_deref(), Some("{{{}}}."));
        assert_eq!(reread("{{{}}}.").as_deref(), Some("{{{}}}."));
        assert_eq!(reread(r"a } \u0041\n").as_deref(), Some("a } A\n"));
    }
}
