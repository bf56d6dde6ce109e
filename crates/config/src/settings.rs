//! Process-wide settings, the key `temblor` of a document (spec/proxy.md 7, spec/script.md 14).

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use temblor_metrics::Buckets;
use temblor_value::Str;

use crate::access_log::AccessLog;
use crate::error::{ConfigError, Place};
use crate::fields::Cursor;
use crate::path::KeyPath;
use crate::reader::{ByteSize, ConfigReader, ExactText};

/// Settings that name a feature of the specification that this release does not have. They are refused, never passed over.
const NOT_IN_THIS_RELEASE: [(&str, &str); 1] = [("tracing", "tracing export")];

/// The record `temblor`.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Threads of the data path; absent: one for each core.
    pub workers: Option<NonZeroUsize>,
    /// How long running requests may go on when the process stops; zero: no limit.
    pub drain: Duration,
    /// How long new connections are still taken before the drain begins.
    pub drain_delay: Duration,
    /// Bytes of collected bodies of all requests; absent: a quarter of the memory limit.
    pub memory_buffers: Option<u64>,
    /// The access log of onramps that have none of their own; absent: none.
    pub access_log: Option<AccessLog>,
    /// How numbers are shown.
    pub metrics: MetricsSettings,
    /// Which events keep their order.
    pub ordering: Ordering,
    /// Limits of scripts.
    pub script: ScriptLimits,
    /// Where the record is written, if in a file.
    pub place: Option<Place>,
}

/// Which events keep their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ordering {
    /// Those of one connection.
    #[default]
    PerConnection,
    /// All of a deployment, one after the other.
    Total,
}

/// How numbers are shown (spec/proxy.md 6.3).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetricsSettings {
    /// Host and port of a listener that shows nothing else; absent: none.
    pub listen: Option<Str>,
    /// Upper bounds of histograms, in seconds, ascending and above 0; absent: those of the specification.
    pub buckets: Option<Buckets>,
}

/// Limits of scripts (spec/script.md 14). Absent: the default; zero: no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScriptLimits {
    /// Nesting of a source text, at least 64.
    pub source_depth: Option<u64>,
    /// Nesting of a value, at least 128.
    pub value_depth: Option<u64>,
    /// Bytes of one string or binary.
    pub value_bytes: Option<u64>,
    /// Elements or keys of one array or record.
    pub value_elements: Option<u64>,
    /// Work for one event in one script or select.
    pub steps: Option<u64>,
    /// Rounds of `recur`.
    pub recursion: Option<u32>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            workers: None,
            drain: Duration::from_secs(30),
            drain_delay: Duration::ZERO,
            memory_buffers: None,
            access_log: None,
            metrics: MetricsSettings::default(),
            ordering: Ordering::default(),
            script: ScriptLimits::default(),
            place: None,
        }
    }
}

impl Settings {
    pub(crate) fn read(cursor: &Cursor<'_>) -> Result<Self, ConfigError> {
        let value = cursor.node().to_value();
        let settings = ConfigReader::over(&value, KeyPath::root()).and_then(read).map_err(|error| {
            let position = cursor.node().locate(error.path().steps());
            let error = error.below("temblor");
            match cursor.file() {
                Some(file) => error.at(Place {
                    file: Arc::clone(file),
                    position,
                }),
                None => error,
            }
        })?;
        Ok(Self {
            place: cursor.place(),
            ..settings
        })
    }
}

