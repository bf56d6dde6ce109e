//! How much of a body the programs behind an entry need (spec/proxy.md 3.2).

/// Needs in rising order; the need of an entry is the maximum over everything reachable from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// Nothing looks at bodies and every codec takes any bytes.
    Stream,
    /// Collected and checked, not decoded.
    Bytes,
    /// Decoded before the pipeline runs.
    Value,
}

impl Need {
    /// The name that `explain` prints.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::Bytes => "bytes",
            Self::Value => "value",
        }
    }
}

/// What an entry needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyNeed {
    /// How much.
    pub need: Need,
    /// Some way to a sink that passes bodies on leaves the value as it is: its bytes must be kept beside the value.
    pub keeps_original: bool,
}

impl BodyNeed {
    /// Of an entry that leads nowhere.
    pub const NOTHING: Self = Self {
        need: Need::Stream,
        keeps_original: false,
    };

    /// Of an entry about whose ways nothing is known.
    pub const EVERYTHING: Self = Self {
        need: Need::Value,
        keeps_original: true,
    };

    /// The need of both ways together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            need: self.need.max(other.need),
            keeps_original: self.keeps_original || other.keeps_original,
        }
    }
}
