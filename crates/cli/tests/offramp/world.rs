//! One worker, one onramp and upstreams of the testkit.

use std::time::Duration;

use temblor_testkit::{Deployment, FaultyUpstream, Page, RawClient, Response};

/// How long a test waits for something that must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The program in front of its upstreams. The page's first upstream is at port 9000, the second at 9001, and so on.
pub(crate) struct World<const N: usize> {
    pub(crate) upstreams: [FaultyUpstream; N],
    pub(crate) proxy: Deployment,
}

impl<const N: usize> World<N> {
    /// The deployment of a page, in front of upstreams that echo.
    pub(crate) fn of_page(text: &str) -> Self {
        let upstreams = std::array::from_fn(|_| FaultyUpstream::echo().unwrap());
        Self::before(text, upstreams)
    }

    /// The deployment of a page, in front of these upstreams.
    pub(crate) fn before(text: &str, upstreams: [FaultyUpstream; N]) -> Self {
        let page = Page::new(text).unwrap().logging("info");
        let page = upstreams
            .iter()
            .zip(9000..)
            .fold(page, |page, (upstream, shown)| page.at(shown, upstream.port()));
        let proxy = Deployment::of_page(env!("CARGO_BIN_EXE_temblor"), &page).unwrap_or_else(|error| panic!("{error}"));
        Self { upstreams, proxy }
    }

    /// One upstream behind one offramp with these settings, and an onramp with those.
    pub(crate) fn with(onramp: &str, offramp: &str) -> Self {
        Self::of_page(&page(onramp, offramp))
    }

    /// A client whose connection was served: by then whatever was sent before has been taken in.
    pub(crate) fn client(&self) -> RawClient {
        let mut client = self.proxy.client().unwrap();
        // Refused before there is an event.
        let answer = client.ask("TRACE", "/", &[("Max-Forwards", "0")], "").unwrap();
        assert_eq!(answer.status, 405);
        client
    }

    /// One request over a connection of its own.
    pub(crate) fn ask(&self, method: &str, target: &str, body: &str) -> Response {
        let answer = self.proxy.client().unwrap().ask(method, target, &[], body);
        answer.unwrap_or_else(|error| panic!("{method} {target}: {error}; the program wrote:\n{}", self.proxy.stderr()))
    }
}

impl<const N: usize> World<N> {
    /// The targets of the requests that an upstream got, in order.
    pub(crate) fn targets(&self, upstream: usize) -> Vec<String> {
        let log = self.upstreams[upstream].log();
        log.requests.iter().map(|one| one.request.word(1).to_owned()).collect()
    }

    /// Waits until an upstream has got so many requests.
    pub(crate) fn await_requests(&self, upstream: usize, count: u64) {
        let is_there = self.upstreams[upstream].wait(PATIENCE, |log| log.count >= count);
        assert!(is_there, "{:?}; {}", self.targets(upstream), self.proxy.stderr());
    }
}

/// A proxy for any content, with one upstream at 9000. Settings are lines of a record.
pub(crate) fn page(onramp: &str, offramp: &str) -> String {
    let gate = gate(
        &format!("proxy: {{name: gate}}\n      {onramp}"),
        &["shop"],
        offramp,
        &["out"],
    );
    format!("{gate}{ROUTE}{BACK}")
}

/// Sends each request to the path that the client asked for.
const ROUTE: &str = "```trickle route.trickle
define script path script let $endpoint = {\"path\": $request.url.path}; event end;
create script path;
select event from in into path;
select event from path into out/shop;
```
";

/// Passes everything on.
pub(crate) const BACK: &str = "```trickle back.trickle
select event from in into out;
```
";

/// `gate.yaml`: an onramp, the pipeline `route`, for each of its outputs an offramp of the same name with its upstream at 9000, 9001 and so on,
/// and the pipeline `back` behind these ports of the offramps. Settings are lines of a record.
pub(crate) fn gate(onramp: &str, outputs: &[&str], offramp: &str, ports: &[&str]) -> String {
    let (mut offramps, mut links) = (Vec::new(), Vec::new());
    for (name, upstream) in outputs.iter().zip(9000..) {
        offramps.push(format!(
            "  - id: {name}
    type: rest
    linked: true
    codec: binary
    config:
      endpoint:
        host: 127.0.0.1
        port: {upstream}
      {offramp}
"
        ));
        links.push(format!(
            "      \"/pipeline/route/{{instance}}/{name}\": [\"/offramp/{name}/{{instance}}/in\"]\n"
        ));
        for port in ports {
            links.push(format!(
                "      \"/offramp/{name}/{{instance}}/{port}\": [\"/pipeline/back/{{instance}}/in\"]\n"
            ));
        }
    }
    let (offramps, links) = (offramps.concat(), links.concat());
    format!(
        "```yaml gate.yaml
temblor:
  workers: 1
onramp:
  - id: gate
    type: rest
    linked: true
    codec: binary
    config:
      host: 127.0.0.1
      port: 8080
      {onramp}
offramp:
{offramps}binding:
  - id: main
    links:
      \"/onramp/gate/{{instance}}/out\": [\"/pipeline/route/{{instance}}/in\"]
{links}      \"/pipeline/back/{{instance}}/out\": [\"/onramp/gate/{{instance}}/in\"]
mapping:
  /binding/main/a:
    instance: a
```
"
    )
}
