//! Scripts as nodes (spec/operators-and-flow.md B.2 and A.4).
//!
//! Algorithm. The script runs on the event in place. Its verdict names the value that leaves and the port; a port that no select reads is
//! not in the node's table, so the event ends here. A runtime error leaves by `err` as `{"error": text, "event": value}` with the value
//! and the metadata as the script had left them.

use std::sync::Arc;

use temblor_event::{End, Event, EventParts, Origin, Reason};
use temblor_script::{EventInfo, MetaPaths, OriginRef, Program, Scope, Trap, Verdict};
use temblor_value::{Str, Value};

use super::{OpCx, OpError, OpTraits, Operator, StatefulOperator, unlinked};
use crate::port::PortId;
use crate::report::Reporter;

/// A script that keeps nothing from event to event.
pub(crate) struct Script {
    program: Arc<Program>,
    args: Value,
    reporter: Reporter,
    err: PortId,
}

/// A script with `state`.
pub(crate) struct StatefulScript {
    script: Script,
    state: Value,
}

/// What functions may ask of an event.
pub(crate) fn info(ingest_ns: u64, origin: Option<&Origin>) -> EventInfo<'_> {
    EventInfo {
        ingest_ns,
        origin: origin.map(|origin| OriginRef {
            scheme: &origin.scheme,
            host: &origin.host,
            port: origin.port,
            path: &origin.path,
        }),
    }
}

impl Script {
    /// A node that runs `program` with constant parameters; errors leave by `err`.
    pub(crate) fn new(program: Arc<Program>, args: Value, reporter: Reporter, err: PortId) -> Self {
        Self {
            program,
            args,
            reporter,
            err,
        }
    }

    /// Whether it needs a state of its own.
    pub(crate) fn keeps_state(&self) -> bool {
        self.program.uses().state
    }

    fn step(&self, state: &mut Value, cx: &mut OpCx<'_>, mut event: Event) {
        let EventParts {
            payload,
            ingest_ns,
            origin,
            ..
        } = &mut *event;
        let info = info(*ingest_ns, origin.as_deref());
        let scratch = cx.scratch();
        let verdict = payload.edit(|value, meta| {
            let mut scope = Scope {
                event: value,
                meta,
                state,
                args: &self.args,
                group: &Value::Null,
                window: &Value::Null,
                info,
                event_replaced: false,
            };
            let verdict = self.program.run(&mut scope, scratch);
            (verdict, scope.event_replaced)
        });
        match verdict {
            Ok(Verdict::Drop) => cx.end(End::new(Reason::Dropped)),
            Ok(Verdict::ReturnEvent) => cx.emit(PortId::DEFAULT, event),
            Ok(Verdict::EmitEvent(port)) => send(cx, port.as_ref(), event),
            Ok(Verdict::EmitValue(value, port)) => {
                event.payload.replace(value);
                send(cx, port.as_ref(), event);
            }
            Err(trap) => self.fail(cx, &trap, event),
        }
    }

    #[cold]
    fn fail(&self, cx: &mut OpCx<'_>, trap: &Trap, mut event: Event) {
        let mut record = Value::object();
        record.insert(Str::from_static("error"), self.reporter.script_error(trap));
        record.insert(Str::from_static("event"), event.payload.shown());
        event.payload.replace(record);
        cx.emit(self.err, event);
    }

    fn traits(&self) -> OpTraits {
        let uses = self.program.uses();
        OpTraits {
            reads_event: uses.reads_event || uses.writes_event || uses.can_emit_value,
            always_replaces_event: !uses.can_emit_event,
            ..OpTraits::PLAIN
        }
    }
}

fn send(cx: &mut OpCx<'_>, port: Option<&Str>, event: Event) {
    let Some(name) = port else {
        return cx.emit(PortId::DEFAULT, event);
    };
    match cx.ports.find(name) {
        Some(port) => cx.emit(port, event),
        None => cx.end(unlinked(cx.name, name)),
    }
}

/// An event of a script that nobody reads: its error, or a port without reader.
fn unread(name: &str, port: &str, event: &Event) -> End {
    let error = event.value().get("error").and_then(Value::as_str);
    match error {
        Some(text) if port == "err" && text.starts_with("Error: \n") => End::with_detail(Reason::ScriptError, text),
        _ => unlinked(name, port),
    }
}

impl Operator for Script {
    fn on_event(&self, cx: &mut OpCx<'_>, _port: PortId, event: Event) -> Result<(), OpError> {
        self.step(&mut Value::Null, cx, event);
        Ok(())
    }

    fn meta_paths(&self) -> MetaPaths {
        self.program.uses().meta_paths.clone()
    }

    fn traits(&self) -> OpTraits {
        self.traits()
    }

    fn unread(&self, name: &str, port: &str, event: &Event) -> End {
        unread(name, port, event)
    }
}

impl StatefulScript {
    /// A script whose state is null at first.
    pub(crate) fn new(script: Script) -> Self {
        Self {
            script,
            state: Value::Null,
        }
    }
}

impl StatefulOperator for StatefulScript {
    fn on_event(&mut self, cx: &mut OpCx<'_>, _port: PortId, event: Event) -> Result<(), OpError> {
        self.script.step(&mut self.state, cx, event);
        Ok(())
    }

    fn traits(&self) -> OpTraits {
        self.script.traits()
    }

    fn unread(&self, name: &str, port: &str, event: &Event) -> End {
        unread(name, port, event)
    }
}
