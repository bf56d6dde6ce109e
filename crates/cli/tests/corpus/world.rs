//! A proxy that streams bodies, and a recording upstream behind it.

use std::io;

use temblor_testkit::{Behaviour, Deployment, FaultyUpstream, Page, RawClient, free_port};

/// One worker, so that whatever a case left behind on the way to the upstream arrives before the next request does.
const PAGE: &str = include_str!("gate.md");

/// See the module's documentation.
pub(crate) struct World {
    pub(crate) proxy: Deployment,
    pub(crate) upstream: FaultyUpstream,
    http2_port: u16,
}

impl World {
    pub(crate) fn new() -> io::Result<Self> {
        let upstream = FaultyUpstream::start(Behaviour::Echo)?;
        upstream.keep_bytes();
        let http2_port = free_port()?;
        let page = Page::new(PAGE)?.at(9000, upstream.port()).at(8081, http2_port);
        let proxy = Deployment::of_page(env!("CARGO_BIN_EXE_temblor"), &page)?;
        Ok(Self {
            proxy,
            upstream,
            http2_port,
        })
    }

    /// A connection to the onramp that takes HTTP/2.
    pub(crate) fn http2_client(&self) -> io::Result<RawClient> {
        RawClient::connect(self.http2_port)
    }
}
