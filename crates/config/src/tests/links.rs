//! spec/runtime.md 2.7, 2.8 and the order of 2.9.

use temblor_value::Str;

use crate::{ArtefactUrl, BindingEntry, Body, Link, LinkError, LinkStage, OnrampPort, PlaceholderError, PlaceholderValues};

fn url(text: &str) -> ArtefactUrl {
    ArtefactUrl::parse(text).expect("an artefact URL")
}

fn link(from: &str, to: &str) -> Result<Link, LinkError> {
    Link::between(&url(from), &url(to))
}

fn refusal(from: &str, to: &str) -> String {
    link(from, to).expect_err("the link is refused").to_string()
}

fn values(pairs: &[(&str, &str)]) -> PlaceholderValues {
    let mut values = PlaceholderValues::default();
    for (name, value) in pairs {
        values.insert(Str::new(name), Str::new(value)).expect("an instance name");
    }
    values
}

fn substitute(text: &str, pairs: &[(&str, &str)]) -> Result<String, PlaceholderError> {
    values(pairs).substitute(&url(text)).map(|url| url.to_string())
}

#[test]
fn five_shapes_are_allowed() {
    let kinds = ["onramp", "offramp", "pipeline", "binding"];
    let mut allowed = Vec::new();
    for from in kinds {
        for to in kinds {
            match link(&format!("/{from}/a/1/out"), &format!("/{to}/b/1/in")) {
                Ok(link) => allowed.push((from, to, link.stage())),
                Err(error) => {
                    let text = error.to_string();
                    assert!(
                        text.starts_with("links require the form of onramp -> pipeline or pipeline -> offramp"),
                        "{text}"
                    );
                    for form in ["pipeline -> pipeline", "pipeline -> onramp", "offramp -> pipeline"] {
                        assert!(text.contains(form), "{text}");
                    }
                }
            }
        }
    }
    assert_eq!(
        allowed,
        [
            ("onramp", "pipeline", LinkStage::FromOnramp),
            ("offramp", "pipeline", LinkStage::FromOfframp),
            ("pipeline", "onramp", LinkStage::FromPipeline),
            ("pipeline", "offramp", LinkStage::FromPipeline),
            ("pipeline", "pipeline", LinkStage::FromPipeline),
        ]
    );
}

#[test]
fn relative_urls_without_a_kind_have_no_shape() {
    assert!(matches!(link("a/1/out", "/pipeline/b/1/in"), Err(LinkError::Shape { .. })));
    assert!(link("onramp/a/1/out", "pipeline/b/1/in").is_ok());
}

#[test]
fn both_sides_need_instance_and_port() {
    assert!(refusal("/onramp/a", "/pipeline/b/1/in").contains("missing an instance: tremor://localhost/onramp/a;"));
    assert!(refusal("/onramp/a/1/out", "/pipeline/b").contains("missing an instance: tremor://localhost/pipeline/b;"));
    for (from, to, at_fault) in [
        ("/onramp/a/1", "/pipeline/b/1/in", "onramp/a/1"),
        ("/onramp/a/1/out", "/pipeline/b/1", "pipeline/b/1"),
        ("/pipeline/b/1", "/offramp/a/1/in", "pipeline/b/1"),
        ("/pipeline/b/1/out", "/offramp/a/1", "offramp/a/1"),
        ("/pipeline/b/1/out", "/pipeline/c/1", "pipeline/c/1"),
        ("/pipeline/b/1/out", "/onramp/a/1", "onramp/a/1"),
        ("/offramp/a/1", "/pipeline/b/1/in", "offramp/a/1"),
    ] {
        let text = refusal(from, to);
        assert!(
            text.starts_with(&format!("URL is missing an instance port: tremor://localhost/{at_fault};")),
            "{text}"
        );
    }
}

#[test]
fn ports_of_ramps() {
    for (name, port) in [
        ("out", OnrampPort::Out),
        ("err", OnrampPort::Err),
        ("unanswered", OnrampPort::Unanswered),
    ] {
        let made = link(&format!("/onramp/a/1/{name}"), "/pipeline/b/1/in").expect("a link");
        assert!(matches!(made, Link::OnrampToPipeline { port: found, .. } if found == port));
    }
    for name in ["metrics", "Out", "other"] {
        let text = refusal(&format!("/onramp/a/1/{name}"), "/pipeline/b/1/in");
        assert!(
            text.starts_with(&format!("Invalid Onramp Port: {name}. Cannot connect.")),
            "{text}"
        );
    }
    for name in ["in", "IN"] {
        assert!(refusal(&format!("/offramp/a/1/{name}"), "/pipeline/b/1/in").contains("offramp/a/1/"));
    }
    assert!(link("/offramp/a/1/other", "/pipeline/b/1/in").is_ok());
    assert!(link("/pipeline/b/1/any", "/onramp/a/1/response").is_ok());
    assert!(link("/pipeline/b/1/out", "/offramp/a/1/other").is_ok());
}

