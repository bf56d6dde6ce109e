//! Clients that ask without a pause, half of them over a connection that they keep, while something is done to the server.
#![allow(clippy::unwrap_used)] // helpers of tests

use std::fmt::Display;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::scope;
use std::time::{Duration, Instant};

use temblor_testkit::{Http2Client, Http2Request, RawClient, TlsOptions, wait_until, was_not_taken};

use crate::world::{PATIENCE, World};

const CLIENTS: usize = 6;
/// A client does not trust a connection that it has not used for so long. Servers close idle connections, and nobody can tell a request that
/// meets such a close from a lost one.
const TRUST: Duration = Duration::from_millis(500);

/// How clients speak to the server.
#[derive(Clone, Debug)]
pub(crate) enum Speech {
    /// HTTP/1.1.
    Plain,
    /// HTTP/1.1 over TLS.
    Tls(TlsOptions),
    /// HTTP/2 over TLS.
    Http2(TlsOptions),
}

/// The name that clients ask for in TLS.
pub(crate) const HOST: &str = "localhost";

/// The load while it runs.
pub(crate) struct Load {
    answered: AtomicU64,
    stop: AtomicBool,
}

impl Load {
    /// Runs clients against the world's port while `work` is done; gives the number of requests. Every one of them must be answered, so what
    /// answers must outlive the call.
    pub(crate) fn during(world: &World, work: impl FnOnce(&Self)) -> u64 {
        Self::of(&Speech::Plain, world, work)
    }

    /// The same of clients that speak so.
    pub(crate) fn of(speech: &Speech, world: &World, work: impl FnOnce(&Self)) -> u64 {
        let load = Self {
            answered: AtomicU64::new(0),
            stop: AtomicBool::new(false),
        };
        scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|at| {
                    let load = &load;
                    scope.spawn(move || load.ask_on(speech, world.port(), at))
                })
                .collect();
            let guard = Stop(&load.stop);
            work(&load);
            drop(guard);
            for client in clients {
                client
                    .join()
                    .unwrap()
                    .unwrap_or_else(|error| panic!("a request failed: {error}"));
            }
        });
        load.answered.into_inner()
    }

    /// Waits until that many more requests were answered.
    pub(crate) fn wait(&self, more: u64) {
        let goal = self.answered.load(Ordering::Relaxed) + more;
        // A client that has failed has stopped all.
        let holds = || self.answered.load(Ordering::Relaxed) >= goal || self.stop.load(Ordering::Relaxed);
        assert!(wait_until(PATIENCE, holds), "requests are no longer answered");
    }

    fn ask_on(&self, speech: &Speech, port: u16, at: usize) -> io::Result<()> {
        let keeps = at.is_multiple_of(2);
        let mut kept: Option<(Client, Instant)> = None;
        let mut number = 0;
        while !self.stop.load(Ordering::Relaxed) {
            number += 1;
            let token = format!("c{at}-{number}");
            let trusted = kept.take().filter(|(_, used)| used.elapsed() < TRUST);
            let asked = match trusted {
                Some((client, _)) => client.ask(&token),
                None => Client::connect(speech, port).and_then(|client| client.ask(&token)),
            };
            match asked {
                Ok(Asked::Answered(client)) => {
                    self.answered.fetch_add(1, Ordering::Relaxed);
                    kept = client.filter(|_| keeps).map(|client| (client, Instant::now()));
                }
                Ok(Asked::NotTaken) => {}
                Err(error) => return Err(self.fail(&token, error)),
            }
        }
        Ok(())
    }

    /// The end of all clients.
    fn fail(&self, token: &str, error: impl Display) -> io::Error {
        self.stop.store(true, Ordering::Relaxed);
        io::Error::other(format!("{token}: {error}"))
    }
}

/// Stops the clients, also when the work panics.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// One connection.
enum Client {
    Http1(RawClient),
    Http2(Http2Client),
}

/// What became of a request.
enum Asked {
    /// It was answered. `None`: the connection will close.
    Answered(Option<Client>),
    /// The server takes no further requests on this connection, and says that it did not take this one.
    NotTaken,
}

impl Client {
    fn connect(speech: &Speech, port: u16) -> io::Result<Self> {
        Ok(match speech {
            Speech::Plain => Self::Http1(RawClient::connect(port)?),
            Speech::Tls(options) => Self::Http1(RawClient::connect_tls(port, HOST, options)?),
            Speech::Http2(options) => Self::Http2(Http2Client::connect_tls(port, HOST, options)?),
        })
    }

    fn ask(mut self, token: &str) -> io::Result<Asked> {
        let (path, body) = (format!("/{token}"), format!("{{\"token\":\"{token}\"}}"));
        let (status, answer, closes) = match &mut self {
            Self::Http1(client) => {
                let response = client.ask("POST", &path, &[("Content-Type", "application/json")], &body)?;
                let closes = response.header("connection") == Some("close");
                (response.status, response.json(), closes)
            }
            Self::Http2(client) => {
                let request = Http2Request::post(&path, body.clone());
                match client.ask(&request) {
                    Ok(response) => (response.status, response.json(), false),
                    // What crosses the server's farewell on its way.
                    Err(error) if was_not_taken(&error) => return Ok(Asked::NotTaken),
                    Err(error) => return Err(error),
                }
            }
        };
        if status != 200 || answer["json"]["token"] != token {
            return Err(io::Error::other(format!("status {status}: {answer}")));
        }
        Ok(Asked::Answered((!closes).then_some(self)))
    }
}
