//! Onramps and offramps that speak no protocol: files, standard streams, timers, and those for measuring and testing
//! (spec/artefacts.md 8 and 9).
//!
//! One file per connector; what several share lies beside them: how events become bytes (`encode`), how items become events
//! (`source::pump`), and the thread that writes (`sink::writer`). Must not know: pipelines, deployments, HTTP. Nothing here ends the
//! process: connectors that may ask for it use [`temblor_runtime::exit::Exit`].

mod encode;
mod input;
mod lines;
mod parts;
pub mod sink;
pub mod source;
#[cfg(test)]
mod testing;
mod unknown_keys;
