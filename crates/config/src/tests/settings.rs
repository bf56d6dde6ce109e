//! spec/proxy.md 7 and spec/script.md 14.

use std::num::NonZeroUsize;
use std::time::Duration;

use temblor_metrics::Buckets;

use crate::{
    AccessFormat, AccessLog, AccessTarget, Document, ExchangeField, MetricsSettings, Ordering, ScriptLimits, Settings,
    TemplatePart,
};

fn settings(text: &str) -> Result<Settings, String> {
    Document::parse("f.yaml", format!("temblor:\n{text}").as_bytes())
        .map(|document| document.temblor.expect("the key is there"))
        .map_err(|error| error.to_string())
}

#[test]
fn defaults() {
    let read = settings("  {}").expect("an empty record");
    assert_eq!(Settings { place: None, ..read }, Settings::default());
    assert_eq!(Settings::default().drain, Duration::from_secs(30));
    assert_eq!(Settings::default().drain_delay, Duration::ZERO);
    assert_eq!(Settings::default().ordering, Ordering::PerConnection);
}

#[test]
fn every_setting_is_read() {
    let read = settings(
        "  workers: 3\n  drain: 1m\n  drain_delay: 250\n  memory: {buffers: 64MiB}\n  access_log: {to: /var/log/access.log, format: \"%{status} of %{labels.tenant}\", sample: 2.5, when: errors, query: false}\n  metrics: {listen: \"127.0.0.1:9899\", buckets: [0.5, 1, 2.5]}\n  ordering: total\n  script: {source_depth: 64, \
         value_depth: 128, value_bytes: 0, value_elements: 5, steps: 7, recursion: 9}\n",
    )
    .expect("all keys are known");
    let expected = Settings {
        workers: NonZeroUsize::new(3),
        drain: Duration::from_mins(1),
        drain_delay: Duration::from_millis(250),
        memory_buffers: Some(67_108_864),
        access_log: Some(AccessLog {
            to: AccessTarget::File("/var/log/access.log".into()),
            format: AccessFormat::Template(vec![
                TemplatePart::Field(ExchangeField::Status, vec![]),
                TemplatePart::Text(" of ".into()),
                TemplatePart::Field(ExchangeField::Labels, vec!["tenant".into()]),
            ]),
            sample: 2.5,
            errors_only: true,
            query: false,
        }),
        metrics: MetricsSettings {
            listen: Some("127.0.0.1:9899".into()),
            buckets: Buckets::new(vec![0.5, 1.0, 2.5]),
        },
        ordering: Ordering::Total,
        script: ScriptLimits {
            source_depth: Some(64),
            value_depth: Some(128),
            value_bytes: Some(0),
            value_elements: Some(5),
            steps: Some(7),
            recursion: Some(9),
        },
        place: read.place.clone(),
    };
    assert_eq!(read, expected);
}

#[test]
fn refusals_name_place_and_key() {
    for (text, start) in [
        (
            "  worker: 3",
            "f.yaml:2:3: temblor.worker: unknown field `worker`, expected one of `workers`",
        ),
        ("  workers: 0", "f.yaml:2:3: temblor.workers: at least one"),
        ("  drain: fast", "f.yaml:2:3: temblor.drain: invalid type: text \"fast\""),
        ("  memory:\n    bufers: 1", "f.yaml:3:5: temblor.memory.bufers: unknown field"),
        (
            "  access_log:\n    file: x",
            "f.yaml:3:5: temblor.access_log.file: unknown field",
        ),
        (
            "  access_log:\n    when: never",
            "f.yaml:3:5: temblor.access_log.when: `when` is `all` or `errors`",
        ),
        (
            "  access_log:\n    sample: 101",
            "f.yaml:3:5: temblor.access_log.sample: invalid type",
        ),
        (
            "  access_log:\n    format: jsn",
            "f.yaml:3:5: temblor.access_log.format: `format` is `json`",
        ),
        (
            "  access_log:\n    format: \"%{staus}\"",
            "f.yaml:3:5: temblor.access_log.format: an exchange has no field `staus`",
        ),
        (
            "  access_log:\n    format: \"%{status\"",
            "f.yaml:3:5: temblor.access_log.format: a `%{` without",
        ),
        (
            "  metrics:\n    bucket: []",
            "f.yaml:3:5: temblor.metrics.bucket: unknown field",
        ),
        (
            "  metrics:\n    buckets: [1, 1]",
            "f.yaml:3:5: temblor.metrics.buckets: the bounds must be seconds above 0, each above",
        ),
        (
            "  metrics:\n    buckets: []",
            "f.yaml:3:5: temblor.metrics.buckets: the bounds",
        ),
        ("  ordering: none", "f.yaml:2:3: temblor.ordering: unknown ordering `none`"),
        (
            "  script:\n    source_depth: 63",
            "f.yaml:3:5: temblor.script.source_depth: 63 is too small, expected at least 64",
        ),
        (
            "  script:\n    value_depth: 0",
            "f.yaml:3:5: temblor.script.value_depth: 0 is too small, expected at least 128",
        ),
        ("  script:\n    setps: 1", "f.yaml:3:5: temblor.script.setps: unknown field"),
        ("  []", "f.yaml:2:3: temblor: invalid type: a list"),
        ("", "f.yaml:1:8: temblor: invalid type: null"),
    ] {
        let error = settings(text).expect_err("the settings are refused");
        assert!(error.starts_with(start), "{error}");
    }
    assert!(settings("  worker: 3").is_err_and(|error| error.ends_with("did you mean `workers`?")));
}

#[test]
fn a_feature_to_come_is_refused_by_name() {
    let error = settings("  tracing: {}").expect_err("not there yet");
    assert!(
        error.contains("is not in this release") && error.contains("temblor.tracing"),
        "{error}"
    );
}
