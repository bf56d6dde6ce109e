//! The sink: slots, requests, exchanges (spec/artefacts.md 4.6 and 4.7).

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use temblor_codec::{Codec, CodecMap, PostFactory, PreFactory};
use temblor_event::{Event, Insight, InsightKind, Origin, Outcome, Segments, Signal, Uid};
use temblor_runtime::clock::now_ns;
use temblor_runtime::connectors::{SinkPlan, SinkStart};
use temblor_runtime::need::BodyNeed;
use temblor_runtime::ramp::Ramp;
use temblor_runtime::shutdown::{Phase, ShutdownSender};
use temblor_runtime::sink::{Delivery, Exchange, Reply, SentMark, Sink, SinkCx, TurnMark, Withdrawal};
use temblor_runtime::source::StartError;
use temblor_runtime::worker;
use temblor_value::Str;
use tokio::time::Instant;

use super::config::OfframpConfig;
use super::endpoint::Resolved;
use super::events::{Cause, Failure};
use super::facts;
use super::health::{Health, Probe};
use super::metrics::{OfframpMetrics, OfframpNumbers};
use super::request::{Built, kept};
use super::response::Received;
use super::slots::{Admission, Order, Slot, Slots, Turn};
use super::stream::ResponseStream;
use super::warm;
use crate::boxed::boxed;
use crate::error::UpstreamError;
use crate::interim::{Interim, of_client};
use crate::rest::body::{Arrived, Mode, settle};
use crate::rest::permit::Permits;
use crate::rest::watch::watch;
use crate::tls::{ClientSettings, TlsClient};
use crate::tunnel::Tunnel;
use crate::upstream::{Endpoint, Proxies, Proxy, Terms, Upstream, UpstreamBody, UpstreamResponse};

/// Ticks between two sweeps of idle connections.
const SWEEP_TICKS: u64 = 50;

/// A running offramp.
pub(super) struct RestOfframp {
    sink: Arc<RestSink>,
    /// Read as long as the offramp is there.
    _numbers: Arc<OfframpNumbers>,
}

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
    /// The configured endpoint, if it is one by itself.
    pub(super) usual: Option<Resolved>,
    /// Where requests go unless an event says otherwise.
    pub(super) usual_endpoint: Option<Endpoint>,
    /// Which endpoints are reached by a proxy.
    pub(super) proxies: Proxies,
    /// Its id.
    pub(super) name: Str,
    /// Its name, for logs.
    pub(super) url: String,
    pub(super) is_linked: bool,
    pub(super) metrics: OfframpMetrics,
    slots: Arc<Slots>,
    tunnels: Arc<Permits>,
    upstream: Upstream,
    ticks: AtomicU64,
    /// `None` if the endpoint is not probed.
    health: Option<Arc<Health>>,
    /// Ends what runs beside the requests.
    tasks: ShutdownSender,
}

/// Reads the configuration.
pub(super) fn plan(ramp: Ramp) -> Result<SinkPlan, StartError> {
    let config = ramp.config(OfframpConfig::read)?;
    let facts = facts::of(&config, ramp.is_linked);
    Ok(SinkPlan::new(|start| open(ramp, config, start)).with_facts(facts))
}

