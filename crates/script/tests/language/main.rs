//! The language as spec/script.md defines it, through the public interface: text in, results and reports out.

// Helpers of tests fail the test that calls them.
#![allow(clippy::unwrap_used)]

mod assignment;
mod functions;
mod laws;
mod limits;
mod matching;
mod modules;
mod nodes;
mod operators;
mod paths;
mod records;
mod reports;
mod selects;
mod uses;

use std::sync::Arc;

use temblor_script::func::{Arity, EventInfo, FnError, FunctionDef, FunctionDoc, Purity, Registry};
use temblor_script::host::NoHost;
use temblor_script::loader::{Loaded, Loader, NotFound};
use temblor_script::{Compiled, Env, Limits, Scope, Scratch, Trap, Verdict, compile_script};
use temblor_syntax::ast::Dialect;
use temblor_syntax::{Diagnostic, SourceMap};
use temblor_value::{Value, json};

/// Module files by path.
#[derive(Clone, Copy, Default)]
struct Files(&'static [(&'static str, &'static str)]);

impl Loader for Files {
    fn load(&self, path: &[&str]) -> Result<Loaded, NotFound> {
        let wanted = path.join("/");
        let found = self.0.iter().find(|(path, _)| *path == wanted);
        found
            .map(|(path, text)| Loaded {
                file: format!("lib/{path}.tremor"),
                text: (*text).to_owned(),
            })
            .ok_or(NotFound {
                searched: vec!["lib".to_owned()],
            })
    }
}

/// Three functions to call: `test::twice` is folded, `test::count` is not, `test::nest` makes values deeper.
fn registry() -> Registry {
    let mut registry = Registry::new();
    let function = |name, purity, call| FunctionDef {
        module: "test",
        name,
        arity: Arity::exactly(1),
        purity,
        call,
        doc: FunctionDoc::default(),
    };
    registry.add_function(function("twice", Purity::Pure, |_, args| match args {
        [Value::I64(number)] if *number > 1000 => Err(FnError::Runtime("too many".to_owned())),
        [Value::I64(number)] => Ok(Value::from(number * 2)),
        _ => Err(FnError::BadType),
    }));
    registry.add_function(function("count", Purity::Impure, |_, args| {
        Ok(Value::from(args[0].as_array().map_or(0, <[Value]>::len)))
    }));
    registry.add_function(function("nest", Purity::Pure, |_, args| Ok(Value::from(args.to_vec()))));
    registry
}

fn env(files: Files, dialect: Dialect, limits: Limits) -> Env {
    Env {
        registry: Arc::new(registry()),
        loader: Arc::new(files),
        host: Arc::new(NoHost),
        limits,
        dialect,
    }
}

fn compiled_in(script: &str, env: &Env) -> Result<Compiled, Vec<Diagnostic>> {
    let mut sources = SourceMap::new();
    let id = sources.add("script.tremor", script);
    compile_script(&mut sources, id, env)
}

fn compile(script: &str) -> Compiled {
    let env = env(Files::default(), Dialect::Modern, Limits::default());
    compiled_in(script, &env).unwrap_or_else(|errors| panic!("{script:.200}: {}", errors[0].message))
}

/// What is left of one run: how it ended, the event, the metadata, whether the event was assigned.
struct Run {
    ended: Result<Verdict, Box<Trap>>,
    event: Value,
    meta: Value,
    state: Value,
    replaced: bool,
}

fn run_compiled(compiled: &Compiled, event: &str) -> Run {
    let mut event = json::from_str(event).unwrap();
    let (mut meta, mut state) = (Value::object(), Value::Null);
    let mut scope = Scope {
        event: &mut event,
        meta: &mut meta,
        state: &mut state,
        args: &Value::Null,
        group: &Value::Null,
        window: &Value::Null,
        info: EventInfo::default(),
        event_replaced: false,
    };
    let ended = compiled.program.run(&mut scope, &mut Scratch::default());
    let replaced = scope.event_replaced;
    Run {
        ended,
        event,
        meta,
        state,
        replaced,
    }
}

fn run(script: &str, event: &str) -> Run {
    run_compiled(&compile(script), event)
}

/// The value a run gave: the event if it ended with that.
fn value(run: &Run) -> Value {
    match run.ended.as_ref().map_err(|trap| trap.message()) {
        Ok(Verdict::EmitValue(value, _)) => value.clone(),
        Ok(Verdict::ReturnEvent | Verdict::EmitEvent(_)) => run.event.clone(),
        other => panic!("no value: {other:?}"),
    }
}

fn gives_for(script: &str, event: &str, expected: &str) {
    let run = run(script, event);
    assert_eq!(json::to_string(&value(&run)), expected, "{script}");
}

fn gives(script: &str, expected: &str) {
    gives_for(script, "null", expected);
}

fn fails_for(script: &str, event: &str, marker: &str) {
    match run(script, event).ended {
        Ok(verdict) => panic!("{script}: {verdict:?}"),
        Err(trap) => assert!(trap.message().contains(marker), "{script}: {}", trap.message()),
    }
}

fn fails(script: &str, marker: &str) {
    fails_for(script, "null", marker);
}

fn refused(script: &str, marker: &str) {
    refused_in(script, &env(Files::default(), Dialect::Modern, Limits::default()), marker);
}

fn refused_in(script: &str, env: &Env, marker: &str) {
    match compiled_in(script, env) {
        Ok(_) => panic!("accepted: {script}"),
        Err(errors) => assert!(errors[0].message.contains(marker), "{script}: {}", errors[0].message),
    }
}
