//! Positions of instances in the registry. Never reused while the process lives, so a stale one finds nothing instead of a stranger.

/// A source instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceIx(pub u32);

/// A sink instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SinkIx(pub u32);

/// A pipeline instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PipelineIx(pub u32);
