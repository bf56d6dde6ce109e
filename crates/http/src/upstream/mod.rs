//! The client side: connections to upstreams, kept and used again.
//!
//! An exchange runs in the caller's future; a connection belongs to one exchange at a time and goes back to the pool only
//! after a complete, orderly response.

mod body;
mod connect;
mod connection;
mod course;
mod endpoint;
mod exchange;
mod intake;
mod links;
mod meters;
mod passage;
mod pool;
mod proxies;
mod resolve;
mod shared;
mod wire_body;

use std::sync::Arc;
use std::time::Duration;

pub use body::UpstreamBody;
use connect::{ConnectTime, Connector};
use connection::Connection;
pub use course::{Course, Way};
pub use endpoint::Endpoint;
pub use exchange::{OutgoingRequest, Terms, Upgrade, UpstreamResponse};
pub(crate) use links::Lease;
use links::Links;
pub use meters::ConnectionNumbers;
use meters::Meters;
use pool::Pool;
pub use proxies::{Proxies, Proxy, ProxyError};
pub use resolve::Family;

use temblor_metrics::Buckets;

use crate::error::UpstreamError;
use crate::limits::ClientLimits;
use crate::tls::{Alpn, TlsClient};
use crate::transport::Transport;

/// Which protocol is spoken with upstreams (`proxy.md` 2.11).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Speaks {
    /// HTTP/1.1; over TLS what the handshake agrees on.
    #[default]
    Auto,
    /// HTTP/1.1 only.
    Http1,
    /// HTTP/2 only; without TLS by prior knowledge.
    Http2,
}

/// Settings of an upstream client (`proxy.md` 2.2, 2.3, 2.11).
#[derive(Clone, Debug)]
pub struct UpstreamConfig {
    /// Number of pool shards, usually that of the workers.
    pub shards: usize,
    /// Idle connections kept over all shards; beyond that the oldest goes.
    pub max_idle: usize,
    /// How long an idle connection is kept.
    pub keep_alive: Option<Duration>,
    /// Age after which a connection is not used again.
    pub max_age: Option<Duration>,
    /// Requests after which a connection is not used again.
    pub max_requests: Option<u64>,
    /// How long the addresses of a name are taken as known.
    pub refresh: Duration,
    /// The addresses to use.
    pub family: Family,
    /// Which protocol is spoken.
    pub speaks: Speaks,
    /// Limits of responses.
    pub limits: ClientLimits,
    /// TLS for endpoints that want it.
    pub tls: Arc<TlsClient>,
    /// Bounds of the histogram of connecting times.
    pub buckets: Buckets,
}

impl Default for UpstreamConfig {
    fn default() -> Self {
        UpstreamConfig {
            shards: 1,
            max_idle: 256,
            keep_alive: Some(Duration::from_mins(1)),
            max_age: None,
            max_requests: None,
            refresh: Duration::from_secs(30),
            family: Family::Any,
            speaks: Speaks::default(),
            limits: ClientLimits::default(),
            tls: Arc::default(),
            buckets: Buckets::default(),
        }
    }
}

/// A client with a pool of connections; one per offramp instance.
#[derive(Debug)]
pub struct Upstream {
    pool: Arc<Pool>,
    links: Arc<Links>,
    connector: Connector,
    speaks: Speaks,
    limits: ClientLimits,
    meters: Arc<Meters>,
}

impl Upstream {
    /// A client without connections.
    pub fn new(config: UpstreamConfig) -> Upstream {
        let connector = Connector::new(config.refresh, config.family, Arc::clone(&config.tls));
        Upstream {
            pool: Arc::new(Pool::new(&config)),
            links: Arc::new(Links::new(&config)),
            connector,
            speaks: config.speaks,
            meters: Arc::new(Meters::new(&config.buckets)),
            limits: config.limits,
        }
    }

    /// Looks whether the endpoint takes a connection, which is closed at once. Where requests go to a proxy that asks the endpoint itself, whether
    /// the proxy takes one.
    pub async fn reach(&self, endpoint: &Endpoint) -> Result<(), UpstreamError> {
        self.connector.reach(endpoint, self.speaks == Speaks::Http2).await
    }

    /// Opens the connections that the shard lacks to have `count` idle ones to the endpoint, each within `limit`; one does where it is shared.
    /// One that the other side closes at once is not replaced. Connections belong to the worker that opens them, so this is to run on the
    /// shard's own.
    pub async fn keep_ready(
        &self,
        shard: usize,
        endpoint: &Endpoint,
        count: usize,
        limit: Option<Duration>,
    ) -> Result<(), UpstreamError> {
        if count > 0 && self.may_share(endpoint) && self.keep_shared(shard, endpoint, limit).await? {
            return Ok(());
        }
        for _ in self.pool.ready(shard, endpoint)..count {
            let time = ConnectTime { each: limit, end: None };
            let transport = self.connector.connect(endpoint, false, &[Alpn::Http11], time).await?;
            self.keep_idle(shard, endpoint, transport);
        }
        Ok(())
    }

    /// Takes a new connection as an idle one.
    fn keep_idle(&self, shard: usize, endpoint: &Endpoint, transport: Transport) {
        let connection = Connection::new(transport, endpoint.clone(), false, self.meters.open());
        self.pool.check_in(shard, Box::new(connection));
    }

    /// Closes idle connections whose time is over. To be called now and then; a connection past its time is never used
    /// again in any case.
    pub fn sweep(&self) {
        self.pool.sweep();
        self.links.sweep();
    }

    /// Closes all idle connections.
    pub fn close_idle(&self) {
        self.pool.clear();
        self.links.clear();
    }

    /// What was counted about connections.
    pub fn numbers(&self) -> ConnectionNumbers {
        self.meters.numbers()
    }

    /// Number of idle connections.
    pub fn idle(&self) -> usize {
        self.pool.idle()
    }
}

#[cfg(test)]
mod tests;
