//! The record `access_log` of an onramp and of `temblor` (spec/proxy.md 6.2).

use std::path::PathBuf;

use temblor_value::Str;

use crate::error::ConfigError;
use crate::reader::{ConfigReader, Percent};

/// Defines [`ExchangeField`] from its variants and their names.
macro_rules! exchange_fields {
    ($($field:ident $name:literal,)*) => {
        /// What can be said of an exchange: the fields of the record about it (spec/proxy.md 5.1) and, last, its time as text (6.2).
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ExchangeField {
            $(#[doc = concat!("`", $name, "`")] $field,)*
        }

        impl ExchangeField {
            /// All fields in the order of the record.
            pub const ALL: &[Self] = &[$(Self::$field),*];

            /// The field's name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$field => $name,)*
                }
            }
        }
    };
}

exchange_fields! {
    Kind "kind",
    Time "time",
    Ms "ms",
    Failed "failed",
    Onramp "onramp",
    Instance "instance",
    EventId "event_id",
    RequestId "request_id",
    TraceId "trace_id",
    Client "client",
    Peer "peer",
    Protocol "protocol",
    Tls "tls",
    Method "method",
    Scheme "scheme",
    Host "host",
    Path "path",
    Query "query",
    Status "status",
    Reason "reason",
    Complete "complete",
    In "in",
    Out "out",
    HeadMs "head_ms",
    BodyMs "body_ms",
    ProgramMs "program_ms",
    WaitMs "wait_ms",
    SendMs "send_ms",
    Attempts "attempts",
    Offramp "offramp",
    Output "output",
    Referer "referer",
    UserAgent "user_agent",
    Labels "labels",
    TimeText "time_text",
}

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
    /// Written as it is; it has no end of a line in it.
    Text(Str),
    /// The value of a field, or of fields within, from the outside inwards.
    Field(ExchangeField, Vec<Str>),
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
        parts.extend(template_text(before));
        let (path, after) = after.split_once('}').ok_or("a `%{` without its `}`")?;
        let mut names = path.split('.').map(str::trim);
        let first = names.next().unwrap_or_default();
        let field = ExchangeField::ALL.iter().find(|field| field.name() == first);
        let field = field.ok_or_else(|| format!("an exchange has no field `{first}`"))?;
        parts.push(TemplatePart::Field(*field, names.map(Str::new).collect()));
        rest = after;
    }
    if parts.is_empty() {
        return Err("`format` is `json`, `common`, `combined` or a text with `%{path}` in it".to_owned());
    }
    parts.extend(template_text(rest));
    Ok(parts)
}

/// Text of a template stands as it is written, but for what would end the line.
fn template_text(text: &str) -> Option<TemplatePart> {
    let text = text.replace('\r', "\\x0D").replace('\n', "\\x0A");
    (!text.is_empty()).then(|| TemplatePart::Text(Str::new(&text)))
}
