//! `docs/migration.md`: every deployment runs and does what the snippets beside it do, and those are accepted by their programs, where they
//! are installed.
#![allow(clippy::unwrap_used)] // helpers of tests

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use temblor_testkit::{Authority, Behaviour, Deployment, FaultyUpstream, Page, RawClient, TlsOptions};
use tempfile::TempDir;

const PAGE: &str = include_str!("../../../../docs/migration.md");
/// Where the page has its certificates.
const CERTIFICATES: &str = "/etc/gate";

/// The part of the page below a heading.
fn section(title: &str) -> &'static str {
    let heading = format!("## {title}\n");
    let (_, text) = PAGE.split_once(&heading).unwrap_or_else(|| panic!("no section {title:?}"));
    text.split("\n## ").next().unwrap_or(text)
}

/// The deployment of a section, with upstreams in the place of those at 9000 and 9001.
fn run(text: &str) -> ([FaultyUpstream; 2], Deployment) {
    let upstreams = [0, 1].map(|_| FaultyUpstream::echo().unwrap());
    let page = Page::new(text).unwrap();
    let page = page.at(9000, upstreams[0].port()).at(9001, upstreams[1].port());
    let gate = Deployment::of_page(env!("CARGO_BIN_EXE_temblor"), &page).unwrap_or_else(|error| panic!("{error}"));
    (upstreams, gate)
}

fn get(gate: &Deployment, target: &str) -> temblor_testkit::Response {
    gate.client().unwrap().ask("GET", target, &[], "").unwrap()
}

#[test]
fn two_servers_in_turn() {
    let (mut upstreams, gate) = run(section("Two servers in turn, the next one when one fails"));
    for _ in 0..4 {
        assert_eq!(get(&gate, "/a?b=c").status, 200);
    }
    assert_eq!([upstreams[0].count(), upstreams[1].count()], [2, 2]);
    upstreams[0].set(Behaviour::answer(503, &[], ""));
    for _ in 0..4 {
        assert_eq!(get(&gate, "/").status, 200);
    }
    upstreams[0].stop();
    for _ in 0..4 {
        assert_eq!(get(&gate, "/").status, 200);
    }
}

#[test]
fn ways_by_path() {
    let ([site, api], gate) = run(section("By path and host, with other headers"));
    let answer = get(&gate, "/shop?x");
    assert_eq!((answer.status, answer.header("server")), (200, Some("gunicorn/19.9.0")));
    assert_eq!(answer.json()["headers"]["X-Forwarded-For"], "127.0.0.1");
    let answer = get(&gate, "/api/v1/list?x=y");
    assert_eq!((answer.status, answer.header("server")), (200, None));
    assert_eq!(answer.json()["headers"]["X-Gate"], "outer");
    assert_eq!(get(&gate, "/private/x").status, 403);
    let targets = |upstream: &FaultyUpstream| {
        let requests = upstream.log().requests;
        requests
            .iter()
            .map(|seen| seen.request.word(1).to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (targets(&site), targets(&api)),
        (vec!["/shop?x".to_owned()], vec!["/v1/list?x=y".to_owned()])
    );
}

#[test]
fn limits_and_times() {
    let (_upstreams, gate) = run(section("Limits and times"));
    let ask = |size: usize| {
        gate.client()
            .unwrap()
            .ask("POST", "/", &[], &"x".repeat(size))
            .unwrap()
            .status
    };
    assert_eq!([ask(1 << 20), ask((1 << 20) + 1)], [200, 413]);
}

#[test]
fn so_many_requests_a_second() {
    let (upstreams, gate) = run(section("So many requests a second from each address"));
    let mut client = gate.client().unwrap();
    let mut statuses: Vec<u16> = (0..40).map(|_| client.ask("GET", "/", &[], "").unwrap().status).collect();
    let passed = upstreams[0].count();
    statuses.sort_unstable();
    statuses.dedup();
    assert_eq!(statuses, [200, 429], "{passed} of 40 passed");
}

#[test]
fn tls() {
    let (folder, authority) = certificates();
    let (_upstreams, gate) = run(&section("TLS").replace(CERTIFICATES, &folder.path().display().to_string()));
    let options = TlsOptions::trusting(&authority).unwrap();
    let mut client = RawClient::connect_tls(gate.port(), "shop.example", &options).unwrap();
    let headers = [("Host", "shop.example")];
    assert_eq!(client.ask("GET", "/", &headers, "").unwrap().status, 200);
}

/// The files that the page names.
fn certificates() -> (TempDir, Authority) {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("Test Authority").unwrap();
    let identity = authority.server(&["shop.example"]).unwrap();
    identity.write(folder.path(), "shop").unwrap();
    fs::write(folder.path().join("both.pem"), format!("{}{}", identity.cert, identity.key)).unwrap();
    (folder, authority)
}

/// The blocks of a language.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    PAGE.split(&fence as &str)
        .skip(1)
        .filter_map(|text| text.split("```").next())
        .collect()
}

/// Runs a program on a file; `None` if it is not installed.
fn accepts(program: &str, arguments: &[&str], file: &Path) -> Option<Result<(), String>> {
    let mut command = Command::new(program);
    let run = command.args(arguments).arg(file).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&run.stderr).into_owned() + &String::from_utf8_lossy(&run.stdout);
    Some(if run.status.success() { Ok(()) } else { Err(text) })
}

#[test]
fn the_snippets_are_accepted_by_their_programs() {
    let (folder, _authority) = certificates();
    let path = folder.path().display().to_string();
    let wrapped = [
        (
            "nginx",
            vec!["-t", "-q", "-e", "stderr", "-c"],
            format!("daemon off;\npid {path}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n"),
            "}\n",
        ),
        (
            "haproxy",
            vec!["-c", "-q", "-f"],
            "defaults\n    mode http\n    timeout connect 5s\n    timeout client 30s\n    timeout server 30s\n".to_owned(),
            "",
        ),
    ];
    for (program, arguments, before, after) in wrapped {
        let snippets = blocks(program);
        assert_eq!(snippets.len(), 5, "{program}");
        for snippet in snippets {
            let file = folder.path().join(program);
            fs::write(&file, format!("{before}{}{after}", snippet.replace(CERTIFICATES, &path))).unwrap();
            match accepts(program, &arguments, &file) {
                Some(Ok(())) => {}
                Some(Err(text)) => panic!("{program} refuses:\n{snippet}\n{text}"),
                // Nothing can be said where it is not installed.
                None => break,
            }
        }
    }
}
