//! One request from its head to its answer.

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::Mutex;
use smallvec::SmallVec;
use temblor_codec::PreFactory;
use temblor_event::{End, EventId, Reason};
use temblor_runtime::clock::now_ns;
use temblor_runtime::flow::{Dispatch, Flow};
use temblor_runtime::queue_length::QueueLength;
use temblor_runtime::ramp::RampName;
use temblor_runtime::source::{SourceCx, StartError};
use temblor_value::Value;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use super::access::{Access, AccessLogger};
use super::alarm::{Alarm, Interruption};
use super::answer::OwnAnswer;
use super::answers::Choice;
use super::config::{Cancel, OnrampConfig};
use super::forwarded::{self, ClientAddress};
use super::identity;
use super::item::{Arrival, Item};
use super::journal::Journal;
use super::metrics::{MethodLabel, OnrampMetrics};
use super::panic::{Panicked, caught};
use super::proxy::{Passage, Proxy};
use super::reason::{Label, OwnReason};
use super::reply::ReplyBuilder;
use super::unanswered::Template;
use super::upgrade::NoUpgrade;
use super::waiting::Waiting;
use crate::connection::ConnectionInfo;
use crate::error::{BodyError, Refusal, RefusalReason};
use crate::message::{RequestHead, Status};
use crate::rest::body::{Arrived, Mode};
use crate::rest::meta::{self, key};
use crate::rest::permit::Permits;
use crate::server::{Answer, Finished, Handler, Request, RequestBody, Response, ServerConfig};
use crate::tls::TlsServer;

/// Longest time that work for a client that went away may run on (spec/proxy.md 1.6).
const ORPHAN_TIME: Duration = Duration::from_mins(1);
/// Requests of an onramp that is not linked that may wait (spec/artefacts.md 3.5).
const QUEUE: usize = 128;
/// A time that no process reaches (30 years); for requests without deadline.
const FAR_AWAY: Duration = Duration::from_hours(30 * 365 * 24);

/// What is done for a request, and the reason by which it is known afterwards.
pub(super) struct Ending {
    pub(super) answer: Answer,
    /// `None`: the table of ends does not say anything of it.
    pub(super) reason: Option<Label>,
}

impl Ending {
    /// An answer that the table of ends does not know.
    fn nameless(answer: Answer) -> Self {
        Self { answer, reason: None }
    }

    /// The engine asks for the answer to a refusal, and notes why.
    pub(super) fn refused(refusal: Refusal) -> Self {
        Self::nameless(Answer::Refuse(refusal))
    }

    /// A reply of the program.
    pub(super) fn reply(answer: Answer) -> Self {
        Self {
            answer,
            reason: Some(Label::Reply),
        }
    }
}

/// The handler of all connections of one onramp.
pub(super) struct Onramp {
    pub(super) config: OnrampConfig,
    pub(super) replies: ReplyBuilder,
    pub(super) preprocessors: Vec<PreFactory>,
    is_linked: bool,
    tls: Option<Arc<TlsServer>>,
    pub(super) cx: SourceCx,
    pub(super) numbers: AtomicU64,
    proxy: Option<Proxy>,
    journal: Journal,
    queue: Arc<Semaphore>,
    /// Read as long as the onramp is there; `None` where nothing is queued.
    _queue_length: Option<Arc<QueueLength>>,
    /// Places for tunnels.
    pub(super) tunnels: Arc<Permits>,
    pub(super) metrics: Arc<OnrampMetrics>,
    access: Option<AccessLogger>,
}

