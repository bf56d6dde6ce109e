//! Links between ports of instances: the five allowed shapes and what their ports must be (spec/runtime.md 2.7).
//!
//! A [`Link`] exists only if every check that needs no running artefact has passed.

use std::error::Error;
use std::fmt;

use temblor_value::Str;

use crate::error::Place;
use crate::placeholder::PlaceholderError;
use crate::url::{ArtefactKind, ArtefactUrl};

/// A complete address: artefact, instance and port, all present.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    host: Str,
    kind: ArtefactKind,
    artefact: Str,
    instance: Str,
    port: Str,
}

impl Endpoint {
    /// What the address names.
    pub fn kind(&self) -> ArtefactKind {
        self.kind
    }

    /// The artefact id, encoded.
    pub fn artefact(&self) -> &Str {
        &self.artefact
    }

    /// The instance name, encoded.
    pub fn instance(&self) -> &Str {
        &self.instance
    }

    /// The port name, encoded.
    pub fn port(&self) -> &Str {
        &self.port
    }

    /// The whole address as a URL.
    pub fn url(&self) -> ArtefactUrl {
        self.to_url(Some(self.port.clone()))
    }

    /// The address of the instance, without the port.
    pub fn instance_url(&self) -> ArtefactUrl {
        self.to_url(None)
    }

    fn to_url(&self, port: Option<Str>) -> ArtefactUrl {
        ArtefactUrl::from_parts(
            self.host.clone(),
            self.kind,
            self.artefact.clone(),
            self.instance.clone(),
            port,
        )
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.url().fmt(f)
    }
}

/// The ports of an onramp that can be linked as a source of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OnrampPort {
    /// Decoded events.
    Out,
    /// Error events.
    Err,
    /// Requests that nobody answered (spec/proxy.md 1.5).
    Unanswered,
}

impl OnrampPort {
    fn named(name: &str) -> Option<Self> {
        match name {
            "out" => Some(Self::Out),
            "err" => Some(Self::Err),
            "unanswered" => Some(Self::Unanswered),
            _ => None,
        }
    }
}

/// When a link is made while a binding is deployed; later stages come later (spec/runtime.md 2.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkStage {
    /// Offramp to pipeline: first, so that everything downstream is in place.
    FromOfframp,
    /// Pipeline to anything.
    FromPipeline,
    /// Onramp to pipeline: last, because events start to flow.
    FromOnramp,
}

/// An allowed link, both sides complete.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Link {
    /// Events of a source enter a pipeline.
    OnrampToPipeline {
        /// The onramp.
        from: Endpoint,
        /// Its port.
        port: OnrampPort,
        /// The entry of the pipeline.
        to: Endpoint,
    },
    /// A pipeline feeds a sink.
    PipelineToOfframp {
        /// The exit of the pipeline.
        from: Endpoint,
        /// The offramp and the port name it is told.
        to: Endpoint,
    },
    /// A pipeline feeds a pipeline.
    PipelineToPipeline {
        /// The exit of the one.
        from: Endpoint,
        /// The entry of the other.
        to: Endpoint,
    },
    /// Replies into a linked onramp; the port name on its side has no meaning.
    PipelineToOnramp {
        /// The exit of the pipeline.
        from: Endpoint,
        /// The onramp that answers its clients.
        to: Endpoint,
    },
    /// Output of a linked offramp.
    OfframpToPipeline {
        /// The offramp and its port.
        from: Endpoint,
        /// The entry of the pipeline.
        to: Endpoint,
    },
}

/// A link that is refused. Every text names the URL at fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// None of the five shapes.
    #[error(
        "links require the form of onramp -> pipeline or pipeline -> offramp or pipeline -> pipeline or pipeline -> onramp or \
         offramp -> pipeline, not {from} -> {to}"
    )]
    Shape {
        /// The key of `links`.
        from: Box<ArtefactUrl>,
        /// The element of its list.
        to: Box<ArtefactUrl>,
    },
    /// No instance segment.
    #[error("URL is missing an instance: {0}; write /KIND/ARTEFACT/INSTANCE/PORT")]
    NoInstance(Box<ArtefactUrl>),
    /// No port segment.
    #[error("URL is missing an instance port: {0}; write /KIND/ARTEFACT/INSTANCE/PORT")]
    NoPort(Box<ArtefactUrl>),
    /// An onramp has no such output.
    #[error("Invalid Onramp Port: {port}. Cannot connect. ({url}; an onramp has the ports `out`, `err` and `unanswered`)")]
    OnrampPort {
        /// The port as written.
        port: Str,
        /// The URL it stands in.
        url: Box<ArtefactUrl>,
    },
    /// `in` is where an offramp takes events, never where they come from.
    #[error("Invalid Offramp Port: {port}. Cannot connect. ({url}; a linked offramp gives events on `out` and `err`)")]
    OfframpPort {
        /// The port as written.
        port: Str,
        /// The URL it stands in.
        url: Box<ArtefactUrl>,
    },
    /// A placeholder could not be replaced.
    #[error(transparent)]
    Placeholder(#[from] PlaceholderError),
}

