//! From items to events: what all sources here have in common (spec/artefacts.md 1.5).
//!
//! One item at a time: its events run as far as they can before the next item is taken, so that order is kept and whoever is slow downstream
//! slows the source. Items that are at hand together share a turn: what operators do once for all events of a turn (writing a log) is then
//! cheap. A turn ends before its pump waits for anything.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use temblor_codec::{Codec, Form, Limits, PreChain, Scratch};
use temblor_event::{Event, EventId, Origin, Original, Payload, Segments};
use temblor_runtime::clock::now_ns;
use temblor_runtime::flow::Dispatch;
use temblor_runtime::ramp::Ramp;
use temblor_runtime::shutdown::Phase;
use temblor_runtime::source::SourceCx;
use temblor_value::{ObjectMap, Str, Value};

/// Items of a turn, after which other tasks of the worker get theirs.
const TURN: u32 = 64;

/// Turns the items of one source into events and sends them.
pub(super) struct Pump {
    cx: SourceCx,
    codec: Arc<dyn Codec>,
    /// The chain of stream 0.
    chain: PreChain,
    origin: Arc<Origin>,
    /// Used for one item after the other.
    dispatch: Dispatch,
    /// Metadata of events that have none.
    no_meta: Value,
    scratch: Scratch,
    chunks: Vec<Bytes>,
    /// Number of the next event.
    next: u64,
    is_transactional: bool,
    items: u32,
}

impl Pump {
    /// A pump whose events count from 0.
    pub(super) fn new(ramp: &Ramp, cx: SourceCx, scheme: Str, path: Segments) -> Self {
        let origin = Origin {
            scheme,
            host: cx.hostname.clone(),
            port: None,
            path,
        };
        Self {
            dispatch: Dispatch::detached(cx.flow.load()),
            cx,
            codec: Arc::clone(&ramp.codec),
            chain: PreChain::new(&ramp.preprocessors, &Limits::default()),
            origin: Arc::new(origin),
            no_meta: Value::object(),
            scratch: Scratch::default(),
            chunks: Vec::new(),
            next: 0,
            is_transactional: false,
            items: 0,
        }
    }

    /// The same pump, whose events want acknowledgements.
    pub(super) fn transactional(self) -> Self {
        Self {
            is_transactional: true,
            ..self
        }
    }

    /// Waits while the circuit breaker is closed. False: the process drains, and nothing more may be pulled.
    pub(super) async fn may_pull(&mut self) -> bool {
        let is_paused = self.cx.control.is_paused();
        let may_go_on = !self.cx.shutdown.has_moved();
        if may_go_on && !is_paused {
            return true;
        }
        if !may_go_on {
            self.end_turn().await;
            return false;
        }
        let control = Arc::clone(&self.cx.control);
        self.unless_draining(control.running()).await.is_some()
    }

    /// Events from now on come from another place of the same origin.
    pub(super) fn set_path(&mut self, path: Segments) {
        self.origin = Arc::new(Origin {
            path,
            ..Origin::clone(&self.origin)
        });
    }

    /// Numbers given so far.
    pub(super) fn sent(&self) -> u64 {
        self.next
    }

    /// Whether the circuit breaker holds the source.
    pub(super) fn is_paused(&self) -> bool {
        self.cx.control.is_paused()
    }

    /// Waits for a while. False: the process drains.
    pub(super) async fn sleep(&mut self, time: Duration) -> bool {
        self.unless_draining(tokio::time::sleep(time)).await.is_some()
    }

    /// Waits for `future`; `None`: the process drains.
    pub(super) async fn unless_draining<T>(&mut self, future: impl Future<Output = T>) -> Option<T> {
        self.end_turn().await;
        tokio::pin!(future);
        loop {
            tokio::select! {
                biased;
                () = self.cx.shutdown.reached(Phase::Draining) => return None,
                result = &mut future => return Some(result),
                // Else what was undeployed would stay as long as nothing comes.
                () = self.cx.flow.changed_from(self.dispatch.flow()) => self.dispatch.follow(self.cx.flow.load()),
            }
        }
    }

