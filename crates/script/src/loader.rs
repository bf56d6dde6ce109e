//! Where the text of a used module comes from (spec/script.md 7.1 and 7.2).
//!
//! This crate touches no file; the command line and the runtime bring a [`Loader`] over the module path. Library modules of the
//! [`Registry`](crate::func::Registry) are asked when the loader has nothing.

/// Source of module texts.
pub trait Loader: Send + Sync {
    /// The text of module `path` (`["a", "b", "c"]` for `use a::b::c`): `a/b/c.tremor` in each folder of the module path in order,
    /// then `a/b/c.trickle` in each.
    fn load(&self, path: &[&str]) -> Result<Loaded, NotFound>;
}

/// A module text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// File name as reports show it; also the identity for the check of cycles.
    pub file: String,
    /// The text.
    pub text: String,
}

/// No folder holds the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotFound {
    /// Folders that were searched, in order.
    pub searched: Vec<String>,
}

/// A loader over an empty module path.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoModules;

impl Loader for NoModules {
    fn load(&self, _path: &[&str]) -> Result<Loaded, NotFound> {
        Err(NotFound::default())
    }
}
