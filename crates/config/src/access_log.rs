//! The record `access_log` of an onramp and of `temblor` (spec/proxy.md 6.2).

use std::path::PathBuf;

use temblor_value::Str;

use crate::error::ConfigError;
use crate::reader::{ConfigReader, Percent};

/// The first names of paths in templates: the fields of an exchange (spec/proxy.md 5.1), and its time as text.
pub const EXCHANGE_FIELDS: [&str; 34] = [
    "kind",
    "time",
    "ms",
    "failed",
    "onramp",
    "instance",
    "event_id",
    "request_id",
    "trace_id",
    "client",
    "peer",
    "protocol",
    "tls",
    "method",
    "scheme",
    "host",
    "path",
    "query",
    "status",
    "reason",
    "complete",
    "in",
    "out",
    "head_ms",
    "body_ms",
    "program_ms",
    "wait_ms",
    "send_ms",
    "attempts",
    "offramp",
    "output",
    "referer",
    "user_agent",
    "labels",
];
/// The time as text, in lines only.
pub const TIME_TEXT: &str = "time_text";

/// Which requests are written down, how and where.
#[derive(Clone, Debug, PartialEq)]
pub struct AccessLog {
    /// Where lines go.
    pub to: AccessTarget,
    /// What a line says.
    pub format: AccessFormat,
    /// Share of exchanges that are looked at, percent.
    pub sample: f64,
    /// Only those that ended badly.
    pub errors_only: bool,
    /// Query strings are written.
    pub query: bool,
}

/// Where lines go.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AccessTarget {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// The log, level info.
    Log,
    /// A file; lines are appended.
    File(PathBuf),
}

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccessFormat {
    /// The whole record.
    Json,
    /// The common log format.
    Common,
    /// The same with referer and user agent.
    Combined,
    /// Text with values in it.
    Template(Vec<TemplatePart>),
}

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplatePart {
    /// Written as it is.
    Text(Str),
    /// The value of a field, then of fields within.
    Path(Vec<Str>),
}

impl AccessLog {
    /// Reads the record.
    ///
    /// # Errors
    /// Unknown keys, wrong types, a template with a path that leads nowhere.
    pub fn read(mut reader: ConfigReader<'_>) -> Result<Self, ConfigError> {
        let to: Str = reader.or("to", Str::from_static("stdout"))?;
        let format: Str = reader.or("format", Str::from_static("json"))?;
        let when: Str = reader.or("when", Str::from_static("all"))?;
        let log = Self {
            to: match to.as_str() {
                "" => return Err(reader.error("to", "`to` is `stdout`, `stderr`, `log` or a file")),
                "stdout" => AccessTarget::Stdout,
                "stderr" => AccessTarget::Stderr,
                "log" => AccessTarget::Log,
                file => AccessTarget::File(PathBuf::from(file)),
            },
            format: match format.as_str() {
                "json" => AccessFormat::Json,
                "common" => AccessFormat::Common,
                "combined" => AccessFormat::Combined,
                text => AccessFormat::Template(template(text).map_err(|message| reader.error("format", message))?),
            },
            sample: reader.optional::<Percent>("sample")?.map_or(100.0, Percent::get),
            errors_only: match when.as_str() {
                "all" => false,
                "errors" => true,
                other => return Err(reader.error("when", format!("`when` is `all` or `errors`, not `{other}`"))),
            },
            query: reader.or("query", true)?,
        };
        reader.finish_closed()?;
        Ok(log)
    }
}

fn template(text: &str) -> Result<Vec<TemplatePart>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("%{") {
        if !before.is_empty() {
            parts.push(TemplatePart::Text(Str::new(before)));
        }
        let (path, after) = after.split_once('}').ok_or("a `%{` without its `}`")?;
        let path: Vec<Str> = path.split('.').map(|name| Str::new(name.trim())).collect();
        let first = path.first().map_or("", Str::as_str);
        if first != TIME_TEXT && !EXCHANGE_FIELDS.contains(&first) {
            return Err(format!("an exchange has no field `{first}`"));
        }
        parts.push(TemplatePart::Path(path));
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(TemplatePart::Text(Str::new(rest)));
    }
    if !parts.iter().any(|part| matches!(part, TemplatePart::Path(_))) {
        return Err("`format` is `json`, `common`, `combined` or a text with `%{path}` in it".to_owned());
    }
    Ok(parts)
}
