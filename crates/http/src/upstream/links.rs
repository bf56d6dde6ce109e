//! HTTP/2 connections, which many requests share (`proxy.md` 2.12, last paragraph).
//!
//! A worker has its own; each is moved by a task of its own on the worker that opened it, since a request that waits must not hold up the
//! others. A request takes a *lease* on a connection with room for a stream: as many as the upstream takes, and at most [`MAX_STREAMS`], so that
//! responses nobody reads leave room for the others. Where none has room it opens one, and those that come meanwhile
//! wait for that one instead of opening more; if it fails each tries for itself, and if its request ends meanwhile one of them takes over. What an endpoint has agreed on is remembered for a while,
//! so that requests to an upstream without HTTP/2 do not wait for each other.

use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use ::h2::client::SendRequest;
use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::Instant;

use super::{Endpoint, UpstreamConfig};
use crate::h2::client::MAX_STREAMS;

/// How long it is remembered that an endpoint does not speak HTTP/2.
const MEMORY: Duration = Duration::from_mins(1);

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Links {
    shards: Box<[Mutex<Vec<Known>>]>,
    keep_alive: Option<Duration>,
    max_age: Option<Duration>,
    max_requests: Option<u64>,
}

/// What one worker knows of an endpoint.
#[derive(Debug)]
struct Known {
    endpoint: Endpoint,
    links: Vec<Arc<Link>>,
    /// Somebody opens a connection; what came of it is sent, and the channel closes if nobody does so any more.
    opening: Option<watch::Receiver<Option<Opening>>>,
    /// HTTP/1.1 was agreed on, and so long that counts.
    speaks_http1_until: Option<Instant>,
}

/// One connection.
#[derive(Debug)]
struct Link {
    requests: SendRequest<Bytes>,
    peer: Option<SocketAddr>,
    opened: Instant,
    use_now: Mutex<Use>,
}

#[derive(Debug)]
struct Use {
    streams: usize,
    /// Streams opened so far.
    total: u64,
    idle_since: Instant,
}

/// A place for one stream on a connection, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Lease(Arc<Link>);

/// Names a connection without holding it.
#[derive(Debug)]
pub(super) struct LinkName(Weak<Link>);

/// What came of the opening of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// It is known what the endpoint speaks, and a connection can be used.
    Done,
    /// It has failed.
    Failed,
    /// Who opened it has gone.
    Left,
}

/// What a request does next.
pub(super) enum Found {
    /// It uses a connection.
    Lease(Lease),
    /// It opens a connection.
    Turn(Turn),
    /// It waits for a connection that somebody opens.
    Wait(watch::Receiver<Option<Opening>>),
    /// It speaks HTTP/1.1.
    Http1,
}

/// The opening of a connection; dropping it says that somebody else may try.
pub(super) struct Turn {
    links: Arc<Links>,
    shard: usize,
    endpoint: Endpoint,
    result: Option<watch::Sender<Option<Opening>>>,
}

impl Links {
    pub(super) fn new(config: &UpstreamConfig) -> Links {
        Links {
            shards: (0..config.shards.max(1)).map(|_| Mutex::default()).collect(),
            keep_alive: config.keep_alive,
            max_age: config.max_age,
            max_requests: config.max_requests,
        }
    }

    fn shard(&self, index: usize) -> Option<&Mutex<Vec<Known>>> {
        self.shards.get(index % self.shards.len())
    }

    /// What a request to the endpoint does. `is_alone`: it has waited in vain and waits no more. `is_fresh`: it wants a connection that
    /// nobody has used.
    pub(super) fn find(self: &Arc<Self>, shard: usize, endpoint: &Endpoint, is_alone: bool, is_fresh: bool) -> Found {
        let turn = |result| {
            Found::Turn(Turn {
                links: Arc::clone(self),
                shard,
                endpoint: endpoint.clone(),
                result,
            })
        };
        let Some(known) = self.shard(shard) else {
            return turn(None);
        };
        let mut known = known.lock();
        let known = entry(&mut known, endpoint);
        let now = Instant::now();
        if known.speaks_http1_until.is_some_and(|until| now < until) {
            return Found::Http1;
        }
        known.links.retain(|link| !self.is_over(link, now));
        if !is_fresh && let Some(lease) = lease(&known.links) {
            return Found::Lease(lease);
        }
        if is_alone || is_fresh {
            return turn(None);
        }
        match &known.opening {
            Some(opening) if opening.has_changed().is_ok() => Found::Wait(opening.clone()),
            _ => {
                let (result, opening) = watch::channel(None);
                known.opening = Some(opening);
                turn(Some(result))
            }
        }
    }

    /// Has the connection served its time? Leases keep it to its last stream.
    fn is_over(&self, link: &Link, now: Instant) -> bool {
        let is_old = self
            .max_age
            .is_some_and(|limit| now.saturating_duration_since(link.opened) >= limit);
        is_old || self.max_requests.is_some_and(|limit| link.use_now.lock().total >= limit)
    }

