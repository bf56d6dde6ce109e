//! What travels through Temblor: events forward, signals forward, insights backward.
//!
//! Three flows, three types. Nothing here knows a protocol, a codec's inside or a clock; times come in as numbers.

mod end;
mod event;
mod id;
mod insight;
mod lease;
mod mark;
mod origin;
mod payload;
mod signal;
mod ticket;

pub use end::{End, Reason};
pub use event::{Event, EventParts};
pub use id::{EventId, Tracked, Uid, UidKind, UidSource};
pub use insight::{Attempt, Claim, Insight, InsightKind, Outcome};
pub use lease::{Lease, LeaseBook, Lent};
pub use mark::{Attempted, Mark, OpMeta};
pub use origin::{Origin, Segments};
pub use payload::{Data, Original, Payload, Stream, StreamPlace, Trailers};
pub use signal::Signal;
pub use ticket::{Ending, RequestKey, RequestSlot, Tickets};

#[cfg(test)]
mod tests;
