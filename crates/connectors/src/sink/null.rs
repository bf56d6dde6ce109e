//! `null`: discards everything (spec/artefacts.md 11, the later generation).

use std::sync::Arc;

use temblor_event::{Event, Uid};
use temblor_runtime::connectors::{SinkPlan, SinkType};
use temblor_runtime::sink::{Delivery, Sink, SinkCx};

use super::judge;

/// The connector type, for registration.
pub const TYPE: SinkType = SinkType {
    name: "null",
    default_codec: "null",
    passes_bodies: false,
    plan: |_| Ok(SinkPlan::new(|start| Ok(Arc::new(NullSink { uid: start.uid })))),
};

struct NullSink {
    uid: Uid,
}

impl Sink for NullSink {
    fn deliver(&self, _port: &str, event: Event, cx: &SinkCx<'_>) -> Delivery {
        Delivery::done(judge(&event, true, self.uid, cx.now_ns))
    }
}

#[cfg(test)]
mod tests {
    use temblor_event::InsightKind;

    use super::*;
    use crate::testing::{deliver_at, event, feedback, transactional};

    #[test]
    fn an_event_that_asks_is_acknowledged_and_others_leave_no_trace() {
        let sink = NullSink { uid: Uid(9) };
        let ack = feedback(deliver_at(&sink, transactional(event("{}")), 3)).map(|insight| insight.kind);
        assert_eq!(ack, Some(InsightKind::Ack));
        assert!(feedback(deliver_at(&sink, event("{}"), 3)).is_none());
    }
}
