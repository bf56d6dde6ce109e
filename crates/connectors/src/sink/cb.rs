//! `cb`: gives the feedback that events ask for, for tests (spec/artefacts.md 9.3).

use std::sync::Arc;

use temblor_event::{Event, Insight, InsightKind, Uid};
use temblor_runtime::connectors::{SinkPlan, SinkType};
use temblor_runtime::sink::{Delivery, Insights, Sink, SinkCx};
use temblor_value::Value;

use crate::parts::parts;

/// The connector type, for registration.
pub const TYPE: SinkType = SinkType {
    name: "cb",
    default_codec: "json",
    passes_bodies: false,
    plan: |_| Ok(SinkPlan::new(|start| Ok(Arc::new(CbSink { uid: start.uid })))),
};

struct CbSink {
    uid: Uid,
}

/// What a command says: whether the event was delivered, and the state of the breaker.
fn kinds(command: &Value) -> [Option<InsightKind>; 2] {
    let names = match command {
        Value::Array(names) => names,
        name => std::slice::from_ref(name),
    };
    let has = |wanted: &[&str]| {
        names
            .iter()
            .any(|name| name.as_str().is_some_and(|name| wanted.contains(&name)))
    };
    let one = |first: &[&str], kind, other: &[&str], other_kind| {
        if has(first) {
            Some(kind)
        } else {
            has(other).then_some(other_kind)
        }
    };
    [
        one(&["ack"], InsightKind::Ack, &["fail"], InsightKind::Fail),
        one(
            &["close", "trigger"],
            InsightKind::Pause,
            &["open", "restore"],
            InsightKind::Resume,
        ),
    ]
}

impl Sink for CbSink {
    fn deliver(&self, _port: &str, event: Event, cx: &SinkCx<'_>) -> Delivery {
        let mut insights = Insights::new();
        for (value, meta) in parts(&event) {
            let Some(command) = meta.get("cb").or_else(|| value.get("cb")) else {
                continue;
            };
            insights.extend(kinds(command).into_iter().flatten().map(|kind| {
                let mut insight = Insight::about(&event, kind, self.uid, cx.now_ns);
                if matches!(kind, InsightKind::Pause | InsightKind::Resume) {
                    insight.id = None;
                }
                insight
            }));
        }
        Delivery::Done(insights)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{batch, deliver_at, event, with_meta};

    fn sink() -> CbSink {
        CbSink { uid: Uid(9) }
    }

    /// All insights an event causes.
    fn caused(event: Event) -> Vec<(InsightKind, bool)> {
        let Delivery::Done(insights) = deliver_at(&sink(), event, 3) else {
            panic!("not done")
        };
        insights
            .into_iter()
            .map(|insight| (insight.kind, insight.id.is_some()))
            .collect()
    }

    #[test]
    fn the_command_is_in_the_metadata_or_in_the_value() {
        use InsightKind::{Ack, Fail, Pause, Resume};
        assert_eq!(caused(with_meta(r#"{"cb": "fail"}"#, r#"{"cb": "ack"}"#)), [(Ack, true)]);
        assert_eq!(caused(event(r#"{"cb": "fail"}"#)), [(Fail, true)]);
        assert_eq!(caused(event(r#"{"cb": "trigger"}"#)), [(Pause, false)]);
        assert_eq!(caused(event(r#"{"cb": "restore"}"#)), [(Resume, false)]);
        assert_eq!(
            caused(event(r#"{"cb": ["open", "fail", "ack", "close"]}"#)),
            [(Ack, true), (Pause, false)]
        );
        assert_eq!(caused(event(r#"{"cb": ["open", 7]}"#)), [(Resume, false)]);
    }

    #[test]
    fn without_a_command_there_is_no_feedback() {
        assert!(caused(event("{}")).is_empty());
        assert!(caused(event(r#"{"cb": 7}"#)).is_empty());
    }

    #[test]
    fn every_value_of_a_batch_speaks() {
        let list = r#"[{"data": {"value": {"cb": "ack"}, "meta": {}}}, {"data": {"value": {"cb": "fail"}, "meta": {}}}]"#;
        assert_eq!(caused(batch(list)), [(InsightKind::Ack, true), (InsightKind::Fail, true)]);
    }
}
