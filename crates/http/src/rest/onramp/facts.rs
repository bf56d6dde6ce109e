//! What an onramp's configuration says before anything listens; for `explain` (spec/proxy.md 3.5).

use temblor_runtime::facts::{Bound, Facts};

use super::answers::Choice;
use super::config::OnrampConfig;
use super::reason::OwnReason;
use crate::server::Http2Settings;

/// Address and bounds in force.
pub(super) fn of(config: &OnrampConfig, is_linked: bool) -> Facts {
    let limits = &config.server.limits;
    let timeouts = &config.server.timeouts;
    let size = |size: usize| Some(size as u64);
    let http2 = config.protocols.contains(&"h2").then_some(config.server.http2);
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    Facts {
        address: Some(format!("{scheme}://{}:{}", bracketed(&config.host), config.port)),
        protocols: config.protocols.clone(),
        answers: is_linked,
        validates: config.validate,
        always_encodes: config.always_encode,
        own_answers: OwnReason::ALL.map(|reason| (reason.name(), status(config, reason))).to_vec(),
        bounds: [
            Bound::time("reply", "timeouts.reply", config.reply),
            Bound::time("handshake", "timeouts.handshake", timeouts.handshake),
            Bound::time("head", "timeouts.head", timeouts.head),
            Bound::size("head", "limits.head", size(limits.head)),
            Bound::count("head", "limits.headers", size(limits.headers)),
            Bound::time("body", "timeouts.body", timeouts.body),
            Bound::size("body", "limits.body", limits.body),
            Bound::size("buffer", "limits.buffer", config.buffer),
            Bound::size("target", "limits.target", size(limits.target)),
            Bound::size("trailers", "limits.trailers", size(limits.trailers)),
            Bound::time("write", "timeouts.write", timeouts.write),
            Bound::time("keep_alive", "timeouts.keep_alive", timeouts.keep_alive),
            Bound::time("age", "timeouts.connection_age", timeouts.connection_age),
            Bound::count(
                "connections",
                "limits.connections",
                limits.connections.map(|limit| limit.get() as u64),
            ),
            Bound::count("requests", "limits.requests_per_connection", limits.requests_per_connection),
            Bound::time("tunnel", "timeouts.tunnel", timeouts.tunnel),
            Bound::count("tunnels", "limits.tunnels", limits.tunnels),
            Bound::count(
                "exchanges",
                "limits.exchanges",
                (config.exchanges > 0).then_some(u64::from(config.exchanges)),
            ),
        ]
        .into_iter()
        .chain(http2.into_iter().flat_map(of_http2))
        .collect(),
    }
}

/// Bounds of connections that speak HTTP/2.
fn of_http2(http2: Http2Settings) -> [Bound; 4] {
    [
        Bound::count("streams", "http2.max_streams", Some(u64::from(http2.max_streams))),
        Bound::size("stream window", "http2.stream_window", Some(u64::from(http2.stream_window))),
        Bound::size(
            "connection window",
            "http2.connection_window",
            Some(u64::from(http2.connection_window)),
        ),
        Bound::time("ping", "http2.ping", http2.ping),
    ]
}

/// The status of an own answer; `None`: the connection is closed instead.
fn status(config: &OnrampConfig, reason: OwnReason) -> Option<u16> {
    match config.answers.of_own(reason) {
        None => Some(reason.status().code()),
        Some(Choice::Status(status)) => Some(status.code()),
        Some(Choice::Close) => None,
    }
}

/// The host as a URL has it.
fn bracketed(host: &str) -> String {
    if host.contains(':') && !host.starts_with('[') {
        format!("[{host}]")
    } else {
        host.to_owned()
    }
}
