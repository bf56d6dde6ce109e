//! The request script of the recipe on one event as the proxy makes it: time and allocations, beside the same work written in Rust on
//! the same values, which is what a script can reach at best.

#![allow(
    clippy::expect_used,
    reason = "a bench that cannot prepare its input has nothing to measure"
)]

use std::sync::Arc;

use bytes::Bytes;
use divan::{AllocProfiler, Bencher};
use mimalloc::MiMalloc;
use temblor_script::host::NoHost;
use temblor_script::loader::NoModules;
use temblor_script::{Env, EventInfo, Limits, Program, Registry, Scope, Scratch, Verdict, compile_script};
use temblor_syntax::SourceMap;
use temblor_syntax::ast::Dialect;
use temblor_value::{Key, ObjectMap, Str, Value, json};

#[global_allocator]
static ALLOCATOR: AllocProfiler<MiMalloc> = AllocProfiler::new(MiMalloc);

const RECIPE: &str = include_str!("../../../recipes/reverse-proxy/request_handling.trickle");

fn main() {
    assert_same_work();
    divan::main();
}

/// Value and metadata of an event.
struct Request {
    event: Value,
    meta: Value,
}

impl Request {
    /// As the onramp makes it of a request of the end-to-end bench; unshared, with the room that the onramp leaves in its records.
    fn new() -> Self {
        let body = Bytes::from_static(br#"{"snot": "badger"}"#);
        let decoded = json::decode(body, &mut json::Scratch::default()).expect("valid JSON");
        let mut headers = ObjectMap::with_capacity(5);
        for (name, value) in [
            ("host", "localhost:65535"),
            ("content-type", "application/json"),
            ("content-length", "18"),
        ] {
            headers.insert(Str::from_static(name), vec![Value::from(value)]);
        }
        let mut url = ObjectMap::with_capacity(5);
        url.insert(Str::from_static("scheme"), Str::from_static("http"));
        url.insert(Str::from_static("host"), "localhost");
        url.insert(Str::from_static("port"), 65_535_i64);
        url.insert(Str::from_static("path"), "/anything");
        let mut request = ObjectMap::with_capacity(3);
        request.insert(Str::from_static("method"), "POST");
        request.insert(Str::from_static("headers"), headers);
        request.insert(Str::from_static("url"), url);
        let mut meta = ObjectMap::with_capacity(4);
        meta.insert(Str::from_static("request"), request);
        Self {
            event: decoded.value,
            meta: Value::from(meta),
        }
    }
}

/// The recipe's script, compiled.
struct Scripted {
    program: Program,
    scratch: Scratch,
}

impl Scripted {
    fn new() -> Self {
        let (_, rest) = RECIPE.split_once("\nscript\n").expect("the recipe has a script");
        let (text, _) = rest.split_once("\nevent;\nend;").expect("the script ends with the event");
        let mut registry = Registry::new();
        temblor_stdlib::install(&mut registry);
        let env = Env {
            registry: Arc::new(registry),
            loader: Arc::new(NoModules),
            host: Arc::new(NoHost),
            limits: Limits::default(),
            dialect: Dialect::V09,
        };
        let mut sources = SourceMap::new();
        let source = sources.add("request_handling.tremor", format!("{text}\nevent"));
        let compiled = compile_script(&mut sources, source, &env).expect("the recipe's script compiles");
        Self {
            program: compiled.program,
            scratch: Scratch::default(),
        }
    }

    fn run(&mut self, mut request: Request) -> (Request, Verdict) {
        let mut scope = Scope {
            event: &mut request.event,
            meta: &mut request.meta,
            state: &mut Value::Null,
            args: &Value::Null,
            group: &Value::Null,
            window: &Value::Null,
            info: EventInfo::default(),
            event_replaced: false,
        };
        let verdict = self
            .program
            .run(&mut scope, &mut self.scratch)
            .expect("the script does not fail");
        (request, verdict)
    }
}

/// The same work by hand, with keys hashed before.
struct ByHand {
    request: Key,
    headers: Key,
    host: Key,
    url: Key,
    endpoint: Key,
    forwarded_header: Key,
    forwarded: Key,
}

impl ByHand {
    fn new() -> Self {
        Self {
            request: Key::new("request"),
            headers: Key::new("headers"),
            host: Key::new("host"),
            url: Key::new("url"),
            endpoint: Key::new("endpoint"),
            forwarded_header: Key::new("Forwarded"),
            forwarded: Key::new("forwarded"),
        }
    }

    fn run(&self, mut request: Request) -> Option<Request> {
        let meta = request.meta.object_mut()?;
        let parts = meta.get_key_mut(&self.request)?.object_mut()?;
        let headers = parts.get_key_mut(&self.headers)?.object_mut()?;
        let host = match headers.get_key(&self.host) {
            Some(values) => values.as_array()?.first()?.as_str()?,
            None => "UNDEFINED",
        };
        let forwarded = Str::from(format!("by=localhost:65535;host={host};proto=http"));
        headers.insert_key(&self.forwarded_header, forwarded.clone());
        request.event.object_mut()?.insert_key(&self.forwarded, forwarded);
        let mut endpoint = parts.get_key(&self.url)?.clone();
        let url = endpoint.object_mut()?;
        url.remove("host");
        url.remove("port");
        meta.insert_key(&self.endpoint, endpoint);
        Some(request)
    }
}

/// Two programs that do different things cannot be compared.
fn assert_same_work() {
    let (scripted, verdict) = Scripted::new().run(Request::new());
    let by_hand = ByHand::new().run(Request::new()).expect("the request has all parts");
    assert_eq!(verdict, Verdict::ReturnEvent);
    assert_eq!(json::to_string(&scripted.event), json::to_string(&by_hand.event));
    assert_eq!(json::to_string_sorted(&scripted.meta), json::to_string_sorted(&by_hand.meta));
}

#[divan::bench(sample_size = 100)]
fn scripted(bencher: Bencher<'_, '_>) {
    let mut script = Scripted::new();
    bencher
        .with_inputs(Request::new)
        .bench_local_values(|request| script.run(request));
}

#[divan::bench(sample_size = 100)]
fn by_hand(bencher: Bencher<'_, '_>) {
    let work = ByHand::new();
    bencher
        .with_inputs(Request::new)
        .bench_local_values(|request| work.run(request));
}
