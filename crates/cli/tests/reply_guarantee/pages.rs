//! The deployments that the pages about answers and clients show.

use temblor_testkit::{Behaviour, Deployment, FaultyUpstream, Page};

use crate::common::JSON;

fn run(text: &str, upstream: &FaultyUpstream) -> Deployment {
    let page = Page::new(text).map(|page| page.at(9000, upstream.port()));
    let deployment = page.and_then(|page| Deployment::of_page(env!("CARGO_BIN_EXE_temblor"), &page));
    deployment.unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_page_about_answers_says_sorry() {
    let mut shop = FaultyUpstream::echo().unwrap();
    let gate = run(include_str!("../../../../docs/answers.md"), &shop);
    let ask = |path: &str| gate.client().unwrap().ask("POST", path, JSON, "{}").unwrap();
    assert_eq!(ask("/").status, 200);
    let admin = ask("/admin");
    assert_eq!(
        (admin.status, admin.body()),
        (403, &br#"{"sorry":true,"because":"dropped"}"#[..])
    );
    shop.set(Behaviour::Hold);
    let late = ask("/");
    assert_eq!((late.status, &late.json()["because"]), (504, &"timeout".into()));
    shop.stop();
    let down = ask("/");
    assert_eq!(
        (down.status, down.body()),
        (503, &br#"{"sorry":true,"because":"offramp"}"#[..])
    );
    let mut stranger = gate.client().unwrap();
    stranger.send(b"hello\r\n\r\n").unwrap();
    assert_eq!(stranger.receive_end().unwrap(), b"");
}

#[test]
fn the_page_about_clients_limits_each_of_them() {
    let shop = FaultyUpstream::echo().unwrap();
    let gate = run(include_str!("../../../../docs/client-identity.md"), &shop);
    let ask = |client: &str| {
        let headers = [JSON[0], ("X-Forwarded-For", client)];
        gate.client().unwrap().ask("POST", "/", &headers, "{}").unwrap()
    };
    for client in ["203.0.113.9", "203.0.113.10, 10.1.2.3"] {
        for _ in 0..3 {
            let response = ask(client);
            assert_eq!(response.status, 200, "{client}: {response:?}");
            assert_eq!(
                response.json()["headers"]["X-Client-Ip"],
                client.split(',').next().unwrap(),
                "{client}"
            );
        }
        let response = ask(client);
        assert_eq!(
            (response.status, response.header("retry-after")),
            (429, Some("60")),
            "{client}"
        );
    }
    // What stands to the left of an address that is not trusted is that client's own invention.
    assert_eq!(ask("198.51.100.1, 203.0.113.9").status, 429);
}