impl Onramp {
    /// An onramp whose events count from 0.
    pub(super) fn new(
        mut config: OnrampConfig,
        replies: ReplyBuilder,
        preprocessors: Vec<PreFactory>,
        is_linked: bool,
        tls: Option<Arc<TlsServer>>,
        name: &RampName,
        cx: SourceCx,
    ) -> Result<Self, StartError> {
        let access_log = config.access_log.take().or_else(|| cx.settings.access_log.clone());
        let access = access_log
            .map(|settings| AccessLogger::open(settings, name, &cx))
            .transpose()?;
        let tunnels = Permits::new(config.server.limits.tunnels.map_or(usize::MAX, |limit| limit as usize));
        let metrics = Arc::new(OnrampMetrics::new(
            name,
            cx.metrics.buckets(),
            tls.clone(),
            Arc::clone(&tunnels),
            Arc::clone(&replies.counts),
        ));
        cx.metrics.register(&metrics);
        let queue = Arc::new(Semaphore::new(QUEUE));
        let queue_length = (!is_linked).then(|| {
            let queue = Arc::clone(&queue);
            let length = QueueLength::new(name.clone(), move || QUEUE - queue.available_permits());
            let length = Arc::new(length);
            cx.metrics.register(&length);
            length
        });
        Ok(Self {
            tls,
            tunnels,
            metrics,
            access,
            proxy: config.proxy.take().map(|settings| Proxy::new(settings, &cx.hostname)),
            config,
            replies,
            preprocessors,
            is_linked,
            journal: Journal::new(cx.url.clone()),
            cx,
            numbers: AtomicU64::new(0),
            queue,
            _queue_length: queue_length,
        })
    }

    /// Settings of connections.
    pub(super) fn server(&self) -> &ServerConfig {
        &self.config.server
    }

    /// Is the request's host another certificate's, with other demands on clients (spec/proxy.md 2.13)?
    fn is_misdirected(&self, head: &RequestHead, connection: &ConnectionInfo) -> bool {
        let (Some(tls), Some(shown)) = (&self.tls, &connection.tls) else {
            return false;
        };
        meta::host(head).is_some_and(|host| tls.is_misdirected(shown, host))
    }

    fn server_header(&self) -> &str {
        &self.config.server.server_header
    }

    async fn answer(&self, request: Request<'_>, alarm: &Alarm, mut access: Option<&mut Access>) -> Ending {
        let Request {
            head,
            mut body,
            connection,
            received,
        } = request;
        if self.is_misdirected(&head, connection) {
            let detail = "host of a certificate with other demands on clients";
            return Ending::refused(Refusal::new(RefusalReason::Misdirected, detail));
        }
        let via = self.proxy.as_ref().and_then(|proxy| proxy.via(head.version));
        let arrival = match self.arrive(head, connection, received) {
            Ok(arrival) => arrival,
            Err(ending) => return ending,
        };
        let upgrade = match self.upgrade(&arrival.head, &mut body) {
            Ok(upgrade) => upgrade,
            Err(NoUpgrade::TooManyTunnels) => {
                return self.give(self.own_answer(OwnReason::End(Reason::Overflow), self.take_number()));
            }
            Err(NoUpgrade::Unlisted) => {
                let detail = "CONNECT for a protocol that is not listed";
                return Ending::refused(Refusal::new(RefusalReason::NotImplemented, detail));
            }
        };
        let flow = self.cx.flow.load();
        let taken = if upgrade.is_some() {
            Some(Arrived::Upgrade(arrival.head.version))
        } else {
            match self.take_body(&mut body, self.mode(&arrival, &flow)).await {
                Ok(taken) => taken,
                Err(error) => return self.body_failed(&error),
            }
        };
        drop(flow);
        if let Some(access) = &mut access {
            access.take_body();
        }
        let mut waiting = Waiting {
            onramp: self,
            flow: self.cx.flow.load(),
            number: 0,
            body,
            alarm,
            deadline: received + self.config.reply.unwrap_or(FAR_AWAY),
            via,
            template: None,
            upgrade,
            access,
        };
        if self.cx.control.is_paused() {
            if let Some(reason) = self.pause(&mut waiting).await {
                return Box::pin(self.end_paused(waiting, arrival, reason)).await;
            }
            waiting.flow = self.cx.flow.load();
        }
        let taken = match taken {
            Some(taken) => taken,
            None => match self.stream_body(&mut waiting, &arrival).await {
                Ok(taken) => taken,
                Err(error) => return self.body_failed(&error),
            },
        };
        let item = self.intake(arrival, taken, &waiting.flow);
        if !self.is_linked {
            return self.accept_only(item, waiting).await;
        }
        if item.taken.parts.is_empty() {
            return self.give(self.own_answer(OwnReason::Empty, item.first));
        }
        waiting.number = item.first;
        waiting.send(item).await
    }

