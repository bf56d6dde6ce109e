//! Selects without windows and groups, the fast path included (spec/query.md 8.2 and 8.5).

use std::sync::Arc;

use temblor_event::{End, Event, Reason};
use temblor_script::Trap;
use temblor_script::select::{ReadScope, SelectPrograms};
use temblor_value::Value;

use super::groups::Group;
use super::traits_without_window;
use crate::op::script::info;
use crate::op::{OpCx, OpError, OpTraits, Operator};
use crate::port::PortId;
use crate::report::Reporter;

/// See the module's documentation.
pub(super) struct Simple {
    programs: Arc<SelectPrograms>,
    reporter: Reporter,
    group: Value,
}

/// What becomes of an event.
enum Outcome {
    Filtered,
    /// It leaves as it is.
    Same,
    /// It leaves with this value.
    Replaced(Value),
}

impl Simple {
    pub(super) fn new(programs: Arc<SelectPrograms>, reporter: Reporter) -> Self {
        Self {
            programs,
            reporter,
            group: Group::of_all().value,
        }
    }

    fn decide(&self, cx: &mut OpCx<'_>, event: &Event) -> Result<Outcome, Box<Trap>> {
        let SelectPrograms {
            target, having, filter, ..
        } = &*self.programs;
        let scratch = cx.scratch();
        let incoming = ReadScope {
            event: event.value(),
            meta: event.meta(),
            group: &Value::Null,
            window: &Value::Null,
            info: info(event.ingest_ns, event.origin.as_deref()),
            aggregates: None,
        };
        if let Some(filter) = filter
            && !filter.test(&incoming, scratch)?
        {
            return Ok(Outcome::Filtered);
        }
        if target.is_event() {
            let passes = having.as_ref().map_or(Ok(true), |having| having.test(&incoming, scratch))?;
            return Ok(if passes { Outcome::Same } else { Outcome::Filtered });
        }
        let grouped = ReadScope {
            group: &self.group,
            ..incoming
        };
        let value = target.eval(&grouped, scratch)?;
        if let Some(having) = having {
            let result = ReadScope {
                event: &value,
                meta: &Value::Null,
                ..grouped
            };
            if !having.test(&result, scratch)? {
                return Ok(Outcome::Filtered);
            }
        }
        Ok(Outcome::Replaced(value))
    }
}

impl Operator for Simple {
    fn on_event(&self, cx: &mut OpCx<'_>, _port: PortId, mut event: Event) -> Result<(), OpError> {
        match self.decide(cx, &event).map_err(|trap| self.reporter.select_error(&trap))? {
            Outcome::Filtered => cx.end(End::new(Reason::Filtered)),
            Outcome::Same => cx.emit(PortId::DEFAULT, event),
            Outcome::Replaced(value) => {
                event.payload.replace(value);
                cx.emit(PortId::DEFAULT, event);
            }
        }
        Ok(())
    }

    fn traits(&self) -> OpTraits {
        traits_without_window(&self.programs)
    }
}