/// Makes the sink; but for probes and for connections that are wanted in advance, nothing is connected before the first event.
fn open(ramp: Ramp, mut config: OfframpConfig, start: SinkStart) -> Result<Arc<dyn Sink>, StartError> {
    let tasks = ShutdownSender::default();
    config.upstream.tls = start_tls(std::mem::take(&mut config.tls), &start, &ramp.url, &tasks)?;
    config.upstream.shards = start.workers.count();
    config.upstream.buckets = start.metrics.buckets().clone();
    let usual = config.endpoint.resolve().ok();
    let proxies = Proxies::of(|name| start.variables.get(name));
    let usual_endpoint = usual
        .as_ref()
        .map(|usual| proxies.route(Endpoint::new(&usual.host, usual.port).with_tls(usual.is_https)))
        .transpose()
        .map_err(|error| StartError(error.to_string()))?;
    log_proxies(usual_endpoint.as_ref(), &proxies, &ramp.url);
    let sink = RestSink {
        health: start_health(&config, usual_endpoint.as_ref(), &start, &ramp.url, &tasks),
        tasks,
        uid: start.uid,
        slots: match &config.queue {
            Some(queue) => Slots::new(config.concurrency, queue.size.get(), queue.order),
            None => Slots::new(config.concurrency, 0, Order::Fifo),
        },
        tunnels: Permits::new(config.tunnels.map_or(usize::MAX, |limit| limit.get() as usize)),
        upstream: Upstream::new(config.upstream.clone()),
        usual,
        usual_endpoint,
        proxies,
        config,
        name: ramp.id().clone(),
        codec: ramp.codec,
        codec_map: ramp.codec_map,
        preprocessors: ramp.preprocessors,
        postprocessors: ramp.postprocessors,
        own_origin: Arc::new(Origin {
            scheme: Str::from_static("tremor-rest"),
            host: start.hostname,
            port: None,
            path: Segments::new(),
        }),
        numbers: AtomicU64::new(0),
        url: ramp.url,
        is_linked: ramp.is_linked,
        metrics: OfframpMetrics::new(start.metrics.buckets()),
        ticks: AtomicU64::new(0),
    };
    let sink = Arc::new(sink);
    let numbers = Arc::new(OfframpNumbers {
        name: ramp.name,
        sink: Arc::clone(&sink),
    });
    start.metrics.register(&numbers);
    if let Some(endpoint) = sink.usual_endpoint.as_ref().filter(|_| sink.config.warm > 0) {
        let count = start.workers.count();
        let stop = sink.tasks.receiver();
        start
            .workers
            .spawn_on_each(|worker| warm::keep(Arc::clone(&sink), endpoint.clone(), worker.0.into(), count, stop.clone()));
    }
    Ok(Arc::new(RestOfframp { sink, _numbers: numbers }))
}

/// Says which proxies requests go by; those of an offramp without endpoint of its own may go by any.
fn log_proxies(endpoint: Option<&Endpoint>, proxies: &Proxies, url: &str) {
    let mut used: Vec<&Proxy> = match endpoint {
        Some(endpoint) => endpoint.proxy().map(|proxy| &**proxy).into_iter().collect(),
        None => proxies.iter().collect(),
    };
    used.dedup();
    for proxy in used {
        tracing::info!(target: "tremor_runtime::offramp", "[Sink::{url}] requests go by the proxy {proxy}");
    }
}

/// Reads the files of TLS, and from now on looks whether they change.
fn start_tls(
    settings: ClientSettings,
    start: &SinkStart,
    url: &str,
    tasks: &ShutdownSender,
) -> Result<Arc<TlsClient>, StartError> {
    if !settings.verify {
        tracing::warn!(target: "tremor_runtime::offramp", "[Sink::{url}] `tls.verify` is false: anybody can pose as the upstream");
    }
    let tls = TlsClient::new(settings).map_err(|error| StartError(error.to_string()))?;
    let tls = Arc::new(tls);
    if tls.has_files() {
        let (interval, requests) = (tls.reload_interval(), start.reload.requests());
        let looking = watch(Arc::clone(&tls), interval, requests, tasks.receiver(), format!("Sink::{url}"));
        start.workers.spawn(looking);
    }
    Ok(tls)
}

/// Probes the endpoint from now on, where that is asked for.
fn start_health(
    config: &OfframpConfig,
    endpoint: Option<&Endpoint>,
    start: &SinkStart,
    url: &str,
    tasks: &ShutdownSender,
) -> Option<Arc<Health>> {
    let settings = config.health.clone()?;
    let health = Health::new(&settings);
    let probe = Probe::new(settings, endpoint?.clone(), config.upstream.clone());
    let watching = Arc::clone(&health).watch(probe, format!("Sink::{url}"), start.uid.0, tasks.receiver());
    start.workers.spawn_on(start.uid.0 as usize, watching);
    Some(health)
}