    /// What is to be done about the body of a request.
    fn mode(&self, arrival: &Arrival, flow: &Flow) -> Mode {
        match self.body_intake(&arrival.head, flow).mode() {
            // The client is answered before anybody could read it.
            Mode::Stream if !self.is_linked => Mode::Collect,
            mode => mode,
        }
    }

    /// Takes a body that is read before its event is made; `None`: the event comes first.
    async fn take_body(&self, body: &mut RequestBody<'_>, mode: Mode) -> Result<Option<Arrived>, BodyError> {
        match mode {
            Mode::Stream => Ok(None),
            Mode::Drop => {
                while body.next_chunk().await?.is_some() {}
                Ok(Some(Arrived::Dropped))
            }
            Mode::Collect => {
                let bytes = body.collect(self.config.buffer).await?;
                Ok(Some(Arrived::whole(bytes, &body.trailers())))
            }
        }
    }

    /// Hands a body over while it arrives, unless the links have changed and it must be read after all.
    async fn stream_body(&self, waiting: &mut Waiting<'_, '_>, arrival: &Arrival) -> Result<Arrived, BodyError> {
        let mode = self.mode(arrival, &waiting.flow);
        if let Some(taken) = self.take_body(&mut waiting.body, mode).await? {
            return Ok(taken);
        }
        Ok(match waiting.body.take_arrived() {
            Some(bytes) => Arrived::Whole(bytes, None),
            None => Arrived::Stream(waiting.body.lend()),
        })
    }

    /// Ends a request whose body cannot be read.
    fn body_failed(&self, error: &BodyError) -> Ending {
        match error {
            BodyError::Refused(refusal) => Ending::refused(*refusal),
            BodyError::Gone => self.client_gone(None),
            BodyError::NoRoom => self.give(self.own_answer(OwnReason::BufferFull, self.take_number())),
        }
    }

    /// What is done with a head before there is an event: identification (spec/proxy.md 2.4 and 2.5).
    fn arrive(&self, mut head: RequestHead, connection: &ConnectionInfo, received: Instant) -> Result<Arrival, Ending> {
        let origin_host = meta::origin_host(&head);
        let client = self.config.expose.then(|| {
            let address = match &self.proxy {
                Some(proxy) => forwarded::client(&head.headers, connection.peer, proxy.trusted()),
                None => ClientAddress::from(connection.peer),
            };
            identity::record(address, connection, head.version, self.deadline_ns(received))
        });
        if let Some(proxy) = &self.proxy {
            match proxy.pass(&mut head, connection) {
                Passage::On => {}
                Passage::Loop => return Err(self.give(self.own_answer(OwnReason::Loop, self.take_number()))),
                Passage::Last(status) => {
                    let answer = OwnAnswer::last(status, self.server_header());
                    return Err(Ending::nameless(Answer::Respond(answer.into_response())));
                }
            }
        }
        Ok(Arrival {
            head,
            is_secure: connection.tls.is_some(),
            origin_host,
            client,
        })
    }

    /// The deadline by the wall clock, nanoseconds since the epoch.
    fn deadline_ns(&self, received: Instant) -> Option<u64> {
        let left = self.config.reply?.saturating_sub(received.elapsed());
        Some(now_ns().saturating_add(u64::try_from(left.as_nanos()).unwrap_or(u64::MAX)))
    }

    /// Waits while the circuit breaker holds the onramp; the reason if the request ends meanwhile.
    async fn pause(&self, waiting: &mut Waiting<'_, '_>) -> Option<OwnReason> {
        tokio::select! {
            biased;
            () = self.cx.control.running() => None,
            () = waiting.body.client_gone() => Some(OwnReason::ClientGone),
            interruption = waiting.alarm.wait(waiting.deadline) => Some(match interruption {
                Interruption::Deadline => OwnReason::Paused,
                Interruption::Stopped => OwnReason::Shutdown,
                Interruption::Undeployed => OwnReason::Undeployed,
            }),
        }
    }

