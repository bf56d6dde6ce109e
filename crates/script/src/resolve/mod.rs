//! Names: modules, local names, used files.

mod braces;
pub(crate) mod files;
pub(crate) mod scope;
pub(crate) mod tree;

pub use braces::Braces;
pub(crate) use files::Files;
pub(crate) use scope::Scope;
pub use tree::{ModuleId, ModuleTree};
