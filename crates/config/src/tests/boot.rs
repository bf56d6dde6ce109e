//! spec/runtime.md 2.1 and 2.2, spec/dialects.md 1.4 and 11.

use std::path::{Path, PathBuf};

use temblor_syntax::ast::Dialect;

use crate::{BootStep, Document, FileKind, agreed_dialect, agreed_settings, boot_order, dialect_named, pipeline_id};

fn kind(file: &str, dialect: Dialect) -> Result<FileKind, String> {
    FileKind::of(Path::new(file), dialect).map_err(|error| error.to_string())
}

#[test]
fn the_last_extension_decides() {
    assert_eq!(kind("a/depth.gauge.trickle", Dialect::Modern), Ok(FileKind::Pipeline));
    assert_eq!(kind("a.yaml", Dialect::Modern), Ok(FileKind::Document));
    assert_eq!(kind("a.yml", Dialect::Modern), Ok(FileKind::Document));
    for (file, shown) in [
        ("a.json", "json"),
        ("a.tremor", "tremor"),
        ("a.YAML", "YAML"),
        ("a", "<NONE>"),
        (".trickle", "<NONE>"),
    ] {
        assert_eq!(
            kind(file, Dialect::Modern),
            Err(format!("The file `{file}` has the type `{shown}`, but tremor expected: yaml"))
        );
    }
}

#[test]
fn dialect_09_refuses_no_file() {
    assert_eq!(kind("a.json", Dialect::V09), Ok(FileKind::Document));
    assert_eq!(kind("a", Dialect::V09), Ok(FileKind::Document));
    assert_eq!(kind("a.tremor", Dialect::V09), Ok(FileKind::Ignored));
    assert_eq!(kind("a.trickle", Dialect::V09), Ok(FileKind::Pipeline));
}

#[test]
fn pipelines_load_before_documents_and_the_walk_stops_at_the_first_unsupported_file() {
    let files = ["b.yaml", "a.trickle", "c.yml", "d.trickle"].map(Path::new);
    assert_eq!(
        boot_order(files, Dialect::Modern),
        [
            BootStep::Pipeline(PathBuf::from("a.trickle")),
            BootStep::Pipeline(PathBuf::from("d.trickle")),
            BootStep::Document(PathBuf::from("b.yaml")),
            BootStep::Document(PathBuf::from("c.yml")),
        ]
    );
    let files = ["b.yaml", "a.trickle", "c.json", "d.trickle"].map(Path::new);
    let steps = boot_order(files, Dialect::Modern);
    assert_eq!(steps.len(), 2);
    assert_eq!(steps[0], BootStep::Pipeline(PathBuf::from("a.trickle")));
    assert!(matches!(&steps[1], BootStep::Refuse(unsupported) if unsupported.kind == "json"));
}

#[test]
fn a_pipeline_is_named_after_its_file() {
    assert_eq!(pipeline_id(Path::new("/etc/depth.gauge.trickle")), "depth.gauge");
}

#[test]
fn names_of_dialects() {
    assert_eq!(dialect_named("0.9"), Ok(Dialect::V09));
    assert_eq!(dialect_named("0.10"), Ok(Dialect::Modern));
    assert_eq!(dialect_named("0.11"), Ok(Dialect::Modern));
    let text = dialect_named("0.12").expect_err("no such dialect").to_string();
    for part in ["unknown dialect", "0.12", "0.9", "0.10", "0.11"] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn documents_agree_on_a_dialect_or_the_boot_fails() {
    let key = |file: &str, text: &str| Document::parse(file, text.as_bytes()).expect("a document").dialect;
    let old = key("old.yaml", "dialect: 0.9");
    let also_old = key("too.yaml", "dialect: \"0.9\"");
    let new = key("new.yaml", "dialect: 0.11");
    assert_eq!(agreed_dialect([]), Ok(None));
    assert_eq!(agreed_dialect(old.iter().chain(&also_old)), Ok(Some(Dialect::V09)));
    let text = agreed_dialect(old.iter().chain(&new)).expect_err("they differ").to_string();
    for part in ["two dialects", "old.yaml", "new.yaml"] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn the_dialect_is_text_as_written() {
    let dialect =
        |text: &str| Document::parse("f.yaml", text.as_bytes()).map(|document| document.dialect.map(|key| key.name.to_string()));
    assert_eq!(dialect("dialect: 0.10"), Ok(Some("0.10".to_owned())));
    assert_eq!(dialect("onramp: []"), Ok(None));
    let error = dialect("dialect: 0.1").expect_err("unknown").to_string();
    assert!(error.starts_with("f.yaml:1:10: dialect: unknown dialect `0.1`"), "{error}");
    assert!(dialect("dialect: null").is_err());
}

#[test]
fn only_one_document_has_settings() {
    let settings = |file: &str| Document::parse(file, b"temblor: {workers: 2}").expect("a document").temblor;
    let (one, two) = (settings("one.yaml"), settings("two.yaml"));
    assert!(agreed_settings(one.iter()).is_ok_and(|found| found.is_some()));
    assert_eq!(agreed_settings([]), Ok(None));
    let text = agreed_settings(one.iter().chain(&two)).expect_err("twice").to_string();
    assert!(text.contains("one.yaml:1:10") && text.starts_with("two.yaml:1:10"), "{text}");
}
