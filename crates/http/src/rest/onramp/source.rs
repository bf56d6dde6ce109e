//! Listening and accepting (design: every worker waits on the same listening socket).

use std::net::{SocketAddr, TcpListener as StdListener, ToSocketAddrs};
use std::sync::Arc;

use socket2::{Domain, Protocol, Socket, Type};
use temblor_runtime::connectors::SourcePlan;
use temblor_runtime::ramp::Ramp;
use temblor_runtime::shutdown::{Phase, Shutdown};
use temblor_runtime::source::{Source, SourceCx, StartError};
use tokio::net::{TcpListener, TcpStream};

use super::config::OnrampConfig;
use super::facts;
use super::handler::{ConnectionHandler, Onramp};
use super::reply::ReplyBuilder;
use crate::connection::{Addresses, ConnectionInfo};
use crate::h1::{Drain, DrainTrigger, drain, serve};

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 4096;

struct RestSource {
    listener: StdListener,
    onramp: Arc<Onramp>,
    cx: SourceCx,
}

/// Reads the configuration.
pub(super) fn plan(ramp: Ramp) -> Result<SourcePlan, StartError> {
    let config = ramp.config(OnrampConfig::read)?;
    let facts = facts::of(&config, ramp.is_linked);
    Ok(SourcePlan::new(|cx| open(ramp, config, cx)).with_facts(facts))
}

/// Binds the socket.
fn open(ramp: Ramp, config: OnrampConfig, cx: SourceCx) -> Result<Box<dyn Source>, StartError> {
    let listener = bind(&config.host, config.port)?;
    let replies = ReplyBuilder {
        codec: Arc::clone(&ramp.codec),
        codec_map: ramp.codec_map,
        postprocessors: ramp.postprocessors,
        always_encode: config.always_encode,
    };
    let onramp = Onramp::new(config, replies, ramp.preprocessors, ramp.is_linked, cx.clone());
    Ok(Box::new(RestSource {
        listener,
        onramp: Arc::new(onramp),
        cx,
    }))
}

fn bind(host: &str, port: u16) -> Result<StdListener, StartError> {
    let failed = |error: std::io::Error| StartError(format!("cannot listen on {host}:{port}: {error}"));
    let addresses = (host, port).to_socket_addrs().map_err(failed)?;
    let mut last = StartError(format!("cannot listen on {host}:{port}: the name has no address"));
    for address in addresses {
        match bind_one(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => last = failed(error),
        }
    }
    Err(last)
}

fn bind_one(address: SocketAddr) -> std::io::Result<StdListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

impl Source for RestSource {
    fn start(self: Box<Self>) -> Result<(), StartError> {
        let Self { listener, onramp, cx } = *self;
        let (trigger, drain) = drain();
        let listeners = (0..cx.workers.count())
            .map(|_| listener.try_clone())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| StartError(format!("cannot share the listening socket: {error}")))?;
        // Every worker takes its own handle of the one socket; the list is indexed by worker.
        let listeners = Arc::new(parking_lot::Mutex::new(listeners));
        let trigger = Arc::new(trigger);
        cx.workers.spawn_on_each(|_| {
            let acceptor = Acceptor {
                onramp: Arc::clone(&onramp),
                drain: drain.clone(),
                trigger: Arc::clone(&trigger),
                shutdown: cx.shutdown.clone(),
                cx: cx.clone(),
            };
            let listener = listeners.lock().pop();
            async move {
                if let Some(listener) = listener {
                    acceptor.run(listener).await;
                }
            }
        });
        Ok(())
    }
}

struct Acceptor {
    onramp: Arc<Onramp>,
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
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => self.take(stream),
                    Err(error) => self.rest(&error).await,
                },
                () = self.shutdown.reached(Phase::Draining) => break,
            }
        }
        self.trigger.start();
    }

    fn take(&self, stream: TcpStream) {
        let Ok(addresses) = Addresses::of(&stream) else { return };
        let onramp = Arc::clone(&self.onramp);
        let drain = self.drain.clone();
        let active = self.cx.activity.begin();
        tokio::spawn(async move {
            // A socket that cannot be set so still works, only later.
            let _ = stream.set_nodelay(true);
            let info = ConnectionInfo::direct(addresses);
            let handler = ConnectionHandler::new(Arc::clone(&onramp));
            serve(stream.into(), &info, onramp.server(), drain, &handler).await;
            drop(active);
        });
    }

    /// Accepting fails for want of descriptors, mostly; trying again at once would only burn time.
    async fn rest(&self, error: &std::io::Error) {
        tracing::warn!(target: "tremor_runtime::onramp", "[Source::{}] accepting failed: {error}", self.cx.url);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}
