//! Replacement texts with references to groups (spec/stdlib.md 5.10), read once and used for every match.

use regex::Captures;
use temblor_script::func::FnError;

use crate::growth::Text;

/// A replacement text.
pub(super) struct Template<'t> {
    pieces: Vec<Piece<'t>>,
}

enum Piece<'t> {
    Literal(&'t str),
    Number(usize),
    Name(&'t str),
}

impl<'t> Template<'t> {
    /// Reads a replacement text; every text is one.
    pub(super) fn parse(mut text: &'t str) -> Self {
        let mut pieces = Vec::new();
        while let Some(dollar) = text.find('$') {
            let (before, from) = text.split_at(dollar);
            if !before.is_empty() {
                pieces.push(Piece::Literal(before));
            }
            let (piece, length) = reference(from);
            pieces.push(piece);
            text = &from[length..];
        }
        if !text.is_empty() {
            pieces.push(Piece::Literal(text));
        }
        Self { pieces }
    }

    /// Appends the text for one match.
    pub(super) fn expand(&self, captures: &Captures<'_>, out: &mut Text<'_>) -> Result<(), FnError> {
        for piece in &self.pieces {
            let group = match piece {
                Piece::Literal(text) => {
                    out.push_str(text)?;
                    continue;
                }
                Piece::Number(number) => captures.get(*number),
                Piece::Name(name) => captures.name(name),
            };
            if let Some(group) = group {
                out.push_str(group.as_str())?;
            }
        }
        Ok(())
    }
}

/// What the dollar sign at the start of `from` means, and how many bytes that takes up.
fn reference(from: &str) -> (Piece<'_>, usize) {
    let rest = &from[1..];
    if rest.starts_with('$') {
        return (Piece::Literal("$"), 2);
    }
    if let Some(inside) = rest.strip_prefix('{') {
        if let Some(end) = inside.find('}') {
            return (group(&inside[..end]), end + 3);
        }
        return (Piece::Literal("$"), 1);
    }
    let end = rest
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    if end == 0 {
        (Piece::Literal("$"), 1)
    } else {
        (group(&rest[..end]), end + 1)
    }
}

fn group(name: &str) -> Piece<'_> {
    name.parse().map_or(Piece::Name(name), Piece::Number)
}