/// A link of a binding that is refused, with the place of its key if that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedLink {
    /// Why.
    pub error: LinkError,
    /// Where the key of `links` is written.
    pub place: Option<Place>,
}

impl fmt::Display for RefusedLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        self.error.fmt(f)
    }
}

impl Error for RefusedLink {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}

impl Link {
    /// Checks one pair of URLs whose placeholders are replaced.
    ///
    /// # Errors
    /// The shape is judged before the parts of the URLs, those of the from side before those of the to side.
    pub fn between(from: &ArtefactUrl, to: &ArtefactUrl) -> Result<Self, LinkError> {
        use ArtefactKind::{Offramp, Onramp, Pipeline};
        let make: fn(Endpoint, Endpoint) -> Result<Self, LinkError> = match (from.kind(), to.kind()) {
            (Some(Onramp), Some(Pipeline)) => from_onramp,
            (Some(Offramp), Some(Pipeline)) => from_offramp,
            (Some(Pipeline), Some(Offramp)) => |from, to| Ok(Self::PipelineToOfframp { from, to }),
            (Some(Pipeline), Some(Pipeline)) => |from, to| Ok(Self::PipelineToPipeline { from, to }),
            (Some(Pipeline), Some(Onramp)) => |from, to| Ok(Self::PipelineToOnramp { from, to }),
            _ => {
                return Err(LinkError::Shape {
                    from: Box::new(from.clone()),
                    to: Box::new(to.clone()),
                });
            }
        };
        make(endpoint(from)?, endpoint(to)?)
    }

    /// Where the events come from.
    pub fn from(&self) -> &Endpoint {
        match self {
            Self::OnrampToPipeline { from, .. }
            | Self::PipelineToOfframp { from, .. }
            | Self::PipelineToPipeline { from, .. }
            | Self::PipelineToOnramp { from, .. }
            | Self::OfframpToPipeline { from, .. } => from,
        }
    }

    /// Where the events go.
    pub fn to(&self) -> &Endpoint {
        match self {
            Self::OnrampToPipeline { to, .. }
            | Self::PipelineToOfframp { to, .. }
            | Self::PipelineToPipeline { to, .. }
            | Self::PipelineToOnramp { to, .. }
            | Self::OfframpToPipeline { to, .. } => to,
        }
    }

    /// When the link is made.
    pub fn stage(&self) -> LinkStage {
        match self {
            Self::OfframpToPipeline { .. } => LinkStage::FromOfframp,
            Self::PipelineToOfframp { .. } | Self::PipelineToPipeline { .. } | Self::PipelineToOnramp { .. } => {
                LinkStage::FromPipeline
            }
            Self::OnrampToPipeline { .. } => LinkStage::FromOnramp,
        }
    }
}

fn from_onramp(from: Endpoint, to: Endpoint) -> Result<Link, LinkError> {
    match OnrampPort::named(from.port()) {
        Some(port) => Ok(Link::OnrampToPipeline { from, port, to }),
        None => Err(LinkError::OnrampPort {
            port: from.port().clone(),
            url: Box::new(from.url()),
        }),
    }
}

fn from_offramp(from: Endpoint, to: Endpoint) -> Result<Link, LinkError> {
    if from.port().eq_ignore_ascii_case("in") {
        return Err(LinkError::OfframpPort {
            port: from.port().clone(),
            url: Box::new(from.url()),
        });
    }
    Ok(Link::OfframpToPipeline { from, to })
}

fn endpoint(url: &ArtefactUrl) -> Result<Endpoint, LinkError> {
    let (Some(kind), Some(artefact), Some(instance)) = (url.kind(), url.artefact(), url.instance()) else {
        return Err(LinkError::NoInstance(Box::new(url.clone())));
    };
    let Some(port) = url.port() else {
        return Err(LinkError::NoPort(Box::new(url.clone())));
    };
    Ok(Endpoint {
        host: url.host().clone(),
        kind,
        artefact: artefact.clone(),
        instance: instance.clone(),
        port: port.clone(),
    })
}
