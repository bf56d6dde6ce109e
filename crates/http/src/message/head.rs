//! Heads of received messages.

use super::{Headers, Method, Status, Target, Version};

/// Head of a received request. Fields that its `Connection` field nominated are removed, but for the standard ones
/// (`proxy.md` 2.4). With an absolute target the `host` field holds the target's host and port.
#[derive(Clone, Debug)]
pub struct RequestHead {
    /// The method as sent.
    pub method: Method,
    /// The target as received.
    pub target: Target,
    /// The version as received.
    pub version: Version,
    /// The fields.
    pub headers: Headers,
}

/// Head of a received final response. Fields that concern the connection to the upstream are removed (`proxy.md` 2.7).
#[derive(Clone, Debug)]
pub struct ResponseHead {
    /// The status; the reason phrase is not kept.
    pub status: Status,
    /// The version as received.
    pub version: Version,
    /// The fields.
    pub headers: Headers,
}
