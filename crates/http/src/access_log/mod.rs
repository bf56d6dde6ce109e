//! The access log (`proxy.md` 6.2): a line for each exchange when it has ended.
//!
//! A line is formatted by the worker that ended the exchange, into a buffer of that worker ([`writer`]); a thread of its own takes the buffers
//! and writes. Workers never wait for it: what finds 10,000 lines waiting is dropped and counted. Knows records ([`record`]) and formats
//! ([`format`]), no connection and no flow.

mod digits;
mod format;
mod record;
#[cfg(test)]
mod tests;
mod writer;

pub(crate) use format::write_line;
pub(crate) use record::{Exchange, is_error};
pub use writer::flush_all;
pub(crate) use writer::{Writer, writer_for};
