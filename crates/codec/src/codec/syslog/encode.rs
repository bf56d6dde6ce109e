//! Writing.

use chrono::{DateTime, SecondsFormat};
use temblor_value::{ObjectMap, Value};

use super::{FACILITIES, RFC3164, RFC5424, SEVERITIES, SyslogError, structured_data};

enum Protocol {
    Rfc3164,
    Rfc5424 { version: u32 },
}

/// Appends the message for `value`.
pub(super) fn encode(value: &Value, out: &mut Vec<u8>) -> Result<(), SyslogError> {
    let protocol = protocol(value)?;
    let facility = string(value, "facility").ok_or(SyslogError::NoFacility)?;
    let facility = code(facility, FACILITIES).ok_or(SyslogError::Facility)?;
    let severity = string(value, "severity").ok_or(SyslogError::NoSeverity)?;
    let severity = code(severity, SEVERITIES).ok_or(SyslogError::Severity)?;
    let mut head = format!("<{}>", facility * 8 + severity);
    if let Protocol::Rfc5424 { version } = protocol {
        head.push_str(itoa::Buffer::new().format(version));
    }
    out.extend_from_slice(head.as_bytes());
    part(&timestamp(value), out);
    part(string(value, "hostname").unwrap_or("-"), out);
    match protocol {
        Protocol::Rfc5424 { .. } => {
            for key in ["appname", "procid", "msgid"] {
                part(string(value, key).unwrap_or("-"), out);
            }
        }
        Protocol::Rfc3164 => part(&tag(value), out),
    }
    match (elements(value)?, protocol) {
        (Some(elements), _) => {
            out.push(b' ');
            structured_data::write(elements, out)?;
        }
        (None, Protocol::Rfc5424 { .. }) => part("-", out),
        (None, Protocol::Rfc3164) => {}
    }
    if let Some(msg) = string(value, "msg") {
        part(msg, out);
    }
    Ok(())
}

fn protocol(value: &Value) -> Result<Protocol, SyslogError> {
    let version = value.get("protocol_version").filter(|version| !version.is_null());
    match (string(value, "protocol"), version) {
        (Some(RFC3164), _) => Ok(Protocol::Rfc3164),
        (Some(RFC5424), version) => {
            let version = version
                .and_then(Value::as_u64)
                .and_then(|version| u32::try_from(version).ok());
            Ok(Protocol::Rfc5424 {
                version: version.ok_or(SyslogError::NoVersion)?,
            })
        }
        (Some(_), _) => Err(SyslogError::Protocol),
        (None, Some(_)) => Err(SyslogError::NoProtocol),
        (None, None) => Ok(Protocol::Rfc5424 { version: 1 }),
    }
}

fn code(name: &str, names: &[&str]) -> Option<usize> {
    names.iter().position(|known| *known == name)
}

fn timestamp(value: &Value) -> String {
    match value.get("timestamp").and_then(Value::as_i64) {
        Some(ns) => DateTime::from_timestamp_nanos(ns).to_rfc3339_opts(SecondsFormat::AutoSi, false),
        None => "-".to_owned(),
    }
}

fn tag(value: &Value) -> String {
    match (string(value, "appname"), string(value, "procid")) {
        (Some(appname), Some(procid)) => format!("{appname}[{procid}]:"),
        (Some(appname), None) => format!("{appname}:"),
        (None, _) => ":".to_owned(),
    }
}

/// Structured data that is not absent: null and the empty record count as absent.
fn elements(value: &Value) -> Result<Option<&ObjectMap>, SyslogError> {
    match value.get("structured_data") {
        None | Some(Value::Null) => Ok(None),
        Some(data) => {
            let elements = data.as_object().ok_or(SyslogError::StructuredData)?;
            Ok((!elements.is_empty()).then_some(elements))
        }
    }
}

fn string<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

/// A part after the first.
fn part(text: &str, out: &mut Vec<u8>) {
    out.push(b' ');
    out.extend_from_slice(text.as_bytes());
}