    /// Sends what one raw item gives: preprocessors, codec, events on `out` and `err`.
    pub(super) async fn raw(&mut self, item: Bytes) {
        self.take(item).await;
        self.end_turn().await;
        self.let_others().await;
    }

    /// The same for an item of which the next one may be at hand. When none is, the caller waits through this pump or calls
    /// [`Pump::end_turn`].
    pub(super) async fn raw_of_many(&mut self, item: Bytes) {
        self.take(item).await;
        if !self.dispatch.run_on() {
            self.end_turn().await;
        }
        self.let_others().await;
    }

    /// Lets everything run to its end.
    pub(super) async fn end_turn(&mut self) {
        self.dispatch.run_out().await;
    }

    async fn take(&mut self, item: Bytes) {
        let mut ingest_ns = now_ns();
        let first = self.next;
        self.follow_flow().await;
        let mut chunks = std::mem::take(&mut self.chunks);
        match self.chain.run(item, &mut ingest_ns, &mut chunks) {
            Ok(()) => {
                for chunk in chunks.drain(..) {
                    self.decode(chunk, ingest_ns, first);
                }
            }
            Err(error) => self.send_error(&error.to_string(), ingest_ns, first),
        }
        self.chunks = chunks;
    }

    /// Sends one structured value; `build` gets ingest time and event number.
    pub(super) async fn structured(&mut self, build: impl FnOnce(u64, u64) -> Value) {
        let ingest_ns = now_ns();
        let value = build(ingest_ns, self.next);
        self.follow_flow().await;
        self.send(Payload::new(value, self.no_meta.clone()), ingest_ns);
        self.end_turn().await;
        self.let_others().await;
    }

    async fn follow_flow(&mut self) {
        if !self.cx.flow.is(self.dispatch.flow()) {
            self.end_turn().await;
            self.dispatch.follow(self.cx.flow.load());
        }
    }

    async fn let_others(&mut self) {
        self.items += 1;
        if self.items.is_multiple_of(TURN) {
            self.end_turn().await;
            tokio::task::yield_now().await;
        }
    }

    fn decode(&mut self, chunk: Bytes, mut ingest_ns: u64, first: u64) {
        let original = chunk.clone();
        match self.codec.decode_judged(chunk, &mut self.scratch, &mut ingest_ns) {
            Ok(Some((value, Form::Exact))) => {
                let original = Original::exact(original, self.codec.name());
                let payload = Payload::with_original(value, original, self.no_meta.clone());
                self.send(payload, ingest_ns);
            }
            Ok(Some((value, _))) => self.send(Payload::new(value, self.no_meta.clone()), ingest_ns),
            Ok(None) => {}
            Err(error) => self.send_error(&error.to_string(), ingest_ns, first),
        }
    }

    fn send(&mut self, payload: Payload, ingest_ns: u64) {
        let event = self.event(payload, ingest_ns);
        self.dispatch.send_out(self.cx.ix, event);
    }

    /// The error event of spec/artefacts.md 1.7.
    fn send_error(&mut self, text: &str, ingest_ns: u64, first: u64) {
        tracing::debug!(target: "tremor_runtime::onramp", "[Source::{}] {text}", self.cx.url);
        let mut value = ObjectMap::with_capacity(3);
        value.insert("error", text);
        value.insert("event_id", first);
        value.insert("source_id", self.cx.url.as_str());
        let mut meta = ObjectMap::with_capacity(1);
        meta.insert("error", text);
        let event = self.event(Payload::new(Value::from(value), Value::from(meta)), ingest_ns);
        self.dispatch.send_err(self.cx.ix, event);
    }

    fn event(&mut self, payload: Payload, ingest_ns: u64) -> Event {
        let id = EventId::new(self.cx.uid, self.next);
        self.next += 1;
        let mut event = Event::new(id, payload, ingest_ns);
        event.origin = Some(Arc::clone(&self.origin));
        event.transactional = self.is_transactional;
        event
    }
}
