//! HTTP/2: connections of clients and to upstreams, and what stands between the library's types and ours.
//!
//! Frames, header compression and flow control are the `h2` library's; it also refuses what RFC 9113 calls malformed. Here is what it
//! leaves open: the stricter rules of `proxy.md` 2.1, limits and time-outs, the pace of bodies, the end of connections. A connection has
//! one task, and all its streams live in it.

mod answer;
pub(crate) mod client;
mod end;
mod fields;
mod frames;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod gauge;
mod reader;
mod request;
mod request_body;
mod sender;
mod server;
mod stream;
mod stream_body;

pub(crate) use request_body::BodyReader;
pub(crate) use server::serve;
pub(crate) use stream_body::StreamBody;

#[cfg(test)]
mod tests;
