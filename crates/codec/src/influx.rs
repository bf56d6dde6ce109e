//! `InfluxDB` line protocol (spec/formats.md 3.7): reads one line into a record, writes a record as a line.
//!
//! Also read by the `influx` extractor of scripts, so it works on text and knows nothing of messages. Reading goes once over the line; long
//! names and strings without escapes stay slices of it.

use std::ops::Range;

use temblor_value::json::write_f64;
use temblor_value::{ObjectMap, Str, Value};

/// Why a line cannot be read or a value not be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Invalid Influx Line Protocol data: {0}")]
pub struct InfluxError(#[from] pub InfluxProblem);

/// What is wrong with a line, or with a value that should become one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InfluxProblem {
    /// The line ends inside this part.
    #[error("the line ends inside the {0}")]
    EndOfLine(&'static str),
    /// A backslash with nothing after it.
    #[error("the line ends in a backslash")]
    LoneBackslash,
    /// A tag key without `=`.
    #[error("a tag has no value")]
    TagWithoutValue,
    /// Something directly after a quoted string.
    #[error("unexpected text after a quoted string")]
    AfterString,
    /// A field value that is no boolean, integer, float or string.
    #[error("not a field value: '{0}'")]
    FieldValue(String),
    /// The rest of the line is no timestamp.
    #[error("not a timestamp: '{0}'")]
    Timestamp(String),
    /// A value that is not a record cannot be a line.
    #[error("not a record")]
    NotARecord,
    /// A key of the record is missing or has a wrong type.
    #[error("'{0}' is missing or has a wrong type")]
    Key(&'static str),
    /// A field has a type that a line cannot hold.
    #[error("field '{0}' has a type that cannot be written")]
    FieldType(String),
}

/// Reads a line into a record of `measurement`, `tags`, `fields` and `timestamp` (in nanoseconds since the epoch; `ingest_ns` if the line has
/// none). `None`: the line is blank or a comment.
///
/// # Errors
/// The line breaks the rules of spec/formats.md 3.7.
pub fn decode_line(line: &Str, ingest_ns: u64) -> Result<Option<Value>, InfluxError> {
    let mut record = Record {
        line,
        measurement: Value::Null,
        tags: ObjectMap::new(),
        fields: ObjectMap::new(),
        timestamp: ingest_ns,
    };
    if !read(line, &mut record)? {
        return Ok(None);
    }
    let mut value = ObjectMap::with_capacity(4);
    value.insert(Str::from_static("measurement"), record.measurement);
    value.insert(Str::from_static("tags"), record.tags);
    value.insert(Str::from_static("fields"), record.fields);
    value.insert(Str::from_static("timestamp"), record.timestamp);
    Ok(Some(Value::from(value)))
}

/// Whether [`decode_line`] would give a record, found out without making one. `false`: the line is blank or a comment.
///
/// # Errors
/// The same as of [`decode_line`].
pub fn check_line(line: &str) -> Result<bool, InfluxError> {
    Ok(read(line, &mut Nothing)?)
}

/// Appends the line of a record to `out`, which may hold a part of it if this fails.
///
/// # Errors
/// The value is not a record of the shape that [`decode_line`] gives, or a field holds neither string, number nor boolean.
pub fn encode_line(value: &Value, out: &mut Vec<u8>) -> Result<(), InfluxError> {
    let record = value.as_object().ok_or(InfluxProblem::NotARecord)?;
    let member = |key| record.get(key).ok_or(InfluxProblem::Key(key));
    let measurement = member("measurement")?.as_str().ok_or(InfluxProblem::Key("measurement"))?;
    let tags = member("tags")?.as_object().ok_or(InfluxProblem::Key("tags"))?;
    let fields = member("fields")?.as_object().ok_or(InfluxProblem::Key("fields"))?;
    let timestamp = member("timestamp")?.as_u64().ok_or(InfluxProblem::Key("timestamp"))?;

    write_escaped(measurement, NAME_ESCAPES, out);
    for (key, value) in sorted(tags) {
        if let Some(value) = value.as_str() {
            out.push(b',');
            write_escaped(key, NAME_ESCAPES, out);
            out.push(b'=');
            write_escaped(value, NAME_ESCAPES, out);
        }
    }
    for (place, (key, value)) in sorted(fields).into_iter().enumerate() {
        out.push(if place == 0 { b' ' } else { b',' });
        write_escaped(key, NAME_ESCAPES, out);
        out.push(b'=');
        write_field(key, value, out)?;
    }
    if fields.is_empty() {
        out.push(b' ');
    }
    out.push(b' ');
    out.extend_from_slice(itoa::Buffer::new().format(timestamp).as_bytes());
    Ok(())
}

/// What gets a backslash in measurements, keys and tag values.
const NAME_ESCAPES: &[u8] = b"\"\\, =";
/// What gets a backslash in quoted strings.
const STRING_ESCAPES: &[u8] = b"\"\\";

fn sorted(record: &ObjectMap) -> Vec<(&Str, &Value)> {
    let mut entries: Vec<_> = record.iter().collect();
    entries.sort_unstable_by_key(|&(key, _)| key);
    entries
}

fn write_field(key: &str, value: &Value, out: &mut Vec<u8>) -> Result<(), InfluxProblem> {
    match value {
        Value::Str(text) => {
            out.push(b'"');
            write_escaped(text, STRING_ESCAPES, out);
            out.push(b'"');
        }
        Value::F64(number) => write_f64(*number, out),
        Value::I64(number) => write_integer(*number, out),
        Value::U64(number) => write_integer(*number, out),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Null | Value::Bytes(_) | Value::Array(_) | Value::Object(_) => {
            return Err(InfluxProblem::FieldType(key.to_owned()));
        }
    }
    Ok(())
}

fn write_integer(number: impl itoa::Integer, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    out.push(b'i');
}

fn write_escaped(text: &str, escapes: &[u8], out: &mut Vec<u8>) {
    for &byte in text.as_bytes() {
        if escapes.contains(&byte) {
            out.push(b'\\');
        }
        out.push(byte);
    }
}

/// What becomes of the parts of a line while it is read.
trait Sink {
    fn measurement(&mut self, name: Text);
    fn tag(&mut self, key: Text, value: Text);
    fn field(&mut self, key: Text, value: Field);
    fn timestamp(&mut self, ns: u64);
}

/// A name or string of the line.
enum Text {
    /// As it stands in the line, at this place.
    Plain(Range<usize>),
    /// With its escapes resolved.
    Unescaped(String),
}

/// Value of a field.
enum Field {
    Text(Text),
    Other(Value),
}

/// The sink that forgets everything.
struct Nothing;

impl Sink for Nothing {
    fn measurement(&mut self, _name: Text) {}
    fn tag(&mut self, _key: Text, _value: Text) {}
    fn field(&mut self, _key: Text, _value: Field) {}
    fn timestamp(&mut self, _ns: u64) {}
}

/// The sink that keeps everything.
struct Record<'a> {
    line: &'a Str,
    measurement: Value,
    tags: ObjectMap,
    fields: ObjectMap,
    timestamp: u64,
}

impl Record<'_> {
    fn str(&self, text: Text) -> Str {
        match text {
            Text::Plain(place) => self.line.slice(place),
            Text::Unescaped(text) => Str::from(text),
        }
    }
}

