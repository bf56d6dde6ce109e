//! One request from its head to its answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use temblor_codec::PreFactory;
use temblor_event::{End, Event, EventId, Origin, Payload, Reason};
use temblor_runtime::clock::now_ns;
use temblor_runtime::flow::{Dispatch, Flow, Outcome};
use temblor_runtime::need::BodyNeed;
use temblor_runtime::shutdown::Phase;
use temblor_runtime::source::SourceCx;
use temblor_value::{ObjectMap, Str, Value};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until, timeout};

use super::answer::{OwnReason, of_decode_error, of_empty, of_end, of_invalid_reply, of_reason};
use super::config::{Cancel, OnrampConfig};
use super::panic::{Panicked, caught};
use super::reply::ReplyBuilder;
use crate::error::BodyError;
use crate::h1::{Answer, Handler, Request, RequestBody, Response, ServerConfig};
use crate::message::{Name, RequestHead, Status};
use crate::rest::body::{Intake, Taken, payload};
use crate::rest::meta::{self, key};

/// Longest time that work for a client that went away may run on (spec/proxy.md 1.6).
const ORPHAN_TIME: Duration = Duration::from_mins(1);
/// Requests of an onramp that is not linked that may wait (spec/artefacts.md 3.5).
const QUEUE: usize = 128;
/// A time that no process reaches (30 years); for requests without deadline.
const FAR_AWAY: Duration = Duration::from_hours(30 * 365 * 24);

/// The handler of all connections of one onramp.
pub(super) struct Onramp {
    config: OnrampConfig,
    replies: ReplyBuilder,
    preprocessors: Vec<PreFactory>,
    is_linked: bool,
    cx: SourceCx,
    numbers: AtomicU64,
    queue: Arc<Semaphore>,
}

impl Onramp {
    /// An onramp whose events count from 0.
    pub(super) fn new(
        config: OnrampConfig,
        replies: ReplyBuilder,
        preprocessors: Vec<PreFactory>,
        is_linked: bool,
        cx: SourceCx,
    ) -> Self {
        Self {
            config,
            replies,
            preprocessors,
            is_linked,
            cx,
            numbers: AtomicU64::new(0),
            queue: Arc::new(Semaphore::new(QUEUE)),
        }
    }

    /// Settings of connections.
    pub(super) fn server(&self) -> &ServerConfig {
        &self.config.server
    }

    fn server_header(&self) -> &str {
        &self.config.server.server_header
    }

    async fn answer(&self, request: Request<'_>) -> Answer {
        let Request {
            head,
            mut body,
            received,
            ..
        } = request;
        let deadline = received + self.config.reply.unwrap_or(FAR_AWAY);
        let limit = self.config.buffer;
        let bytes = match body.collect(limit).await {
            Ok(bytes) => bytes,
            Err(BodyError::Refused(refusal)) => return Answer::Refuse(refusal),
            Err(BodyError::Gone) => return Answer::Close,
        };
        if self.cx.control.is_paused() {
            tokio::select! {
                biased;
                () = self.cx.control.running() => {}
                () = body.client_gone() => return Answer::Close,
                () = sleep_until(deadline) => return self.own(OwnReason::Paused, ""),
            }
        }
        let flow = self.cx.flow.load();
        let intake = self.intake(&head, bytes, &flow);
        if !self.is_linked {
            return self.accept_only(intake, flow).await;
        }
        self.exchange(intake, flow, body, deadline).await
    }

    /// Decodes the body and numbers the events; the numbers of one request are consecutive.
    fn intake(&self, head: &RequestHead, bytes: Bytes, flow: &Flow) -> Item {
        let content_type = head
            .headers
            .get_all(Name::ContentType)
            .next_back()
            .and_then(|text| std::str::from_utf8(text).ok());
        let codec = self.replies.codec_map.resolve(content_type).unwrap_or(&self.replies.codec);
        let intake = Intake {
            codec,
            preprocessors: &self.preprocessors,
            need: flow.source(self.cx.ix).map_or(BodyNeed::EVERYTHING, |source| source.need),
            validate: self.config.validate,
        };
        let mut ingest_ns = now_ns();
        let taken = intake.take(bytes, &mut ingest_ns);
        let count = taken.parts.len() as u64;
        Item {
            first: self.numbers.fetch_add(count, Ordering::Relaxed),
            taken,
            meta: meta::request(head),
            origin: Arc::new(Origin {
                scheme: Str::from_static("tremor-rest"),
                host: meta::origin_host(head),
                port: None,
                path: vec![Str::default()],
            }),
            ingest_ns,
        }
    }

    /// Puts all events of an item into a dispatch.
    fn send(&self, item: Item, dispatch: &mut Dispatch) {
        let Item {
            first,
            taken,
            meta,
            origin,
            ingest_ns,
        } = item;
        for (number, part) in (first..).zip(taken.parts) {
            let id = EventId::new(self.cx.uid, number);
            match part {
                Ok(data) => {
                    let mut event = Event::new(id, payload(data, meta.clone()), ingest_ns);
                    event.origin = Some(Arc::clone(&origin));
                    dispatch.send_out(self.cx.ix, event);
                }
                Err(text) => {
                    let mut event = Event::new(id, self.error_payload(&text, first), ingest_ns);
                    event.origin = Some(Arc::clone(&origin));
                    dispatch.send_err(self.cx.ix, event);
                }
            }
        }
    }

    /// The error event of spec/artefacts.md 1.7.
    fn error_payload(&self, text: &str, first: u64) -> Payload {
        let mut value = ObjectMap::with_capacity(3);
        value.insert(key::ERROR, text);
        value.insert(key::EVENT_ID, first);
        value.insert(key::SOURCE_ID, self.cx.url.as_str());
        let mut meta = ObjectMap::with_capacity(1);
        meta.insert(key::ERROR, text);
        Payload::new(Value::from(value), Value::from(meta))
    }

