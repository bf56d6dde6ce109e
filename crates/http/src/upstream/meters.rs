//! What a client of upstreams counts about its connections (`proxy.md` 6.3).

use std::sync::Arc;
use std::time::Duration;

use temblor_metrics::{Buckets, Histogram, Presence, Sharded, Snapshot, Tally};

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Meters {
    shards: Sharded<Shard>,
    /// Time until new connections could be used: name, TCP, TLS.
    connect: Histogram,
}

#[derive(Debug, Default)]
struct Shard {
    new: Tally,
    reused: Tally,
    connections: Presence,
}

/// The numbers at one moment.
#[derive(Clone, Debug)]
pub struct ConnectionNumbers {
    /// Exchanges begun on new connections.
    pub new: u64,
    /// Exchanges begun on connections that were used before.
    pub reused: u64,
    /// Connections there are, idle ones included.
    pub open: u64,
    /// How long connecting took.
    pub connect: Snapshot,
}

impl Meters {
    pub(crate) fn new(buckets: &Buckets) -> Meters {
        Meters {
            shards: Sharded::default(),
            connect: Histogram::new(buckets),
        }
    }

    /// An exchange takes an idle connection.
    pub(crate) fn reuse(&self) {
        self.shards.mine().reused.one();
    }

    /// A connection for an exchange was made in that time.
    pub(crate) fn connected(&self, time: Duration) {
        self.shards.mine().new.one();
        self.connect.observe(time);
    }

    /// Counts a connection as open until what this gives is dropped.
    pub(crate) fn open(self: &Arc<Self>) -> OpenMark {
        self.shards.mine().connections.come();
        OpenMark(Arc::clone(self))
    }

    pub(crate) fn numbers(&self) -> ConnectionNumbers {
        ConnectionNumbers {
            new: self.shards.sum(|shard| shard.new.get()),
            reused: self.shards.sum(|shard| shard.reused.get()),
            open: self.shards.present(|shard| &shard.connections).now,
            connect: self.connect.snapshot(),
        }
    }
}

/// An open connection.
#[derive(Debug)]
pub(crate) struct OpenMark(Arc<Meters>);

impl Drop for OpenMark {
    fn drop(&mut self) {
        self.0.shards.mine().connections.go();
    }
}