impl Sink for Record<'_> {
    fn measurement(&mut self, name: Text) {
        self.measurement = Value::Str(self.str(name));
    }

    fn tag(&mut self, key: Text, value: Text) {
        let (key, value) = (self.str(key), self.str(value));
        self.tags.insert(key, value);
    }

    fn field(&mut self, key: Text, value: Field) {
        let key = self.str(key);
        let value = match value {
            Field::Text(text) => Value::Str(self.str(text)),
            Field::Other(value) => value,
        };
        self.fields.insert(key, value);
    }

    fn timestamp(&mut self, ns: u64) {
        self.timestamp = ns;
    }
}

/// Reads `line`; `false` if it is blank or a comment.
fn read(line: &str, sink: &mut impl Sink) -> Result<bool, InfluxProblem> {
    let end = line.trim_end().len();
    let text = &line[..end];
    let mut reader = Reader {
        text,
        at: text.len() - text.trim_start().len(),
    };
    if matches!(reader.peek(), None | Some(b'#')) {
        return Ok(false);
    }
    let (measurement, separator) = reader.element(b", ")?;
    sink.measurement(measurement);
    match separator {
        Some(b',') => reader.tags(sink)?,
        Some(_) => {}
        None => return Err(InfluxProblem::EndOfLine("measurement")),
    }
    if reader.fields(sink)? {
        sink.timestamp(reader.timestamp()?);
    }
    Ok(true)
}

