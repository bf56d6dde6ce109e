//! HTTP server and client engine, rest onramp and offramp.
//!
//! The HTTP/1.1 engine ([`message`], [`h1`], [`upstream`]) knows nothing of events and flows: it turns bytes of a
//! connection into heads and bodies and back, strictly as RFC 9110, RFC 9112 and `proxy.md` 2 demand. Everything runs in
//! the task that polls it; the engine spawns nothing but name resolution.

pub mod access_log;
pub mod body;
mod boxed;
pub mod budget;
pub mod connection;
mod date;
pub mod error;
pub mod h1;
pub mod h2;
pub mod interim;
pub mod limits;
pub mod message;
pub mod proxy_protocol;
pub mod rest;
pub mod server;
#[cfg(test)]
mod testing;
pub mod timeouts;
mod timer;
pub mod tls;
pub mod transport;
pub mod tunnel;
pub mod upstream;
mod websocket;
