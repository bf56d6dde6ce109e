//! Values of the event language: copy-on-write trees without lifetimes, and their JSON form.
//!
//! For: everything that holds or moves event data. Must not know: events, pipelines, codecs beyond JSON, the network, the clock.
//!
//! Invariants:
//! - a [`Value`] is 24 bytes and a clone costs at most one reference count;
//! - an integer that fits `i64` is always [`Value::I64`];
//! - no operation of this crate overflows the stack, however deep a value is nested;
//! - `unsafe` appears in `str.rs` only.

mod blob;
mod chance;
mod compare;
mod detach;
pub mod json;
mod key;
mod kind;
mod list;
mod map;
mod release;
mod str;
mod value;

pub use self::blob::Blob;
pub use self::chance::Chance;
pub use self::key::{Hint, Key};
pub use self::kind::Kind;
pub use self::list::{Elements, List};
pub use self::map::{Deferred, Iter, IterMut, ObjectMap};
pub use self::str::Str;
pub use self::value::{Array, Object, Value};