    async fn end_paused(&self, mut waiting: Waiting<'_, '_>, arrival: Arrival, reason: OwnReason) -> Ending {
        if reason == OwnReason::ClientGone {
            return self.client_gone(None);
        }
        waiting.number = self.take_number();
        if self.is_linked && self.has_unanswered(&waiting.flow) {
            let (meta, origin) = arrival.into_meta();
            waiting.template = Some(Template {
                request: meta.get(&key::REQUEST).cloned().unwrap_or_default(),
                origin,
            });
        }
        let answer = self.own_answer(reason, waiting.number);
        waiting.hand_over(answer, None).await
    }

    /// Not linked: the client is answered before the events run (spec/artefacts.md 3.5).
    async fn accept_only(&self, item: Item, mut waiting: Waiting<'_, '_>) -> Ending {
        let permit = tokio::select! {
            biased;
            permit = Arc::clone(&self.queue).acquire_owned() => permit,
            () = waiting.body.client_gone() => return self.client_gone(None),
        };
        let Ok(permit) = permit else {
            return self.give(self.own_answer(OwnReason::Internal, item.first));
        };
        let mut dispatch = Dispatch::detached(waiting.flow);
        self.send(item, &mut dispatch);
        let active = self.cx.activity.begin();
        tokio::spawn(async move {
            dispatch.finish().await;
            drop((permit, active));
        });
        Ending::nameless(Answer::Respond(Response::new(Status::known(202))))
    }

    /// A number for a request that ends before it has events.
    fn take_number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// Whether a pipeline is linked to the port `unanswered`.
    pub(super) fn has_unanswered(&self, flow: &Flow) -> bool {
        flow.source(self.cx.ix).is_some_and(|source| !source.unanswered.is_empty())
    }

    /// Ends a request for a reason that brings nothing of its own: notes it in the log and makes the answer.
    pub(super) fn own_answer(&self, reason: OwnReason, number: u64) -> OwnAnswer {
        let answer = OwnAnswer::of_reason(reason, &self.event_id(number), self.server_header());
        self.noted(answer, "")
    }

    /// Ends an exhausted request in the same way.
    pub(super) fn answer_of_end(&self, end: &End, number: u64) -> OwnAnswer {
        let answer = OwnAnswer::of_end(end, &self.event_id(number), self.server_header());
        self.noted(answer, end.detail.as_deref().unwrap_or(""))
    }

    /// Ends a request whose reply cannot be sent in the same way.
    pub(super) fn invalid_reply(&self, text: &str) -> OwnAnswer {
        let answer = OwnAnswer::of_invalid_reply(text, &*self.replies.codec, self.server_header());
        self.noted(answer, text)
    }

    fn event_id(&self, number: u64) -> String {
        EventId::new(self.cx.uid, number).to_string()
    }

    fn noted(&self, mut answer: OwnAnswer, detail: &str) -> OwnAnswer {
        if let Some(reason) = answer.reason() {
            if let Some(Choice::Status(status)) = self.config.answers.of_own(reason) {
                answer.set_status(status);
            }
            let detail = if detail.is_empty() { answer.text() } else { detail };
            self.journal.ended(reason, answer.status(), detail);
        }
        answer
    }

    /// Gives an own answer to the client, unless the setting says that it gets none.
    pub(super) fn give(&self, answer: OwnAnswer) -> Ending {
        let reason = answer.reason();
        let answer = match reason.and_then(|reason| self.config.answers.of_own(reason)) {
            Some(Choice::Close) => Answer::Close,
            _ => Answer::Respond(answer.into_response()),
        };
        Ending {
            answer,
            reason: reason.map(Label::Own),
        }
    }

