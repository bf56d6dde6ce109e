//! What the program is called, and its version (spec/runtime.md 7.1 and 12).

use std::ffi::OsStr;
use std::path::Path;

/// The version, marked if this is a debug build.
pub(crate) const VERSION: &str = if cfg!(debug_assertions) {
    concat!(env!("CARGO_PKG_VERSION"), " (DEBUG)")
} else {
    env!("CARGO_PKG_VERSION")
};

/// `tremor` if the program was called by that name, since scripts look for it; else `temblor`.
pub(crate) fn program_name() -> &'static str {
    let called = std::env::args_os().next();
    if called.as_deref().and_then(|path| Path::new(path).file_name()) == Some(OsStr::new("tremor")) {
        "tremor"
    } else {
        "temblor"
    }
}
