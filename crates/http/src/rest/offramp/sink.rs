//! The sink: slots, requests, exchanges (spec/artefacts.md 4.6 and 4.7).

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use temblor_codec::{Codec, CodecMap, PostFactory, PreFactory};
use temblor_event::{Event, Insight, Origin, Outcome, Signal, Uid};
use temblor_runtime::clock::now_ns;
use temblor_runtime::connectors::SinkStart;
use temblor_runtime::need::BodyNeed;
use temblor_runtime::ramp::Ramp;
use temblor_runtime::sink::{Delivery, Exchange, Reply, Sink, SinkCx, SinkTraits};
use temblor_runtime::source::StartError;
use temblor_runtime::worker;
use temblor_value::Str;
use tokio::time::Instant;

use super::config::OfframpConfig;
use super::events::{Cause, Failure};
use super::permit::{Permit, Permits};
use super::request::Built;
use super::response::Received;
use crate::upstream::{Endpoint, Upstream};

/// Ticks between two sweeps of idle connections.
const SWEEP_TICKS: u64 = 50;

/// A running offramp; a clone is a reference.
#[derive(Clone)]
pub(super) struct RestOfframp(Arc<RestSink>);

/// What all requests of an offramp share.
pub(super) struct RestSink {
    pub(super) uid: Uid,
    pub(super) config: OfframpConfig,
    pub(super) codec: Arc<dyn Codec>,
    pub(super) codec_map: CodecMap,
    pub(super) preprocessors: Vec<PreFactory>,
    pub(super) postprocessors: Vec<PostFactory>,
    pub(super) own_origin: Arc<Origin>,
    pub(super) numbers: AtomicU64,
    /// Where requests go unless an event says otherwise.
    pub(super) usual_endpoint: Option<Endpoint>,
    is_linked: bool,
    permits: Arc<Permits>,
    upstream: Upstream,
    ticks: AtomicU64,
}

/// Builds the sink; nothing is opened before the first event.
pub(super) fn build(ramp: Ramp, start: SinkStart) -> Result<Arc<dyn Sink>, StartError> {
    let shards = start.workers.count();
    let config = ramp.config(|reader| OfframpConfig::read(reader, shards))?;
    let sink = RestSink {
        uid: start.uid,
        permits: Permits::new(config.concurrency),
        upstream: Upstream::new(config.upstream.clone()),
        usual_endpoint: config
            .endpoint
            .resolve()
            .ok()
            .map(|usual| Endpoint::new(&usual.host, usual.port)),
        config,
        codec: ramp.codec,
        codec_map: ramp.codec_map,
        preprocessors: ramp.preprocessors,
        postprocessors: ramp.postprocessors,
        own_origin: Arc::new(Origin {
            scheme: Str::from_static("tremor-rest"),
            host: start.hostname,
            port: None,
            path: Vec::new(),
        }),
        numbers: AtomicU64::new(0),
        is_linked: ramp.is_linked,
        ticks: AtomicU64::new(0),
    };
    Ok(Arc::new(RestOfframp(Arc::new(sink))))
}

impl Sink for RestOfframp {
    fn deliver(&self, _port: &str, event: Event, cx: &SinkCx<'_>) -> Delivery {
        let sink = &self.0;
        let cause = Cause::of(&event, sink, cx.now_ns);
        let refuse = |cause: Cause, failure: Failure| Delivery::Reply(Box::new(sink.failed(cause, failure, 0.0, cx.now_ns)));
        if event.is_batch {
            let text = "Batched events are not supported for linked rest offramps.";
            return refuse(cause, Failure::unsent(Outcome::Build, text));
        }
        let Some(permit) = sink.permits.try_acquire() else {
            return refuse(cause, Failure::unsent(Outcome::Overload, "Dropped data due to overload"));
        };
        let built = match sink.build_request(
            &event,
            cx.response_need,
            cx.response_meta.touches("response", "request"),
            cx.now_ns,
        ) {
            Ok(built) => built,
            Err(text) => return refuse(cause, Failure::unsent(Outcome::Build, text)),
        };
        let about = cause.about.clone();
        let is_safe = built.request.method.is_safe();
        let work = Work {
            sink: Arc::clone(sink),
            cause,
            built,
            need: cx.response_need,
            permit,
        };
        Delivery::Exchange(Exchange {
            future: Box::pin(work.run()),
            is_safe,
            answers: sink.is_linked,
            about,
        })
    }

    fn traits(&self) -> SinkTraits {
        SinkTraits { passes_bodies: true }
    }

    fn on_signal(&self, _signal: Signal) -> Option<Insight> {
        let ticks = self.0.ticks.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        if ticks.is_multiple_of(SWEEP_TICKS) {
            self.0.upstream.sweep();
        }
        None
    }

    fn is_available(&self) -> bool {
        self.0.permits.has_free()
    }

    fn stop(&self) {
        self.0.upstream.close_idle();
    }
}

/// One request under way.
struct Work {
    sink: Arc<RestSink>,
    cause: Cause,
    built: Built,
    need: BodyNeed,
    permit: Permit,
}

impl Work {
    async fn run(self) -> Reply {
        let Self {
            sink,
            cause,
            built,
            need,
            permit,
        } = self;
        let start = Instant::now();
        let received = sink.attempt(&built, start).await;
        drop(permit);
        let elapsed_ms = || start.elapsed().as_secs_f64() * 1000.0;
        match received {
            Ok(received) if sink.is_linked => sink.received(cause, built, received, need),
            Ok(received) => Reply {
                insight: sink.judge(cause.about, received.head.status.code(), received.elapsed_ms, now_ns()),
                ..Reply::default()
            },
            Err(failure) => sink.failed(cause, failure, elapsed_ms(), now_ns()),
        }
    }
}

impl RestSink {
    async fn attempt(&self, built: &Built, start: Instant) -> Result<Received, Failure> {
        let shard = usize::from(worker::current().0);
        let response = self
            .upstream
            .exchange(shard, &built.endpoint, &built.request, &self.config.timeouts)
            .await;
        let mut response = response.map_err(|error| Failure::of_engine(&error))?;
        let elapsed_ms = start.elapsed().as_secs_f64() * 1000.0;
        let status = response.head.status.code();
        let body = response.body.collect(self.config.buffer).await.map_err(|error| Failure {
            status: Some(status),
            ..Failure::of_engine(&error)
        })?;
        Ok(Received {
            head: response.head,
            body,
            elapsed_ms,
        })
    }
}
