//! Where an event came from (spec/artefacts.md 1.6).

use std::fmt;

use smallvec::SmallVec;
use temblor_value::Str;

/// Segments of a path; most have one at most.
pub type Segments = SmallVec<[Str; 1]>;

/// Origin of an event; shared by all events of one origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Such as `tremor-rest`.
    pub scheme: Str,
    /// Host name or address; may be empty.
    pub host: Str,
    /// Port, where there is one.
    pub port: Option<u16>,
    /// Path segments; no segments give no trailing slash, one empty segment gives one.
    pub path: Segments,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        for segment in &self.path {
            write!(f, "/{segment}")?;
        }
        Ok(())
    }
}
