//! Queries in `run`.

use std::path::Path;

use temblor_event::{Event, EventId, Payload, Uid, UidSource};
use temblor_pipeline::graph::{Graph, NoLinks, PipelineState};
use temblor_pipeline::outputs::Outputs;
use temblor_pipeline::port::InputId;
use temblor_pipeline::{InstanceCx, Query as Plan, QueryErrors};
use temblor_runtime::log_store::LogFolders;
use temblor_script::Env;
use temblor_value::Value;

use super::script::is_error_port;
use super::sink::Sink;
use super::{Engine, read_source};
use crate::diagnostics::Form;
use crate::output::{is_coloured, report};

/// A query with its state.
pub(super) struct Query {
    graph: Graph,
    state: PipelineState,
    input: InputId,
    number: u64,
    outputs: Outputs,
    has_failed: bool,
}

impl Query {
    /// Compiles a file and builds its graph; warnings are printed.
    pub(super) fn load(file: &Path, env: &Env, form: Form) -> Result<Self, String> {
        let render = |errors: &QueryErrors| form.render(errors.sources(), errors.diagnostics(), is_coloured());
        let text = read_source(file)?;
        let plan = Plan::compile(&file.display().to_string(), &text, env).map_err(|errors| render(&errors))?;
        if let Some(warnings) = plan.warnings() {
            report(&render(warnings));
        }
        let cx = InstanceCx {
            url: plan.config_id().unwrap_or("<generated>").to_owned(),
            uids: &UidSource::default(),
            logs: &LogFolders,
        };
        let (graph, state) = plan.instantiate(&cx).map_err(|errors| render(&errors))?;
        Ok(Self {
            input: graph.input("in").ok_or("the query has no input")?,
            graph,
            state,
            number: 0,
            outputs: Outputs::new(),
            has_failed: false,
        })
    }
}

impl Engine for Query {
    fn event(&mut self, value: Value, ingest_ns: u64, sink: &mut Sink) -> Result<(), String> {
        let id = EventId::new(Uid::RUN, self.number);
        let event = Event::new(id, Payload::new(value, Value::object()), ingest_ns);
        self.outputs.clear();
        self.graph
            .run(&mut self.state, self.input, event, &NoLinks, &mut self.outputs);
        while self.outputs.is_turn_open() {
            self.graph.end_turn(&mut self.state, &NoLinks, &mut self.outputs);
        }
        // An event that failed does not count (spec/operators-and-flow.md B.10).
        self.number += u64::from(self.outputs.errors.is_empty());
        for error in self.outputs.errors.drain(..) {
            self.has_failed = true;
            if error.ends_run {
                return Err(error.message);
            }
            report(&error.message);
        }
        for (output, event) in self.outputs.events.drain(..) {
            let port = self.graph.outputs()[usize::from(output.0)].as_str();
            if is_error_port(port) {
                sink.plain(event.value())?;
            } else {
                sink.encoded(event.value(), ingest_ns)?;
            }
        }
        Ok(())
    }

    fn has_failed(&self) -> bool {
        self.has_failed
    }
}
