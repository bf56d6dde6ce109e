//! The connector types of this binary, a line each.

use temblor_runtime::connectors::Connectors;

/// All types.
pub(crate) fn all() -> Connectors {
    Connectors {
        sources: vec![temblor_http::rest::onramp::TYPE],
        sinks: vec![temblor_http::rest::offramp::TYPE],
    }
}
