//! Parts of HTTP messages: methods, targets, versions, fields, heads.
//!
//! Knows no sockets. A received head keeps the bytes it came in and only points into them; a head to be sent is text that
//! grows. Both sides recognise the fields the engine or a proxy cares for by [`Name`].

mod authority;
mod block;
pub(crate) mod class;
mod head;
mod headers;
mod method;
mod name;
mod status;
mod target;
mod version;

pub(crate) use authority::host_of;
pub use authority::{Authority, parse_authority};
pub(crate) use block::has_option;
pub use block::{Direction, FieldError, HeaderBlock};
pub use head::{RequestHead, ResponseHead};
pub(crate) use headers::Slot;
pub use headers::{Field, Headers};
pub use method::Method;
pub use name::Name;
pub(crate) use name::Names;
pub use status::Status;
pub use target::{Target, TargetForm};
pub use version::Version;

/// Text of bytes that were checked to be ASCII when they were received.
pub(crate) fn ascii(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}
