//! The standard library of the scripting language (spec/stdlib.md): native functions, aggregates, and the library modules that are
//! written in the language itself.
//!
//! Everything comes in through [`install`]. Functions are pure functions of their arguments and of what [`CallCx`] shows them: this
//! crate opens nothing, reads no clock and keeps no state but compiled patterns. No argument makes a function panic, and nothing grows
//! past the limits of the context.
//!
//! [`CallCx`]: temblor_script::func::CallCx

mod aggregates;
mod args;
mod growth;
mod library;
mod modules;
mod reference;
mod strict;
mod table;
#[cfg(test)]
mod tests;
mod text;

use temblor_script::func::Registry;

pub use reference::reference_markdown;

/// Adds the whole standard library to `registry`.
pub fn install(registry: &mut Registry) {
    for function in modules::TABLES.iter().copied().flatten() {
        registry.add_function(*function);
    }
    for aggregate in aggregates::TABLES.iter().copied().flatten() {
        registry.add_aggregate(*aggregate);
    }
    for (path, text) in library::MODULES {
        registry.add_library(path, text);
    }
}