    fn refuse(&self, refusal: &Refusal) -> Answer {
        self.journal.refused(refusal);
        let mut answer = OwnAnswer::of_refusal(refusal, self.server_header());
        match self.config.answers.of_refusal(refusal.reason) {
            Some(Choice::Close) => return Answer::Close,
            Some(Choice::Status(status)) => answer.set_status(status),
            None => {}
        }
        Answer::Respond(answer.into_response())
    }

    /// Exchanges that are still under way when the answer is there are not dropped.
    pub(super) fn leave(&self, dispatch: Dispatch) {
        if dispatch.is_pending() {
            let active = self.cx.activity.begin();
            tokio::spawn(async move {
                dispatch.finish().await;
                drop(active);
            });
        }
    }

    /// The client went away; what was begun for it ends as the setting `cancel` says.
    pub(super) fn client_gone(&self, dispatch: Option<Dispatch>) -> Ending {
        let ending = Ending {
            answer: Answer::Close,
            reason: Some(Label::Own(OwnReason::ClientGone)),
        };
        self.journal.ended(
            OwnReason::ClientGone,
            OwnReason::ClientGone.status(),
            OwnReason::ClientGone.text(),
        );
        let Some(mut dispatch) = dispatch else { return ending };
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
        ending
    }
}

/// What is kept of a request until it has ended.
#[derive(Default)]
pub(crate) struct Notes {
    /// `None`: there was no head.
    method: Option<MethodLabel>,
    reason: Option<Label>,
    /// For the access log, if there is one and the request belongs to its sample.
    access: Option<Box<Access>>,
}

/// The handler of one connection.
pub(crate) struct ConnectionHandler {
    onramp: Arc<Onramp>,
    /// Those not in use. Over HTTP/1.1 there is one; over HTTP/2 as many as streams were open at a time.
    alarms: Mutex<SmallVec<[Alarm; 1]>>,
    /// What the handshake has shown, for lines of the access log; made for the first of them.
    tls: OnceLock<Value>,
}

impl ConnectionHandler {
    /// A handler for a new connection.
    pub(crate) fn new(onramp: Arc<Onramp>) -> Self {
        Self {
            alarms: Mutex::default(),
            tls: OnceLock::new(),
            onramp,
        }
    }
}

impl Handler for ConnectionHandler {
    type Notes = Notes;

    fn begin(&self, head: &RequestHead, connection: &ConnectionInfo) -> Notes {
        let onramp = &self.onramp;
        onramp.metrics.begun();
        let trusted = onramp.proxy.as_ref().map(Proxy::trusted);
        Notes {
            method: Some(MethodLabel::of(&head.method)),
            reason: None,
            access: onramp.access.as_ref().and_then(|log| log.begin(head, connection, trusted)),
        }
    }

    async fn handle(&self, request: Request<'_>, notes: &mut Notes) -> Answer {
        let onramp = &self.onramp;
        let alarm = self.alarms.lock().pop();
        let alarm = alarm.unwrap_or_else(|| Alarm::new(onramp.cx.shutdown.clone()));
        let ending = {
            let answering = pin!(onramp.answer(request, &alarm, notes.access.as_deref_mut()));
            caught(answering).await
        };
        self.alarms.lock().push(alarm);
        let ending = match ending {
            Ok(ending) => ending,
            Err(Panicked) => onramp.give(onramp.own_answer(OwnReason::Internal, onramp.take_number())),
        };
        notes.reason = ending.reason;
        if let Some(access) = &mut notes.access {
            access.answer();
        }
        ending.answer
    }

    fn refuse(&self, refusal: &Refusal, notes: &mut Notes) -> Answer {
        notes.reason = Some(Label::Refused(refusal.reason));
        self.onramp.refuse(refusal)
    }

    fn end(&self, notes: Notes, connection: &ConnectionInfo, finished: &Finished) {
        let Notes { method, reason, access } = notes;
        let total = finished.received.elapsed();
        self.onramp.metrics.ended(method, reason, finished, total);
        if let Some(log) = &self.onramp.access
            && (access.is_some() || method.is_none())
        {
            let tls = self.tls.get_or_init(|| identity::tls(connection));
            log.end(access.as_deref(), reason, connection, tls, finished, total);
        }
    }
}
