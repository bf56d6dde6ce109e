//! Checks that crates depend on each other only as `ARCHITECTURE.md` allows.

use std::process::Command;

use serde_json::Value;

/// Allowed edges: crate, and what it may depend on. A new edge is a design change and needs a line in `ARCHITECTURE.md`.
const ALLOWED: &[(&str, &[&str])] = &[
    ("value", &[]),
    ("syntax", &[]),
    ("event", &["value"]),
    ("codec", &["value"]),
    ("script", &["value", "syntax", "codec"]),
    ("stdlib", &["value", "script"]),
    ("metrics", &[]),
    ("pipeline", &["value", "event", "syntax", "script", "metrics"]),
    ("config", &["value", "syntax", "metrics"]),
    (
        "runtime",
        &["value", "event", "syntax", "codec", "script", "metrics", "pipeline", "config"],
    ),
    ("http", &["value", "event", "codec", "metrics", "runtime"]),
    ("api", &["value", "codec", "metrics", "http"]),
    ("connectors", &["value", "event", "codec", "runtime"]),
    (
        "cli",
        &[
            "value",
            "syntax",
            "event",
            "codec",
            "script",
            "stdlib",
            "metrics",
            "pipeline",
            "config",
            "runtime",
            "http",
            "connectors",
            "api",
        ],
    ),
    ("testkit", &[]),
    (
        "bench",
        &[
            "value", "syntax", "event", "codec", "script", "stdlib", "pipeline", "config", "runtime", "http",
        ],
    ),
    ("xtask", &["stdlib", "script", "syntax"]),
];

/// Crates that others use for their tests only.
const DEV_ONLY: &[&str] = &["testkit"];

/// Compares the workspace with [`ALLOWED`].
pub(crate) fn check() -> Result<String, String> {
    let metadata = metadata()?;
    let mut wrong = Vec::new();
    let mut edges = 0;
    for package in list(&metadata, "packages") {
        let from = short(text(package, "name"));
        let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == from) else {
            wrong.push(format!("crate `{from}` is not in the table of allowed arrows"));
            continue;
        };
        for dependency in list(package, "dependencies").filter(|dependency| dependency["path"].is_string()) {
            let to = short(text(dependency, "name"));
            let is_dev = text(dependency, "kind") == "dev";
            edges += 1;
            if !(allowed.contains(&to) || is_dev && (DEV_ONLY.contains(&to) || from == "stdlib" || from == "script")) {
                wrong.push(format!("`{from}` must not depend on `{to}`"));
            }
        }
    }
    if wrong.is_empty() {
        Ok(format!("arrows: {edges} edges, all allowed"))
    } else {
        Err(wrong.join("\n"))
    }
}

fn metadata() -> Result<Value, String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .output()
        .map_err(|error| format!("cargo metadata: {error}"))?;
    serde_json::from_slice(&output.stdout).map_err(|error| format!("cargo metadata: {error}"))
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value[key].as_array().into_iter().flatten()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn short(name: &str) -> &str {
    match name {
        "temblor" => "cli",
        _ => name.strip_prefix("temblor-").unwrap_or(name),
    }
}
