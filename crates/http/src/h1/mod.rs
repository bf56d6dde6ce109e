//! HTTP/1.1 on one connection: heads, bodies, the server's loop.
//!
//! The parsers are incremental and linear: they take whole lines as they arrive and never look at a byte again that
//! belongs to a finished line, so how input is cut into reads changes neither the result nor the order of the cost.

mod answer;
mod body;
mod chunked;
mod end;
mod field;
mod framing;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod pump;
mod request;
mod request_body;
mod response;
mod server;
mod wire;

pub(crate) use answer::write_length;
pub(crate) use body::{BodyFault, Decoder, Pace, ReadError, ReadWait};
pub(crate) use chunked::is_forbidden_trailer;
pub(crate) use framing::ContentLength;
pub(crate) use pump::{Pump, PumpError, SendFraming};
pub(crate) use request_body::BodyReader;
pub(crate) use response::{ResponseMessage, ResponseParser, concerns_connection};
pub use server::serve;
pub(crate) use wire::{COPY_BODY, Wire, WireError};

#[cfg(test)]
mod tests;
