//! Name resolution, compiler and runtime of the scripting language (spec/script.md).
//!
//! The way of a script: syntax tree → middle form with names resolved and constants folded (`lower`, `ir`) → tree of specialised nodes
//! (`node`) → [`Program`]. This crate knows no event and no pipeline: what a script sees of an event comes in as plain values.

#![forbid(unsafe_code)]
// Traps and diagnostics are always boxed: they travel in results beside values of three words.
#![allow(clippy::unnecessary_box_returns)]

mod binary;
mod compile;
mod diag;
mod env;
pub mod extract;
pub mod func;
pub mod host;
mod ir;
pub mod limits;
pub mod loader;
mod lower;
mod node;
mod ops;
mod program;
mod resolve;
pub mod select;
mod trap;
mod uses;

pub use compile::{Compiled, compile_embedded, compile_script};
pub use env::Env;
pub use func::{CallCx, EventInfo, FnError, OriginRef, Registry};
pub use host::Host;
pub use limits::Limits;
pub use loader::Loader;
pub use node::frame::Scratch;
pub use program::{Program, Scope, Verdict};
pub use resolve::{Braces, ModuleId, ModuleTree};
pub use trap::Trap;
pub use uses::{MetaPaths, MetaUse, Sites, Uses};
