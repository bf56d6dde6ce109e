//! spec/runtime.md 2.3 to 2.5 and 6.3, spec/artefacts.md 1.1, spec/dialects.md 14.3.

use proptest::prelude::*;
use temblor_value::{Str, Value, json};

use crate::{ArtefactUrl, BindingEntry, Body, Document, KeyPath, OfframpEntry, OnrampEntry, PlaceholderValues};

fn document(text: &str) -> Document {
    Document::parse("f.yaml", text.as_bytes()).expect("a document")
}

fn refusal(text: &str) -> String {
    Document::parse("f.yaml", text.as_bytes())
        .expect_err("the document is refused")
        .to_string()
}

#[test]
fn a_recipe_for_a_load_balancer_loads() {
    let document = document(RECIPE);
    let onramp = &document.onramps[0];
    assert_eq!(
        (onramp.ramp.id.as_str(), onramp.ramp.type_.as_str(), onramp.ramp.linked),
        ("http_in", "rest", true)
    );
    assert_eq!(onramp.ramp.codec, Some(Str::new("json")));
    let config = onramp.ramp.config.as_ref().expect("a config");
    assert_eq!(json::to_string(config), r#"{"host":"0.0.0.0","port":65535}"#);
    assert_eq!(document.offramps.len(), 2);
    assert_eq!(document.offramps[1].ramp.id, "upstream03");
    let binding = &document.bindings[0];
    assert_eq!(binding.links.len(), 3);
    assert_eq!(
        binding.links[2].to[0].to_string(),
        "tremor://localhost/onramp/http_in/%7Binstance%7D/in"
    );
    let mapping = &document.mappings[0];
    assert_eq!(mapping.url.to_string(), "tremor://localhost/binding/main/01");
    assert_eq!(mapping.values.get("instance"), Some(&Str::new("01")));
    assert_eq!(binding.deployment_links(&mapping.values).map(|links| links.len()), Ok(3));
}

const RECIPE: &str = r#"onramp:
  - id: http_in
    type: rest
    linked: true    # replies go back
    codec: json
    config:
      host: 0.0.0.0
      port: 65535
offramp:
- id: upstream01
  type: rest
  linked: true
  config: {endpoint: {host: webserver01}, concurrency: 9}
- id: upstream03
  type: rest
  config:
    headers: # sent with every request
      "X-Upstream": "upstream03"
binding:
  - id: main
    links:
      "/onramp/http_in/{instance}/out": ["/pipeline/request_handling/{instance}/in"]
      "/pipeline/request_handling/{instance}/ws01": ["/offramp/upstream01/{instance}/in"]
      "/pipeline/internal_error_processing/{instance}/out": ["onramp/http_in/{instance}/in"]
mapping:
  /binding/main/01:
    instance: 01
"#;

#[test]
fn the_order_of_the_keys_does_not_matter_and_all_are_optional() {
    assert!(document("{}").onramps.is_empty());
    let read = document("mapping: {/binding/b/1: {}}\nbinding: [{id: b, links: {}}]\n");
    assert_eq!((read.bindings.len(), read.mappings.len()), (1, 1));
}

#[test]
fn keys_are_closed_at_every_level() {
    let unknown = refusal("onramps: []");
    assert!(
        unknown.starts_with("f.yaml:1:1: unknown field `onramps`, expected one of `onramp`, `offramp`, `binding`, `mapping`"),
        "{unknown}"
    );
    assert!(unknown.ends_with("did you mean `onramp`?"), "{unknown}");
    let unknown = refusal("onramp:\n  - id: a\n    type: b\n    codecs: json\n");
    assert!(
        unknown.starts_with("f.yaml:4:5: onramp[0]: unknown field `codecs`, expected one of `id`, `type`"),
        "{unknown}"
    );
    assert!(unknown.contains("did you mean `codec`?"), "{unknown}");
    assert!(refusal("offramp: [{id: a, type: b, err_required: true}]").contains("unknown field `err_required`"));
    assert!(refusal("binding: [{id: a, links: {}, link: {}}]").contains("unknown field `link`"));
    assert!(refusal("onramp: [{id: a, type: b, <<: {}}]").contains("merge keys are not expanded"));
    assert!(refusal("onramp: [{id: a, type: b, port: 1}]").contains("below `config:`"));
}

#[test]
fn lost_indentation_is_hinted_at() {
    for key in ["id", "type", "linked", "codec", "config", "links"] {
        let text = refusal(&format!("{key}: x"));
        assert!(
            text.contains(&format!("unknown field `{key}`")) && text.contains("indentation"),
            "{text}"
        );
    }
    assert!(!refusal("other: x").contains("indentation"));
}

#[test]
fn pipelines_are_not_written_in_yaml() {
    let text = refusal("pipeline: []");
    assert!(
        text.contains("unknown field `pipeline`") && text.contains("`.trickle`"),
        "{text}"
    );
}

#[test]
fn lists_are_required() {
    for text in [
        "onramp: {id: a, type: b}",
        "onramp:",
        "onramp: ~",
        "offramp: x",
        "binding: {}",
    ] {
        assert!(refusal(text).contains("expected a list"), "{text}");
    }
    assert!(refusal("mapping: []").contains("expected a mapping"));
    assert!(refusal("mapping:").contains("expected a mapping"));
    assert!(refusal("- a").contains("expected a mapping"));
    assert!(refusal("---\n").contains("expected a mapping"));
    assert!(refusal("binding: [{id: a, links: {/onramp/a/1/out: /pipeline/b/1/in}}]").contains("expected a list"));
    assert!(refusal("mapping: {/binding/b/1: }").contains("expected a mapping"));
}

#[test]
fn required_fields_are_named() {
    assert!(refusal("onramp: [{type: a}]").contains("missing field `id`"));
    assert!(refusal("offramp: [{id: a}]").contains("missing field `type`"));
    assert!(refusal("binding: [{id: a}]").contains("missing field `links`"));
}

#[test]
fn defaults_of_a_ramp() {
    let read = document("onramp: [{id: a, type: b}]");
    let onramp = &read.onramps[0];
    assert!(!onramp.err_required && !onramp.ramp.linked);
    assert_eq!(onramp.ramp.description, "");
    assert!(onramp.ramp.codec.is_none() && onramp.ramp.codec_map.is_none() && onramp.ramp.config.is_none());
    assert!(onramp.ramp.preprocessors.is_none() && onramp.ramp.postprocessors.is_none());
    assert_eq!(onramp.ramp.metrics_interval_s, None);
}

#[test]
fn nulls_of_optional_keys_are_absence() {
    let read = document(
        "offramp: [{id: a, type: b, codec: ~, codec_map: null, preprocessors: ~, postprocessors: , metrics_interval_s: ~, config: ~}]",
    );
    let ramp = &read.offramps[0].ramp;
    assert!(ramp.codec.is_none() && ramp.codec_map.is_none() && ramp.config.is_none() && ramp.metrics_interval_s.is_none());
    assert!(ramp.preprocessors.is_none() && ramp.postprocessors.is_none());
}

#[test]
fn text_is_taken_as_written() {
    let read = document(
        "onramp: [{id: 007, type: true, description: 0x10, codec: 1.50, preprocessors: [1e3, null], codec_map: {a/b: 01}}]\n\
         mapping: {/binding/b/1: {instance: 01, x: ~, y: \"02\", z: 1.0}}",
    );
    let ramp = &read.onramps[0].ramp;
    assert_eq!(
        (ramp.id.as_str(), ramp.type_.as_str(), ramp.description.as_str()),
        ("007", "true", "0x10")
    );
    assert_eq!(ramp.codec, Some(Str::new("1.50")));
    assert_eq!(ramp.preprocessors, Some(vec![Str::new("1e3"), Str::new("null")]));
    assert_eq!(ramp.codec_map, Some(vec![(Str::new("a/b"), Str::new("01"))]));
    let values: Vec<(&str, &str)> = read.mappings[0]
        .values
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(values, [("instance", "01"), ("x", "~"), ("y", "02"), ("z", "1.0")]);
    assert!(refusal("onramp: [{id: [a], type: b}]").contains("onramp[0].id: invalid type: a list, expected text"));
}

#[test]
fn bools_are_plain_true_and_false_only() {
    for (text, linked) in [("true", true), ("false", false)] {
        assert_eq!(
            document(&format!("onramp: [{{id: a, type: b, linked: {text}}}]")).onramps[0]
                .ramp
                .linked,
            linked
        );
    }
    for text in ["yes", "on", "\"true\"", "True", "1", "~"] {
        let error = refusal(&format!("onramp: [{{id: a, type: b, linked: {text}}}]"));
        assert!(
            error.contains("onramp[0].linked: invalid type") && error.contains("without quotes"),
            "{error}"
        );
    }
}

#[test]
fn intervals_are_plain_integers_from_zero() {
    let interval = |text: &str| {
        Document::parse(
            "f",
            format!("onramp: [{{id: a, type: b, metrics_interval_s: {text}}}]").as_bytes(),
        )
        .map(|document| document.onramps[0].ramp.metrics_interval_s)
    };
    assert_eq!(interval("10"), Ok(Some(10)));
    assert_eq!(interval("0"), Ok(Some(0)));
    for text in ["\"10\"", "-1", "1.5", "ten"] {
        assert!(interval(text).is_err(), "for {text}");
    }
}

#[test]
fn repeated_keys() {
    let error = refusal("onramp:\n  - id: a\n    id: b\n    type: c\n");
    assert!(error.starts_with("f.yaml:3:5: onramp[0]: duplicate field `id`"), "{error}");
    assert!(refusal("onramp: []\nonramp: []\n").contains("duplicate field `onramp`"));
    let read = document(
        "onramp: [{id: a, type: b, codec_map: {x/y: json, a/b: json, x/y: yaml}}]\n\
         binding:\n  - id: b\n    links:\n      /onramp/a/1/out: []\n      /onramp/b/1/out: []\n      onramp/a/1/out: [/pipeline/c/1/in]\n\
         mapping:\n  /binding/b/1: {i: 1, i: 2}\n  /binding/c/1: {}\n  tremor:///binding/b/1: {i: 3, i: 4}\n",
    );
    let pair = |mime, codec| (Str::new(mime), Str::new(codec));
    assert_eq!(
        read.onramps[0].ramp.codec_map,
        Some(vec![pair("x/y", "yaml"), pair("a/b", "json")])
    );
    let links = &read.bindings[0].links;
    assert_eq!((links.len(), links[0].to.len()), (2, 1));
    assert_eq!(links[0].from, ArtefactUrl::parse("/onramp/a/1/out").expect("a URL"));
    assert_eq!(read.mappings.len(), 2);
    assert_eq!(read.mappings[0].values.get("i"), Some(&Str::new("4")));
}

#[test]
fn ids_are_one_segment_of_a_url() {
    assert_eq!(document("onramp: [{id: \"a::b c\", type: t}]").onramps[0].ramp.id, "a::b c");
    for id in ["\"\"", "a/b", ""] {
        let error = refusal(&format!("binding:\n- links: {{}}\n  id: {id}\n"));
        assert!(error.starts_with("f.yaml:3:") && error.contains("binding[0].id: "), "{error}");
    }
}

#[test]
fn bad_urls_are_named_with_their_place() {
    let error = refusal("binding:\n- id: a\n  links:\n    /a/b/c/d/e: []\n");
    assert!(
        error.starts_with("f.yaml:4:5: ") && error.contains("Bad URL: /a/b/c/d/e"),
        "{error}"
    );
    let error = refusal("binding:\n- id: a\n  links:\n    /onramp/a/1/out: [/pipe/a/1/in]\n");
    assert!(
        error.starts_with("f.yaml:4:23: ") && error.contains("Bad Resource type: pipe"),
        "{error}"
    );
}

#[test]
fn mapping_keys_name_a_binding_instance() {
    for key in ["binding/harbour/north", "/onramp/a/1", "/binding"] {
        let error = refusal(&format!("mapping: {{{key}: {{}}}}"));
        assert!(error.contains("does not contain a binding artifact id"), "{error}");
    }
    assert!(
        refusal("mapping: {/binding/b: {}}").contains("URL does not contain a binding servant id: tremor://localhost/binding/b")
    );
    assert!(refusal("mapping: {/binding/b/1: {i: a/b}}").contains("contains `/`"));
    assert!(refusal("mapping: {/binding/b/1: {i: \"\"}}").contains("is empty"));
}

#[test]
fn mappings_and_links_keep_document_order() {
    let read = document(
        "binding: [{id: b, links: {/onramp/z/1/out: [], /onramp/a/1/out: []}}]\nmapping: {/binding/z/1: {}, /binding/a/1: {}}\n",
    );
    let from: Vec<String> = read.bindings[0].links.iter().map(|link| link.from.to_string()).collect();
    assert_eq!(
        from,
        ["tremor://localhost/onramp/z/1/out", "tremor://localhost/onramp/a/1/out"]
    );
    let urls: Vec<String> = read.mappings.iter().map(|mapping| mapping.url.to_string()).collect();
    assert_eq!(urls, ["tremor://localhost/binding/z/1", "tremor://localhost/binding/a/1"]);
}

#[test]
fn errors_of_a_config_find_their_place() {
    let read = document("offramp:\n  - id: a\n    type: rest\n    config:\n      endpoint:\n        port: x\n");
    let path = KeyPath::root().key("endpoint").key("port");
    let error = crate::ConfigError::new(path, "invalid type");
    assert_eq!(
        read.offramps[0].ramp.locate(error).to_string(),
        "f.yaml:6:9: endpoint.port: invalid type"
    );
}

#[test]
fn entries_are_shown_with_the_keys_of_the_admin_interface() {
    let read = document(
        "onramp: [{type: t, id: a}]\nofframp: [{id: b, type: t}]\nbinding: [{links: {onramp/x/{i}/out: []}, id: c}]\n"
            .replace("onramp/x/{i}/out", "\"onramp/x/{i}/out\"")
            .as_str(),
    );
    assert_eq!(
        json::to_string(&read.onramps[0].to_value()),
        r#"{"id":"a","type":"t","description":"","linked":false,"err_required":false}"#
    );
    assert_eq!(
        json::to_string(&read.offramps[0].to_value()),
        r#"{"id":"b","type":"t","description":"","linked":false}"#
    );
    assert_eq!(
        json::to_string(&read.bindings[0].to_value()),
        r#"{"id":"c","description":"","links":{"tremor://localhost/onramp/x/%7Bi%7D/out":[]}}"#
    );
}

#[test]
fn an_entry_survives_being_shown() {
    let full = r#"{"id":"a","type":"t","description":"d","linked":true,"err_required":true,"codec":"json","codec_map":{"a/b":"yaml"},"preprocessors":["lines"],"postprocessors":[],"metrics_interval_s":5,"config":{"a":[1,null,2.5]}}"#;
    let read = OnrampEntry::from_value(&json::from_str(full).expect("JSON")).expect("an entry");
    assert_eq!(json::to_string(&read.to_value()), full);
    let from_yaml = OnrampEntry::from_yaml("body", full.as_bytes()).expect("JSON is YAML");
    assert_eq!(json::to_string(&from_yaml.to_value()), full);
}

#[test]
fn json_bodies_are_stricter_about_text() {
    let body = |text: &str| json::from_str(text).expect("JSON");
    assert!(OfframpEntry::from_value(&body(r#"{"id":7,"type":"t"}"#)).is_err());
    assert!(OfframpEntry::from_value(&body(r#"{"id":"7","type":null}"#)).is_err());
    assert!(OfframpEntry::from_value(&body(r#"{"id":"7","type":"t","codec":null,"config":{"n":1}}"#)).is_ok());
    assert!(PlaceholderValues::from_value(&body(r#"{"instance":1}"#)).is_err());
    let error = BindingEntry::from_value(&body(r#"{"id":"a","links":{"/x/y":[]}}"#)).expect_err("a bad kind");
    assert!(
        error.place().is_none() && error.to_string().contains("Bad Resource type: x"),
        "{error}"
    );
    let deep = (0..200).fold(Value::Null, |inner, _| Value::from(vec![inner]));
    assert!(OfframpEntry::from_value(&deep).is_err());
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(
        text in r#"((onramp|offramp|binding|mapping|temblor|dialect|  - id|    type|    links|  workers|    config): ?|[-\[\]{}&*"'~\n ]|/binding/a/1|0x1|[a-z0-9]){0,40}"#
    ) {
        let _ = Document::parse("f", text.as_bytes());
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        let _ = Document::parse("f", &bytes);
    }
}
