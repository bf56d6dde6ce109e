//! A folder of certificates and a program that uses them.
#![allow(clippy::unwrap_used)] // helpers of tests

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use temblor_testkit::{Authority, Deployment, Identity, Page, RawClient, Response, TlsOptions, wait_until};
use tempfile::TempDir;

pub(crate) const JSON: &[(&str, &str)] = &[("Content-Type", "application/json")];
/// How long a test waits for something that must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Certificates of one authority, in files.
pub(crate) struct Folder {
    folder: TempDir,
    pub(crate) authority: Authority,
}

impl Folder {
    /// A folder with `ca.pem`.
    pub(crate) fn new() -> Self {
        let folder = Self {
            folder: tempfile::tempdir().unwrap(),
            authority: Authority::new("Test Authority").unwrap(),
        };
        folder.write("ca.pem", &folder.authority.pem());
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.file(name), text).unwrap();
    }

    /// Writes `NAME.pem` and `NAME.key` of a server's certificate.
    pub(crate) fn server(&self, name: &str, hosts: &[&str]) -> Identity {
        let identity = self.authority.server(hosts).unwrap();
        identity.write(self.path(), name).unwrap();
        identity
    }

    /// Writes `NAME.pem` and `NAME.key` of a client's certificate.
    pub(crate) fn client(&self, name: &str) -> Identity {
        let identity = self.authority.client(name, &[]).unwrap();
        identity.write(self.path(), name).unwrap();
        identity
    }

    pub(crate) fn trusting(&self) -> TlsOptions {
        TlsOptions::trusting(&self.authority).unwrap()
    }

    /// A text in which `@` stands for this folder.
    pub(crate) fn resolve(&self, text: &str) -> String {
        text.replace('@', &format!("{}/", self.path().display()))
    }
}

/// Runs an onramp that tells its clients what it saw. The settings are lines of its `config`; `@` is the folder.
pub(crate) fn start(folder: &Folder, settings: &[&str]) -> io::Result<Deployment> {
    let lines: Vec<String> = settings.iter().map(|line| format!("      {line}")).collect();
    let text = include_str!("tell.md").replace("SETTINGS", &folder.resolve(&lines.join("\n")));
    Deployment::of_page(env!("CARGO_BIN_EXE_temblor"), &Page::new(&text)?.logging("info"))
}

/// The same; the program must start.
pub(crate) fn gate(folder: &Folder, settings: &[&str]) -> Deployment {
    start(folder, settings).unwrap_or_else(|error| panic!("{error}"))
}

/// An answer that must come.
pub(crate) fn told(gate: &Deployment, client: &mut RawClient, host: &str) -> serde_json::Value {
    let response = ask(client, host).unwrap_or_else(|error| panic!("{error}\n{}", gate.stderr()));
    assert_eq!(response.status, 200, "{response:?}\n{}", gate.stderr());
    response.json()
}

pub(crate) fn ask(client: &mut RawClient, host: &str) -> io::Result<Response> {
    client.ask("POST", "/", &[JSON[0], ("Host", host)], "{\"a\":1}")
}

/// Waits until the program has written this to its log.
pub(crate) fn wait_for_log(gate: &Deployment, text: &str) {
    let is_there = wait_until(PATIENCE, || gate.stderr().contains(text));
    assert!(is_there, "not in the log: {text}\n{}", gate.stderr());
}
