//! The connector types a binary knows. The binary registers them in one plain function; nothing registers itself.
//!
//! An instance is made in two steps: its plan reads and checks the configuration and opens nothing; opening the plan binds, opens and
//! connects. Who only wants to look at a deployment stops after the first.

use std::sync::Arc;

use temblor_event::Uid;
use temblor_value::Str;

use crate::exit::Exit;
use crate::facts::Facts;
use crate::ramp::Ramp;
use crate::reload::Reload;
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
    /// Reads the configuration.
    pub plan: fn(Ramp) -> Result<SourcePlan, StartError>,
}

/// Opens what a source reads from.
type OpenSource = Box<dyn FnOnce(SourceCx) -> Result<Box<dyn Source>, StartError>>;
/// Opens what a sink writes to.
type OpenSink = Box<dyn FnOnce(SinkStart) -> Result<Arc<dyn Sink>, StartError>>;

/// A source whose configuration is good; nothing is open yet.
pub struct SourcePlan {
    /// What the configuration says.
    pub facts: Facts,
    open: OpenSource,
}

impl SourcePlan {
    /// A plan that `open` turns into a source, with the facts of a source that has nothing to say.
    pub fn new(open: impl FnOnce(SourceCx) -> Result<Box<dyn Source>, StartError> + 'static) -> Self {
        Self {
            facts: Facts::default(),
            open: Box::new(open),
        }
    }

    /// The same plan with these facts.
    #[must_use]
    pub fn with_facts(self, facts: Facts) -> Self {
        Self { facts, ..self }
    }

    /// Opens what it reads from.
    ///
    /// # Errors
    /// What the connector needs cannot be had: an address is taken, a file is missing.
    pub fn open(self, cx: SourceCx) -> Result<Box<dyn Source>, StartError> {
        (self.open)(cx)
    }
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
    /// Tells when files may have changed.
    pub reload: Reload,
}

/// A type of sink.
#[derive(Clone, Copy)]
pub struct SinkType {
    /// The `type` of entries.
    pub name: &'static str,
    /// Codec of entries that name none.
    pub default_codec: &'static str,
    /// Sends untouched bodies on with their original bytes instead of looking at the value.
    pub passes_bodies: bool,
    /// Reads the configuration.
    pub plan: fn(Ramp) -> Result<SinkPlan, StartError>,
}

/// A sink whose configuration is good; nothing is open yet.
pub struct SinkPlan {
    /// What the configuration says.
    pub facts: Facts,
    open: OpenSink,
}

impl SinkPlan {
    /// A plan that `open` turns into a sink, with the facts of a sink that has nothing to say.
    pub fn new(open: impl FnOnce(SinkStart) -> Result<Arc<dyn Sink>, StartError> + 'static) -> Self {
        Self {
            facts: Facts::default(),
            open: Box::new(open),
        }
    }

    /// The same plan with these facts.
    #[must_use]
    pub fn with_facts(self, facts: Facts) -> Self {
        Self { facts, ..self }
    }

    /// Opens what it writes to.
    ///
    /// # Errors
    /// What the connector needs cannot be had: a file cannot be made, a host is unknown.
    pub fn open(self, start: SinkStart) -> Result<Arc<dyn Sink>, StartError> {
        (self.open)(start)
    }
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
