//! Names: modules, local names, used files.

pub(crate) mod files;
pub(crate) mod scope;
pub(crate) mod tree;

pub(crate) use files::Files;
pub(crate) use scope::Scope;
pub use tree::{ModuleId, ModuleTree};
