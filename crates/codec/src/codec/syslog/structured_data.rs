//! Structured data: `[id name="value" ...]` (RFC 5424 section 6.3).

use temblor_value::{ObjectMap, Str, Value};

use super::{SyslogError, cursor::Cursor};

/// The elements at the cursor, or the dash that stands for none: null if there is no valid element. An id that comes twice counts the last time.
pub(super) fn read(cursor: &mut Cursor<'_>) -> Option<Value> {
    if cursor.literal("-").is_some() {
        return Some(Value::Null);
    }
    if !cursor.rest.starts_with('[') {
        return None;
    }
    let mut elements = ObjectMap::new();
    while cursor.rest.starts_with('[') {
        match cursor.attempt(element) {
            Some((id, parameters)) => {
                elements.insert(id, parameters);
            }
            None => cursor.rest = cursor.rest.split_once(']')?.1,
        }
    }
    Some(if elements.is_empty() {
        Value::Null
    } else {
        Value::from(elements)
    })
}

fn element<'a>(cursor: &mut Cursor<'a>) -> Option<(&'a str, Vec<Value>)> {
    cursor.literal("[")?;
    let id = cursor.take_while(|c| !c.is_whitespace() && c != ']' && c != '=')?;
    let mut parameters = Vec::new();
    if cursor.spaces().is_some() && !cursor.rest.starts_with(']') {
        parameters.push(parameter(cursor)?);
        while cursor.literal(" ").is_some() {
            parameters.push(parameter(cursor)?);
        }
    }
    cursor.literal("]")?;
    Some((id, parameters))
}

fn parameter(cursor: &mut Cursor<'_>) -> Option<Value> {
    let name = cursor.take_while(|c| !c.is_whitespace() && !matches!(c, '=' | ']' | '"'))?;
    cursor.literal("=")?;
    cursor.skip_spaces();
    cursor.literal("\"")?;
    let value = quoted(cursor)?;
    let mut parameter = ObjectMap::with_capacity(1);
    parameter.insert(name, value);
    Some(Value::from(parameter))
}

/// Up to the closing quote, escapes as written.
fn quoted<'a>(cursor: &mut Cursor<'a>) -> Option<&'a str> {
    let text = cursor.rest;
    let mut at = 0;
    loop {
        at += text.get(at..)?.find(['"', '\\'])?;
        if text.as_bytes()[at] == b'"' {
            cursor.rest = &text[at + 1..];
            return Some(&text[..at]);
        }
        if !matches!(text.as_bytes().get(at + 1)?, b'"' | b'\\' | b'n' | b']') {
            return None;
        }
        at += 2;
    }
}

/// Appends a record of the form that [`read`] gives.
pub(super) fn write(elements: &ObjectMap, out: &mut Vec<u8>) -> Result<(), SyslogError> {
    for (id, parameters) in elements {
        out.push(b'[');
        out.extend_from_slice(id.as_bytes());
        for parameter in parameters.as_array().ok_or(SyslogError::Element)? {
            for (name, value) in parameter.as_object().ok_or(SyslogError::Parameter)? {
                write_parameter(name, value.as_str().ok_or(SyslogError::ParameterValue)?, out);
            }
        }
        out.push(b']');
    }
    Ok(())
}

fn write_parameter(name: &Str, value: &str, out: &mut Vec<u8>) {
    out.push(b' ');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"=\"");
    out.extend_from_slice(value.as_bytes());
    out.push(b'"');
}
