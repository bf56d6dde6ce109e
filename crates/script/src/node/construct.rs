//! Arrays, records, interpolated texts and bytes literals (spec/script.md 1.9, 5.1 and 5.2).

use temblor_syntax::span::Span;
use temblor_value::{Key, ObjectMap, Str, Value, json};

use super::{Expr, Frame, Res, Val, View};
use crate::binary::{PartKind, Writer};
use crate::trap::{Expected, Trap};

/// `[a, b]`.
#[derive(Debug)]
pub(crate) struct Array {
    pub elements: Box<[Box<dyn Expr>]>,
    pub at: Span,
}

impl Expr for Array {
    fn eval<'a>(&'a self, view: &View<'a>, frame: &mut Frame<'_>) -> Res<'a> {
        let mut values = Vec::with_capacity(self.elements.len());
        for element in &self.elements {
            let value = element.eval(view, frame)?.into_owned();
            frame.check_depth(&value, 1, self.at)?;
            values.push(value);
        }
        Ok(Val::Own(Value::from(values)))
    }
}

/// `{"k": v}` with constant keys.
#[derive(Debug)]
pub(crate) struct Record {
    pub fields: Box<[(Key, Box<dyn Expr>)]>,
    pub at: Span,
}

impl Expr for Record {
    fn eval<'a>(&'a self, view: &View<'a>, frame: &mut Frame<'_>) -> Res<'a> {
        let mut map = ObjectMap::with_capacity(self.fields.len());
        for (key, value) in &self.fields {
            let value = value.eval(view, frame)?.into_owned();
            frame.check_depth(&value, 1, self.at)?;
            map.insert_key(key, value);
        }
        Ok(Val::Own(Value::from(map)))
    }
}

/// A record with at least one computed key; each value is evaluated before its key.
#[derive(Debug)]
pub(crate) struct ComputedRecord {
    pub fields: Box<[ComputedField]>,
    pub at: Span,
}

/// A field of a [`ComputedRecord`].
#[derive(Debug)]
pub(crate) struct ComputedField {
    pub key: Box<dyn Expr>,
    pub value: Box<dyn Expr>,
}

impl Expr for ComputedRecord {
    fn eval<'a>(&'a self, view: &View<'a>, frame: &mut Frame<'_>) -> Res<'a> {
        let mut map = ObjectMap::with_capacity(self.fields.len());
        for ComputedField { key, value } in &self.fields {
            let value = value.eval(view, frame)?.into_owned();
            frame.check_depth(&value, 1, self.at)?;
            match key.eval(view, frame)?.into_owned() {
                Value::Str(key) => map.insert(key, value),
                other => return Err(Trap::conflict(&other, Expected::String, self.at, self.at)),
            };
        }
        Ok(Val::Own(Value::from(map)))
    }
}

/// An interpolated text.
#[derive(Debug)]
pub(crate) struct Text {
    pub parts: Box<[TextPart]>,
    pub at: Span,
}

/// A piece of a [`Text`].
#[derive(Debug)]
pub(crate) enum TextPart {
    Literal(Str),
    Value(Box<dyn Expr>),
}

impl Expr for Text {
    fn eval<'a>(&'a self, view: &View<'a>, frame: &mut Frame<'_>) -> Res<'a> {
        let start = frame.text.len();
        let written = self.write(view, frame, start);
        let text = written.map(|()| text_of(frame.text.get(start..).unwrap_or_default()));
        frame.text.truncate(start);
        let text = text?;
        frame.charge(text.len() / 64, self.at)?;
        Ok(Val::Own(Value::Str(text)))
    }
}

/// The text in `bytes`, which are UTF-8 unless a writer erred.
fn text_of(bytes: &[u8]) -> Str {
    Str::from_utf8(bytes).unwrap_or_else(|| Str::new(&String::from_utf8_lossy(bytes)))
}

impl Text {
    fn write(&self, view: &View<'_>, frame: &mut Frame<'_>, start: usize) -> Result<(), Box<Trap>> {
        for part in &self.parts {
            match part {
                TextPart::Literal(text) => frame.text.extend_from_slice(text.as_bytes()),
                TextPart::Value(value) => {
                    let value = value.eval(view, frame)?;
                    write_value(&value, frame.text);
                }
            }
            let length = frame.text.len() - start;
            let checked = frame.shared.limits.check_bytes(length);
            checked.map_err(|limit| Trap::limit(limit, self.at))?;
        }
        Ok(())
    }
}

/// Appends the text form of a value (spec/script.md 1.9).
pub(crate) fn write_value(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Str(text) => out.extend_from_slice(text.as_bytes()),
        other => json::encode(other, out),
    }
}

/// `<<a:8, b/binary>>`.
#[derive(Debug)]
pub(crate) struct Bytes {
    pub parts: Box<[BytesPart]>,
    pub at: Span,
}

/// A part of [`Bytes`].
#[derive(Debug)]
pub(crate) struct BytesPart {
    pub value: Box<dyn Expr>,
    pub kind: PartKind,
    pub at: Span,
}

impl Expr for Bytes {
    fn eval<'a>(&'a self, view: &View<'a>, frame: &mut Frame<'_>) -> Res<'a> {
        let mut writer = Writer::default();
        for part in &self.parts {
            let value = part.value.eval(view, frame)?;
            writer
                .part(part.kind, &value, &frame.shared.limits)
                .map_err(|kind| Trap::new(kind, part.at, self.at))?;
        }
        let bytes = writer.finish();
        frame.charge(bytes.as_bytes().map_or(0, <[u8]>::len) / 64, self.at)?;
        Ok(Val::Own(bytes))
    }
}
