//! Idle connections, sharded by worker (`proxy.md` 2.11).
//!
//! A worker normally touches its own shard only, so its lock is free. No connection is closed while a lock is held.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::connection::Connection;
use super::{Endpoint, UpstreamConfig};

/// The idle connections of an upstream client.
#[derive(Debug)]
pub(crate) struct Pool {
    shards: Box<[Shard]>,
    idle: AtomicUsize,
    max_idle: usize,
    keep_alive: Option<Duration>,
    max_age: Option<Duration>,
    max_requests: Option<u64>,
}

/// Padded so that the locks of two workers never share a cache line.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Shard(Mutex<Vec<Stack>>);

/// Idle connections to one endpoint, the last used at the back.
#[derive(Debug)]
struct Stack {
    endpoint: Endpoint,
    connections: VecDeque<Box<Connection>>,
}

impl Pool {
    pub(crate) fn new(config: &UpstreamConfig) -> Pool {
        Pool {
            shards: (0..config.shards.max(1)).map(|_| Shard::default()).collect(),
            idle: AtomicUsize::new(0),
            max_idle: config.max_idle,
            keep_alive: config.keep_alive,
            max_age: config.max_age,
            max_requests: config.max_requests,
        }
    }

    fn shard(&self, index: usize) -> Option<&Mutex<Vec<Stack>>> {
        self.shards.get(index % self.shards.len()).map(|shard| &shard.0)
    }

    /// The connection to the endpoint that was used last, if it can still be used.
    pub(crate) fn check_out(&self, shard: usize, endpoint: &Endpoint) -> Option<Box<Connection>> {
        let shard = self.shard(shard)?;
        let mut now = None;
        loop {
            let mut connection = {
                let mut stacks = shard.lock();
                stacks
                    .iter_mut()
                    .find(|stack| stack.endpoint == *endpoint)?
                    .connections
                    .pop_back()?
            };
            self.idle.fetch_sub(1, Ordering::Relaxed);
            let now = *now.get_or_insert_with(Instant::now);
            if !self.is_expired(&connection, now) && !self.is_used_up(&connection, now) && connection.is_quiet() {
                return Some(connection);
            }
        }
    }

    /// How many idle connections to the endpoint the shard has, after those that are of no further use are closed.
    pub(crate) fn ready(&self, shard: usize, endpoint: &Endpoint) -> usize {
        let Some(shard) = self.shard(shard) else { return 0 };
        let now = Instant::now();
        let mut closed = Vec::new();
        let mut stacks = shard.lock();
        let stack = stacks.iter_mut().find(|stack| stack.endpoint == *endpoint);
        let left = stack.map_or(0, |stack| {
            for mut connection in std::mem::take(&mut stack.connections) {
                if self.is_expired(&connection, now) || !connection.is_quiet() {
                    closed.push(connection);
                } else {
                    stack.connections.push_back(connection);
                }
            }
            stack.connections.len()
        });
        drop(stacks);
        self.idle.fetch_sub(closed.len(), Ordering::Relaxed);
        left
    }

    /// Takes back a connection whose last exchange ended in order.
    pub(crate) fn check_in(&self, shard: usize, mut connection: Box<Connection>) {
        let now = Instant::now();
        if self.max_idle == 0 || self.is_used_up(&connection, now) {
            return;
        }
        let Some(shard) = self.shard(shard) else {
            return;
        };
        connection.idle_since = now;
        connection.wire.shrink();
        let is_too_many = self.idle.fetch_add(1, Ordering::Relaxed) >= self.max_idle;
        let oldest = {
            let mut stacks = shard.lock();
            let oldest = if is_too_many { take_oldest(&mut stacks) } else { None };
            if let Some(stack) = stacks.iter_mut().find(|stack| stack.endpoint == connection.endpoint) {
                stack.connections.push_back(connection);
            } else {
                let endpoint = connection.endpoint.clone();
                stacks.push(Stack {
                    endpoint,
                    connections: VecDeque::from([connection]),
                });
            }
            oldest
        };
        if oldest.is_some() {
            self.idle.fetch_sub(1, Ordering::Relaxed);
        } else if is_too_many {
            self.drop_oldest_elsewhere();
        }
    }

    /// The own shard had nothing to give up, so some other one has.
    fn drop_oldest_elsewhere(&self) {
        for shard in &self.shards {
            let oldest = take_oldest(&mut shard.0.lock());
            if oldest.is_some() {
                self.idle.fetch_sub(1, Ordering::Relaxed);
                return;
            }
        }
    }

    fn is_expired(&self, connection: &Connection, now: Instant) -> bool {
        let idle = now.saturating_duration_since(connection.idle_since);
        [self.keep_alive, connection.idle_hint]
            .into_iter()
            .flatten()
            .any(|limit| idle >= limit)
    }

    fn is_used_up(&self, connection: &Connection, now: Instant) -> bool {
        self.max_age.is_some_and(|limit| connection.age(now) >= limit)
            || self.max_requests.is_some_and(|limit| connection.requests >= limit)
    }

    /// Closes connections idle for too long, and forgets endpoints without connections.
    pub(crate) fn sweep(&self) {
        let now = Instant::now();
        self.close_where(|connection| self.is_expired(connection, now));
    }

    /// Closes all idle connections.
    pub(crate) fn clear(&self) {
        self.close_where(|_| true);
    }

    fn close_where(&self, is_over: impl Fn(&Connection) -> bool) {
        for shard in &self.shards {
            let mut closed = Vec::new();
            {
                let mut stacks = shard.0.lock();
                for stack in stacks.iter_mut() {
                    let (over, kept) = stack
                        .connections
                        .drain(..)
                        .partition::<Vec<_>, _>(|connection| is_over(connection));
                    stack.connections.extend(kept);
                    closed.extend(over);
                }
                stacks.retain(|stack| !stack.connections.is_empty());
            }
            self.idle.fetch_sub(closed.len(), Ordering::Relaxed);
        }
    }

    /// Number of idle connections.
    pub(crate) fn idle(&self) -> usize {
        self.idle.load(Ordering::Relaxed)
    }
}

/// Removes the connection that has been idle longest.
fn take_oldest(stacks: &mut [Stack]) -> Option<Box<Connection>> {
    let idle_since = |stack: &&mut Stack| stack.connections.front().map(|connection| connection.idle_since);
    stacks
        .iter_mut()
        .filter(|stack| !stack.connections.is_empty())
        .min_by_key(idle_since)?
        .connections
        .pop_front()
}
