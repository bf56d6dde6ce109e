//! Reading: RFC 5424, else RFC 3164, else everything is the message.

use temblor_value::{ObjectMap, Str, Value};

use super::{FACILITIES, RFC3164, RFC5424, SEVERITIES, cursor::Cursor, structured_data, time};

/// The parts of a message; what is absent is null.
#[derive(Default)]
struct Parts<'a> {
    facility: Option<&'static str>,
    severity: Option<&'static str>,
    version: Option<u32>,
    timestamp: Option<i64>,
    hostname: Option<&'a str>,
    appname: Option<&'a str>,
    procid: Option<Str>,
    msgid: Option<&'a str>,
    structured_data: Value,
    msg: &'a str,
}

/// The record for `text`, which can always be made. `now_ns` decides the year of times without one.
pub(super) fn decode(text: &str, now_ns: u64) -> Value {
    let trimmed = text.trim();
    let parts = rfc5424(trimmed)
        .or_else(|| rfc3164(trimmed, now_ns))
        .unwrap_or_else(|| Parts {
            msg: text,
            ..Parts::default()
        });
    parts.into_record()
}

impl Parts<'_> {
    fn into_record(self) -> Value {
        let protocol = if self.version.is_some() { RFC5424 } else { RFC3164 };
        let mut record = ObjectMap::with_capacity(11);
        let mut put = |key: &'static str, value: Value| {
            record.insert(Str::from_static(key), value);
        };
        put("hostname", Value::from(self.hostname));
        put("severity", Value::from(self.severity.map(Str::from_static)));
        put("facility", Value::from(self.facility.map(Str::from_static)));
        put("timestamp", Value::from(self.timestamp));
        put("protocol", Value::from(Str::from_static(protocol)));
        put("protocol_version", Value::from(self.version));
        put("appname", Value::from(self.appname));
        put("msgid", Value::from(self.msgid));
        put("structured_data", self.structured_data);
        put("procid", Value::from(self.procid));
        put("msg", Value::from(self.msg));
        Value::from(record)
    }
}

fn rfc5424(text: &str) -> Option<Parts<'_>> {
    let mut cursor = Cursor { rest: text };
    let (facility, severity) = priority(&mut cursor);
    let version = cursor.digits()?.parse().ok()?;
    cursor.spaces()?;
    let timestamp = time::rfc3339(&mut cursor)?;
    cursor.spaces()?;
    let hostname = known(cursor.name()?);
    cursor.spaces()?;
    let appname = known(cursor.word()?);
    cursor.spaces()?;
    let procid = known(cursor.name()?).map(process_id);
    cursor.spaces()?;
    let msgid = known(cursor.name()?);
    cursor.skip_spaces();
    let structured_data = structured_data::read(&mut cursor)?;
    cursor.skip_spaces();
    Some(Parts {
        facility,
        severity,
        version: Some(version),
        timestamp: Some(timestamp),
        hostname,
        appname,
        procid,
        msgid,
        structured_data,
        msg: cursor.rest,
    })
}

fn rfc3164(text: &str, now_ns: u64) -> Option<Parts<'_>> {
    let mut cursor = Cursor { rest: text };
    let (facility, severity) = priority(&mut cursor);
    cursor.skip_spaces();
    let timestamp = time::rfc3164(&mut cursor, now_ns)?;
    let (hostname, tag) = host_and_tag(&mut cursor);
    cursor.skip_spaces();
    let _ = cursor.literal(":");
    cursor.skip_spaces();
    let structured_data = cursor.attempt(structured_data::read).unwrap_or_default();
    cursor.skip_spaces();
    let (hostname, appname, procid) = match (hostname, tag) {
        (_, Some("-")) => (None, None, None),
        (hostname, Some(tag)) => match with_process(tag) {
            Some((appname, procid)) => (hostname, Some(appname), Some(process_id(procid))),
            None => (hostname, Some(tag), None),
        },
        (hostname, None) => (hostname, None, None),
    };
    Some(Parts {
        facility,
        severity,
        timestamp: Some(timestamp),
        hostname: hostname.and_then(known),
        appname,
        procid,
        structured_data,
        msg: cursor.rest,
        ..Parts::default()
    })
}

/// Up to two words, each after exactly one space. A single word is the tag if it names a process, else the host.
fn host_and_tag<'a>(cursor: &mut Cursor<'a>) -> (Option<&'a str>, Option<&'a str>) {
    let mut word = || {
        cursor.attempt(|cursor| {
            cursor.literal(" ")?;
            cursor.name()
        })
    };
    match (word(), word()) {
        (Some(only), None) if with_process(only).is_some() => (None, Some(only)),
        words => words,
    }
}

/// The names of facility and severity in `<NUMBER>`.
fn priority(cursor: &mut Cursor<'_>) -> (Option<&'static str>, Option<&'static str>) {
    let number: Option<u8> = cursor.attempt(|cursor| {
        cursor.literal("<")?;
        let number = cursor.digits()?.parse().ok()?;
        cursor.literal(">")?;
        Some(number)
    });
    let name = |names: &[&'static str], code: Option<u8>| names.get(usize::from(code?)).copied();
    (
        name(FACILITIES, number.map(|number| number / 8)),
        name(SEVERITIES, number.map(|number| number % 8)),
    )
}

/// A dash stands for nothing.
fn known(field: &str) -> Option<&str> {
    (field != "-").then_some(field)
}

/// The parts of `app[pid]`.
fn with_process(tag: &str) -> Option<(&str, &str)> {
    let (appname, procid) = tag.strip_suffix(']')?.split_once('[')?;
    (!appname.is_empty() && !procid.is_empty()).then_some((appname, procid))
}

/// Decimal numbers lose their leading zeros.
fn process_id(text: &str) -> Str {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let significant = text.trim_start_matches('0');
        return Str::from(if significant.is_empty() { "0" } else { significant });
    }
    Str::from(text)
}
