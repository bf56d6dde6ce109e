//! The connector types of this binary, a line each.

use temblor_connectors::{sink, source};
use temblor_http::rest;
use temblor_runtime::connectors::Connectors;

/// All types.
pub(crate) fn all() -> Connectors {
    Connectors {
        sources: vec![
            rest::onramp::TYPE,
            source::blaster::TYPE,
            source::cb::TYPE,
            source::crononome::TYPE,
            source::file::TYPE,
            source::metronome::TYPE,
            source::stdin::TYPE,
        ],
        sinks: vec![
            rest::offramp::TYPE,
            sink::blackhole::TYPE,
            sink::cb::TYPE,
            sink::debug::TYPE,
            sink::exit::TYPE,
            sink::file::TYPE,
            sink::null::TYPE,
            sink::stdio::STDERR,
            sink::stdio::STDOUT,
        ],
    }
}