impl Sink for RestOfframp {
    fn deliver(&self, _port: &str, event: Event, cx: &SinkCx<'_>) -> Delivery {
        let sink = &self.sink;
        let cause = Cause::of(&event, sink, cx);
        let refuse = |cause: Cause, failure: Failure| Delivery::Reply(Box::new(sink.failed(cause, failure, 0.0, cx.now_ns)));
        if event.is_batch {
            let text = "Batched events are not supported for linked rest offramps.";
            return refuse(cause, Failure::unsent(Outcome::Build, text));
        }
        let Some(admission) = sink.slots.enter() else {
            return refuse(cause, Failure::overload());
        };
        let is_shown = cx.response_meta.touches("response", "request");
        let about = cause.about.clone();
        let mut sent = None;
        let (request, mut withdrawal) = if sink.must_collect(&event) {
            (
                Request::Uncollected(Box::new((event, is_shown))),
                Withdrawal::Unsent(sent.insert(SentMark::default()).clone()),
            )
        } else {
            match sink.build_request(&event, cx.response_need, is_shown) {
                Ok(built) => {
                    let withdrawal = if built.request.method.is_safe() {
                        Withdrawal::Always
                    } else {
                        Withdrawal::Unsent(sent.insert(SentMark::default()).clone())
                    };
                    (Request::Built(built), withdrawal)
                }
                Err(text) => return refuse(cause, Failure::unsent(Outcome::Build, text)),
            }
        };
        let place = match admission {
            Admission::Now(slot) => Place::Slot(slot),
            Admission::Later(turn) => {
                let mark = TurnMark::default();
                withdrawal = Withdrawal::Queued(mark.clone(), Box::new(withdrawal));
                Place::Queue(Box::new((turn, mark)))
            }
        };
        Delivery::Exchange(Exchange {
            future: boxed(|| {
                let work = Work {
                    sink: Arc::clone(sink),
                    cause,
                    request,
                    need: cx.response_need,
                    place,
                    interim: of_client(),
                    sent,
                };
                work.run()
            }),
            withdrawal,
            answers: sink.is_linked,
            about,
        })
    }

    fn on_signal(&self, signal: Signal) -> Option<Insight> {
        let ticks = self.sink.ticks.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        if ticks.is_multiple_of(SWEEP_TICKS) {
            self.sink.upstream.sweep();
        }
        let is_healthy = self.sink.health.as_ref()?.change()?;
        let kind = if is_healthy { InsightKind::Resume } else { InsightKind::Pause };
        Some(Insight::breaker(kind, self.sink.uid, signal.ingest_ns()))
    }

    fn is_active(&self) -> bool {
        self.sink.health.as_ref().is_none_or(|health| health.is_active())
    }

    fn is_available(&self) -> bool {
        self.sink.is_healthy() && self.sink.slots.has_room()
    }

    fn given_up(&self, outcome: Outcome) {
        self.sink.metrics.outcome(outcome);
    }

    fn stop(&self) {
        self.sink.tasks.advance(Phase::Stopped);
        self.sink.upstream.close_idle();
    }
}

/// One request under way.
struct Work {
    sink: Arc<RestSink>,
    cause: Cause,
    request: Request,
    need: BodyNeed,
    place: Place,
    interim: Option<Arc<Interim>>,
    /// To be set as soon as something of the request is sent, if somebody looks.
    sent: Option<SentMark>,
}

/// Where a request is.
enum Place {
    /// It may go.
    Slot(Slot),
    /// It waits for its turn, and says when that has come.
    Queue(Box<(Turn, TurnMark)>),
}

/// Who looks on while a request is under way.
#[derive(Clone, Copy)]
struct Watchers<'a> {
    /// Takes interim responses.
    interim: Option<&'a Interim>,
    /// Learns that something was sent.
    sent: Option<&'a SentMark>,
}

/// How far a request was prepared.
enum Request {
    /// It can be sent.
    Built(Box<Built>),
    /// The event's body has to be read first; and whether programs look at the response's `request`.
    Uncollected(Box<(Event, bool)>),
}

impl Work {
    async fn run(self) -> Reply {
        let Self {
            sink,
            mut cause,
            request,
            need,
            place,
            interim,
            sent,
        } = self;
        let mut start = Instant::now();
        let slot = match place {
            Place::Slot(slot) => slot,
            Place::Queue(place) => {
                let (turn, mark) = *place;
                let slot = Box::pin(sink.wait(turn, start)).await;
                sink.metrics.waited(start.elapsed());
                let Some(slot) = slot else {
                    let waited = sink.counted(start.elapsed());
                    return sink.failed(cause, Failure::overload(), waited.as_secs_f64() * 1000.0, now_ns());
                };
                let waited = start.elapsed();
                if let Some(account) = &mut cause.account {
                    account.waited = waited;
                }
                let uncounted = waited.saturating_sub(sink.counted(waited));
                mark.set(uncounted);
                start += uncounted;
                slot
            }
        };
        let elapsed_ms = || start.elapsed().as_secs_f64() * 1000.0;
        let built = match request {
            Request::Built(built) => Ok(built),
            Request::Uncollected(late) => {
                let (event, is_shown) = *late;
                Box::pin(sink.build_late(event, need, is_shown)).await
            }
        };
        let mut built = match built {
            Ok(built) => built,
            Err(text) => return sink.failed(cause, Failure::unsent(Outcome::Build, text), elapsed_ms(), now_ns()),
        };
        let watchers = Watchers {
            interim: interim.as_deref(),
            sent: sent.as_ref(),
        };
        match sink.attempt(&mut built, need, start, slot, watchers, &mut cause).await {
            Ok(received) if sink.is_linked => sink.received(cause, &built, received, need),
            Ok(received) => Reply {
                insight: sink.judge(cause.about, received.head.status.code(), received.elapsed_ms, now_ns()),
                ..Reply::default()
            },
            Err(failure) => sink.failed(cause, failure, elapsed_ms(), now_ns()),
        }
    }
}

