//! What functions may ask of the program around them: clock, names, randomness.
//!
//! This crate reads no clock and no environment itself; `runtime` and the command line implement [`Host`], tests bring their own.

use temblor_value::Str;

/// The surroundings of a script.
pub trait Host: Send + Sync {
    /// Host name of the machine (spec/stdlib.md 7.1).
    fn hostname(&self) -> Str;
    /// Nanoseconds since the epoch, read at each call.
    fn now_ns(&self) -> u64;
    /// Name of the running instance.
    fn instance(&self) -> Str;
    /// Version of the engine, `major.minor.patch`.
    fn version(&self) -> Str;
    /// A seed that differs from run to run; for functions that must not repeat themselves.
    fn random_seed(&self) -> u64;
    /// Text of the file with further `grok` definitions (spec/extractors.md 3.8), read anew for each script; `None` if there is none.
    fn grok_patterns(&self) -> Option<String> {
        None
    }
}

/// A host without surroundings: clock and seed at zero. What folding and tests use.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHost;

impl Host for NoHost {
    fn hostname(&self) -> Str {
        Str::from_static("tremor_host.local")
    }

    fn now_ns(&self) -> u64 {
        0
    }

    fn instance(&self) -> Str {
        Str::from_static("tremor")
    }

    fn version(&self) -> Str {
        Str::from_static(env!("CARGO_PKG_VERSION"))
    }

    fn random_seed(&self) -> u64 {
        0
    }
}
