//! The recipe's files, adapted to ports of this machine and varied for a test.
//!
//! The files are the published ones; every change is a replacement in their text, and one that finds nothing is a mistake of the test.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

const CONFIG: &str = include_str!("../../../recipes/reverse-proxy/config.yaml");
const REQUEST: &str = include_str!("../../../recipes/reverse-proxy/request_handling.trickle");
const RESPONSE: &str = include_str!("../../../recipes/reverse-proxy/response_handling.trickle");
const ERRORS: &str = include_str!("../../../recipes/reverse-proxy/internal_error_processing.trickle");

/// The recipe with variations.
#[derive(Clone, Debug)]
pub struct Recipe {
    config: String,
    request: String,
    response: String,
    dialect: Option<&'static str>,
    log: Option<&'static str>,
    port: u16,
    admin: Option<u16>,
}

impl Recipe {
    /// The recipe with its onramp at a loopback port and its upstreams at others.
    pub fn new(port: u16, upstreams: [u16; 3]) -> Self {
        let mut recipe = Self {
            config: CONFIG.to_owned(),
            request: REQUEST.to_owned(),
            response: RESPONSE.to_owned(),
            dialect: Some("0.9"),
            log: None,
            port,
            admin: None,
        };
        replace(
            &mut recipe.config,
            "host: 0.0.0.0\n      port: 65535",
            &format!("host: 127.0.0.1\n      port: {port}"),
        );
        for (name, port) in ["webserver01", "webserver02", "webserver03"].into_iter().zip(upstreams) {
            replace(
                &mut recipe.config,
                &format!("host: {name}"),
                &format!("host: 127.0.0.1\n        port: {port}"),
            );
        }
        recipe
    }

    /// The onramp's port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Another dialect on the command line; `None` for the default.
    #[must_use]
    pub fn dialect(mut self, dialect: Option<&'static str>) -> Self {
        self.dialect = dialect;
        self
    }

    /// An admin interface at a loopback port; without this there is none.
    #[must_use]
    pub fn admin(mut self, port: u16) -> Self {
        self.admin = Some(port);
        self
    }

    /// The port of the admin interface.
    pub(crate) fn admin_port(&self) -> Option<u16> {
        self.admin
    }

    /// What the program logs to standard error (`RUST_LOG`); errors only unless told otherwise.
    #[must_use]
    pub fn log(mut self, filter: &'static str) -> Self {
        self.log = Some(filter);
        self
    }

    /// The filter of log lines, if one is set.
    pub(crate) fn log_filter(&self) -> Option<&'static str> {
        self.log
    }

    /// Leaves out all links from URLs that contain `text`.
    #[must_use]
    pub fn without_links_from(mut self, text: &str) -> Self {
        let is_one = |line: &&str| {
            line.trim_start()
                .split_once(": [")
                .is_some_and(|(from, _)| from.contains(text))
        };
        let kept: Vec<&str> = self.config.lines().filter(|line| !is_one(line)).collect();
        let config = kept.join("\n") + "\n";
        assert_ne!(config, self.config, "no link from {text:?}");
        self.config = config;
        self
    }

    /// Adds a line to the onramp's `config`.
    #[must_use]
    pub fn onramp(mut self, line: &str) -> Self {
        let port = format!("      port: {}\n", self.port);
        replace(&mut self.config, &port, &format!("{port}      {line}\n"));
        self
    }

    /// Adds a line to the `config` of every offramp.
    #[must_use]
    pub fn offramps(mut self, line: &str) -> Self {
        replace(
            &mut self.config,
            "      endpoint:\n",
            &format!("      {line}\n      endpoint:\n"),
        );
        self
    }

    /// Requests under way at most, per upstream.
    #[must_use]
    pub fn concurrency(mut self, limit: usize) -> Self {
        replace(&mut self.config, "      concurrency: 9\n", "");
        self.offramps(&format!("concurrency: {limit}"))
    }

    /// Another codec for the onramp and all offramps.
    #[must_use]
    pub fn codec(mut self, name: &str) -> Self {
        replace(&mut self.config, "codec: json", &format!("codec: {name}"));
        self
    }

    /// Adds a top-level entry to the document.
    #[must_use]
    pub fn document(mut self, entry: &str) -> Self {
        self.config.push_str(entry);
        self.config.push('\n');
        self
    }

    /// Replaces text of the document.
    #[must_use]
    pub fn config(mut self, from: &str, to: &str) -> Self {
        replace(&mut self.config, from, to);
        self
    }

    /// Adds a link to the binding.
    #[must_use]
    pub fn link(mut self, from: &str, to: &str) -> Self {
        const FIRST: &str = "    links:\n";
        replace(&mut self.config, FIRST, &format!("{FIRST}      \"{from}\": [\"{to}\"]\n"));
        self
    }

    /// Replaces text of the request pipeline.
    #[must_use]
    pub fn request_pipeline(mut self, from: &str, to: &str) -> Self {
        replace(&mut self.request, from, to);
        self
    }

    /// Replaces text of the response pipeline.
    #[must_use]
    pub fn response_pipeline(mut self, from: &str, to: &str) -> Self {
        replace(&mut self.response, from, to);
        self
    }

    /// Other steps of all back-pressure operators, in milliseconds.
    #[must_use]
    pub fn back_off(self, steps: &str) -> Self {
        self.request_pipeline("steps = [100, 500, 1000, 10000]", &format!("steps = [{steps}]"))
    }

    /// Writes the files and returns the arguments that run them.
    pub fn write(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        let mut arguments: Vec<PathBuf> = ["server", "run"].map(PathBuf::from).to_vec();
        arguments.extend(admin_arguments(self.admin));
        if let Some(dialect) = self.dialect {
            arguments.extend(["--dialect", dialect].map(PathBuf::from));
        }
        arguments.push(PathBuf::from("-f"));
        let files = [
            ("config.yaml", self.config.as_str()),
            ("request_handling.trickle", &self.request),
            ("response_handling.trickle", &self.response),
            ("internal_error_processing.trickle", ERRORS),
        ];
        for (name, text) in files {
            let path = folder.join(name);
            fs::write(&path, text)?;
            arguments.push(path);
        }
        Ok(arguments)
    }
}

/// What the command line says of the admin interface.
pub(crate) fn admin_arguments(port: Option<u16>) -> Vec<PathBuf> {
    match port {
        Some(port) => vec![PathBuf::from("-h"), PathBuf::from(format!("127.0.0.1:{port}"))],
        None => vec![PathBuf::from("-n")],
    }
}

fn replace(text: &mut String, from: &str, to: &str) {
    assert!(text.contains(from), "the recipe does not contain {from:?}");
    *text = text.replace(from, to);
}
