//! `exit`: ends the process (spec/artefacts.md 9.7).

use std::sync::Arc;
use std::time::Duration;

use temblor_event::{Event, Uid};
use temblor_runtime::connectors::{SinkPlan, SinkType};
use temblor_runtime::exit::Exit;
use temblor_runtime::sink::{Delivery, Exchange, Reply, Sink, SinkCx, Withdrawal};
use temblor_value::Value;

use super::{failed, judge};
use crate::parts::parts;

/// The connector type, for registration.
pub const TYPE: SinkType = SinkType {
    name: "exit",
    default_codec: "json",
    passes_bodies: false,
    plan: |ramp| {
        Ok(SinkPlan::new(|start| {
            Ok(Arc::new(ExitSink {
                uid: start.uid,
                url: ramp.url,
                exit: start.exit,
            }))
        }))
    },
};

struct ExitSink {
    uid: Uid,
    url: String,
    exit: Exit,
}

/// Status and delay that a value asks for.
fn wish(value: &Value) -> Option<(i32, Duration)> {
    let status = value.get("exit")?.as_i64()?;
    let delay = value.get("delay").and_then(Value::as_u64).unwrap_or(0);
    Some((i32::try_from(status).ok()?, Duration::from_millis(delay)))
}

impl Sink for ExitSink {
    fn deliver(&self, _port: &str, event: Event, cx: &SinkCx<'_>) -> Delivery {
        let Some((status, delay)) = parts(&event).next().and_then(|(value, _)| wish(value)) else {
            return failed(
                &self.url,
                &event,
                "Unexpected event received in exit offramp",
                self.uid,
                cx.now_ns,
            );
        };
        let ack = judge(&event, true, self.uid, cx.now_ns);
        if delay.is_zero() {
            self.exit.request(status);
            return Delivery::done(ack);
        }
        let exit = self.exit.clone();
        Delivery::Exchange(Exchange {
            about: ack.clone(),
            future: Box::pin(async move {
                tokio::time::sleep(delay).await;
                exit.request(status);
                Reply {
                    insight: ack,
                    ..Reply::default()
                }
            }),
            answers: false,
            withdrawal: Withdrawal::Never,
        })
    }
}

#[cfg(test)]
mod tests {
    use temblor_event::InsightKind;

    use super::*;
    use crate::testing::{batch, deliver_at, event, feedback, transactional};

    fn sink() -> ExitSink {
        ExitSink {
            uid: Uid(9),
            url: String::new(),
            exit: Exit::default(),
        }
    }

    #[tokio::test]
    async fn the_status_of_the_first_value_counts() {
        let sink = sink();
        let list = r#"[{"data": {"value": {"exit": 3}, "meta": {}}}, {"data": {"value": {"exit": 4}, "meta": {}}}]"#;
        let Some(ack) = feedback(deliver_at(&sink, transactional(batch(list)), 0)) else {
            panic!("no acknowledgement")
        };
        assert_eq!(ack.kind, InsightKind::Ack);
        assert_eq!(sink.exit.requested().await, 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_delay_passes_before_the_end() {
        let sink = sink();
        let before = tokio::time::Instant::now();
        let Delivery::Exchange(exchange) = deliver_at(&sink, event(r#"{"exit": 0, "delay": 1500}"#), 0) else {
            panic!("not waiting")
        };
        let reply = exchange.future.await;
        assert!(reply.insight.is_none());
        assert_eq!(before.elapsed(), Duration::from_millis(1500));
        assert_eq!(sink.exit.requested().await, 0);
    }

    #[test]
    fn other_events_are_errors() {
        for text in [r#"{"exit": true}"#, "{}", "7", r#"{"exit": 4294967296}"#] {
            let Some(insight) = feedback(deliver_at(&sink(), transactional(event(text)), 0)) else {
                panic!("{text}: no feedback")
            };
            assert_eq!(insight.kind, InsightKind::Fail, "{text}");
        }
    }
}