/// A place in the trimmed line.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Reads up to the first of `ends` without a backslash, and over it; `None` stands for the end of the line. All of `ends` are ASCII.
    fn element(&mut self, ends: &[u8]) -> Result<(Text, Option<u8>), InfluxProblem> {
        let start = self.at;
        // The text so far once it differs from the line, and where the line goes on after it.
        let mut unescaped: Option<String> = None;
        let mut copied = start;
        let end = loop {
            match self.peek() {
                None => break None,
                Some(b'\\') => match self.text.as_bytes().get(self.at + 1) {
                    None => return Err(InfluxProblem::LoneBackslash),
                    Some(next) if *next == b'\\' || ends.contains(next) => {
                        unescaped.get_or_insert_default().push_str(&self.text[copied..self.at]);
                        copied = self.at + 1;
                        self.at += 2;
                    }
                    Some(_) => self.at += 1,
                },
                Some(byte) if ends.contains(&byte) => break Some(byte),
                Some(_) => self.at += 1,
            }
        };
        let text = match unescaped {
            None => Text::Plain(start..self.at),
            Some(mut text) => {
                text.push_str(&self.text[copied..self.at]);
                Text::Unescaped(text)
            }
        };
        self.at += usize::from(end.is_some());
        Ok((text, end))
    }

    /// Reads tags and the space after them.
    fn tags(&mut self, sink: &mut impl Sink) -> Result<(), InfluxProblem> {
        loop {
            let key = match self.element(b"= ,")? {
                (key, Some(b'=')) => key,
                (_, Some(_)) => return Err(InfluxProblem::TagWithoutValue),
                (_, None) => return Err(InfluxProblem::EndOfLine("tags")),
            };
            let (value, separator) = self.element(b" ,")?;
            sink.tag(key, value);
            match separator {
                Some(b',') => {}
                Some(_) => return Ok(()),
                None => return Err(InfluxProblem::EndOfLine("tags")),
            }
        }
    }

    /// Reads fields; whether a timestamp follows.
    fn fields(&mut self, sink: &mut impl Sink) -> Result<bool, InfluxProblem> {
        loop {
            let (key, Some(_)) = self.element(b"=")? else {
                return Err(InfluxProblem::EndOfLine("fields"));
            };
            let value = if self.peek() == Some(b'"') {
                Field::Text(self.string()?)
            } else {
                Field::Other(self.plain_value()?)
            };
            sink.field(key, value);
            let separator = self.peek();
            self.at += 1;
            match separator {
                Some(b',') => {}
                Some(_) => return Ok(true),
                None => return Ok(false),
            }
        }
    }

    /// Reads a quoted string and looks at what stands behind it.
    fn string(&mut self) -> Result<Text, InfluxProblem> {
        self.at += 1;
        let (text, Some(_)) = self.element(b"\"")? else {
            return Err(InfluxProblem::EndOfLine("string"));
        };
        match self.peek() {
            None | Some(b',' | b' ') => Ok(text),
            Some(_) => Err(InfluxProblem::AfterString),
        }
    }

    /// Reads a field value that is not quoted, up to the comma or space behind it.
    fn plain_value(&mut self) -> Result<Value, InfluxProblem> {
        let rest = &self.text[self.at..];
        let text = &rest[..rest.find([',', ' ']).unwrap_or(rest.len())];
        self.at += text.len();
        plain_value(text).ok_or_else(|| InfluxProblem::FieldValue(text.to_owned()))
    }

    /// Reads the whole rest as a timestamp.
    fn timestamp(&self) -> Result<u64, InfluxProblem> {
        let rest = &self.text[self.at..];
        Some(rest)
            .filter(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|rest| rest.parse().ok())
            .ok_or_else(|| InfluxProblem::Timestamp(rest.to_owned()))
    }
}

fn plain_value(text: &str) -> Option<Value> {
    if let Some(integer) = text.strip_suffix('i') {
        return if integer.starts_with('-') {
            integer.parse::<i64>().ok().map(Value::from)
        } else {
            integer.parse::<u64>().ok().map(Value::from)
        };
    }
    match text {
        "t" | "T" | "true" | "True" | "TRUE" => Some(Value::from(true)),
        "f" | "F" | "false" | "False" | "FALSE" => Some(Value::from(false)),
        _ => text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::from),
    }
}

#[cfg(test)]
mod tests;
