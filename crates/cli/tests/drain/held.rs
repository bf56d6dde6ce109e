//! What pipelines hold when they are undeployed, or when the process ends.
#![allow(clippy::unwrap_used)] // helpers of tests

use std::fs;
use std::path::Path;

use temblor_testkit::{Deployment, Page, RawClient, free_port, wait_until};
use tempfile::TempDir;

use crate::world::{PATIENCE, run};

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

/// An onramp that answers at once, two binding instances of a flow behind it, and a file. The second instance is quiet unless it is spoken to.
const FLOW: &str = "
```yaml flow.yaml
onramp:
  - id: in
    type: rest
    codec: json
    config: {host: 127.0.0.1, port: 8080}
  - id: other
    type: rest
    codec: json
    config: {host: 127.0.0.1, port: 8081}
  - {id: clock, type: metronome, config: {interval: 3600000}}
offramp:
  - {id: file, type: file, codec: json, config: {file: FOLDER/out}}
binding:
  - id: main
    links:
      /onramp/in/%{instance}/out: ['/pipeline/hold/%{instance}/in']
      /pipeline/hold/%{instance}/out: ['/pipeline/next/%{instance}/in']
      /pipeline/next/%{instance}/out: ['/offramp/file/%{instance}/in']
  - id: quiet
    links:
      /onramp/clock/%{instance}/out: ['/pipeline/system::passthrough/%{instance}/in']
  - id: feeding
    links:
      /onramp/other/%{instance}/out: ['/pipeline/hold/%{instance}/in']
mapping:
  /binding/main/a: {instance: a}
  /binding/quiet/a: {instance: a}
```
```trickle hold.trickle
HOLD
```
```trickle next.trickle
select event from in into out;
```
";

struct Flow {
    folder: TempDir,
    process: Deployment,
    other: u16,
}

/// The flow with these lines as its first query.
fn flow(hold: &str) -> Flow {
    let folder = tempfile::tempdir().unwrap();
    let text = FLOW.replace("HOLD", hold).replace("FOLDER", folder.path().to_str().unwrap());
    let other = free_port().unwrap();
    let page = Page::new(&text)
        .unwrap()
        .at(8081, other)
        .admin(free_port().unwrap())
        .logging("warn");
    let process = run(&page);
    let is_ready = wait_until(PATIENCE, || process.admin("GET", "/ready", &[]).unwrap().status == 200);
    assert!(is_ready, "{}", process.stderr());
    Flow { folder, process, other }
}

impl Flow {
    fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn send(&self, body: &str) {
        let mut client = self.process.client().unwrap();
        assert_eq!(client.ask("POST", "/", &JSON, body).unwrap().status, 202);
    }

    /// What the file has got, sorted, since connections have no order among them; batches are taken apart.
    fn lines(&self) -> Vec<String> {
        let text = fs::read_to_string(self.folder().join("out")).unwrap();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    }

    fn undeploy(&self, binding: &str) -> u16 {
        self.process.admin("DELETE", binding, &[]).unwrap().status
    }

    fn deploy(&self, binding: &str) -> (u16, String) {
        let mut client = self.process.admin_client().unwrap();
        let answer = client.ask("POST", binding, &JSON, r#"{"instance":"a"}"#).unwrap();
        (answer.status, String::from_utf8_lossy(answer.body()).into_owned())
    }
}

const BATCH: &str = "define generic::batch operator batch with count = 100 end; create operator batch;
select event from in into batch; select event from batch into out;";
const WINDOW: &str = "define tumbling window hour with interval = 3600000000000 end;
select {\"events\": aggr::stats::count()} from in[hour] into out;";
const LOG: &str = "define qos::wal operator log with read_count = 0, max_elements = 100 end; create operator log;
select event from in into log; select event from log into out;";

#[test]
fn what_a_pipeline_holds_is_delivered_before_it_goes() {
    let events = [r#"{"n":0}"#, r#"{"n":1}"#, r#"{"n":2}"#];
    for (query, wanted) in [(BATCH, &events[..]), (WINDOW, &[r#"{"events":3}"#]), (LOG, &events)] {
        let flow = flow(query);
        for event in events {
            flow.send(event);
        }
        assert_eq!(flow.undeploy("/binding/main/a"), 204);
        assert_eq!(flow.lines(), wanted, "{query}");
        assert!(
            !flow.process.stderr().contains("could not be delivered"),
            "{}",
            flow.process.stderr()
        );
    }
}

#[test]
fn the_end_of_the_process_delivers_it_too() {
    let mut flow = flow(WINDOW);
    flow.send("{}");
    flow.process.terminate().unwrap();
    assert!(flow.process.wait(PATIENCE).unwrap().success());
    assert_eq!(flow.lines(), [r#"{"events":1}"#]);
}

#[test]
fn what_others_send_to_it_is_let_go_of_as_well() {
    let flow = flow(BATCH);
    assert_eq!(flow.deploy("/binding/feeding/a").0, 201);
    assert_eq!(flow.undeploy("/binding/main/a"), 204);
    assert_eq!(flow.lines(), [""; 0]);
    // Its pipeline stays, since it is still fed, and takes part in the next deployment.
    assert_eq!(flow.deploy("/binding/main/a").0, 201);
    let mut client = RawClient::connect(flow.other).unwrap();
    assert_eq!(client.ask("POST", "/", &JSON, r#"{"n":1}"#).unwrap().status, 202);
    assert_eq!(flow.undeploy("/binding/feeding/a"), 204);
    assert_eq!(flow.undeploy("/binding/main/a"), 204);
    assert_eq!(flow.lines(), [r#"{"n":1}"#]);
}

#[test]
fn the_folder_of_a_log_is_free_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let log = LOG.replace(
        "max_elements",
        &format!("dir = \"{}\", max_elements", folder.path().display()),
    );
    let flow = flow(&log);
    for number in 0..5 {
        flow.send(&format!(r#"{{"n":{number}}}"#));
        assert_eq!(flow.undeploy("/binding/main/a"), 204);
        let lines = flow.lines();
        assert!(lines.contains(&format!(r#"{{"n":{number}}}"#)), "{lines:?}");
        let (status, text) = flow.deploy("/binding/main/a");
        assert_eq!(status, 201, "round {number}: {text}");
    }
}
