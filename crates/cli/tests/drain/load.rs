//! Clients that ask without a pause, half of them over a connection that they keep, while something is done to the server.
#![allow(clippy::unwrap_used)] // helpers of tests

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::scope;
use std::time::{Duration, Instant};

use temblor_testkit::{RawClient, wait_until};

use crate::world::{PATIENCE, World};

const CLIENTS: usize = 6;
/// A client does not trust a connection that it has not used for so long. Servers close idle connections, and nobody can tell a request that
/// meets such a close from a lost one.
const TRUST: Duration = Duration::from_millis(500);

/// The load while it runs.
pub(crate) struct Load {
    answered: AtomicU64,
    stop: AtomicBool,
}

impl Load {
    /// Runs clients against the world's port while `work` is done; gives the number of requests. Every one of them must be answered, so what
    /// answers must outlive the call.
    pub(crate) fn during(world: &World, work: impl FnOnce(&Self)) -> u64 {
        let load = Self {
            answered: AtomicU64::new(0),
            stop: AtomicBool::new(false),
        };
        scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|at| {
                    let load = &load;
                    scope.spawn(move || load.ask_on(world.port(), at))
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

    fn ask_on(&self, port: u16, at: usize) -> io::Result<()> {
        let keeps = at.is_multiple_of(2);
        let mut kept: Option<(RawClient, Instant)> = None;
        let mut number = 0;
        while !self.stop.load(Ordering::Relaxed) {
            let fresh = || RawClient::connect(port);
            let mut client = match kept.take() {
                Some((client, used)) if used.elapsed() < TRUST => client,
                _ => fresh().inspect_err(|_| self.stop.store(true, Ordering::Relaxed))?,
            };
            number += 1;
            let token = format!("c{at}-{number}");
            let result = ask(&mut client, &token);
            let closes = match result {
                Ok(closes) => closes,
                Err(error) => {
                    self.stop.store(true, Ordering::Relaxed);
                    return Err(io::Error::other(format!("{token} (keeps: {keeps}): {error}")));
                }
            };
            self.answered.fetch_add(1, Ordering::Relaxed);
            if keeps && !closes {
                kept = Some((client, Instant::now()));
            }
        }
        Ok(())
    }
}

/// Stops the clients, also when the work panics.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// One request; true: the connection will close.
fn ask(client: &mut RawClient, token: &str) -> io::Result<bool> {
    let body = format!("{{\"token\":\"{token}\"}}");
    let json = [("Content-Type", "application/json")];
    let response = client.ask("POST", &format!("/{token}"), &json, &body)?;
    if response.status != 200 || response.json()["json"]["token"] != token {
        return Err(io::Error::other(format!("{response:?}")));
    }
    Ok(response.header("connection") == Some("close"))
}
