//! Listening and accepting (design: every worker waits on the same listening socket).

use std::net::TcpListener as StdListener;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use temblor_runtime::connectors::SourcePlan;
use temblor_runtime::ramp::Ramp;
use temblor_runtime::shutdown::{Phase, Shutdown};
use temblor_runtime::source::{Source, SourceCx, StartError};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::config::OnrampConfig;
use super::entrance::Entrance;
use super::facts;
use super::handler::{ConnectionHandler, Onramp};
use super::metrics::ClientProtocol;
use super::reply::ReplyBuilder;
use crate::connection::ConnectionInfo;
use crate::rest::watch::watch;
use crate::server::{Drain, DrainTrigger, Incoming, drain, serve};
use crate::tls::TlsServer;
use crate::transport::Transport;

/// Pause after accepting has failed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

struct RestSource {
    listener: Arc<StdListener>,
    onramp: Arc<Onramp>,
    entrance: Entrance,
    connections: Option<NonZeroUsize>,
    cx: SourceCx,
}

/// Reads the configuration.
pub(super) fn plan(ramp: Ramp) -> Result<SourcePlan, StartError> {
    let config = ramp.config(OnrampConfig::read)?;
    let facts = facts::of(&config, ramp.is_linked);
    Ok(SourcePlan::new(|cx| open(ramp, config, cx)).with_facts(facts))
}

/// Reads certificates and opens the socket.
fn open(ramp: Ramp, mut config: OnrampConfig, cx: SourceCx) -> Result<Box<dyn Source>, StartError> {
    let connections = config.server.limits.connections;
    let settings = config.tls.take();
    let tls = settings
        .map(TlsServer::new)
        .transpose()
        .map_err(|error| StartError(error.to_string()))?;
    let entrance = Entrance {
        proxies: config.proxies.take(),
        tls: tls.map(Arc::new),
        time: config.server.timeouts.handshake,
    };
    let (host, port) = (config.host.clone(), config.port);
    let replies = ReplyBuilder {
        codec: Arc::clone(&ramp.codec),
        codec_map: ramp.codec_map,
        postprocessors: ramp.postprocessors,
        always_encode: config.always_encode,
        counts: Arc::default(),
    };
    let onramp = Onramp::new(
        config,
        replies,
        ramp.preprocessors,
        ramp.is_linked,
        entrance.tls.clone(),
        &ramp.name,
        cx.clone(),
    )?;
    // Last, so that nobody connects to an onramp that cannot be had.
    let listener = cx
        .sockets
        .listen(&host, port)
        .map_err(|error| StartError(format!("cannot listen on {host}:{port}: {error}")))?;
    Ok(Box::new(RestSource {
        listener,
        onramp: Arc::new(onramp),
        entrance,
        connections,
        cx,
    }))
}

impl Source for RestSource {
    fn start(self: Box<Self>) -> Result<(), StartError> {
        let Self {
            listener,
            onramp,
            entrance,
            connections,
            cx,
        } = *self;
        let (trigger, drain) = drain();
        let listeners = (0..cx.workers.count())
            .map(|_| listener.try_clone())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| StartError(format!("cannot share the listening socket: {error}")))?;
        // Every worker takes its own handle of the one socket; the list is indexed by worker.
        let listeners = Arc::new(parking_lot::Mutex::new(listeners));
        let trigger = Arc::new(trigger);
        let slots = connections.map(|limit| Arc::new(Semaphore::new(limit.get())));
        if let Some(tls) = &entrance.tls {
            let (interval, requests) = (tls.reload_interval(), cx.reload.requests());
            let owner = format!("Source::{}", cx.url);
            cx.workers
                .spawn(watch(Arc::clone(tls), interval, requests, cx.shutdown.clone(), owner));
        }
        let entrance = Arc::new(entrance);
        cx.workers.spawn_on_each(|_| {
            let acceptor = Acceptor {
                onramp: Arc::clone(&onramp),
                entrance: Arc::clone(&entrance),
                slots: slots.clone(),
                drain: drain.clone(),
                trigger: Arc::clone(&trigger),
                shutdown: cx.shutdown.clone(),
                cx: cx.clone(),
            };
            let own = listeners.lock().pop();
            // The socket counts as used, and may be handed on, until the last worker has stopped accepting.
            let socket = Arc::clone(&listener);
            // A drain is not over before the socket is closed.
            let active = cx.activity.begin();
            async move {
                if let Some(own) = own {
                    acceptor.run(own).await;
                }
                drop(socket);
                drop(active);
            }
        });
        Ok(())
    }
}

