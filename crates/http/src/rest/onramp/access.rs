//! The access log of an onramp (spec/proxy.md 6.2): what is noted of a request on its way, and the line at its end.
//!
//! Without the setting nothing is noted, and nothing is paid for it.

use std::cell::Cell;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use temblor_event::{EventId, Uid};
use temblor_runtime::clock::now_ns;
use temblor_runtime::config::{AccessLog, Addresses};
use temblor_runtime::flow::Trace;
use temblor_runtime::ramp::RampName;
use temblor_runtime::reload::ReloadRequests;
use temblor_runtime::shutdown::{Phase, Shutdown};
use temblor_runtime::source::{SourceCx, StartError};
use temblor_value::{Chance, Value};
use tokio::time::Instant;

use super::forwarded::{self, ClientAddress};
use super::metrics;
use super::reason::Label;
use crate::access_log::{Exchange, Writer, is_error, write_line, writer_for};
use crate::connection::ConnectionInfo;
use crate::message::{Name, RequestHead};
use crate::rest::meta;
use crate::server::Finished;

/// See the module's documentation.
pub(super) struct AccessLogger {
    settings: AccessLog,
    writer: Arc<Writer>,
    name: RampName,
    uid: Uid,
}

/// What is noted of a request.
pub(super) struct Access {
    time_ns: u64,
    client: IpAddr,
    head: RequestHead,
    number: Option<u64>,
    /// When its body was there, or was begun to be passed on.
    taken: Option<Instant>,
    /// When its answer was ready to be sent.
    answered: Option<Instant>,
    /// `None`: the request has not got as far as events.
    trace: Option<Box<Trace>>,
}

impl AccessLogger {
    /// Opens the log's place and follows requests to open it again.
    pub(super) fn open(settings: AccessLog, name: &RampName, cx: &SourceCx) -> Result<Self, StartError> {
        let writer = writer_for(&settings.to, &cx.metrics)
            .map_err(|error| StartError(format!("cannot open the access log {:?}: {error}", settings.to)))?;
        cx.workers
            .spawn(follow(Arc::clone(&writer), cx.reload.requests(), cx.shutdown.clone()));
        Ok(Self {
            settings,
            writer,
            name: name.clone(),
            uid: cx.uid,
        })
    }

    /// Begins to note a request, if it belongs to the sample. `trusted`: who may say where a client is; `None`: nobody.
    pub(super) fn begin(
        &self,
        head: &RequestHead,
        connection: &ConnectionInfo,
        trusted: Option<&Addresses>,
    ) -> Option<Box<Access>> {
        if self.settings.sample < 100.0 && chance() * 100.0 >= self.settings.sample {
            return None;
        }
        let client = match trusted {
            Some(trusted) => forwarded::client(&head.headers, connection.peer, trusted),
            None => ClientAddress::from(connection.peer),
        };
        Some(Box::new(Access {
            time_ns: now_ns(),
            client: client.ip,
            head: head.clone(),
            number: None,
            taken: None,
            answered: None,
            trace: None,
        }))
    }

    /// Writes the line of an exchange that took so long in `total`; without notes, that of something that was no request. `tls`: what the
    /// handshake has shown, as `$client.tls` has it.
    pub(super) fn end(
        &self,
        access: Option<&Access>,
        reason: Option<Label>,
        connection: &ConnectionInfo,
        tls: &Value,
        finished: &Finished,
        total: Duration,
    ) {
        let status = metrics::code(reason, finished.status);
        if self.settings.errors_only && !is_error(status, finished.is_complete) {
            return;
        }
        let head = access.map(|access| &access.head);
        let times = Times::of(access, finished, total);
        let trace = access.and_then(|access| access.trace.as_deref());
        let field = |name| head.and_then(|head| head.headers.get(name));
        let exchange = Exchange {
            time_ns: access.map_or_else(now_ns, |access| access.time_ns),
            total,
            onramp: &self.name.id,
            instance: &self.name.instance,
            event_id: access
                .and_then(|access| access.number)
                .map(|number| EventId::new(self.uid, number)),
            client: access.map(|access| access.client),
            peer: connection.socket.peer.ip().to_canonical(),
            protocol: head.map(|head| head.version.name()),
            tls,
            method: head.map(|head| head.method.as_str()),
            scheme: if connection.tls.is_some() { "https" } else { "http" },
            host: head.and_then(meta::host),
            path: head.map(|head| head.target.path()),
            query: head.and_then(|head| head.target.query()).filter(|_| self.settings.query),
            status,
            reason: reason.map(Label::name),
            is_complete: finished.is_complete,
            bytes_in: finished.body_received,
            bytes_out: finished.body_sent,
            head_time: finished.head_time,
            body_time: times.body,
            program_time: times.program,
            wait_time: times.waited,
            send_time: times.send,
            attempts: trace.map_or(0, |trace| trace.attempts),
            offramp: trace.and_then(|trace| trace.offramp.as_deref()),
            output: trace.and_then(|trace| trace.output.as_deref()),
            referer: field(Name::Referer),
            user_agent: field(Name::UserAgent),
            labels: trace.map_or(&Value::Null, |trace| &trace.labels),
        };
        self.writer.push(|out| write_line(&exchange, &self.settings.format, out));
    }
}

impl Access {
    /// The body was taken, or begun to be passed on.
    pub(super) fn take_body(&mut self) {
        self.taken = Some(Instant::now());
    }

    /// The answer is ready.
    pub(super) fn answer(&mut self) {
        self.answered = Some(Instant::now());
    }

    /// A wait for a reply has ended.
    pub(super) fn wait(&mut self, number: u64, trace: Option<Box<Trace>>) {
        self.number = Some(number);
        let Some(mut trace) = trace else { return };
        if let Some(before) = self.trace.take() {
            if trace.attempts == 0 {
                trace.offramp = before.offramp;
                trace.output = before.output;
            }
            if trace.labels == Value::Null {
                trace.labels = before.labels;
            }
            trace.attempts += before.attempts;
            trace.waited += before.waited;
        }
        self.trace = Some(trace);
    }
}

/// Where the time between head and last byte went.
#[derive(Debug, Default, PartialEq, Eq)]
struct Times {
    body: Duration,
    program: Duration,
    waited: Duration,
    send: Duration,
}

impl Times {
    fn of(access: Option<&Access>, finished: &Finished, total: Duration) -> Self {
        let Some(access) = access else { return Self::default() };
        let since = |moment: Option<Instant>| moment.map(|moment| moment.saturating_duration_since(finished.received));
        let body = since(access.taken).unwrap_or_default();
        let answered = since(access.answered).unwrap_or(total);
        let waited = access.trace.as_ref().map_or(Duration::ZERO, |trace| trace.waited);
        Self {
            body,
            program: answered.saturating_sub(body).saturating_sub(waited),
            waited,
            send: total.saturating_sub(answered),
        }
    }
}

async fn follow(writer: Arc<Writer>, mut requests: ReloadRequests, mut shutdown: Shutdown) {
    loop {
        tokio::select! {
            () = requests.next() => writer.reopen(),
            () = shutdown.reached(Phase::Stopped) => return,
        }
    }
}

thread_local! {
    /// What samples are drawn by; `None` before its first use.
    static CHANCE: Cell<Option<Chance>> = const { Cell::new(None) };
}

/// A number from 0 up to 1, without 1.
fn chance() -> f64 {
    let mut chance = CHANCE.get().unwrap_or_else(|| Chance::new(now_ns()));
    let number = chance.share();
    CHANCE.set(Some(chance));
    number
}
