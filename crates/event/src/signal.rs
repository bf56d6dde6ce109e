//! Time, forward.

/// A signal to a pipeline and its sinks. Never carries data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Every 100 ms.
    Tick {
        /// Wall clock, nanoseconds since the epoch.
        ingest_ns: u64,
    },
    /// In place of a tick where nothing more is to come (spec/runtime.md 3.3 and 8.6): what is held goes on its way now.
    Drain {
        /// Wall clock, nanoseconds since the epoch.
        ingest_ns: u64,
    },
}

impl Signal {
    /// Time of the signal, nanoseconds since the epoch.
    pub fn ingest_ns(self) -> u64 {
        match self {
            Self::Tick { ingest_ns } | Self::Drain { ingest_ns } => ingest_ns,
        }
    }
}
