//! spec/runtime.md 2.6.

use proptest::prelude::*;
use temblor_value::Str;

use crate::{ArtefactKind, ArtefactUrl, UrlError, is_system_artefact};

fn url(text: &str) -> ArtefactUrl {
    ArtefactUrl::parse(text).expect("an artefact URL")
}

#[test]
fn the_empty_host_is_localhost() {
    let short = url("/pipeline/a/1/in");
    for same in [
        "tremor:///pipeline/a/1/in",
        "tremor://localhost/pipeline/a/1/in",
        "tremor:/pipeline/a/1/in",
        "anything://localhost/pipeline/a/1/in",
        "tremor://user:secret@localhost:9898/pipeline/a/1/in?x=1#y",
        "/pipeline/a/1/in?x=1",
        "/pipeline/a/1/in#y",
        " /pipeline/a/1/in\n",
        "/pipeline/./b/../a/1/in",
        "/pipeline/%2e/a/1/in",
    ] {
        assert_eq!(url(same), short, "for {same:?}");
    }
    let elsewhere = url("tremor://elsewhere/pipeline/a/1/in");
    assert_ne!(elsewhere, short);
    assert_eq!(elsewhere.to_string(), "tremor://elsewhere/pipeline/a/1/in");
}

#[test]
fn segments_by_position() {
    fn parts(text: &str) -> [Option<String>; 4] {
        let url = url(text);
        [
            url.kind().map(|kind| kind.to_string()),
            url.artefact().map(ToString::to_string),
            url.instance().map(ToString::to_string),
            url.port().map(ToString::to_string),
        ]
    }
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(parts("/onramp"), [some("onramp"), None, None, None]);
    assert_eq!(parts("/onramp/a"), [some("onramp"), some("a"), None, None]);
    assert_eq!(parts("/onramp/a/b"), [some("onramp"), some("a"), some("b"), None]);
    assert_eq!(parts("/onramp/a/b/c"), [some("onramp"), some("a"), some("b"), some("c")]);
    assert_eq!(parts("a"), [None, None, None, some("a")]);
    assert_eq!(parts("a/b"), [None, None, some("a"), some("b")]);
    assert_eq!(
        parts("binding/harbour/north"),
        [None, some("binding"), some("harbour"), some("north")]
    );
    assert_eq!(parts("onramp/a/b/c"), parts("/onramp/a/b/c"));
    assert_eq!(url("onramp/a/b/c"), url("/onramp/a/b/c"));
}

#[test]
fn bad_urls_and_bad_kinds_are_named() {
    for text in [
        "",
        "/",
        "//",
        "/onramp/a/b/c/d",
        "a/b/c/d/e",
        "/onramp//a",
        "/onramp/a/",
        "/onramp/a/1/out/",
        "/onramp/a/.",
        "tremor://",
        "tremor://localhost",
        "tremor:onramp/a",
        "system::stderr/system/in",
        "tremor://h:port/onramp/a",
        "/..",
    ] {
        let error = ArtefactUrl::parse(text).expect_err(text);
        assert_eq!(error, UrlError::Shape(text.to_owned()));
        assert_eq!(error.to_string(), format!("Bad URL: {text}"));
    }
    for (text, kind) in [("/pipe/a", "pipe"), ("Onramp/a/b/c", "Onramp"), ("tremor://h/x", "x")] {
        let error = ArtefactUrl::parse(text).expect_err(text);
        assert_eq!(error.to_string(), format!("Bad Resource type: {kind}"));
    }
}

#[test]
fn segments_are_held_encoded() {
    let placeholder = url("/onramp/x/{instance}/out");
    assert_eq!(placeholder.instance().map(Str::as_str), Some("%7Binstance%7D"));
    assert_eq!(placeholder.to_string(), "tremor://localhost/onramp/x/%7Binstance%7D/out");
    assert_eq!(placeholder, url("/onramp/x/%7Binstance%7D/out"));
    assert_eq!(
        url("/onramp/a \"<>`é/system::x/p").to_string(),
        "tremor://localhost/onramp/a%20%22%3C%3E%60%C3%A9/system::x/p"
    );
}

#[test]
fn printing_leaves_absent_parts_out() {
    assert_eq!(url("/binding/b").to_string(), "tremor://localhost/binding/b");
    assert_eq!(url("/binding").to_string(), "tremor://localhost/binding");
    assert_eq!(url("harbour/north/out").to_string(), "harbour/north/out");
}

#[test]
fn the_port_does_not_belong_to_the_instance() {
    assert!(url("/onramp/a/1/out").instance_eq(&url("/onramp/a/1/err")));
    assert!(url("/onramp/a/1/out").instance_eq(&url("/onramp/a/1")));
    assert!(!url("/onramp/a/1/out").instance_eq(&url("/onramp/a/2/out")));
    assert!(!url("/onramp/a/1/out").instance_eq(&url("/offramp/a/1/out")));
    assert!(!url("/onramp/a/1/out").instance_eq(&url("tremor://h/onramp/a/1/out")));
}

#[test]
fn urls_are_built_from_names() {
    let artefact = ArtefactUrl::of_artefact(ArtefactKind::Offramp, "system::my out").expect("a name");
    assert_eq!(artefact, url("/offramp/system::my out"));
    let port = artefact.with_instance("{i}").and_then(|i| i.with_port("in")).expect("names");
    assert_eq!(port, url("/offramp/system::my out/{i}/in"));
    assert_eq!(port.without_port(), url("/offramp/system::my out/{i}"));
    assert_eq!(port.without_instance(), artefact);
    for name in ["", "a/b", "a?b", "a#b", ".", "..", "%2E"] {
        assert!(ArtefactUrl::of_artefact(ArtefactKind::Onramp, name).is_err(), "for {name:?}");
    }
}

#[test]
fn system_artefacts_are_known_with_all_their_instances() {
    assert!(is_system_artefact(&url("/offramp/system::stdout/system/in")));
    assert!(is_system_artefact(&url("/pipeline/system::passthrough")));
    assert!(!is_system_artefact(&url("/onramp/system::stdout")));
    assert!(!is_system_artefact(&url("/offramp/mine")));
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused(text in any::<String>()) {
        let _ = ArtefactUrl::parse(&text);
    }

    #[test]
    fn printing_and_parsing_agree(text in r"/(onramp|offramp|pipeline|binding)(/[ -~é{}]{1,8}){0,3}") {
        if let Ok(url) = ArtefactUrl::parse(&text) {
            prop_assert_eq!(ArtefactUrl::parse(&url.to_string()), Ok(url));
        }
    }
}
