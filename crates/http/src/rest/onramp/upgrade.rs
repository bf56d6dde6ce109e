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
}

/// There are as many tunnels as may be.
pub(super) struct TooManyTunnels;

impl Onramp {
    /// The switch a request asks for, if the onramp allows it; anything else is an ordinary request.
    pub(super) fn upgrade(&self, head: &RequestHead, body: &mut RequestBody<'_>) -> Result<Option<Upgrade>, TooManyTunnels> {
        let names = |name, option: &str| head.headers.get_all(name).any(|value| has_option(value, option.as_bytes()));
        let wanted = self.config.upgrade.iter().find(|protocol| names(Name::Upgrade, protocol));
        match wanted {
            Some(protocol)
                if head.version == Version::Http11 && names(Name::Connection, "upgrade") && body.remaining() == Some(0) =>
            {
                let permit = self.tunnels.try_acquire().ok_or(TooManyTunnels)?;
                Ok(Some(Upgrade {
                    protocol: protocol.to_string(),
                    permit,
                }))
            }
            _ => Ok(None),
        }
    }

    /// The answer to a request for a switch: that switch if the reply has a tunnel behind it, else the reply as it is.
    pub(super) fn switch(&self, upgrade: Upgrade, event: &Event, response: Response) -> Answer {
        if response.status != Status::SWITCHING_PROTOCOLS {
            return Answer::Respond(response);
        }
        let Some(tunnel) = take_tunnel(event.payload.data()) else {
            return Answer::Respond(response);
        };
        let mut shutdown = self.cx.shutdown.clone();
        Answer::Switch(Box::new(Switch {
            headers: response.headers,
            protocol: upgrade.protocol,
            tunnel,
            bounds: TunnelBounds {
                idle: self.config.server.timeouts.tunnel,
                stopped: Box::pin(async move { shutdown.reached(Phase::Stopped).await }),
                held: Box::new(upgrade.permit),
            },
        }))
    }
}
