//! A proxy that passes bodies on, an upstream that the test speaks for byte by byte, and clients of the same kind.

#![allow(clippy::unwrap_used)] // helpers of tests

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

use temblor_testkit::{Deployment, Page, free_port, wait_until};

/// How long a test waits for something that must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// What differs from test to test. Settings are lines of a record, such as `timeouts: {body: 1s}`.
#[derive(Default)]
pub(crate) struct Setup {
    pub(crate) codec: Option<&'static str>,
    pub(crate) onramp: Vec<&'static str>,
    pub(crate) offramp: Vec<&'static str>,
    /// Lines of the onramp's and the offramp's entry itself.
    pub(crate) onramp_entry: Vec<&'static str>,
    pub(crate) offramp_entry: Vec<&'static str>,
    /// Process-wide settings, beside the one worker that makes the use of kept connections predictable.
    pub(crate) process: Vec<&'static str>,
    /// The script that every request passes.
    pub(crate) script: Option<&'static str>,
    /// Replies with the request itself, without an upstream.
    pub(crate) mirrors: bool,
    /// The admin interface shows numbers.
    pub(crate) counts: bool,
}

/// See the module's documentation.
pub(crate) struct World {
    pub(crate) proxy: Deployment,
    pub(crate) listener: TcpListener,
}

impl World {
    pub(crate) fn new(setup: Setup) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        Self::run(setup.whole_page(port), listener)
    }

    /// The deployment of a page, its upstream at 9000.
    pub(crate) fn of_page(text: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        Self::run(Page::new(text).unwrap().at(9000, port), listener)
    }

    /// The proxy before an upstream that does not belong to the world.
    pub(crate) fn before(setup: Setup, upstream: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        Self::run(setup.whole_page(upstream), listener)
    }

    fn run(page: Page, listener: TcpListener) -> Self {
        let proxy = Deployment::of_page(env!("CARGO_BIN_EXE_temblor"), &page).unwrap_or_else(|error| panic!("{error}"));
        Self { proxy, listener }
    }

    /// A client that has sent this.
    pub(crate) fn client(&self, text: &str) -> Peer {
        let mut peer = connect(self.proxy.port());
        peer.send(text);
        peer
    }

    /// The next connection to the upstream.
    pub(crate) fn upstream(&self) -> Peer {
        let mut found = None;
        wait_until(PATIENCE, || {
            found = self.arrived();
            found.is_some()
        });
        found.unwrap_or_else(|| panic!("no connection to the upstream\n{}", self.proxy.stderr()))
    }

    /// A connection to the upstream that is there already.
    pub(crate) fn arrived(&self) -> Option<Peer> {
        self.listener.set_nonblocking(true).unwrap();
        match self.listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(false).unwrap();
                Some(Peer::new(stream))
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => None,
            Err(error) => panic!("the upstream cannot be reached: {error}"),
        }
    }

    /// The next connection to the upstream with its first request's head read.
    pub(crate) fn requested(&self) -> (Peer, String) {
        let mut upstream = self.upstream();
        let head = upstream.read_to("\r\n\r\n");
        (upstream, head)
    }

    /// Whether nothing has connected to the upstream.
    pub(crate) fn is_untouched(&self) -> bool {
        self.listener.set_nonblocking(true).unwrap();
        self.listener.accept().is_err()
    }
}

impl Setup {
    fn whole_page(&self, upstream: u16) -> Page {
        let page = Page::new(&self.page()).unwrap().at(9000, upstream);
        if self.counts { page.admin(free_port().unwrap()) } else { page }
    }

    fn page(&self) -> String {
        let lines = |indent: &str, lines: &[&str]| {
            let lines: Vec<String> = lines.iter().map(|line| format!("{indent}{line}\n")).collect();
            lines.concat()
        };
        let codec = self.codec.unwrap_or("binary");
        let (to, from) = if self.mirrors {
            ("/onramp/gate/{instance}/in", "/pipeline/none/{instance}/in")
        } else {
            ("/offramp/store/{instance}/in", "/pipeline/responses/{instance}/in")
        };
        format!(
            "```yaml gate.yaml\ntemblor:\n  workers: 1\n{}onramp:\n  - id: gate\n    type: rest\n    linked: true\n    codec: {codec}\n{}    config:\n      host: 127.0.0.1\n      \
             port: 8080\n{}offramp:\n  - id: store\n    type: rest\n    linked: true\n    codec: {codec}\n{}    config:\n      endpoint:\n        host: 127.0.0.1\n        \
             port: 9000\n{}binding:\n  - id: main\n    links:\n      \"/onramp/gate/{{instance}}/out\": [\"/pipeline/requests/{{instance}}/in\"]\n      \
             \"/pipeline/requests/{{instance}}/out\": [\"{to}\"]\n      \"/offramp/store/{{instance}}/out\": [\"{from}\"]\n      \
             \"/pipeline/responses/{{instance}}/out\": [\"/onramp/gate/{{instance}}/in\"]\nmapping:\n  /binding/main/a:\n    instance: a\n```\n\
             ```trickle requests.trickle\ndefine script way\nscript\n{}\nend;\ncreate script way;\nselect event from in into way;\nselect event from way into out;\n```\n\
             ```trickle responses.trickle\nselect event from in into out;\n```\n```trickle none.trickle\nselect event from in into out;\n```\n",
            lines("  ", &self.process),
            lines("    ", &self.onramp_entry),
            lines("      ", &self.onramp),
            lines("    ", &self.offramp_entry),
            lines("      ", &self.offramp),
            self.script.unwrap_or("event"),
        )
    }
}

/// A client that has sent nothing.
pub(crate) fn connect(port: u16) -> Peer {
    Peer::new(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap())
}

/// One end of a connection.
pub(crate) struct Peer {
    stream: TcpStream,
}

impl Peer {
    fn new(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Self { stream }
    }

    /// The socket, for much data.
    pub(crate) fn stream(&self) -> TcpStream {
        self.stream.try_clone().unwrap()
    }

    pub(crate) fn send(&mut self, text: impl AsRef<[u8]>) {
        self.stream.write_all(text.as_ref()).unwrap();
    }

    /// Reads until the text ends so.
    pub(crate) fn read_to(&mut self, end: &str) -> String {
        let mut text = Vec::new();
        let mut byte = [0];
        while !text.ends_with(end.as_bytes()) {
            match self.stream.read(&mut byte) {
                Ok(1) => text.push(byte[0]),
                other => panic!("{end:?} does not come behind {:?}: {other:?}", String::from_utf8_lossy(&text)),
            }
        }
        String::from_utf8(text).unwrap()
    }

    /// Reads until the connection ends, in order or not.
    pub(crate) fn read_all(&mut self) -> String {
        let mut text = Vec::new();
        match self.stream.read_to_end(&mut text) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                panic!("the connection stays open behind {:?}", String::from_utf8_lossy(&text))
            }
            _ => String::from_utf8_lossy(&text).into_owned(),
        }
    }

    /// Ends the sending direction.
    pub(crate) fn half_close(&self) {
        self.stream.shutdown(std::net::Shutdown::Write).unwrap();
    }

    /// Whether nothing has come for a moment.
    pub(crate) fn is_silent(&mut self) -> bool {
        self.stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        let nothing = self.stream.peek(&mut [0]);
        self.stream.set_read_timeout(Some(PATIENCE)).unwrap();
        matches!(nothing, Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut))
    }
}
