//! A request that waits: until its reply is there, none can come any more, or the waiting itself ends (spec/proxy.md 1.2, 1.5 and 1.6).

use std::sync::Arc;
use std::time::Duration;

use temblor_event::{End, Event, EventId, RequestKey};
use temblor_runtime::flow::{Dispatch, Flow, Outcome};
use temblor_value::Value;
use tokio::time::Instant;

use super::access::Access;
use super::alarm::{Alarm, Interruption};
use super::answer::OwnAnswer;
use super::handler::{Ending, Onramp};
use super::item::Item;
use super::reason::OwnReason;
use super::unanswered::Template;
use super::upgrade::Upgrade;
use crate::error::{BodyError, Refusal};
use crate::interim::on_behalf;
use crate::rest::body::settle;
use crate::rest::meta::key;
use crate::server::{Answer, RequestBody};

/// Time that a pipeline at the port `unanswered` has at least.
const LAST_CHANCE: Duration = Duration::from_secs(1);

/// See the module's documentation.
pub(super) struct Waiting<'r, 'b> {
    pub(super) onramp: &'r Onramp,
    pub(super) flow: Arc<Flow>,
    /// Number of the first event.
    pub(super) number: u64,
    /// The connection, to see whether the client is still there.
    pub(super) body: RequestBody<'b>,
    pub(super) alarm: &'r Alarm,
    pub(super) deadline: Instant,
    /// What the reply gets appended to its `via`.
    pub(super) via: Option<&'r str>,
    /// For the port `unanswered`, if that is linked.
    pub(super) template: Option<Template>,
    /// The switch of protocols that the client asks for.
    pub(super) upgrade: Option<Upgrade>,
    /// What is noted for the access log.
    pub(super) access: Option<&'r mut Access>,
}

/// How waiting ended.
enum Waited {
    Reply(Event),
    Exhausted(End),
    /// The body broke the rules while it was passed on.
    Refused(Refusal),
    Loop,
    Gone,
    Late,
    /// The drain time is over.
    Ended(OwnReason),
}

impl Waiting<'_, '_> {
    /// Sends the events of the request and waits.
    pub(super) async fn send(mut self, item: Item) -> Ending {
        let onramp = self.onramp;
        let mut dispatch = self.dispatch(self.deadline);
        if onramp.has_unanswered(&self.flow) {
            dispatch.note_correlation();
            self.template = Some(Template {
                request: item.meta.get(&key::REQUEST).cloned().unwrap_or_default(),
                origin: Arc::clone(&item.origin),
            });
        }
        onramp.send(item, &mut dispatch);
        let (answer, correlation) = match self.wait(&mut dispatch, self.deadline).await {
            Waited::Reply(event) => {
                onramp.leave(dispatch);
                return self.reply(event).await;
            }
            Waited::Gone => return onramp.client_gone(Some(dispatch)),
            Waited::Refused(refusal) => return Ending::refused(refusal),
            Waited::Exhausted(end) => (onramp.answer_of_end(&end, self.number), correlation_of(end)),
            Waited::Late => {
                dispatch.time_out();
                (onramp.own_answer(OwnReason::Timeout, self.number), dispatch.correlation())
            }
            Waited::Loop => (onramp.own_answer(OwnReason::Loop, self.number), None),
            Waited::Ended(reason) => (onramp.own_answer(reason, self.number), None),
        };
        onramp.leave(dispatch);
        // Boxed: its state would make every request larger.
        Box::pin(self.hand_over(answer, correlation)).await
    }

    /// Gives a pipeline the chance to answer, where one is linked and the reason allows it; else, and if it has none, answers.
    pub(super) async fn hand_over(mut self, answer: OwnAnswer, correlation: Option<Value>) -> Ending {
        let onramp = self.onramp;
        let is_theirs = answer.reason().is_some_and(OwnReason::is_handled_by_pipelines);
        let Some(template) = self.template.take().filter(|_| is_theirs) else {
            return onramp.give(answer);
        };
        let id = EventId::new(onramp.cx.uid, self.number);
        let until = self.deadline.max(Instant::now() + LAST_CHANCE);
        let mut dispatch = self.dispatch(until);
        dispatch.send_unanswered(onramp.cx.ix, template.event(id, &answer, correlation));
        match self.wait(&mut dispatch, until).await {
            Waited::Reply(event) => {
                onramp.leave(dispatch);
                return self.reply(event).await;
            }
            Waited::Gone => return onramp.client_gone(Some(dispatch)),
            Waited::Refused(refusal) => return Ending::refused(refusal),
            Waited::Ended(reason) => return onramp.give(onramp.own_answer(reason, self.number)),
            Waited::Late => dispatch.time_out(),
            Waited::Exhausted(_) | Waited::Loop => {}
        }
        onramp.leave(dispatch);
        onramp.give(answer)
    }

    fn dispatch(&self, until: Instant) -> Dispatch {
        let key = RequestKey {
            source: self.onramp.cx.uid,
            number: self.number,
            answers_merged: self.onramp.config.answer_merged,
        };
        let mut dispatch = Dispatch::of_request(Arc::clone(&self.flow), key, self.onramp.config.exchanges).until(until);
        if self.access.is_some() {
            dispatch.trace();
        }
        dispatch
    }

    async fn wait(&mut self, dispatch: &mut Dispatch, until: Instant) -> Waited {
        let interim = self.body.interim();
        let waited = tokio::select! {
            biased;
            outcome = on_behalf(interim, dispatch.reply()) => match outcome {
                Outcome::Reply(event) => Waited::Reply(event),
                Outcome::Exhausted(end) => match self.body.failure() {
                    Some(BodyError::Refused(refusal)) => Waited::Refused(refusal),
                    Some(BodyError::Gone | BodyError::NoRoom) => Waited::Gone,
                    None => Waited::Exhausted(end),
                },
                Outcome::Loop => Waited::Loop,
            },
            () = self.body.client_gone() => Waited::Gone,
            interruption = self.alarm.wait(until) => match interruption {
                Interruption::Deadline => Waited::Late,
                Interruption::Stopped => Waited::Ended(OwnReason::Shutdown),
                Interruption::Undeployed => Waited::Ended(OwnReason::Undeployed),
            },
        };
        if let Some(access) = &mut self.access {
            access.wait(self.number, dispatch.take_trace());
        }
        waited
    }

    async fn reply(mut self, mut event: Event) -> Ending {
        let onramp = self.onramp;
        if onramp.replies.must_collect(&event) {
            let settled = tokio::select! {
                biased;
                settled = settle(&mut event.payload, onramp.config.buffer, None) => settled,
                () = self.body.client_gone() => return onramp.client_gone(None),
            };
            if let Err(text) = settled {
                return onramp.give(onramp.invalid_reply(&text));
            }
        }
        let built = onramp.replies.build(&event, self.via);
        let answer = built.and_then(|response| match self.upgrade {
            Some(upgrade) => onramp.switch(upgrade, &event, response),
            None => Ok(Answer::Respond(response)),
        });
        match answer {
            Ok(answer) => Ending::reply(answer),
            Err(text) => onramp.give(onramp.invalid_reply(&text)),
        }
    }
}

/// `$correlation` of the last carrier; an error event brings it along.
fn correlation_of(end: End) -> Option<Value> {
    let of_event = end.event.as_ref().and_then(|event| event.meta().get(&key::CORRELATION));
    of_event.cloned().or(end.correlation)
}
