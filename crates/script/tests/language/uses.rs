//! What a program says it uses (spec/proxy.md 3.1 and 3.2).

use temblor_script::{MetaUse, Uses};

use super::*;

fn uses(script: &str) -> Uses {
    compile(script).program.uses().clone()
}

#[test]
fn naming_the_event_as_the_result_is_no_read() {
    for script in [
        "event",
        "event;",
        "emit event",
        "emit",
        "emit event => \"p\"",
        "let $x = 1; event",
        "fn f() with event.a end;",
    ] {
        let uses = uses(script);
        assert!(!uses.reads_event, "{script}");
        assert!(uses.returns_event_untouched(), "{script}");
    }
    let routed = uses("match $x of case 1 => drop case 2 => event default => emit => \"p\" end");
    assert!(!routed.reads_event && routed.returns_event_untouched() && routed.can_drop);
    assert_eq!(routed.ports, [None, Some("p".into())]);
}

#[test]
fn reads_and_writes_are_told_apart() {
    let reading = uses("match event.a of case 1 => event default => drop end");
    assert!(reading.reads_event && reading.returns_event_untouched());
    let writing = uses("let event.a = 1; event");
    assert!(writing.writes_event && !writing.reads_event && !writing.returns_event_untouched());
    assert!(uses("emit event.a => \"p#{event}\"").computes_port);
    assert!(uses("event.a; event").returns_event_untouched());
    assert!(!uses("event.a; event").reads_event, "what is not evaluated is not read");
}

#[test]
fn the_first_place_of_each_use_is_known() {
    let text = "let $x = event.b; let event.a = 1; match $y of case 1 => drop case 2 => emit 1 => \"p\" default => event end";
    let sites = uses(text).sites;
    let at = |span: Option<temblor_syntax::Span>| span.and_then(|span| text.get(span.start as usize..span.end as usize));
    assert_eq!(at(sites.reads_event), Some("event.b"));
    assert_eq!(at(sites.writes_event), Some("let event.a = 1"));
    assert_eq!(at(sites.drops), Some("drop"));
    assert_eq!(at(sites.emits_value), Some("emit 1 => \"p\""));
    let ports: Vec<_> = sites.ports.iter().map(|span| at(Some(*span))).collect();
    assert_eq!(ports, [Some("emit 1 => \"p\""), Some("event")]);
    assert_eq!(at(uses("event").sites.reads_event), None);
    assert_eq!(at(uses(" 7").sites.emits_value).map(str::len), Some(1));
}

#[test]
fn metadata_is_known_by_key() {
    let uses = uses("let $out.x = $request.headers; let $other[event.k] = 1; event");
    assert_eq!(uses.reads_meta, MetaUse::Keys(vec!["request".into()]));
    assert_eq!(uses.writes_meta, MetaUse::Keys(vec!["out".into(), "other".into()]));
    assert!(uses.writes_meta.touches("out") && !uses.writes_meta.touches("request"));
    assert_eq!(super::uses::uses("$").reads_meta, MetaUse::Everything);
}

#[test]
fn state_is_noticed() {
    assert!(uses("let state = 1; event").state);
    assert!(uses("present state.x").state);
    assert!(!uses("fn f() with state end; event").state);
}

#[test]
fn assigning_shows_in_the_scope() {
    assert!(run("let event.a = 1; event", "{}").replaced);
    assert!(run("let event = event; event", "{}").replaced);
    assert!(!run("let x = event; let x.a = 1; event", "{}").replaced);
}