    /// Not linked: the client is answered before the events run (spec/artefacts.md 3.5).
    async fn accept_only(&self, item: Item, flow: Arc<Flow>) -> Answer {
        let Ok(permit) = Arc::clone(&self.queue).acquire_owned().await else {
            return self.own(OwnReason::Internal, "");
        };
        let mut dispatch = Dispatch::detached(flow);
        self.send(item, &mut dispatch);
        let active = self.cx.activity.begin();
        tokio::spawn(async move {
            dispatch.finish().await;
            drop((permit, active));
        });
        Status::new(202).map_or(Answer::Close, |status| Answer::Respond(Response::new(status)))
    }

    async fn exchange(&self, item: Item, flow: Arc<Flow>, mut body: RequestBody<'_>, deadline: Instant) -> Answer {
        if item.taken.parts.is_empty() {
            return Answer::Respond(of_empty(self.server_header()));
        }
        let number = item.first;
        let mut dispatch = Dispatch::of_request(flow, self.cx.ix, self.cx.uid, number, self.config.exchanges);
        self.send(item, &mut dispatch);
        let mut shutdown = self.cx.shutdown.clone();
        let event_id = || EventId::new(self.cx.uid, number).to_string();
        tokio::select! {
            biased;
            outcome = dispatch.reply() => {
                self.leave(dispatch);
                self.respond(outcome, &event_id)
            }
            () = body.client_gone() => {
                self.client_gone(dispatch);
                Answer::Close
            }
            () = sleep_until(deadline) => {
                dispatch.time_out();
                self.own(OwnReason::Timeout, &event_id())
            }
            () = shutdown.reached(Phase::Stopped) => self.own(OwnReason::Shutdown, &event_id()),
        }
    }

    fn respond(&self, outcome: Outcome, event_id: &dyn Fn() -> String) -> Answer {
        match outcome {
            Outcome::Reply(event) => Answer::Respond(self.build(&event)),
            Outcome::Loop => self.own(OwnReason::Loop, &event_id()),
            Outcome::Exhausted(end) => Answer::Respond(self.end(&end, &event_id())),
        }
    }

    fn build(&self, event: &Event) -> Response {
        self.replies.build(event, now_ns()).unwrap_or_else(|text| {
            tracing::warn!(target: "tremor_runtime::onramp", "[Source::{}] a reply cannot be sent: {text}", self.cx.url);
            of_invalid_reply(&text, self.server_header())
        })
    }

    /// An exhausted request: what brings its own answer is answered with that.
    fn end(&self, end: &End, event_id: &str) -> Response {
        self.log_end(end);
        match (&end.event, end.reason) {
            (Some(event), Reason::DecodeError) => of_decode_error(event.value(), self.server_header()),
            (Some(event), Reason::Offramp) if event.meta().get("response").is_some() => self.build(event),
            _ => of_end(end, event_id, self.server_header()),
        }
    }

    fn log_end(&self, end: &End) {
        let url = &self.cx.url;
        let reason = end.reason.name();
        let detail = end.detail.as_deref().unwrap_or("");
        match end.reason {
            Reason::ScriptError
            | Reason::SelectError
            | Reason::Unlinked
            | Reason::NoUpstream
            | Reason::NoReply
            | Reason::Merged => {
                tracing::warn!(target: "tremor_runtime::onramp", reason, "[Source::{url}] a request got no reply: {detail}");
            }
            Reason::Overflow | Reason::Offramp => {
                tracing::info!(target: "tremor_runtime::onramp", reason, "[Source::{url}] a request got no reply: {detail}");
            }
            Reason::Filtered | Reason::Dropped | Reason::RateLimited | Reason::DecodeError => {
                tracing::debug!(target: "tremor_runtime::onramp", reason, "[Source::{url}] a request got no reply: {detail}");
            }
        }
    }

    fn own(&self, reason: OwnReason, event_id: &str) -> Answer {
        tracing::info!(target: "tremor_runtime::onramp", reason = reason.name(), "[Source::{}] a request got an answer of our own", self.cx.url);
        Answer::Respond(of_reason(reason, event_id, self.server_header()))
    }

    /// Exchanges that are still under way when the answer is there are not dropped.
    fn leave(&self, dispatch: Dispatch) {
        if dispatch.is_pending() {
            let active = self.cx.activity.begin();
            tokio::spawn(async move {
                dispatch.finish().await;
                drop(active);
            });
        }
    }

    fn client_gone(&self, mut dispatch: Dispatch) {
        match self.config.cancel {
            Cancel::Auto => dispatch.cancel(false),
            Cancel::Always => dispatch.cancel(true),
            Cancel::Never => {}
        }
        if dispatch.is_pending() {
            let active = self.cx.activity.begin();
            tokio::spawn(async move {
                // What takes longer is dropped with its connections.
                let _ = timeout(ORPHAN_TIME, dispatch.finish()).await;
                drop(active);
            });
        }
    }
}

/// The events of one request before they are sent.
struct Item {
    first: u64,
    taken: Taken,
    meta: Value,
    origin: Arc<Origin>,
    ingest_ns: u64,
}

impl Handler for Onramp {
    async fn handle(&self, request: Request<'_>) -> Answer {
        match caught(self.answer(request)).await {
            Ok(answer) => answer,
            Err(Panicked) => {
                tracing::error!(target: "tremor_runtime::onramp", "[Source::{}] a defect ended a request", self.cx.url);
                Answer::Respond(of_reason(OwnReason::Internal, "", self.server_header()))
            }
        }
    }
}
