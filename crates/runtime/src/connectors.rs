//! The connector types a binary knows. The binary registers them in one plain function; nothing registers itself.

use std::sync::Arc;

use temblor_event::Uid;
use temblor_value::Str;

use crate::exit::Exit;
use crate::ramp::Ramp;
use crate::shutdown::Shutdown;
use crate::sink::Sink;
use crate::source::{Source, SourceCx, StartError};
use crate::worker::Workers;

/// A type of source.
#[derive(Clone, Copy)]
pub struct SourceType {
    /// The `type` of entries.
    pub name: &'static str,
    /// Codec of entries that name none.
    pub default_codec: &'static str,
    /// Replies leave with their original bytes where nobody replaced the value.
    pub passes_bodies: bool,
    /// Opens what it reads from.
    pub build: fn(Ramp, SourceCx) -> Result<Box<dyn Source>, StartError>,
}

/// What a sink instance is given.
pub struct SinkStart {
    /// Its uid.
    pub uid: Uid,
    /// Name of this machine, for origins.
    pub hostname: Str,
    /// Threads of the data path.
    pub workers: Arc<Workers>,
    /// Tells when to stop.
    pub shutdown: Shutdown,
    /// Asks for the end of the process.
    pub exit: Exit,
}

/// A type of sink.
#[derive(Clone, Copy)]
pub struct SinkType {
    /// The `type` of entries.
    pub name: &'static str,
    /// Codec of entries that name none.
    pub default_codec: &'static str,
    /// Opens what it writes to.
    pub build: fn(Ramp, SinkStart) -> Result<Arc<dyn Sink>, StartError>,
}

/// All types.
#[derive(Clone, Default)]
pub struct Connectors {
    /// Types of onramps.
    pub sources: Vec<SourceType>,
    /// Types of offramps.
    pub sinks: Vec<SinkType>,
}

impl Connectors {
    /// The type of an onramp.
    pub fn source(&self, name: &str) -> Option<&SourceType> {
        self.sources.iter().find(|known| known.name == name)
    }

    /// The type of an offramp.
    pub fn sink(&self, name: &str) -> Option<&SinkType> {
        self.sinks.iter().find(|known| known.name == name)
    }
}