fn read(mut reader: ConfigReader<'_>) -> Result<Settings, ConfigError> {
    for (key, feature) in NOT_IN_THIS_RELEASE {
        if reader.contains(key) {
            return Err(reader
                .error(key, format!("{feature} is not in this release"))
                .with_hint(format!("remove `{key}`")));
        }
    }
    let defaults = Settings::default();
    let workers = reader
        .optional::<usize>("workers")?
        .map(|workers| NonZeroUsize::new(workers).ok_or_else(|| reader.error("workers", "at least one worker is needed")));
    let settings = Settings {
        workers: workers.transpose()?,
        drain: reader.or("drain", defaults.drain)?,
        drain_delay: reader.or("drain_delay", defaults.drain_delay)?,
        memory_buffers: reader.optional("memory")?.map(read_memory).transpose()?.flatten(),
        access_log: reader.optional("access_log")?.map(AccessLog::read).transpose()?,
        metrics: reader.optional("metrics")?.map(read_metrics).transpose()?.unwrap_or_default(),
        ordering: read_ordering(&mut reader)?,
        script: reader.optional("script")?.map(read_script).transpose()?.unwrap_or_default(),
        place: None,
    };
    reader.finish_closed()?;
    Ok(settings)
}

fn read_memory(mut reader: ConfigReader<'_>) -> Result<Option<u64>, ConfigError> {
    let buffers = reader.optional::<ByteSize>("buffers")?;
    reader.finish_closed()?;
    Ok(buffers.map(|ByteSize(bytes)| bytes))
}

fn read_metrics(mut reader: ConfigReader<'_>) -> Result<MetricsSettings, ConfigError> {
    let listen: Option<Str> = reader.optional("listen")?;
    let bounds: Option<Vec<f64>> = reader.optional("buckets")?;
    let refused = || reader.error("buckets", "the bounds must be seconds above 0, each above the one before");
    let buckets = bounds.map(|bounds| Buckets::new(bounds).ok_or_else(refused)).transpose()?;
    reader.finish_closed()?;
    Ok(MetricsSettings {
        listen: listen.filter(|listen| listen.as_str() != "none"),
        buckets,
    })
}

fn read_ordering(reader: &mut ConfigReader<'_>) -> Result<Ordering, ConfigError> {
    match reader.optional::<ExactText>("ordering")? {
        None => Ok(Ordering::default()),
        Some(ExactText(name)) => match name.as_str() {
            "per_connection" => Ok(Ordering::PerConnection),
            "total" => Ok(Ordering::Total),
            other => Err(reader.error(
                "ordering",
                format!("unknown ordering `{other}`, expected `per_connection` or `total`"),
            )),
        },
    }
}

fn read_script(mut reader: ConfigReader<'_>) -> Result<ScriptLimits, ConfigError> {
    let limits = ScriptLimits {
        source_depth: read_depth(&mut reader, "source_depth", 64)?,
        value_depth: read_depth(&mut reader, "value_depth", 128)?,
        value_bytes: reader.optional("value_bytes")?,
        value_elements: reader.optional("value_elements")?,
        steps: reader.optional("steps")?,
        recursion: reader.optional("recursion")?,
    };
    reader.finish_closed()?;
    Ok(limits)
}

fn read_depth(reader: &mut ConfigReader<'_>, key: &'static str, least: u64) -> Result<Option<u64>, ConfigError> {
    match reader.optional(key)? {
        Some(depth) if depth < least => Err(reader.error(key, format!("{depth} is too small, expected at least {least}"))),
        depth => Ok(depth),
    }
}

/// The one record that the documents of a start may hold between them.
///
/// # Errors
/// A second document with the key `temblor`.
pub fn agreed_settings<'a>(settings: impl IntoIterator<Item = &'a Settings>) -> Result<Option<&'a Settings>, ConfigError> {
    let mut settings = settings.into_iter();
    let first = settings.next();
    let Some(second) = settings.next() else {
        return Ok(first);
    };
    let mut message = "`temblor` may stand in one file only".to_owned();
    if let Some(place) = first.and_then(|settings| settings.place.as_ref()) {
        message = format!("{message}, and {place} has it already");
    }
    let error = ConfigError::new(KeyPath::root().key("temblor"), message).with_hint("put all settings into one file");
    Err(match &second.place {
        Some(place) => error.at(place.clone()),
        None => error,
    })
}
