//! The access log (spec/proxy.md 6.2 and 5.1).
#![allow(clippy::unwrap_used)] // helpers of tests

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::Value;
use temblor_testkit::{Behaviour, request, wait_until};

use crate::common::{JSON, PATIENCE, World, is_event_id};

/// A folder with a log, and the setting that has it written.
struct Log {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl Log {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            path: folder.path().join("access.log"),
            _folder: folder,
        }
    }

    /// The setting; `more` begins with a comma.
    fn setting(&self, more: &str) -> String {
        format!("access_log: {{to: {}{more}}}", self.path.display())
    }

    fn lines(&self) -> Vec<String> {
        lines_of(&self.path)
    }

    /// Waits for so many lines.
    fn wait(&self, wanted: usize) -> Vec<String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let lines = self.lines();
            if lines.len() >= wanted {
                assert_eq!(lines.len(), wanted, "{lines:#?}");
                return lines;
            }
            assert!(Instant::now() < deadline, "{lines:#?}");
            std::thread::yield_now();
        }
    }

    /// Waits for so many lines and reads them as JSON.
    fn records(&self, wanted: usize) -> Vec<Value> {
        let lines = self.wait(wanted);
        lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// The complete lines of a file.
fn lines_of(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let end = text.rfind('\n').map_or(0, |end| end + 1);
    text[..end].lines().map(str::to_owned).collect()
}

#[test]
fn a_line_tells_the_whole_exchange() {
    let log = Log::new();
    let world = World::new(|recipe| recipe.onramp(&log.setting("")));
    let headers = [
        ("Content-Type", "application/json"),
        ("User-Agent", "probe/2"),
        ("Referer", "http://a/\"b"),
    ];
    let mut client = world.client();
    let sent = client.ask("POST", "/basket?n=1", &headers, r#"{"n":1}"#).unwrap();
    let [record] = &log.records(1)[..] else { panic!("one line") };
    for (field, wanted) in [
        ("kind", Value::from("exchange")),
        ("failed", 0.into()),
        ("onramp", "http_in".into()),
        ("instance", "01".into()),
        ("request_id", Value::Null),
        ("trace_id", Value::Null),
        ("client", "127.0.0.1".into()),
        ("peer", "127.0.0.1".into()),
        ("protocol", "HTTP/1.1".into()),
        ("tls", Value::Null),
        ("method", "POST".into()),
        ("scheme", "http".into()),
        ("host", "localhost".into()),
        ("path", "/basket".into()),
        ("query", "n=1".into()),
        ("status", 200.into()),
        ("reason", "reply".into()),
        ("complete", true.into()),
        ("in", 7.into()),
        ("out", sent.body().len().into()),
        ("attempts", 1.into()),
        ("offramp", "upstream01".into()),
        ("referer", "http://a/\"b".into()),
        ("user_agent", "probe/2".into()),
        ("labels", serde_json::json!({})),
    ] {
        assert_eq!(record[field], wanted, "{field}: {record}");
    }
    assert!(is_event_id(&record["event_id"]) && record["output"].is_string(), "{record}");
    let number = |field: &str| record[field].as_f64().unwrap();
    let parts: f64 = ["body_ms", "program_ms", "wait_ms", "send_ms"].into_iter().map(number).sum();
    assert!(number("ms") > 0.0 && number("wait_ms") > 0.0, "{record}");
    assert!((number("ms") - parts).abs() < 0.01, "{record}");
    let time = record["time_text"].as_str().unwrap();
    assert!(time.len() == 24 && time.ends_with('Z') && record["time"].is_u64(), "{record}");
}

#[test]
fn every_kind_of_end_has_its_line() {
    let log = Log::new();
    let world = World::new(|recipe| recipe.onramp(&log.setting("")).onramp("answers: {decode_error: close}"));
    // Refused: not even a head.
    let mut refused = world.client();
    refused.send(b"GET\r\n\r\n").unwrap();
    let answer = refused.receive().unwrap();
    // Closed without an answer.
    assert!(world.client().ask("POST", "/", JSON, "{\"a\":").is_err());
    // The client goes.
    world.set(&Behaviour::Hold);
    let mut gone = world.client();
    gone.send(&request("GET", "/gone", &[], "")).unwrap();
    assert!(world.upstreams[0].wait(PATIENCE, |log| log.count == 1));
    gone.reset().unwrap();
    let records = log.records(3);
    // Lines of one connection stand in order, those of several as their workers give them.
    let told = |reason: &str| {
        let record = records.iter().find(|record| record["reason"] == reason);
        record.unwrap_or_else(|| panic!("{reason}: {records:#?}"))
    };
    let refused = told("bad_request");
    assert_eq!(
        (&refused["status"], &refused["out"]),
        (&400.into(), &answer.body().len().into())
    );
    assert!(refused["method"].is_null() && refused["protocol"].is_null());
    let closed = told("decode_error");
    assert_eq!(
        (&closed["status"], &closed["complete"], &closed["failed"]),
        (&0.into(), &false.into(), &1.into())
    );
    let gone = told("client_gone");
    assert_eq!(
        (&gone["status"], &gone["path"], &gone["attempts"]),
        (&499.into(), &"/gone".into(), &1.into())
    );
}

#[test]
fn programs_label_requests() {
    let log = Log::new();
    let world = World::new(|recipe| {
        let labelled = recipe.request_pipeline(
            "event;\nend;\n# ensure",
            "let $access = {\"tenant\": \"t\\n1\"};\nevent;\nend;\n# ensure",
        );
        labelled.document(&format!(
            "temblor: {{{}}}",
            log.setting(", format: \"%{labels.tenant} %{status} %{path} %{query}\", query: false")
        ))
    });
    assert_eq!(world.ask("POST", "/a?secret=1", "{}").status, 200);
    assert_eq!(log.wait(1), ["t\\x0A1 200 /a -"]);
}

#[test]
fn errors_alone_can_be_written_and_a_share() {
    let (errors, none) = (Log::new(), Log::new());
    let world = World::new(|recipe| recipe.onramp(&errors.setting(", when: errors, format: common")));
    assert_eq!(world.ask("POST", "/good", "{}").status, 200);
    assert_eq!(world.ask("POST", "/bad", "{\"a\":").status, 400);
    let lines = errors.wait(1);
    assert!(
        lines[0].starts_with("127.0.0.1 - - [") && lines[0].contains("\"POST /bad HTTP/1.1\" 400 "),
        "{lines:?}"
    );
    let mut world = World::new(|recipe| recipe.onramp(&none.setting(", sample: 0")));
    assert_eq!(world.ask("POST", "/", "{}").status, 200);
    world.proxy.terminate().unwrap();
    assert!(world.proxy.wait(PATIENCE).unwrap().success());
    assert!(none.lines().is_empty());
}

#[test]
fn a_hang_up_opens_the_file_again_and_no_line_is_lost() {
    let log = Log::new();
    let mut world = World::new(|recipe| recipe.onramp(&log.setting(", format: \"%{path}\"")));
    let moved = log.path.with_extension("1");
    let mut client = world.client();
    for number in 0..300 {
        assert_eq!(client.ask("GET", &format!("/{number}"), &[], "").unwrap().status, 200);
        if number == 100 {
            fs::rename(&log.path, &moved).unwrap();
            world.proxy.hang_up().unwrap();
        }
    }
    assert!(wait_until(PATIENCE, || log.path.exists()), "the file is not made anew");
    assert_eq!(client.ask("GET", "/300", &[], "").unwrap().status, 200);
    drop(client);
    world.proxy.terminate().unwrap();
    assert!(world.proxy.wait(PATIENCE).unwrap().success());
    let lines = [lines_of(&moved), log.lines()].concat();
    let wanted: Vec<String> = (0..=300).map(|number| format!("/{number}")).collect();
    assert_eq!(lines, wanted);
    assert!(log.lines().ends_with(&["/300".to_owned()]));
}

#[test]
fn a_log_that_cannot_be_opened_stops_the_start() {
    let recipe = temblor_testkit::Recipe::new(temblor_testkit::free_port().unwrap(), [9; 3]);
    let recipe = recipe.onramp("access_log: {to: /nowhere/access.log}");
    let error = temblor_testkit::Deployment::start(env!("CARGO_BIN_EXE_temblor"), &recipe).unwrap_err();
    assert!(error.to_string().contains("cannot open the access log"), "{error}");
}
