//! Scripts in `run`.

use std::path::Path;

use temblor_script::{Env, EventInfo, OriginRef, Program, Scope, Scratch, Verdict, compile_script};
use temblor_syntax::SourceMap;
use temblor_value::{Str, Value};

use super::sink::Sink;
use super::{Engine, read_source};
use crate::diagnostics::Form;
use crate::output::{is_coloured, report};

/// Ports whose events are errors.
pub(super) fn is_error_port(port: &str) -> bool {
    matches!(port, "err" | "error" | "stderr")
}

/// A script with its state.
pub(super) struct Script {
    sources: SourceMap,
    program: Program,
    form: Form,
    state: Value,
    scratch: Scratch,
    has_failed: bool,
}

impl Script {
    /// Compiles a file; warnings are printed.
    pub(super) fn load(file: &Path, env: &Env, form: Form) -> Result<Self, String> {
        let text = read_source(file)?;
        let mut sources = SourceMap::new();
        let source = sources.add(file.display().to_string(), text);
        sources.mark_main(source);
        let compiled =
            compile_script(&mut sources, source, env).map_err(|errors| form.render(&sources, &errors, is_coloured()))?;
        report(&form.render(&sources, &compiled.warnings, is_coloured()));
        Ok(Self {
            sources,
            program: compiled.program,
            form,
            state: Value::Null,
            scratch: Scratch::default(),
            has_failed: false,
        })
    }
}

impl Engine for Script {
    fn event(&mut self, mut value: Value, ingest_ns: u64, sink: &mut Sink) -> Result<(), String> {
        let mut meta = Value::object();
        let mut scope = Scope {
            event: &mut value,
            meta: &mut meta,
            state: &mut self.state,
            args: &Value::Null,
            group: &Value::Null,
            window: &Value::Null,
            info: EventInfo {
                ingest_ns,
                origin: Some(OriginRef {
                    scheme: "tremor-script",
                    host: "localhost",
                    port: None,
                    path: &[],
                }),
            },
            event_replaced: false,
        };
        let verdict = match self.program.run(&mut scope, &mut self.scratch) {
            Ok(verdict) => verdict,
            Err(trap) => {
                self.has_failed = true;
                report(&self.form.render(&self.sources, &[trap.diagnostic()], is_coloured()));
                return Ok(());
            }
        };
        let goes_to_err = |port: &Option<Str>| port.as_deref().is_some_and(is_error_port);
        match verdict {
            Verdict::Drop => Ok(()),
            Verdict::ReturnEvent => sink.encoded(&value, ingest_ns),
            Verdict::EmitEvent(port) if goes_to_err(&port) => Sink::to_stderr(&value),
            Verdict::EmitEvent(_) => sink.plain(&value),
            Verdict::EmitValue(value, port) if goes_to_err(&port) => sink.plain(&value),
            Verdict::EmitValue(value, _) => sink.encoded(&value, ingest_ns),
        }
    }

    fn has_failed(&self) -> bool {
        self.has_failed
    }
}
