//! Drafts with connectors that fail if anything opens them.

use std::fs;
use std::sync::Arc;

use temblor_script::host::NoHost;
use temblor_script::loader::NoModules;
use temblor_script::{Env, Limits, Registry};
use temblor_syntax::ast::Dialect;

use super::*;
use crate::connectors::{SinkPlan, SinkType, SourcePlan, SourceType};

/// An onramp to which clients wait, and one to which nobody does.
const GATE: SourceType = SourceType {
    name: "gate",
    default_codec: "json",
    passes_bodies: true,
    plan: |ramp| {
        let facts = Facts {
            answers: ramp.is_linked,
            validates: true,
            ..Facts::default()
        };
        Ok(SourcePlan::new(|_| panic!("opened")).with_facts(facts))
    },
};

/// An offramp that answers where it is linked.
const SHOP: SinkType = SinkType {
    name: "shop",
    default_codec: "json",
    passes_bodies: true,
    plan: |ramp| {
        let facts = Facts {
            answers: ramp.is_linked,
            validates: true,
            ..Facts::default()
        };
        Ok(SinkPlan::new(|_| panic!("opened")).with_facts(facts))
    },
};

const PASS: &str = "select event from in into out;";

fn explained(route: &str, linked: bool) -> Explanation {
    let folder = tempfile::tempdir().unwrap();
    let document = format!(
        "onramp:\n  - {{id: gate, type: gate, linked: {linked}, config: {{}}}}\n\
         offramp:\n  - {{id: shop, type: shop, linked: true, config: {{}}}}\n\
         binding:\n  - id: main\n    links:\n\
         \x20     /onramp/gate/a/out: [/pipeline/route/a/in]\n\
         \x20     /pipeline/route/a/out: [/offramp/shop/a/in]\n\
         \x20     /offramp/shop/a/out: [/pipeline/back/a/in]\n{back}\
         mapping:\n  /binding/main/a: {{}}\n",
        back = if linked {
            "      /pipeline/back/a/out: [/onramp/gate/a/in]\n"
        } else {
            ""
        },
    );
    let files = [
        ("route.trickle", route),
        ("back.trickle", PASS),
        ("d.yaml", document.as_str()),
    ]
    .map(|(name, text)| {
        let file = folder.path().join(name);
        fs::write(&file, text).unwrap();
        file
    });
    let env = Env {
        registry: Arc::new(Registry::new()),
        loader: Arc::new(NoModules),
        host: Arc::new(NoHost),
        limits: Limits::default(),
        dialect: Dialect::Modern,
    };
    let connectors = Connectors {
        sources: vec![GATE],
        sinks: vec![SHOP],
    };
    let draft = Draft::load(connectors, &files, &env, &mut |errors| panic!("{errors}")).unwrap();
    draft.explain(false).pop().unwrap()
}

fn codes(explained: &Explanation) -> Vec<&'static str> {
    explained.findings.iter().map(|finding| finding.code.name()).collect()
}

#[test]
fn a_draft_is_linked_and_nothing_of_it_is_opened() {
    let explained = explained(PASS, true);
    assert_eq!(explained.onramp.name, "gate/a");
    assert_eq!(explained.offramps[0].0.name, "shop/a");
    let pipelines: Vec<&str> = explained.pipelines.iter().map(|pipeline| pipeline.name.as_str()).collect();
    assert_eq!(pipelines, ["route/a", "back/a"]);
    assert_eq!(codes(&explained), ["RP02", "RP02"], "errors of both ramps lead nowhere");
}

#[test]
fn nothing_is_checked_where_nobody_waits() {
    assert!(
        explained("select event from in where event.a into out;", false)
            .findings
            .is_empty()
    );
}

#[test]
fn every_need_has_its_reason() {
    let cases = [
        (PASS, Handling::Bytes, "codec json can refuse", None),
        (
            "select event from in into out;\nselect event from in where $x into out;",
            Handling::Bytes,
            "fan-out at pipeline route/a, in: select_1 reads it too",
            Some((2, 1)),
        ),
        (
            "select event from in where event.a == 1 into out;",
            Handling::Value,
            "pipeline route/a, select select_0 reads event.a",
            Some((1, 28)),
        ),
        (
            "select 7 from in into out;",
            Handling::Value,
            "pipeline route/a, select select_0 replaces the event: 7",
            Some((1, 8)),
        ),
        (
            "define generic::batch operator b with count = 2 end; create operator b;\nselect event from in into b; select event from b into out;",
            Handling::Value,
            "pipeline route/a, generic::batch b looks at values",
            Some((1, 70)),
        ),
    ];
    for (route, handling, text, place) in cases {
        let request = explained(route, true).request;
        let at = request.why.at.as_ref().map(|at| (at.line, at.column));
        assert_eq!(
            (request.handling, request.why.text.as_str(), at),
            (handling, text, place),
            "{route}"
        );
    }
}
