//! Name resolution, compiler and runtime of the scripting language (spec/script.md).
//!
//! The way of a script: syntax tree → resolved middle form → the same form, smaller → tree of specialised nodes. It knows no
//! event and no pipeline: what a script sees of an event comes in as plain values.

pub mod extract;
pub mod func;
pub mod host;
pub mod limits;
pub mod loader;