impl RestSink {
    /// Its slots.
    pub(super) fn slots(&self) -> &Slots {
        &self.slots
    }

    /// Whether its endpoint is healthy, as far as is known.
    pub(super) fn is_healthy(&self) -> bool {
        self.health.as_ref().is_none_or(|health| health.is_healthy())
    }

    /// Its connections.
    pub(super) fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    async fn wait(&self, turn: Turn, since: Instant) -> Option<Slot> {
        let timeout = self.config.queue.as_ref().and_then(|queue| queue.timeout);
        turn.wait(timeout.and_then(|timeout| since.checked_add(timeout))).await
    }

    /// What counts of the time that an event has waited for its turn.
    fn counted(&self, waited: Duration) -> Duration {
        match &self.config.queue {
            Some(queue) if queue.is_counted => waited,
            _ => Duration::ZERO,
        }
    }

    async fn build_late(&self, mut event: Event, need: BodyNeed, is_shown: bool) -> Result<Box<Built>, String> {
        let keep = kept(&event);
        settle(&mut event.payload, self.config.buffer, keep).await?;
        self.build_request(&event, need, is_shown)
    }

    async fn attempt(
        self: &Arc<Self>,
        built: &mut Built,
        need: BodyNeed,
        start: Instant,
        slot: Slot,
        watchers: Watchers<'_>,
        cause: &mut Cause,
    ) -> Result<Received, Failure> {
        let tunnel_permit = match &built.request.upgrade {
            Some(_) => Some(self.tunnels.try_acquire().ok_or_else(Failure::overload)?),
            None => None,
        };
        let shard = usize::from(worker::current().0);
        let course = cause.account.as_ref().map(|account| Arc::clone(&account.course));
        let terms = Terms {
            timeouts: built.timeouts.as_ref().unwrap_or(&self.config.timeouts),
            interim: watchers.interim,
            buffer: self.config.buffer,
            course: course.as_deref(),
            before_sending: &|| {
                if let Some(sent) = watchers.sent {
                    sent.set();
                }
            },
        };
        let response = self
            .upstream
            .exchange(shard, &built.endpoint, &mut built.request, terms)
            .await;
        let UpstreamResponse {
            head,
            body: mut rest,
            tunnel,
            ..
        } = response.map_err(|error| Failure::of_engine(&error))?;
        let elapsed = start.elapsed();
        let elapsed_ms = elapsed.as_secs_f64() * 1000.0;
        if let Some(account) = &mut cause.account {
            account.first_byte = Some(elapsed);
        }
        let status = head.status.code();
        self.metrics.head(status, elapsed);
        let body = match (tunnel, tunnel_permit) {
            (Some(end), Some(held)) => Ok(Arrived::Tunnel(Tunnel {
                end,
                held: Box::new(held),
            })),
            _ => match self.mode(&head, need) {
                Mode::Stream => Ok(match rest.take_arrived() {
                    Some(bytes) => Arrived::Whole(bytes, None),
                    None => {
                        rest.without_end();
                        Arrived::Stream(Box::new(ResponseStream::new(rest, slot, Arc::clone(self))))
                    }
                }),
                Mode::Drop => drop_body(&mut rest).await,
                Mode::Collect => {
                    let collected = rest.collect(self.config.buffer).await;
                    collected.map(|bytes| Arrived::whole(bytes, rest.trailers()))
                }
            },
        };
        Ok(Received {
            head,
            body: body.map_err(|error| Failure {
                status: Some(status),
                ..Failure::of_engine(&error)
            })?,
            start,
            elapsed_ms,
        })
    }
}

async fn drop_body(body: &mut UpstreamBody) -> Result<Arrived, UpstreamError> {
    while body.next_chunk().await?.is_some() {}
    Ok(Arrived::Dropped)
}
