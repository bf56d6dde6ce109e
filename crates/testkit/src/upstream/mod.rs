//! A real server on a loopback port that does what it is told, right or wrong, and remembers what it was sent.

mod behaviour;
mod connection;
mod echo;
mod log;

use std::io;
use std::net::{Ipv4Addr, TcpListener as StdListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::{oneshot, watch};

pub use behaviour::{Behaviour, Canned};
pub use log::{Log, Recorded};

use connection::Connection;
use log::SharedLog;

use crate::message::Message;
use crate::port::listen;

/// What the server's thread and its owner share.
#[derive(Debug)]
struct Shared {
    behaviour: watch::Sender<Behaviour>,
    requests_per_connection: Mutex<Option<u64>>,
    keeps_requests: Mutex<bool>,
    keeps_bytes: AtomicBool,
    log: SharedLog,
}

impl Shared {
    fn record(&self, connection: u64, request: &Message) {
        let keeps = *self.keeps_requests.lock();
        self.log.update(|log| {
            log.count += 1;
            if keeps {
                log.requests.push(Recorded {
                    connection,
                    request: request.clone(),
                });
            }
        });
    }
}

/// See the module's documentation. Dropping it stops it.
#[derive(Debug)]
pub struct FaultyUpstream {
    port: u16,
    shared: Arc<Shared>,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl FaultyUpstream {
    /// Starts an upstream that echoes.
    pub fn echo() -> io::Result<Self> {
        Self::start(Behaviour::Echo)
    }

    /// Starts an upstream.
    pub fn start(behaviour: Behaviour) -> io::Result<Self> {
        let listener = listen()?;
        let mut upstream = Self {
            port: listener.local_addr()?.port(),
            shared: Arc::new(Shared {
                behaviour: watch::Sender::new(behaviour),
                requests_per_connection: Mutex::new(None),
                keeps_requests: Mutex::new(true),
                keeps_bytes: AtomicBool::new(false),
                log: SharedLog::default(),
            }),
            running: None,
        };
        upstream.run(listener)?;
        Ok(upstream)
    }

    /// The loopback port; stays the same over restarts.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Behaves so from now on.
    pub fn set(&self, behaviour: Behaviour) {
        self.shared.behaviour.send_replace(behaviour);
    }

    /// Closes connections after so many requests, without announcing it.
    pub fn close_after(&self, requests: Option<u64>) {
        *self.shared.requests_per_connection.lock() = requests;
    }

    /// Keeps every request in the log (the default), or counts only.
    pub fn keep_requests(&self, keep: bool) {
        *self.shared.keeps_requests.lock() = keep;
    }

    /// Keeps every byte received in the log from now on, so that a test can read it in other ways than this server does.
    pub fn keep_bytes(&self) {
        self.shared.keeps_bytes.store(true, Ordering::Relaxed);
    }

    /// What it saw.
    pub fn log(&self) -> Log {
        self.shared.log.read()
    }

    /// Requests received.
    pub fn count(&self) -> u64 {
        self.log().count
    }

    /// Starts the log anew.
    pub fn forget(&self) {
        self.shared.log.update(|log| *log = Log::default());
    }

    /// Waits until the log is as wanted; false if that took too long.
    pub fn wait(&self, patience: Duration, is_there: impl FnMut(&Log) -> bool) -> bool {
        self.shared.log.wait(patience, is_there)
    }

    /// Stops listening and closes all connections, as a killed process does. New connections are refused when this returns.
    pub fn stop(&mut self) {
        if let Some(Running { stop, thread }) = self.running.take() {
            // Both fail only if the thread has ended already.
            let _ = stop.send(());
            let _ = thread.join();
        }
    }

    /// Listens at the same port again; no effect while it runs.
    pub fn restart(&mut self) -> io::Result<()> {
        if self.running.is_some() {
            return Ok(());
        }
        let listener = StdListener::bind((Ipv4Addr::LOCALHOST, self.port))?;
        self.run(listener)
    }

    fn run(&mut self, listener: StdListener) -> io::Result<()> {
        listener.set_nonblocking(true)?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let shared = Arc::clone(&self.shared);
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("upstream".to_owned()).spawn(move || {
            // Connections end with the runtime.
            runtime.block_on(async {
                tokio::select! {
                    _ = stopped => {}
                    () = accept(listener, shared) => {}
                }
            });
        })?;
        self.running = Some(Running { stop, thread });
        Ok(())
    }
}

impl Drop for FaultyUpstream {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn accept(listener: StdListener, shared: Arc<Shared>) {
    let Ok(listener) = TcpListener::from_std(listener) else {
        return;
    };
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(Connection::new(stream, Arc::clone(&shared)).run());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::RawClient;

    const PATIENCE: Duration = Duration::from_secs(10);

    #[test]
    fn echo_tells_the_request() {
        let upstream = FaultyUpstream::echo().unwrap();
        let mut client = RawClient::connect(upstream.port()).unwrap();
        let response = client
            .ask("PUT", "/x?a=1&a=2&b", &[("x-two", "1"), ("X-Two", "2")], r#"{"n": 1}"#)
            .unwrap();
        let told = response.json();
        assert_eq!(response.status, 200);
        assert_eq!(told["method"], "PUT");
        assert_eq!(told["args"], serde_json::json!({"a": ["1", "2"], "b": ""}));
        assert_eq!(told["headers"]["X-Two"], "1,2");
        assert_eq!((&told["json"]["n"], &told["data"]), (&1.into(), &r#"{"n": 1}"#.into()));
        assert_eq!(told["url"], "http://localhost/x?a=1&a=2&b");
        assert_eq!(client.ask("HEAD", "/", &[], "").unwrap().body(), b"");
        assert_eq!(upstream.log().requests[1].request.word(0), "HEAD");
    }

    #[test]
    fn faults_are_faults() {
        let faults = [
            Behaviour::ResetOnAccept,
            Behaviour::ResetAfterRequest,
            Behaviour::CloseAfterRequest,
            Behaviour::HalfHead,
            Behaviour::HalfBody,
            Behaviour::raw("rubbish\r\n\r\n"),
        ];
        for fault in faults {
            let upstream = FaultyUpstream::start(fault.clone()).unwrap();
            let answer = RawClient::connect(upstream.port()).and_then(|mut client| client.ask("GET", "/", &[], ""));
            assert!(answer.is_err(), "{fault:?}");
        }
    }

    #[test]
    fn held_requests_wait_for_another_behaviour() {
        let upstream = FaultyUpstream::start(Behaviour::Hold).unwrap();
        let mut staying = RawClient::connect(upstream.port()).unwrap();
        let mut leaving = RawClient::connect(upstream.port()).unwrap();
        staying.send(&crate::request("GET", "/", &[], "")).unwrap();
        leaving.send(&crate::request("GET", "/", &[], "")).unwrap();
        assert!(upstream.wait(PATIENCE, |log| log.count == 2));
        leaving.reset().unwrap();
        assert!(upstream.wait(PATIENCE, |log| log.abandoned == 1));
        upstream.set(Behaviour::answer(204, &[], ""));
        assert_eq!(staying.receive().unwrap().status, 204);
    }

    #[test]
    fn stopping_refuses_and_restarting_listens_again() {
        let mut upstream = FaultyUpstream::echo().unwrap();
        let mut client = RawClient::connect(upstream.port()).unwrap();
        assert!(upstream.wait(PATIENCE, |log| log.connections == 1));
        upstream.stop();
        assert!(client.receive_end().is_ok_and(|bytes| bytes.is_empty()));
        assert!(RawClient::connect(upstream.port()).is_err());
        upstream.restart().unwrap();
        assert_eq!(
            RawClient::connect(upstream.port())
                .unwrap()
                .ask("GET", "/", &[], "")
                .unwrap()
                .status,
            200
        );
    }

    #[test]
    fn torn_requests_are_noticed() {
        let upstream = FaultyUpstream::echo().unwrap();
        let mut client = RawClient::connect(upstream.port()).unwrap();
        client.send(b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf").unwrap();
        client.half_close().unwrap();
        assert!(upstream.wait(PATIENCE, |log| log.torn.len() == 1 && log.count == 0));
    }
}