    /// Is there a connection to the endpoint that lives? Those that do not are forgotten.
    pub(super) fn is_ready(&self, shard: usize, endpoint: &Endpoint) -> bool {
        let Some(known) = self.shard(shard) else { return false };
        let mut known = known.lock();
        let Some(known) = known.iter_mut().find(|known| known.endpoint == *endpoint) else {
            return false;
        };
        let now = Instant::now();
        known.links.retain(|link| !self.is_over(link, now) && link.is_alive());
        !known.links.is_empty()
    }

    /// A connection takes no more streams, or is gone.
    pub(super) fn forget(&self, shard: usize, LinkName(name): &LinkName) {
        if let Some(known) = self.shard(shard) {
            for known in known.lock().iter_mut() {
                known.links.retain(|link| !std::ptr::eq(Arc::as_ptr(link), name.as_ptr()));
            }
        }
    }

    /// Closes connections idle for too long, and forgets endpoints without connections.
    pub(super) fn sweep(&self) {
        let now = Instant::now();
        self.keep(|link| {
            let use_now = link.use_now.lock();
            let idle = now.saturating_duration_since(use_now.idle_since);
            use_now.streams > 0 || self.keep_alive.is_none_or(|limit| idle < limit)
        });
    }

    /// Lets all connections go; those in use end with their last stream.
    pub(super) fn clear(&self) {
        self.keep(|_| false);
    }

    fn keep(&self, is_kept: impl Fn(&Link) -> bool) {
        let now = Instant::now();
        for shard in &self.shards {
            let mut gone = Vec::new();
            let mut known = shard.lock();
            for known in known.iter_mut() {
                let (kept, over) = known.links.drain(..).partition(|link| is_kept(link));
                known.links = kept;
                gone.push(over);
            }
            known.retain(|known| {
                let is_remembered = known.speaks_http1_until.is_some_and(|until| now < until);
                let is_opening = known.opening.as_ref().is_some_and(|opening| opening.has_changed().is_ok());
                is_remembered || is_opening || !known.links.is_empty()
            });
            drop(known);
            drop::<Vec<Vec<Arc<Link>>>>(gone);
        }
    }
}

fn lease(links: &[Arc<Link>]) -> Option<Lease> {
    links.iter().find_map(|link| {
        let mut use_now = link.use_now.lock();
        if use_now.streams >= link.requests.current_max_send_streams().min(MAX_STREAMS) {
            return None;
        }
        use_now.streams += 1;
        use_now.total += 1;
        Some(Lease(Arc::clone(link)))
    })
}

impl Link {
    /// Does the connection take new streams, as far as is known?
    fn is_alive(&self) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        !matches!(self.requests.clone().poll_ready(&mut cx), Poll::Ready(Err(_)))
    }
}

fn entry<'k>(known: &'k mut Vec<Known>, endpoint: &Endpoint) -> &'k mut Known {
    let at = known.iter().position(|known| known.endpoint == *endpoint);
    let at = at.unwrap_or_else(|| {
        known.push(Known {
            endpoint: endpoint.clone(),
            links: Vec::new(),
            opening: None,
            speaks_http1_until: None,
        });
        known.len() - 1
    });
    &mut known[at]
}

impl Turn {
    /// The connection is there; the first place on it is taken.
    pub(super) fn opened(mut self, requests: SendRequest<Bytes>, peer: Option<SocketAddr>) -> Lease {
        let now = Instant::now();
        let link = Arc::new(Link {
            requests,
            peer,
            opened: now,
            use_now: Mutex::new(Use {
                streams: 1,
                total: 1,
                idle_since: now,
            }),
        });
        if let Some(known) = self.links.shard(self.shard) {
            entry(&mut known.lock(), &self.endpoint).links.push(Arc::clone(&link));
        }
        self.tell(Opening::Done);
        Lease(link)
    }

    /// The other side has agreed on HTTP/1.1.
    pub(super) fn spoke_http1(mut self) {
        if let Some(known) = self.links.shard(self.shard) {
            entry(&mut known.lock(), &self.endpoint).speaks_http1_until = Instant::now().checked_add(MEMORY);
        }
        self.tell(Opening::Done);
    }

    /// There is no connection.
    pub(super) fn failed(mut self) {
        self.tell(Opening::Failed);
    }

    fn tell(&mut self, opening: Opening) {
        if let Some(result) = self.result.take() {
            result.send_replace(Some(opening));
        }
    }
}

/// Waits for a connection that somebody opens.
pub(super) async fn wait(mut opening: watch::Receiver<Option<Opening>>) -> Opening {
    let told = opening.wait_for(Option::is_some).await;
    told.ok().and_then(|told| *told).unwrap_or(Opening::Left)
}

impl Lease {
    /// The way to open a stream.
    pub(super) fn requests(&self) -> SendRequest<Bytes> {
        self.0.requests.clone()
    }

    /// The other side's address.
    pub(super) fn peer(&self) -> Option<SocketAddr> {
        self.0.peer
    }

    /// Gives the place back as one that no request has had.
    pub(super) fn unused(self) {
        self.0.use_now.lock().total -= 1;
    }

    /// The connection, to speak of it when the place was given back.
    pub(super) fn link(&self) -> LinkName {
        LinkName(Arc::downgrade(&self.0))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut use_now = self.0.use_now.lock();
        use_now.streams -= 1;
        if use_now.streams == 0 {
            use_now.idle_since = Instant::now();
        }
    }
}
