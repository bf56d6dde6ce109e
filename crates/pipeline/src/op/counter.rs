//! `generic::counter`: numbers events (spec/operators-and-flow.md B.4).
//!
//! Algorithm. One counter from 1; every event leaves as `{"count": n, "event": value}`.

use std::sync::atomic::{AtomicU64, Ordering};

use temblor_event::Event;
use temblor_value::{Str, Value};

use super::{OpCx, OpError, OpTraits, Operator, Sharing};
use crate::port::PortId;

/// See the module's documentation.
#[derive(Default)]
pub struct Counter {
    count: AtomicU64,
}

impl Operator for Counter {
    fn on_event(&self, cx: &mut OpCx<'_>, _port: PortId, mut event: Event) -> Result<(), OpError> {
        let count = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        let mut counted = Value::object();
        counted.insert(Str::from_static("count"), count);
        counted.insert(Str::from_static("event"), event.value().clone());
        event.payload.replace(counted);
        cx.emit(PortId::DEFAULT, event);
        Ok(())
    }

    fn traits(&self) -> OpTraits {
        OpTraits {
            reads_event: true,
            always_replaces_event: true,
            ..OpTraits::PLAIN
        }
    }

    fn sharing(&self) -> Sharing {
        Sharing::Atomic
    }
}
