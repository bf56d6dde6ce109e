//! One request over a connection that is shared with others, where the upstream speaks HTTP/2.

use std::net::SocketAddr;
use std::time::Duration;

use ::h2::Reason;
use ::h2::client::SendRequest;
use bytes::Bytes;

use super::connect::in_time;
use super::course::Way;
use super::exchange::Errand;
use super::links::{Found, Lease, Opening, Turn, wait};
use super::{Endpoint, OutgoingRequest, Speaks, Terms, Upstream, UpstreamBody, UpstreamResponse};
use crate::error::{UpstreamError, UpstreamErrorKind};
use crate::h2::client::{Answered, Bounds, Failure, Rest, allows_switch, exchange, handshake};
use crate::message::Version;
use crate::timeouts::{AttemptTimeouts, after, by, earlier};
use crate::tls::Alpn;
use crate::transport::Transport;
use crate::tunnel::TunnelEnd;

/// Connections that an upstream which goes away may end before the request was sent on them.
const MAX_VAIN: u32 = 3;

/// What came of a request for which a connection may be shared.
pub(super) enum Shared {
    /// A response.
    Answered(Box<UpstreamResponse>),
    /// A new connection, on which HTTP/1.1 was agreed.
    Http1(Transport),
    /// Nothing: HTTP/1.1 is to be spoken, over a connection of its own.
    Known,
}

/// A place on a connection, or another protocol.
enum Place {
    Lease {
        lease: Lease,
        is_reused: bool,
    },
    Http1(Transport),
    Known,
    /// A new connection that the other side ended before it could be used.
    Gone,
}

/// What a new connection has agreed on.
enum Opened {
    Http2(SendRequest<Bytes>, Option<SocketAddr>),
    Http1(Transport),
    /// See [`Place::Gone`].
    Gone,
}

impl Upstream {
    /// Can requests to the endpoint go over HTTP/2?
    pub(super) fn may_share(&self, endpoint: &Endpoint) -> bool {
        match self.speaks {
            Speaks::Http1 => false,
            Speaks::Http2 => true,
            Speaks::Auto => endpoint.is_secure(),
        }
    }

    /// Sees to it that the shard has a connection to the endpoint that requests can share; false if HTTP/1.1 is spoken there.
    pub(super) async fn keep_shared(
        &self,
        shard: usize,
        endpoint: &Endpoint,
        limit: Option<Duration>,
    ) -> Result<bool, UpstreamError> {
        if self.links.is_ready(shard, endpoint) {
            return Ok(true);
        }
        let timeouts = AttemptTimeouts {
            connect: limit,
            ..AttemptTimeouts::default()
        };
        let errand = Errand::new(shard, endpoint, Terms::only(&timeouts));
        match self.place(&errand, false).await? {
            Place::Lease { lease, .. } => {
                lease.unused();
                Ok(true)
            }
            Place::Http1(transport) => {
                self.keep_idle(shard, endpoint, transport);
                Ok(false)
            }
            Place::Known => Ok(false),
            Place::Gone => Err(gone()),
        }
    }

    /// Is HTTP/2 what is spoken on a new connection?
    pub(super) fn speaks_http2(&self, transport: &Transport) -> bool {
        match (self.speaks, transport) {
            (Speaks::Http1, _) => false,
            (Speaks::Http2, Transport::Plain(_)) => true,
            (Speaks::Auto | Speaks::Http2, _) => transport.agreed_on_http2(),
        }
    }

    /// Sends a request over a shared connection, or a new one. A connection that was used before and turns out to be dead is replaced once
    /// where that is safe.
    pub(super) async fn exchange_shared(
        &self,
        errand: &Errand<'_>,
        request: &mut OutgoingRequest,
    ) -> Result<Shared, UpstreamError> {
        let mut is_repeat = false;
        let mut vain = 0;
        loop {
            let (lease, is_reused) = match self.place(errand, is_repeat).await? {
                Place::Lease { lease, is_reused } => (lease, is_reused),
                Place::Http1(transport) => return Ok(Shared::Http1(transport)),
                Place::Known => return Ok(Shared::Known),
                Place::Gone if vain < MAX_VAIN => {
                    vain += 1;
                    continue;
                }
                Place::Gone => return Err(gone()),
            };
            if request.upgrade.is_some() && self.speaks == Speaks::Auto && !allows_switch(&lease.requests()) {
                lease.unused();
                return Ok(Shared::Known);
            }
            if is_reused {
                self.meters.reuse();
                errand.terms.note(Way {
                    address: lease.peer(),
                    version: Some(Version::Http2),
                    is_reused,
                    ..Way::default()
                });
            }
            let link = lease.link();
            match self.attempt_shared(errand, lease, request).await {
                Ok(Answered { head, rest }) => {
                    let (body, tunnel) = match rest {
                        Rest::Body(body) => (body.into(), None),
                        Rest::Tunnel(end) => (UpstreamBody::nothing(), Some(Box::new(end) as Box<dyn TunnelEnd>)),
                    };
                    return Ok(Shared::Answered(Box::new(UpstreamResponse {
                        head,
                        body,
                        tunnel,
                        reused: is_reused,
                    })));
                }
                Err(failure) => {
                    // What does not answer may be a connection that nobody hears on; its other streams keep it.
                    if failure.is_lost || failure.error.kind == UpstreamErrorKind::Timeout {
                        self.links.forget(errand.shard, &link);
                    }
                    if failure.is_unsent && vain < MAX_VAIN {
                        vain += 1;
                    } else if is_reused && !is_repeat && failure.is_repeatable(&request.method) {
                        is_repeat = true;
                    } else {
                        return Err(failure.error);
                    }
                }
            }
        }
    }

