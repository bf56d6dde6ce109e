//! Every text is compiled or refused, and every program ends within its limits on every event.
//!
//! Input: a letter (dialect), the script, a line of four hyphens, the event as JSON.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use temblor_fuzz::{choose, dialect, report, two_texts};
use temblor_script::func::{EventInfo, Registry};
use temblor_script::host::NoHost;
use temblor_script::loader::NoModules;
use temblor_script::{Env, Limits, Scope, Scratch, Verdict, compile_script};
use temblor_syntax::SourceMap;
use temblor_syntax::ast::Dialect;
use temblor_value::{Value, json};

const LIMITS: Limits = Limits {
    source_depth: 256,
    value_depth: 128,
    value_bytes: 1 << 16,
    value_elements: 1 << 12,
    steps: 100_000,
    recursion: 256,
};

static REGISTRY: LazyLock<Arc<Registry>> = LazyLock::new(|| {
    let mut registry = Registry::new();
    temblor_stdlib::install(&mut registry);
    Arc::new(registry)
});

/// Whether nothing in a value is larger than the limits allow.
fn is_within_limits(value: &Value) -> bool {
    let mut open = vec![(value, 0)];
    while let Some((value, depth)) = open.pop() {
        let fits = depth <= LIMITS.value_depth
            && match value {
                Value::Str(text) => text.len() <= LIMITS.value_bytes,
                Value::Bytes(bytes) => bytes.len() <= LIMITS.value_bytes,
                Value::Array(elements) => {
                    open.extend(elements.iter().map(|element| (element, depth + 1)));
                    elements.len() <= LIMITS.value_elements
                }
                Value::Object(fields) => {
                    open.extend(fields.values().map(|field| (field, depth + 1)));
                    fields.len() <= LIMITS.value_elements
                }
                _ => true,
            };
        if !fits {
            return false;
        }
    }
    true
}

fn env(dialect: Dialect) -> Env {
    Env {
        registry: REGISTRY.clone(),
        loader: Arc::new(NoModules),
        host: Arc::new(NoHost),
        limits: LIMITS,
        dialect,
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = choose(data, 2) else { return };
    let Some((script, event)) = two_texts(rest) else { return };
    let mut sources = SourceMap::new();
    let id = sources.add("fuzz", script);
    let program = match compile_script(&mut sources, id, &env(dialect(choice))) {
        Ok(compiled) => {
            report(&sources, &compiled.warnings);
            compiled.program
        }
        Err(errors) => {
            assert!(!errors.is_empty(), "refused without a reason");
            return report(&sources, &errors);
        }
    };
    let event = json::from_str(event).unwrap_or_else(|_| Value::object());
    let event_fits = is_within_limits(&event);
    let mut state = Value::Null;
    let mut scratch = Scratch::default();
    for _ in 0..2 {
        let (mut event, mut meta) = (event.clone(), Value::object());
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
        let ended = program.run(&mut scope, &mut scratch);
        match &ended {
            Err(trap) => report(&sources, [&trap.diagnostic()]),
            Ok(Verdict::EmitValue(value, _)) if event_fits => assert!(is_within_limits(value), "result beyond the limits"),
            Ok(_) => {}
        }
        if event_fits {
            assert!(
                [&event, &meta, &state].into_iter().all(is_within_limits),
                "change beyond the limits"
            );
        }
    }
});
