//! The connector types a binary knows. The binary registers them in one plain function; nothing registers itself.
//!
//! An instance is made in two steps: its plan reads and checks the configuration and opens nothing; opening the plan binds, opens and
//! connects. Who only wants to look at a deployment stops after the first.

use std::sync::Arc;

use temblor_event::Uid;
use temblor_metrics::Metrics;
use temblor_value::Str;

use crate::exit::Exit;
use crate::facts::Facts;
use crate::ramp::Ramp;
use crate::reload::Reload;
use crate::sink::Sink;
use crate::source::{Source, SourceCx, StartError};
use crate::variables::Variables;
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

/// An instance of a connector whose configuration is good; nothing is open yet. It is opened in surroundings `C` and gives a `T`.
pub struct Plan<C, T> {
    /// What the configuration says.
    pub facts: Facts,
    open: Box<dyn FnOnce(C) -> Result<T, StartError>>,
}

/// A source that is not open.
pub type SourcePlan = Plan<SourceCx, Box<dyn Source>>;
/// A sink that is not open.
pub type SinkPlan = Plan<SinkStart, Arc<dyn Sink>>;

impl<C, T> Plan<C, T> {
    /// A plan that `open` carries out, with the facts of an instance that has nothing to say.
    pub fn new(open: impl FnOnce(C) -> Result<T, StartError> + 'static) -> Self {
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

    /// Opens what the instance reads from or writes to.
    ///
    /// # Errors
    /// What the connector needs cannot be had: an address is taken, a file is missing or cannot be made.
    pub fn open(self, surroundings: C) -> Result<T, StartError> {
        (self.open)(surroundings)
    }
}

/// What a sink instance is given.
pub struct SinkStart {
    /// Its uid.
    pub uid: Uid,
    /// Name of this machine, for origins.
    pub hostname: Str,
    /// The process's environment.
    pub variables: Variables,
    /// Threads of the data path.
    pub workers: Arc<Workers>,
    /// Asks for the end of the process.
    pub exit: Exit,
    /// Tells when files may have changed.
    pub reload: Reload,
    /// Where what it counts can be read.
    pub metrics: Metrics,
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
