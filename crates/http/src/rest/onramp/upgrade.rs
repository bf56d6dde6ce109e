//! Requests that ask for another protocol (spec/proxy.md 2.9).

use temblor_event::Event;
use temblor_runtime::shutdown::Phase;

use super::handler::Onramp;
use crate::message::{Name, RequestHead, Status, Version, has_option};
use crate::rest::body::take_tunnel;
use crate::rest::permit::Permit;
use crate::server::{Answer, RequestBody, Response, Switch};
use crate::tunnel::TunnelBounds;

/// A request that may be answered with a switch of protocols.
pub(super) struct Upgrade {
    /// As the `upgrade` field names it, in lower case.
    protocol: String,
    /// Its place among the tunnels.
    permit: Permit,
    version: Version,
}

/// Why a request for another protocol ends here.
pub(super) enum NoUpgrade {
    /// There are as many tunnels as may be.
    TooManyTunnels,
    /// Extended CONNECT with a protocol that the onramp does not list has no form as an ordinary request.
    Unlisted,
}

impl Onramp {
    /// The switch a request asks for, if the onramp allows it; anything else is an ordinary request.
    pub(super) fn upgrade(&self, head: &RequestHead, body: &mut RequestBody<'_>) -> Result<Option<Upgrade>, NoUpgrade> {
        let names = |name, option: &str| head.headers.get_all(name).any(|value| has_option(value, option.as_bytes()));
        let asks = match head.version {
            Version::Http10 => false,
            Version::Http11 => names(Name::Connection, "upgrade") && body.remaining() == Some(0),
            // The field can only stand for extended CONNECT.
            Version::Http2 => head.headers.contains(Name::Upgrade),
        };
        if !asks {
            return Ok(None);
        }
        match self.config.upgrade.iter().find(|protocol| names(Name::Upgrade, protocol)) {
            Some(protocol) => Ok(Some(Upgrade {
                permit: self.tunnels.try_acquire().ok_or(NoUpgrade::TooManyTunnels)?,
                protocol: protocol.to_string(),
                version: head.version,
            })),
            None if head.version == Version::Http2 => Err(NoUpgrade::Unlisted),
            None => Ok(None),
        }
    }

    /// The answer to a request for a switch: that switch if the reply has a tunnel behind it, else the reply as it is. The error is the text of
    /// a reply that cannot be sent: what tells of success would be taken for the switch over HTTP/2 (RFC 9110 9.3.6).
    pub(super) fn switch(&self, upgrade: Upgrade, event: &Event, response: Response) -> Result<Answer, String> {
        let tunnel = match response.status {
            Status::SWITCHING_PROTOCOLS => take_tunnel(event.payload.data()),
            status if upgrade.version == Version::Http2 && status.is_successful() => {
                let status = status.code();
                return Err(format!(
                    "The response status {status} would open a tunnel, and there is none."
                ));
            }
            _ => None,
        };
        let Some(tunnel) = tunnel else {
            return Ok(Answer::Respond(response));
        };
        let mut shutdown = self.cx.shutdown.clone();
        Ok(Answer::Switch(Box::new(Switch {
            headers: response.headers,
            protocol: upgrade.protocol,
            tunnel,
            bounds: TunnelBounds {
                idle: self.config.server.timeouts.tunnel,
                stopped: Box::pin(async move { shutdown.reached(Phase::Stopped).await }),
                held: Box::new(upgrade.permit),
            },
        })))
    }
}
