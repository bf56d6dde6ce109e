//! `-d`: what is left of changes over the admin interface (spec/runtime.md 3.5).
#![allow(clippy::unwrap_used)] // helpers of tests

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use temblor_testkit::{Deployment, FaultyUpstream, Page, free_port, wait_until};

use crate::common::{JSON, PATIENCE};
use crate::gate::{page, text};

const REST: &str = "\
binding:
  - id: gate
    links:
      '/onramp/gate/%{instance}/out': ['/pipeline/system::passthrough/%{instance}/in']
      '/pipeline/system::passthrough/%{instance}/out': ['/offramp/shop/%{instance}/in']
      '/offramp/shop/%{instance}/out': ['/pipeline/back/%{instance}/in']
      '/pipeline/back/%{instance}/out': ['/onramp/gate/%{instance}/in']
mapping:
  /binding/gate/01: {instance: 01}
```
";
const QUERY: &str = "```trickle back.trickle\nselect event from in into out;\n```\n";

fn gate_page(shop: &FaultyUpstream) -> Page {
    page(&text(&format!("{REST}{QUERY}")), shop)
}

fn snapshots(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn a_snapshot_deploys_what_was_deployed_when_it_was_made() {
    let folder = tempfile::tempdir().unwrap();
    let shop = FaultyUpstream::echo().unwrap();
    let page = gate_page(&shop).argument("-d").argument(folder.path());
    let gate = Deployment::of_page(env!("CARGO_BIN_EXE_temblor"), &page).unwrap();
    assert!(wait_until(PATIENCE, || gate.admin("GET", "/ready", &[]).unwrap().status == 200));
    assert!(snapshots(folder.path()).is_empty());
    assert_eq!(gate.admin("DELETE", "/binding/gate/01", &[]).unwrap().status, 204);
    let files = snapshots(folder.path());
    assert_eq!(files.len(), 1, "{files:?}");
    let mode = fs::metadata(&files[0]).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "configurations may have passwords");
    let mut admin = gate.admin_client().unwrap();
    assert_eq!(
        admin
            .ask("POST", "/binding/gate/02", JSON, r#"{"instance":"02"}"#)
            .unwrap()
            .status,
        201
    );
    assert_eq!(admin.ask("POST", "/binding/gate/03", JSON, "{}").unwrap().status, 400);
    let files = snapshots(folder.path());
    let texts: Vec<String> = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let is_deployed: Vec<bool> = texts
        .iter()
        .map(|text| text.contains("tremor://localhost/binding/gate/02"))
        .collect();
    assert_eq!(is_deployed, [false, true], "one for each change that was made");
    assert!(files.iter().all(|file| file.extension().is_some_and(|kind| kind == "yaml")));
    drop(gate);
    // The other process has the snapshot in the place of its document.
    let document = texts[1].replace(&format!("port: {}", page.port()), "port: 8080");
    let again = Page::new(&format!("```yaml again.yaml\n{document}```\n{QUERY}")).unwrap();
    let again = again.admin(free_port().unwrap());
    let gate = Deployment::of_page(env!("CARGO_BIN_EXE_temblor"), &again).unwrap();
    assert_eq!(gate.client().unwrap().ask("POST", "/", JSON, "{}").unwrap().status, 200);
    assert_eq!(gate.admin("GET", "/binding/gate/02", &[]).unwrap().status, 200);
}

#[test]
fn a_change_that_cannot_be_kept_is_made_and_reported() {
    let shop = FaultyUpstream::echo().unwrap();
    let page = gate_page(&shop).argument("-d").argument("/nowhere/at/all");
    let gate = Deployment::of_page(env!("CARGO_BIN_EXE_temblor"), &page).unwrap();
    assert!(wait_until(PATIENCE, || gate.admin("GET", "/ready", &[]).unwrap().status == 200));
    let answer = gate.admin("DELETE", "/binding/gate/01", &[]).unwrap();
    assert_eq!(answer.status, 500);
    assert!(
        answer.json()["error"]
            .as_str()
            .is_some_and(|text| text.contains("/nowhere/at/all")),
        "{answer:?}"
    );
    assert_eq!(gate.admin("GET", "/binding/gate/01", &[]).unwrap().status, 404);
}
