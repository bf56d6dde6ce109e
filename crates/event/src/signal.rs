//! Time, forward.

/// A signal to a pipeline and its sinks. Never carries data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Every 100 ms.
    Tick {
        /// Wall clock, nanoseconds since the epoch.
        ingest_ns: u64,
    },
}

impl Signal {
    /// Time of the signal, nanoseconds since the epoch.
    pub fn ingest_ns(self) -> u64 {
        match self {
            Self::Tick { ingest_ns } => ingest_ns,
        }
    }
}