    async fn attempt_shared(
        &self,
        errand: &Errand<'_>,
        lease: Lease,
        request: &mut OutgoingRequest,
    ) -> Result<Answered, Failure> {
        let terms = &errand.terms;
        (terms.before_sending)();
        let bounds = Bounds {
            pace: errand.pace(),
            first_byte: terms.timeouts.first_byte,
            limits: &self.limits,
            interim: terms.interim,
        };
        let mut requests = lease.requests();
        exchange(&mut requests, request, errand.endpoint.is_secure(), bounds, lease).await
    }

    /// Finds a place for a request, waiting for a connection that somebody opens or opening one.
    async fn place(&self, errand: &Errand<'_>, is_fresh: bool) -> Result<Place, UpstreamError> {
        let mut is_alone = false;
        let mut end = None;
        loop {
            match self.links.find(errand.shard, errand.endpoint, is_alone, is_fresh) {
                Found::Lease(lease) => return Ok(Place::Lease { lease, is_reused: true }),
                Found::Http1 => return Ok(Place::Known),
                Found::Turn(turn) => return self.open(errand, turn).await,
                Found::Wait(opening) => {
                    let waiting = wait(opening);
                    let end = *end.get_or_insert_with(|| earlier(after(errand.terms.timeouts.connect), errand.end));
                    is_alone = by(end, waiting).await.is_none_or(|opening| opening == Opening::Failed);
                }
            }
        }
    }

    async fn open(&self, errand: &Errand<'_>, turn: Turn) -> Result<Place, UpstreamError> {
        match self.connect_shared(errand).await {
            Ok(Opened::Http2(requests, peer)) => Ok(Place::Lease {
                lease: turn.opened(requests, peer),
                is_reused: false,
            }),
            Ok(Opened::Http1(transport)) => {
                turn.spoke_http1();
                Ok(Place::Http1(transport))
            }
            Ok(Opened::Gone) => {
                turn.failed();
                Ok(Place::Gone)
            }
            Err(error) => {
                turn.failed();
                Err(error)
            }
        }
    }

    async fn connect_shared(&self, errand: &Errand<'_>) -> Result<Opened, UpstreamError> {
        let alpn: &[Alpn] = match self.speaks {
            Speaks::Http2 => &[Alpn::H2],
            Speaks::Auto | Speaks::Http1 => &[Alpn::H2, Alpn::Http11],
        };
        let transport = self.connect(errand, true, alpn).await?;
        if !self.speaks_http2(&transport) {
            if self.speaks == Speaks::Http2 {
                let detail = "the upstream does not agree on HTTP/2";
                return Err(UpstreamError::new(UpstreamErrorKind::Tls, detail));
            }
            return Ok(Opened::Http1(transport));
        }
        let peer = transport.peer();
        let shaking = async { Ok(handshake(transport, &self.limits).await) };
        let shaken = in_time(shaking, errand.connect_time(), UpstreamErrorKind::ConnectTimeout).await;
        let (requests, connection) = match shaken? {
            Ok(shaken) => shaken,
            Err(error) if error.is_io() || error.reason() == Some(Reason::NO_ERROR) => return Ok(Opened::Gone),
            Err(_) => return Err(gone()),
        };
        let open = self.meters.open();
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!("a connection to an upstream ended: {error}");
            }
            drop(open);
        });
        Ok(Opened::Http2(requests, peer))
    }
}

fn gone() -> UpstreamError {
    UpstreamError::new(UpstreamErrorKind::Connect, "no HTTP/2 on the connection")
}
