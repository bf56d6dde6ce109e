//! Name resolution with a memory (`proxy.md` 2.11, `resolve`).

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::net::lookup_host;
use tokio::time::Instant;

use super::Endpoint;

/// Names remembered; more than a deployment has, so that names made up by clients cannot fill the memory.
const MAX_NAMES: usize = 1024;

/// Which addresses of a name are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Both, in turns.
    Any,
    /// IPv4 only.
    V4,
    /// IPv6 only.
    V6,
}

/// Addresses of names, each asked for at most once in a refresh time.
#[derive(Debug)]
pub(crate) struct Resolver {
    refresh: Duration,
    family: Family,
    known: Mutex<HashMap<(Box<str>, u16), Known>>,
}

#[derive(Clone, Debug)]
struct Known {
    since: Instant,
    addresses: Arc<[SocketAddr]>,
}

impl Resolver {
    pub(crate) fn new(refresh: Duration, family: Family) -> Resolver {
        Resolver {
            refresh,
            family,
            known: Mutex::new(HashMap::new()),
        }
    }

    /// The addresses of an endpoint in the order in which they are to be tried, at least one.
    pub(crate) async fn resolve(&self, endpoint: &Endpoint) -> io::Result<Arc<[SocketAddr]>> {
        let lookup = async || Ok(lookup_host((endpoint.host(), endpoint.port())).await?.collect());
        self.resolve_by(endpoint, lookup).await
    }

    /// The same; who is asked where nothing is known, or not since.
    async fn resolve_by(
        &self,
        endpoint: &Endpoint,
        lookup: impl AsyncFnOnce() -> io::Result<Vec<SocketAddr>>,
    ) -> io::Result<Arc<[SocketAddr]>> {
        let key = (Box::from(endpoint.host()), endpoint.port());
        let now = Instant::now();
        if let Some(known) = self.known.lock().get(&key)
            && now.duration_since(known.since) < self.refresh
        {
            return Ok(known.addresses.clone());
        }
        let found = lookup().await?;
        let addresses: Arc<[SocketAddr]> = order(&found, self.family).into();
        if addresses.is_empty() {
            return Err(io::ErrorKind::NotFound.into());
        }
        let mut known = self.known.lock();
        if known.len() >= MAX_NAMES {
            known.clear();
        }
        known.insert(
            key,
            Known {
                since: now,
                addresses: addresses.clone(),
            },
        );
        Ok(addresses)
    }
}

/// The addresses of the wanted family; of both families in turns, beginning with that of the first address.
pub(crate) fn order(found: &[SocketAddr], family: Family) -> Vec<SocketAddr> {
    match family {
        Family::V4 => found.iter().copied().filter(SocketAddr::is_ipv4).collect(),
        Family::V6 => found.iter().copied().filter(SocketAddr::is_ipv6).collect(),
        Family::Any => {
            let first_is_v4 = found.first().is_some_and(SocketAddr::is_ipv4);
            let (mut first, mut second): (Vec<_>, Vec<_>) =
                found.iter().copied().partition(|address| address.is_ipv4() == first_is_v4);
            first.reverse();
            second.reverse();
            let mut ordered = Vec::with_capacity(found.len());
            while !first.is_empty() || !second.is_empty() {
                ordered.extend(first.pop());
                ordered.extend(second.pop());
            }
            ordered
        }
    }
}

#[cfg(test)]
mod tests;
