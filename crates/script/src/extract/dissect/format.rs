//! Reader of `dissect` formats (spec/extractors.md 3.7).

use temblor_value::Key;

use super::super::escape::unescape;
use super::super::{ExtractError, bad};

/// A piece of a format.
#[derive(Debug)]
pub(super) enum Part {
    /// Text that must stand here; not empty.
    Delimiter(String),
    /// `%{_(…)}`: text that may stand here any number of times; not empty.
    Padding(String),
    /// A token that takes text up to the next part. Never directly followed by another.
    Token(Token),
}

/// What becomes of the text that a token takes.
#[derive(Debug)]
pub(super) enum Token {
    /// Nothing.
    Skip,
    /// Kept in this slot, as a name for a later field.
    Remember(usize),
    /// Stored, in place of what was there.
    Field(Name, Type),
    /// Joined to what is stored.
    Append(Key),
}

/// Under which name a field is stored.
#[derive(Debug)]
pub(super) enum Name {
    /// This one.
    Fixed(Key),
    /// The text remembered in this slot; `None` if nothing in the format fills it.
    Remembered(Option<usize>),
}

/// What the text of a field is converted to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Type {
    /// Nothing else.
    String,
    /// An `i64` as Rust reads it.
    Int,
    /// An `f64` as Rust reads it.
    Float,
}

/// The parts of a format and the number of slots for remembered texts.
pub(super) fn read(text: &str) -> Result<(Vec<Part>, usize), ExtractError> {
    let mut reader = Reader::default();
    let mut rest = text;
    while let Some((delimiter, after)) = rest.split_once("%{") {
        reader.delimiter(delimiter)?;
        let Some((token, after)) = after.split_once('}') else {
            return Err(bad(format!("token '%{{{after}' is not closed")));
        };
        if token.contains("%{") {
            return Err(bad(format!("token '%{{{token}' holds the start of another")));
        }
        reader.token(token)?;
        rest = after;
    }
    reader.delimiter(rest)?;
    Ok((reader.parts, reader.slots.len()))
}

#[derive(Default)]
struct Reader<'a> {
    parts: Vec<Part>,
    /// Names of `%{?name}` tokens; the place of a name is its slot.
    slots: Vec<&'a str>,
}

impl<'a> Reader<'a> {
    fn delimiter(&mut self, text: &str) -> Result<(), ExtractError> {
        let delimiter = unescape(text)?;
        if delimiter.is_empty() {
            return Ok(());
        }
        if let Some(Part::Padding(padding)) = self.parts.last()
            && delimiter.starts_with(padding.as_str())
        {
            return Err(bad(format!("padding '{padding}' is followed by itself")));
        }
        self.parts.push(Part::Delimiter(delimiter));
        Ok(())
    }

    /// Reads what stands between `%{` and `}`.
    fn token(&mut self, text: &'a str) -> Result<(), ExtractError> {
        if let Some(padding) = text.strip_prefix('_') {
            self.parts.push(Part::Padding(read_padding(padding)?));
            return Ok(());
        }
        if matches!(self.parts.last(), Some(Part::Token(_))) {
            return Err(bad(format!(
                "token '%{{{text}}}' needs a delimiter or padding in front of it"
            )));
        }
        let token = if text.is_empty() {
            Token::Skip
        } else if let Some(name) = text.strip_prefix('?') {
            Token::Remember(self.slot(name))
        } else if let Some(name) = text.strip_prefix('+') {
            Token::Append(Key::new(name))
        } else if let Some(field) = text.strip_prefix('&') {
            let (name, kind) = read_field(field)?;
            Token::Field(Name::Remembered(self.slots.iter().position(|own| *own == name)), kind)
        } else {
            let (name, kind) = read_field(text)?;
            Token::Field(Name::Fixed(Key::new(name)), kind)
        };
        self.parts.push(Part::Token(token));
        Ok(())
    }

    /// The slot of `name`, new or old.
    fn slot(&mut self, name: &'a str) -> usize {
        self.slots.iter().position(|own| *own == name).unwrap_or_else(|| {
            self.slots.push(name);
            self.slots.len() - 1
        })
    }
}

/// The text of a padding, of which `_` is read already.
fn read_padding(text: &str) -> Result<String, ExtractError> {
    if text.is_empty() {
        return Ok(" ".to_owned());
    }
    match text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
        Some("") => Err(bad("the padding is empty")),
        Some(padding) => Ok(padding.to_owned()),
        None => Err(bad(format!("malformed padding '%{{_{text}}}'"))),
    }
}

/// The name and the type of a field.
fn read_field(text: &str) -> Result<(&str, Type), ExtractError> {
    let Some((name, kind)) = text.split_once(':') else {
        return Ok((text, Type::String));
    };
    let kind = match kind {
        "string" => Type::String,
        "int" => Type::Int,
        "float" => Type::Float,
        _ => return Err(bad(format!("unknown type '{kind}' of '{name}'"))),
    };
    Ok((name, kind))
}
