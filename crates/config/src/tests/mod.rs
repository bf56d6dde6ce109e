//! Tests of the whole crate, by sections of the specification.

mod boot;
mod document;
mod links;
mod settings;
mod urls;
