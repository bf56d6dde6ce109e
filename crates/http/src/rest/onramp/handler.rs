//! One request from its head to its answer.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use temblor_codec::PreFactory;
use temblor_event::{End, Event, EventId, Reason, RequestKey};
use temblor_runtime::clock::now_ns;
use temblor_runtime::flow::{Dispatch, Flow, Outcome};
use temblor_runtime::source::SourceCx;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::alarm::{Alarm, Interruption};
use super::answer::{OwnReason, of_decode_error, of_empty, of_end, of_invalid_reply, of_reason};
use super::config::{Cancel, OnrampConfig};
use super::item::Item;
use super::panic::{Panicked, caught};
use super::reply::ReplyBuilder;
use crate::error::BodyError;
use crate::h1::{Answer, Handler, Request, RequestBody, Response, ServerConfig};
use crate::message::Status;

/// Longest time that work for a client that went away may run on (spec/proxy.md 1.6).
const ORPHAN_TIME: Duration = Duration::from_mins(1);
/// Requests of an onramp that is not linked that may wait (spec/artefacts.md 3.5).
const QUEUE: usize = 128;
/// A time that no process reaches (30 years); for requests without deadline.
const FAR_AWAY: Duration = Duration::from_hours(30 * 365 * 24);

/// The handler of all connections of one onramp.
pub(super) struct Onramp {
    pub(super) config: OnrampConfig,
    pub(super) replies: ReplyBuilder,
    pub(super) preprocessors: Vec<PreFactory>,
    is_linked: bool,
    pub(super) cx: SourceCx,
    pub(super) numbers: AtomicU64,
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

    async fn answer(&self, request: Request<'_>, alarm: &Alarm) -> Answer {
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
                interruption = alarm.wait(deadline) => return self.own(match interruption {
                    Interruption::Deadline => OwnReason::Paused,
                    Interruption::Stopped => OwnReason::Shutdown,
                }, ""),
            }
        }
        let flow = self.cx.flow.load();
        let item = self.intake(&head, bytes, &flow);
        if !self.is_linked {
            return self.accept_only(item, flow).await;
        }
        self.exchange(item, flow, body, alarm.wait(deadline)).await
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

    async fn exchange(
        &self,
        item: Item,
        flow: Arc<Flow>,
        mut body: RequestBody<'_>,
        interruption: impl Future<Output = Interruption>,
    ) -> Answer {
        if item.taken.parts.is_empty() {
            return Answer::Respond(of_empty(self.server_header()));
        }
        let number = item.first;
        let key = RequestKey {
            source: self.cx.uid,
            number,
            answers_merged: self.config.answer_merged,
        };
        let mut dispatch = Dispatch::of_request(flow, key, self.config.exchanges);
        self.send(item, &mut dispatch);
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
            interruption = interruption => match interruption {
                Interruption::Deadline => {
                    dispatch.time_out();
                    self.own(OwnReason::Timeout, &event_id())
                }
                Interruption::Stopped => self.own(OwnReason::Shutdown, &event_id()),
            },
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

/// The handler of one connection.
pub(crate) struct ConnectionHandler {
    onramp: Arc<Onramp>,
    alarm: Alarm,
}

impl ConnectionHandler {
    /// A handler for a new connection.
    pub(crate) fn new(onramp: Arc<Onramp>) -> Self {
        Self {
            alarm: Alarm::new(onramp.cx.shutdown.clone()),
            onramp,
        }
    }
}

impl Handler for ConnectionHandler {
    async fn handle(&self, request: Request<'_>) -> Answer {
        let onramp = &self.onramp;
        match caught(onramp.answer(request, &self.alarm)).await {
            Ok(answer) => answer,
            Err(Panicked) => {
                tracing::error!(target: "tremor_runtime::onramp", "[Source::{}] a defect ended a request", onramp.cx.url);
                Answer::Respond(of_reason(OwnReason::Internal, "", onramp.server_header()))
            }
        }
    }
}
