//! What end-to-end tests need around the program: upstreams that misbehave on request, clients that send and read exact bytes, and the
//! recipe's files in a folder of their own with a running program.
//!
//! Nothing here may use the program's own HTTP code: a test must not share a mistake with what it tests. Everything is bounded in time.

mod certificates;
mod client;
mod deployment;
mod exposition;
mod failure_load;
mod forward_proxy;
mod http2;
mod kill_loop;
mod load;
mod message;
mod page;
mod port;
mod program;
mod recipe;
mod tls;
pub mod upstream;
mod wait;
mod websocket;

pub use certificates::{Authority, Identity};
pub use client::{RawClient, Response, request};
pub use deployment::Deployment;
pub use exposition::{Exposition, Sample};
pub use failure_load::{FailureLoad, FailureReport, Fault};
pub use forward_proxy::ForwardProxy;
pub use http2::{Http2Client, Http2Request, Http2Response, Http2Stream, Http2Upstream, Reason, was_not_taken};
pub use kill_loop::{KillLoop, KillSummary};
pub use load::{Load, Summary};
pub use message::Message;
pub use page::Page;
pub use port::free_port;
pub use program::program_beside_examples;
pub use recipe::Recipe;
pub use tls::{TlsFront, TlsOptions};
pub use upstream::{Behaviour, FaultyUpstream};
pub use wait::wait_until;
pub use websocket::websocket_accept;
