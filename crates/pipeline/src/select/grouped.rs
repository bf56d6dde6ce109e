//! Selects with `group by` and without windows: one result per group, nothing kept (spec/query.md 8.2).

use std::sync::Arc;

use smallvec::SmallVec;
use temblor_event::{End, Event, Reason};
use temblor_script::Trap;
use temblor_script::select::{ReadScope, SelectPrograms};
use temblor_value::Value;

use super::groups::groups;
use super::traits_without_window;
use crate::op::script::info;
use crate::op::{OpCx, OpError, OpTraits, Operator};
use crate::port::PortId;
use crate::report::Reporter;

/// See the module's documentation.
pub(super) struct Grouped {
    programs: Arc<SelectPrograms>,
    reporter: Reporter,
}

/// Values that leave; `None` where the event leaves as it is.
type Results = SmallVec<[Option<Value>; 2]>;

impl Grouped {
    pub(super) fn new(programs: Arc<SelectPrograms>, reporter: Reporter) -> Self {
        Self { programs, reporter }
    }

    /// Results of all groups; `None` if `where` is false.
    fn results(&self, cx: &mut OpCx<'_>, event: &Event) -> Result<Option<Results>, Box<Trap>> {
        let SelectPrograms {
            target,
            having,
            filter,
            group_by,
            ..
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
            return Ok(None);
        }
        let mut results = Results::new();
        let Some(group_by) = group_by else { return Ok(Some(results)) };
        for group in groups(group_by, &incoming, scratch)? {
            let grouped = ReadScope {
                group: &group.value,
                ..incoming
            };
            let value = target.eval(&grouped, scratch)?;
            let result = ReadScope {
                event: &value,
                meta: &Value::Null,
                ..grouped
            };
            let passes = having.as_ref().map_or(Ok(true), |having| having.test(&result, scratch))?;
            if passes {
                results.push((!target.is_event()).then_some(value));
            }
        }
        Ok(Some(results))
    }
}

impl Operator for Grouped {
    fn on_event(&self, cx: &mut OpCx<'_>, _port: PortId, mut event: Event) -> Result<(), OpError> {
        let results = self.results(cx, &event).map_err(|trap| self.reporter.select_error(&trap))?;
        let mut results = results.unwrap_or_default();
        let Some(last) = results.pop() else {
            cx.end(End::new(Reason::Filtered));
            return Ok(());
        };
        event.is_batch = false;
        for result in results {
            emit(cx, event.clone(), result);
        }
        emit(cx, event, last);
        Ok(())
    }

    fn traits(&self) -> OpTraits {
        traits_without_window(&self.programs)
    }
}

fn emit(cx: &mut OpCx<'_>, mut event: Event, result: Option<Value>) {
    if let Some(value) = result {
        event.payload.replace(value);
    }
    cx.emit(PortId::DEFAULT, event);
}
