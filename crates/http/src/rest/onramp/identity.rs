//! `$client`: who asks, over what connection, and until when an answer is of use (spec/proxy.md 2.4).

use std::net::SocketAddr;

use temblor_value::{ObjectMap, Str, Value};

use super::forwarded::ClientAddress;
use crate::connection::ConnectionInfo;
use crate::message::Version;
use crate::tls::ClientCertificate;

/// Makes the record. `deadline_ns`: wall clock, nanoseconds since the epoch; `None` if there is no deadline.
pub(super) fn record(client: ClientAddress, connection: &ConnectionInfo, version: Version, deadline_ns: Option<u64>) -> Value {
    object([
        ("ip", text(client.ip)),
        ("port", client.port.map_or(Value::Null, Value::from)),
        ("peer", address(connection.socket.peer)),
        ("local", address(connection.socket.local)),
        ("protocol", text(version)),
        ("request_id", Value::Null),
        ("deadline_ns", deadline_ns.map_or(Value::Null, Value::from)),
        ("trace_id", Value::Null),
        ("tls", tls(connection)),
    ])
}

fn object<const N: usize>(entries: [(&'static str, Value); N]) -> Value {
    let mut record = ObjectMap::with_capacity(N);
    for (name, value) in entries {
        record.insert(Str::from_static(name), value);
    }
    Value::from(record)
}

fn text(shown: impl ToString) -> Value {
    Value::from(shown.to_string())
}

fn address(address: SocketAddr) -> Value {
    object([
        ("ip", text(address.ip().to_canonical())),
        ("port", Value::from(address.port())),
    ])
}

/// The handshake's facts. A server name that a PROXY header states counts where there was no handshake here (spec/proxy.md 2.14).
pub(super) fn tls(connection: &ConnectionInfo) -> Value {
    let facts = match (&connection.tls, &connection.proxied.authority) {
        (Some(info), _) => Facts {
            version: Some(info.version),
            cipher: Some(info.cipher),
            sni: info.sni.as_deref(),
            alpn: info.alpn.as_deref(),
            certificate: info.client.as_ref(),
        },
        (None, Some(authority)) => Facts {
            sni: Some(authority),
            ..Facts::default()
        },
        (None, None) => return Value::Null,
    };
    facts.record()
}

/// What is known of TLS; what is not is null.
#[derive(Default)]
struct Facts<'a> {
    version: Option<&'static str>,
    cipher: Option<&'static str>,
    sni: Option<&'a str>,
    alpn: Option<&'a str>,
    certificate: Option<&'a ClientCertificate>,
}

impl Facts<'_> {
    fn record(&self) -> Value {
        let optional = |text: Option<&str>| text.map_or(Value::Null, Value::from);
        let of_certificate = |part: fn(&ClientCertificate) -> Value| self.certificate.map_or(Value::Null, part);
        object([
            ("version", optional(self.version)),
            ("cipher", optional(self.cipher)),
            ("sni", optional(self.sni)),
            ("alpn", optional(self.alpn)),
            // One that could not be verified has ended the handshake.
            ("verified", of_certificate(|_| Value::from(true))),
            ("subject", of_certificate(|known| text(&known.subject))),
            (
                "sans",
                of_certificate(|known| Value::from(known.sans.iter().map(text).collect::<Vec<_>>())),
            ),
            ("fingerprint", of_certificate(|known| text(&known.fingerprint))),
            ("not_after", of_certificate(|known| Value::from(known.not_after))),
        ])
    }
}

#[cfg(test)]
mod tests;
