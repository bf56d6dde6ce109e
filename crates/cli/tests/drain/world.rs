//! The deployment of the page, an upstream that echoes, and a place for the Unix socket.
#![allow(clippy::unwrap_used)] // helpers of tests

use std::path::PathBuf;
use std::time::Duration;

use temblor_testkit::{Deployment, FaultyUpstream, Page, wait_until};
use tempfile::TempDir;

/// How long a test waits for something that must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// See the module's documentation.
pub(crate) struct World {
    pub(crate) upstream: FaultyUpstream,
    folder: TempDir,
    page: Page,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::varied(|text| text)
    }

    /// The page with changes to its text.
    pub(crate) fn varied(vary: impl FnOnce(String) -> String) -> Self {
        let upstream = FaultyUpstream::echo().unwrap();
        upstream.keep_requests(false);
        let text = vary(include_str!("../../../../docs/drain.md").to_owned());
        let page = Page::new(&text).unwrap().at(9000, upstream.port()).logging("info");
        Self {
            upstream,
            folder: tempfile::tempdir().unwrap(),
            page,
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.page.port()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The arguments that every process has.
    pub(crate) fn page(&self) -> Page {
        let page = self.page.clone().argument("--handover").argument(self.file("socket"));
        page.argument("-p").argument(self.file("pid"))
    }

    /// A process. If another one serves already, it serves when that one ends.
    pub(crate) fn start(&self) -> Deployment {
        run(&self.page())
    }
}

/// A process with a page.
pub(crate) fn run(page: &Page) -> Deployment {
    Deployment::of_page(env!("CARGO_BIN_EXE_temblor"), page).unwrap_or_else(|error| panic!("{error}"))
}

/// Waits until the program has written this to its log.
pub(crate) fn wait_for_log(process: &Deployment, text: &str) {
    let is_there = wait_until(PATIENCE, || process.stderr().contains(text));
    assert!(is_there, "not in the log: {text}\n{}", process.stderr());
}
