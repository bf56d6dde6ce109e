//! What is left of an operator whose pipeline was undeployed.

use temblor_event::{End, Event, Reason};

use super::{OpCx, OpError, OpTraits, StatefulOperator};
use crate::port::PortId;

/// Ends every event.
pub(crate) struct Ended;

impl StatefulOperator for Ended {
    fn on_event(&mut self, cx: &mut OpCx<'_>, _port: PortId, _event: Event) -> Result<(), OpError> {
        cx.end(End::new(Reason::NoReply));
        Ok(())
    }

    fn traits(&self) -> OpTraits {
        OpTraits::PLAIN
    }
}
