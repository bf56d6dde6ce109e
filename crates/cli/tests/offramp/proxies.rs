//! Proxies that the environment names (spec/proxy.md 2.11; 0.3 row 18). The names of upstreams are known to the proxy of the test only.

use temblor_testkit::{Authority, Deployment, FaultyUpstream, ForwardProxy, Page, Response, TlsFront};

use crate::world::{PATIENCE, page};

const SHOWN: &str = "        host: 127.0.0.1\n        port: 9000\n";

/// A deployment whose endpoint is this, with a proxy for everything that leads to an upstream.
struct World {
    gate: Deployment,
    proxy: ForwardProxy,
}

impl World {
    fn new(endpoint: &str, offramp: &str, target: u16) -> Self {
        let proxy = ForwardProxy::start(target).unwrap();
        let url = format!("http://user:secret@127.0.0.1:{}", proxy.port());
        let page = Page::new(&page("expose: false", offramp)).unwrap();
        let page = page
            .with(SHOWN, &format!("        {}\n", endpoint.replace('\n', "\n        ")))
            .variable("http_proxy", &url)
            .variable("HTTPS_PROXY", &url)
            .variable("no_proxy", "")
            .variable("NO_PROXY", "")
            .logging("info");
        let gate = Deployment::of_page(env!("CARGO_BIN_EXE_temblor"), &page).unwrap_or_else(|error| panic!("{error}"));
        Self { gate, proxy }
    }

    fn ask(&self, target: &str) -> Response {
        let answer = self.gate.client().unwrap().ask("GET", target, &[], "").unwrap();
        assert_eq!(answer.status, 200, "{answer:?}\n{}", self.gate.stderr());
        answer
    }

    /// Lines of the log that name the proxy.
    fn lines(&self) -> usize {
        let text = self.gate.stderr();
        assert!(!text.contains("secret"), "{text}");
        let url = format!("by the proxy http://127.0.0.1:{}", self.proxy.port());
        text.lines().filter(|line| line.contains(&url)).count()
    }
}

#[test]
fn plain_requests_are_forwarded() {
    let upstream = FaultyUpstream::echo().unwrap();
    let world = World::new("host: upstream.test", "", upstream.port());
    world.ask("/a?b");
    let heads = world.proxy.heads();
    assert!(heads[0].starts_with("GET http://upstream.test/a HTTP/1.1\r\n"), "{heads:?}");
    assert!(
        heads[0].contains("\r\nproxy-authorization: Basic dXNlcjpzZWNyZXQ=\r\n"),
        "{heads:?}"
    );
    assert!(heads[0].contains("\r\nhost: upstream.test\r\n"), "{heads:?}");
    assert_eq!(upstream.count(), 1);
    assert_eq!(world.lines(), 1);
}

#[test]
fn tls_goes_through_a_tunnel() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("Test Authority").unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, authority.pem()).unwrap();
    let upstream = FaultyUpstream::echo().unwrap();
    let front = TlsFront::start(&authority.server(&["upstream.test"]).unwrap(), None, upstream.port()).unwrap();
    let tls = format!("tls: {{ca: {}}}", ca.display());
    let world = World::new("scheme: https\nhost: upstream.test", &tls, front.port());
    world.ask("/a");
    let heads = world.proxy.heads();
    let expected =
        "CONNECT upstream.test:443 HTTP/1.1\r\nhost: upstream.test:443\r\nproxy-authorization: Basic dXNlcjpzZWNyZXQ=\r\n\r\n";
    assert_eq!(heads, [expected]);
    let log = upstream.log();
    assert_eq!(log.requests[0].request.word(1), "/a");
    assert!(!format!("{log:?}").contains("proxy-authorization"), "{log:?}");
    assert_eq!(world.lines(), 1);
}

#[test]
fn probes_go_the_same_way() {
    let upstream = FaultyUpstream::echo().unwrap();
    let world = World::new(
        "host: upstream.test",
        "health: {path: /healthz, interval: 1s}",
        upstream.port(),
    );
    assert!(upstream.wait(PATIENCE, |log| log.count >= 1), "{}", world.gate.stderr());
    let heads = world.proxy.heads();
    assert!(
        heads[0].starts_with("GET http://upstream.test/healthz HTTP/1.1\r\n"),
        "{heads:?}"
    );
}

#[test]
fn loopback_is_asked_directly() {
    let upstream = FaultyUpstream::echo().unwrap();
    let endpoint = format!("host: 127.0.0.1\nport: {}", upstream.port());
    let world = World::new(&endpoint, "", upstream.port());
    world.ask("/a");
    assert_eq!(upstream.count(), 1);
    assert_eq!((world.proxy.heads().len(), world.lines()), (0, 0));
}

#[test]
fn what_an_event_says_of_its_endpoint_decides() {
    let upstream = FaultyUpstream::echo().unwrap();
    let text = page("expose: false", "").replace(
        "{\"path\": $request.url.path}",
        "{\"path\": $request.url.path, \"host\": \"other.test\", \"port\": 8080}",
    );
    let proxy = ForwardProxy::start(upstream.port()).unwrap();
    let page = Page::new(&text).unwrap().at(9000, upstream.port());
    let page = page.variable("http_proxy", &format!("127.0.0.1:{}", proxy.port()));
    let gate = Deployment::of_page(env!("CARGO_BIN_EXE_temblor"), &page).unwrap();
    let answer = gate.client().unwrap().ask("GET", "/a", &[], "").unwrap();
    assert_eq!(answer.status, 200, "{answer:?}\n{}", gate.stderr());
    let heads = proxy.heads();
    assert!(heads[0].starts_with("GET http://other.test:8080/a HTTP/1.1\r\n"), "{heads:?}");
    assert!(!heads[0].contains("proxy-authorization"), "{heads:?}");
}

#[test]
fn a_proxy_that_cannot_be_used_is_not_passed_by() {
    let page = Page::new(&page("expose: false", "")).unwrap();
    let page = page
        .with(SHOWN, "        host: upstream.test\n")
        .variable("http_proxy", "socks5://127.0.0.1:1080");
    let error = Deployment::of_page(env!("CARGO_BIN_EXE_temblor"), &page)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("the environment's `http_proxy` names a proxy that cannot be used"),
        "{error}"
    );
}