#[test]
fn placeholders_are_replaced_in_the_instance_only() {
    assert_eq!(
        substitute("/onramp/{instance}/dock-{instance}/{instance}", &[("instance", "7")]),
        Ok("tremor://localhost/onramp/%7Binstance%7D/dock-7/%7Binstance%7D".to_owned())
    );
    assert_eq!(
        substitute("/onramp/a/{x}-{y}-{x}/out", &[("x", "1"), ("y", "2")]),
        Ok("tremor://localhost/onramp/a/1-2-1/out".to_owned())
    );
    assert_eq!(
        substitute("/offramp/system::stderr/system/in", &[]),
        Ok("tremor://localhost/offramp/system::stderr/system/in".to_owned())
    );
    assert_eq!(
        substitute("/onramp/a/{ö}/out", &[("ö", "1")]),
        Ok("tremor://localhost/onramp/a/1/out".to_owned())
    );
    assert_eq!(
        substitute("/onramp/a/a{b/out", &[]),
        Ok("tremor://localhost/onramp/a/a%7Bb/out".to_owned())
    );
}

#[test]
fn values_are_text_and_never_searched_again() {
    assert_eq!(
        substitute("/onramp/a/{x}{y}/out", &[("x", "%7By%7D"), ("y", "{x}")]),
        Ok("tremor://localhost/onramp/a/%7By%7D{x}/out".to_owned())
    );
}

#[test]
fn a_placeholder_without_value_is_named() {
    let error = substitute("/onramp/a/{berth}/out", &[("instance", "1")]).expect_err("no value");
    let text = error.to_string();
    assert!(
        text.contains("`berth`") && text.contains("tremor://localhost/onramp/a/%7Bberth%7D/out"),
        "{text}"
    );
}

#[test]
fn unfit_values_are_refused() {
    let mut values = PlaceholderValues::default();
    assert!(matches!(
        values.insert(Str::new("a"), Str::new("")),
        Err(PlaceholderError::Empty { .. })
    ));
    assert!(matches!(
        values.insert(Str::new("a"), Str::new("x/y")),
        Err(PlaceholderError::Slash { .. })
    ));
    assert_eq!(values, PlaceholderValues::default());
}

const BINDING: &str = r#"
id: harbour
links:
  "/onramp/feed/{instance}/out": ["/pipeline/tides/{instance}/in", "/pipeline/other/{instance}/in"]
  "/pipeline/tides/{instance}/out": ["/offramp/archive/{instance}/in"]
  "/offramp/archive/{instance}/out": ["/pipeline/tides/{instance}/in"]
  "/pipeline/tides/{instance}/err": ["/offramp/system::stderr/system/in"]
"#;

#[test]
fn a_deployment_links_offramps_first_and_onramps_last() {
    let binding = BindingEntry::from_yaml("b.yaml", BINDING.as_bytes()).expect("a binding");
    let links = binding
        .deployment_links(&values(&[("instance", "north")]))
        .expect("allowed links");
    let shown: Vec<String> = links.iter().map(|link| format!("{} {}", link.from(), link.to())).collect();
    let expected = [
        "offramp/archive/north/out pipeline/tides/north/in",
        "pipeline/tides/north/out offramp/archive/north/in",
        "pipeline/tides/north/err offramp/system::stderr/system/in",
        "onramp/feed/north/out pipeline/tides/north/in",
        "onramp/feed/north/out pipeline/other/north/in",
    ];
    let expected: Vec<String> = expected
        .iter()
        .map(|pair| {
            pair.split(' ')
                .map(|url| format!("tremor://localhost/{url}"))
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    assert_eq!(shown, expected);
    assert_eq!(links[0].from().instance_url(), url("/offramp/archive/north"));
}

#[test]
fn a_refused_link_names_its_place() {
    let text = "id: b\nlinks:\n  /onramp/a/1/out: [/offramp/b/1/in]\n";
    let binding = BindingEntry::from_yaml("b.yaml", text.as_bytes()).expect("nothing is checked at publication");
    let refused = binding
        .deployment_links(&PlaceholderValues::default())
        .expect_err("the shape is refused");
    assert!(matches!(refused.error, LinkError::Shape { .. }));
    assert!(
        refused.to_string().starts_with("b.yaml:3:3: links require the form of"),
        "{refused}"
    );
}

#[test]
fn a_substituted_binding_shows_its_links() {
    let binding = BindingEntry::from_yaml("b.yaml", BINDING.as_bytes()).expect("a binding");
    let north = binding
        .substitute(&values(&[("instance", "north")]))
        .expect("all values are there");
    assert_eq!(north.links[0].from, url("/onramp/feed/north/out"));
    assert_eq!(north.links[0].to[1], url("/pipeline/other/north/in"));
    assert!(matches!(
        binding.substitute(&PlaceholderValues::default()),
        Err(PlaceholderError::Missing { .. })
    ));
}
