//! `$upstream`, where `expose` is set: what programs may say about one request, and what they learn of its attempt (spec/proxy.md 2.3, 2.6
//! step 4, and 2.7, last item).

use std::sync::Arc;
use std::time::Duration;

use temblor_event::{Event, Mark, Outcome};
use temblor_runtime::sink::SinkCx;
use temblor_value::{ObjectMap, Str, Value};

use super::sink::RestSink;
use crate::rest::meta::key;
use crate::timeouts::AttemptTimeouts;
use crate::upstream::Course;

/// What an event says about its own request. Values of another type say nothing, as in `$endpoint`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wishes<'a>(Option<&'a Value>);

/// What is told of an attempt.
#[derive(Debug)]
pub(super) struct Account {
    /// The output of the nearest balancer that the event passed.
    output: Option<Str>,
    /// The first one is 1.
    attempt: u32,
    /// Time in the queue.
    pub(super) waited: Duration,
    /// Time to the response head.
    pub(super) first_byte: Option<Duration>,
    /// Filled in by the exchange.
    pub(super) course: Arc<Course>,
}

impl<'a> Wishes<'a> {
    /// Those of an event that goes to this offramp.
    pub(super) fn of(event: &'a Event, sink: &RestSink) -> Self {
        Self(sink.config.expose.then(|| event.meta().get(&key::UPSTREAM)).flatten())
    }

    /// The `host` field.
    pub(super) fn host(self) -> Option<&'a str> {
        self.0?.get(&key::HOST)?.as_str()
    }

    /// The offramp's time-outs with those that the request asks for in their place; `None`: it asks for none.
    pub(super) fn timeouts(self, usual: &AttemptTimeouts) -> Option<AttemptTimeouts> {
        let (total, first_byte) = (self.ms("timeout"), self.ms("first_byte"));
        if total.is_none() && first_byte.is_none() {
            return None;
        }
        let limit = |ms| (ms != 0).then(|| Duration::from_millis(ms));
        let mut timeouts = usual.clone();
        timeouts.total = total.map_or(timeouts.total, limit);
        timeouts.first_byte = first_byte.map_or(timeouts.first_byte, limit);
        Some(timeouts)
    }

    /// Milliseconds; 0 is no limit.
    fn ms(self, name: &str) -> Option<u64> {
        self.0?.get(name)?.as_u64()
    }
}

impl Account {
    /// Of an event that is about to be sent.
    pub(super) fn of(event: &Event, cx: &SinkCx<'_>) -> Self {
        let marks = event.op_meta.iter().filter_map(|(node, mark)| match mark {
            Mark::Output(index) => Some((node, *index)),
            Mark::Passed | Mark::Attempted(_) => None,
        });
        Self {
            output: marks.last().and_then(|(node, index)| cx.outputs.output_name(node, index)),
            attempt: event.op_meta.attempted().map_or(1, |attempted| attempted.number),
            waited: Duration::ZERO,
            first_byte: None,
            course: Arc::default(),
        }
    }

    /// The record, at the end of an attempt that took `total_ms`.
    pub(super) fn record(&self, sink: &RestSink, outcome: Outcome, total_ms: f64) -> Value {
        let way = self.course.way();
        let micros = |time: Duration| Value::from(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
        let mut time = ObjectMap::with_capacity(4);
        time.insert(Str::from_static("queue_us"), micros(self.waited));
        time.insert(Str::from_static("connect_us"), micros(way.connecting));
        time.insert(Str::from_static("first_byte_us"), self.first_byte.map_or(Value::Null, micros));
        time.insert(Str::from_static("total_us"), Value::from((total_ms * 1000.0) as u64));
        let mut record = ObjectMap::with_capacity(8);
        record.insert(Str::from_static("name"), sink.name.clone());
        record.insert(
            Str::from_static("output"),
            self.output.clone().map_or(Value::Null, Value::Str),
        );
        record.insert(
            Str::from_static("address"),
            way.address.map_or(Value::Null, |address| Value::from(address.to_string())),
        );
        record.insert(Str::from_static("attempt"), i64::from(self.attempt));
        record.insert(Str::from_static("outcome"), Str::from_static(outcome.name()));
        record.insert(Str::from_static("reused"), way.is_reused);
        record.insert(
            Str::from_static("protocol"),
            way.version.map_or(Value::Null, |version| Value::from(version.to_string())),
        );
        record.insert(Str::from_static("time"), Value::from(time));
        Value::from(record)
    }
}
