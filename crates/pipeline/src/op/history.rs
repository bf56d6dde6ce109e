//! `debug::history`: writes into the metadata which events passed (spec/operators-and-flow.md B.10).
//!
//! Algorithm. `evt: OP(ID)` is appended to the list in metadata NAME; anything else there is replaced by a list with that one text.

use temblor_event::Event;
use temblor_value::{Str, Value};

use super::{OpCx, OpError, OpTraits, Operator};
use crate::port::PortId;

/// See the module's documentation.
pub struct History {
    op: Str,
    name: Str,
}

impl History {
    /// Writes `op` under metadata `name`.
    pub fn new(op: Str, name: Str) -> Self {
        Self { op, name }
    }
}

impl Operator for History {
    fn on_event(&self, cx: &mut OpCx<'_>, _port: PortId, mut event: Event) -> Result<(), OpError> {
        let line = Value::from(format!("evt: {}({})", self.op, event.id));
        if let Some(meta) = event.payload.meta.object_mut() {
            match meta.get_mut(&self.name).and_then(Value::array_mut) {
                Some(lines) => lines.push(line),
                None => {
                    meta.insert(self.name.clone(), Value::from(vec![line]));
                }
            }
        }
        cx.emit(PortId::DEFAULT, event);
        Ok(())
    }

    fn traits(&self) -> OpTraits {
        OpTraits::PLAIN
    }
}
