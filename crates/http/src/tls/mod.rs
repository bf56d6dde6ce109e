//! TLS on both sides (`proxy.md` 2.13): certificates and their choice, reload, and what a handshake has shown.
//!
//! The only place that names the TLS library and its provider. Knows no HTTP and no events.

mod info;
mod socket;

pub use info::{ClientCertificate, TlsInfo};
pub use socket::TlsSocket;