struct Acceptor {
    onramp: Arc<Onramp>,
    entrance: Arc<Entrance>,
    /// Connections that may still be opened; `None`: no limit.
    slots: Option<Arc<Semaphore>>,
    drain: Drain,
    trigger: Arc<DrainTrigger>,
    shutdown: Shutdown,
    cx: SourceCx,
}

impl Acceptor {
    async fn run(mut self, listener: StdListener) {
        let listener = match TcpListener::from_std(listener) {
            Ok(listener) => listener,
            Err(error) => {
                tracing::error!(target: "tremor_runtime::onramp", "[Source::{}] cannot accept: {error}", self.cx.url);
                return;
            }
        };
        tokio::select! {
            () = self.cx.sockets.opened() => {}
            () = self.shutdown.reached(Phase::Draining) => {}
        }
        let slots = self.slots.clone();
        let next = async || {
            let slot = slot(slots.as_ref()).await;
            listener.accept().await.map(|(socket, _)| (socket, slot))
        };
        loop {
            tokio::select! {
                accepted = next() => match accepted {
                    Ok((socket, slot)) => self.take(socket, slot),
                    Err(error) => self.rest(&error).await,
                },
                () = self.shutdown.reached(Phase::Draining) => break,
            }
        }
        self.trigger.start();
    }

    fn take(&self, socket: TcpStream, slot: Option<OwnedSemaphorePermit>) {
        let onramp = Arc::clone(&self.onramp);
        let entrance = Arc::clone(&self.entrance);
        let drain = self.drain.clone();
        let active = self.cx.activity.begin();
        tokio::spawn(async move {
            let _held = (active, slot);
            let (transport, info) = match entrance.open(socket).await {
                Ok(opened) => opened,
                Err(error) => {
                    tracing::debug!(target: "tremor_runtime::onramp", "[Source::{}] a connection ended early: {error}", onramp.cx.url);
                    return;
                }
            };
            // By reference: what is handed over to a future would stay in this one as well.
            speak(&onramp, transport, &info, drain).await;
        });
    }

    /// Accepting fails for want of descriptors, mostly; trying again at once would only burn time.
    async fn rest(&self, error: &std::io::Error) {
        tracing::warn!(target: "tremor_runtime::onramp", "[Source::{}] accepting failed: {error}", self.cx.url);
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}

/// Serves a connection that speaks HTTP.
async fn speak(onramp: &Arc<Onramp>, transport: Transport, info: &ConnectionInfo, drain: Drain) {
    let Some(incoming) = Incoming::detect(transport, info, onramp.server(), drain.clone()).await else {
        return;
    };
    let protocol = if incoming.is_http2() {
        ClientProtocol::Http2
    } else {
        ClientProtocol::Http1
    };
    let _open = onramp.metrics.connection(protocol);
    let handler = ConnectionHandler::new(Arc::clone(onramp));
    serve(incoming, info, onramp.server(), drain, &handler).await;
}

/// Waits until a connection may be opened; while it waits, connections wait in the system's queue.
async fn slot(slots: Option<&Arc<Semaphore>>) -> Option<OwnedSemaphorePermit> {
    match slots {
        // The semaphore is never closed.
        Some(slots) => Arc::clone(slots).acquire_owned().await.ok(),
        None => None,
    }
}
