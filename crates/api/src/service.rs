//! The thread of the admin interface.

use std::io;
use std::net::TcpListener as StdListener;
use std::sync::Arc;
use std::time::Duration;

use temblor_http::connection::{Addresses, ConnectionInfo};
use temblor_http::h1::serve;
use temblor_http::server::{Drain, ServerConfig, drain};
use temblor_metrics::Metrics;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Handle};
use tokio::sync::watch;

use crate::handler::{Reader, Surface};

/// Pause after accepting has failed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A thread that runs what is no traffic. It ends with the process.
#[derive(Debug)]
pub struct Service {
    handle: Handle,
    metrics: Metrics,
    closing: watch::Sender<bool>,
}

impl Service {
    /// Starts the thread; it shows these metrics.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn start(metrics: Metrics) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        std::thread::Builder::new()
            .name("service".to_owned())
            .spawn(move || runtime.block_on(std::future::pending::<()>()))?;
        Ok(Self {
            handle,
            metrics,
            closing: watch::Sender::new(false),
        })
    }

    /// Answers at a listener as soon as `opened` resolves.
    pub fn listen(&self, listener: Arc<StdListener>, surface: Surface, opened: impl Future<Output = ()> + Send + 'static) {
        let reader = Arc::new(Reader {
            surface,
            metrics: self.metrics.clone(),
        });
        let mut closing = self.closing.subscribe();
        self.handle.spawn(async move {
            let accepting = async {
                opened.await;
                accept(&listener, reader).await;
            };
            tokio::select! {
                () = accepting => {}
                // An error means that the service is gone, and then it closes as well.
                _ = closing.wait_for(|closing| *closing) => {}
            }
        });
    }

    /// Takes no further connections; those there are go on.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }
}

async fn accept(listener: &StdListener, reader: Arc<Reader>) {
    let listener = match listener.try_clone().and_then(TcpListener::from_std) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(target: "tide::server", "cannot accept: {error}");
            return;
        }
    };
    // Never started: whoever asks whether the process drains is still answered.
    let (_trigger, signal) = drain();
    loop {
        match listener.accept().await {
            Ok((socket, _)) => {
                tokio::spawn(take(socket, signal.clone(), Arc::clone(&reader)));
            }
            Err(error) => {
                tracing::warn!(target: "tide::server", "accepting failed: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn take(socket: tokio::net::TcpStream, signal: Drain, reader: Arc<Reader>) {
    let Ok(addresses) = Addresses::of(&socket) else { return };
    // A socket that cannot be set so still works, only later.
    let _ = socket.set_nodelay(true);
    let info = ConnectionInfo::direct(addresses);
    serve(socket.into(), &info, &ServerConfig::default(), signal, &*reader).await;
}
