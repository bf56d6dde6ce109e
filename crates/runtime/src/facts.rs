//! What a connector says of its configuration before it runs: what is in force, defaults included. For `explain` and the reply-path
//! check (spec/proxy.md 1.7 and 3.5); nothing here is read while events flow.

use std::sync::Arc;
use std::time::Duration;

use temblor_codec::{Codec, CodecMap};
use temblor_value::Str;

use crate::ramp::Ramp;

/// See the module's documentation. The default is that of a connector which neither answers nor has bounds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Where it listens or what it connects to, as a URL; `None`: nowhere, or events say it.
    pub address: Option<String>,
    /// Protocols it speaks, the preferred one first.
    pub protocols: Vec<&'static str>,
    /// Source: a client waits for the reply to each event. Sink: gives a response event, with `$response`, for each event. Both only
    /// where the artefact is linked.
    pub answers: bool,
    /// Checks bodies that no program reads.
    pub validates: bool,
    /// Encodes values that nobody replaced, too.
    pub always_encodes: bool,
    /// Answers that a source gives where there is no reply: reason (spec/proxy.md 1.3) and status; `None` closes the connection.
    pub own_answers: Vec<(&'static str, Option<u16>)>,
    /// Its bounds, in the order in which they are to be shown.
    pub bounds: Vec<Bound>,
}

/// What is known of an artefact before it runs: what all types have in common, and what its own type says.
#[derive(Clone)]
pub(crate) struct RampFacts {
    /// The connector type.
    pub(crate) type_: Str,
    /// The reverse direction is in use.
    pub(crate) is_linked: bool,
    pub(crate) codec: Arc<dyn Codec>,
    pub(crate) codec_map: CodecMap,
    pub(crate) has_preprocessors: bool,
    pub(crate) has_postprocessors: bool,
    /// What the type says.
    pub(crate) own: Facts,
}

impl RampFacts {
    /// Of an artefact whose type has not been asked yet.
    pub(crate) fn of(ramp: &Ramp) -> Self {
        Self {
            type_: ramp.type_name().clone(),
            is_linked: ramp.is_linked,
            codec: Arc::clone(&ramp.codec),
            codec_map: ramp.codec_map.clone(),
            has_preprocessors: !ramp.preprocessors.is_empty(),
            has_postprocessors: !ramp.postprocessors.is_empty(),
            own: Facts::default(),
        }
    }
}

/// A bound in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// What it is about, such as `head`; bounds of one topic stand together.
    pub topic: &'static str,
    /// The setting, such as `timeouts.head`.
    pub setting: &'static str,
    /// Its value.
    pub value: BoundValue,
}

/// The value of a bound; `None` is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoundValue {
    /// A time.
    Time(Option<Duration>),
    /// A number of bytes.
    Size(Option<u64>),
    /// A number of things.
    Count(Option<u64>),
}

impl Bound {
    /// A time limit.
    pub fn time(topic: &'static str, setting: &'static str, value: Option<Duration>) -> Self {
        let value = BoundValue::Time(value);
        Self { topic, setting, value }
    }

    /// A limit in bytes.
    pub fn size(topic: &'static str, setting: &'static str, value: Option<u64>) -> Self {
        let value = BoundValue::Size(value);
        Self { topic, setting, value }
    }

    /// A limit on how many there are.
    pub fn count(topic: &'static str, setting: &'static str, value: Option<u64>) -> Self {
        let value = BoundValue::Count(value);
        Self { topic, setting, value }
    }
}
