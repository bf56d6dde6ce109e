//! A response as events (spec/artefacts.md 4.7 and 4.8).

use std::io::Read;
use std::sync::Arc;

use bytes::Bytes;
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use temblor_event::{Attempt, Event, Insight, InsightKind, Outcome};
use temblor_runtime::clock::now_ns;
use temblor_runtime::need::{BodyNeed, Need};
use temblor_runtime::sink::{Reply, SinkPort};
use temblor_value::{ObjectMap, Value};
use tokio::time::Instant;

use super::events::{Cause, Failure, origin_of};
use super::request::{Built, request_record};
use super::sink::RestSink;
use crate::message::{Name, ResponseHead};
use crate::rest::body::{Arrived, Intake, Mode, payload};
use crate::rest::headers;
use crate::rest::meta::{content_type, key};

/// A response, as far as it was taken.
pub(super) struct Received {
    /// Its head.
    pub head: ResponseHead,
    /// Its body.
    pub body: Arrived,
    /// When the event was accepted.
    pub start: Instant,
    /// Time from then to the head, milliseconds.
    pub elapsed_ms: f64,
}

impl RestSink {
    /// What is to be done about the body of a response.
    pub(super) fn mode(&self, head: &ResponseHead, need: BodyNeed) -> Mode {
        let is_decoded = self.decodes(need) && coding_of(head).is_some();
        if !self.is_linked || is_decoded {
            return Mode::Collect;
        }
        self.intake(head, need).mode()
    }

    fn intake(&self, head: &ResponseHead, need: BodyNeed) -> Intake<'_> {
        Intake {
            codec: content_type(&head.headers)
                .and_then(|text| self.codec_map.resolve_bytes(text))
                .unwrap_or(&self.codec),
            preprocessors: &self.preprocessors,
            need,
            validate: self.config.validate,
        }
    }

    /// The events and the feedback of a response.
    pub(super) fn received(&self, cause: Cause, built: &Built, received: Received, need: BodyNeed) -> Reply {
        let Received {
            mut head,
            mut body,
            start,
            elapsed_ms,
        } = received;
        let now_ns = now_ns();
        let status = head.status.code();
        let coding = coding_of(&head);
        let unreadable = |text: String| Failure {
            outcome: Outcome::Decode,
            text,
            is_sent: true,
            status: Some(status),
        };
        if self.decodes(need)
            && let Some(coding) = coding
            && let Arrived::Whole(coded, _) = &body
        {
            match decode_coding(coding, coded, self.config.buffer) {
                Ok(plain) => body = Arrived::Whole(plain, None),
                Err(text) => return self.failed(cause, unreadable(text), elapsed_ms, now_ns),
            }
            head.headers.remove(Name::ContentEncoding);
            head.headers.remove(Name::ContentLength);
        }
        let mut intake = self.intake(&head, need);
        let is_coded = head.headers.contains(Name::ContentEncoding);
        if is_coded && intake.need() == Need::Bytes {
            // What stays coded is checked on a decoded copy, as far as the coding is known.
            if intake.validate
                && let (Some(coding), Arrived::Whole(coded, _)) = (coding, &body)
                && let Err(text) = decode_coding(coding, coded, self.config.buffer).and_then(|plain| intake.check_only(&plain))
            {
                return self.failed(cause, unreadable(text), elapsed_ms, now_ns);
            }
            intake.validate = false;
        }
        let mut ingest_ns = now_ns;
        let taken = intake.take(body, &mut ingest_ns);
        let mut meta = response_meta(head, built, cause.correlation.as_ref());
        if let (Some(account), Some(meta)) = (&cause.account, meta.object_mut()) {
            let total_ms = start.elapsed().as_secs_f64() * 1000.0;
            meta.insert(key::UPSTREAM, account.record(self, self.outcome_of(status), total_ms));
        }
        let explicit_port = (built.resolved.authority.len() > built.resolved.host.len()).then_some(built.resolved.port);
        let origin = Arc::new(origin_of(&built.resolved.host, explicit_port, &built.request.target));
        let mut reply = Reply::default();
        for part in taken.or_empty_record().parts {
            let data = match part {
                Ok(data) => data,
                Err(text) => return self.failed(cause, unreadable(text), elapsed_ms, now_ns),
            };
            let mut event = Event::new(self.new_id(&cause.id), payload(data, meta.clone()), ingest_ns);
            event.origin = Some(Arc::clone(&origin));
            reply.events.push((SinkPort::Out, event));
        }
        reply.insight = self.judge(cause.about, status, elapsed_ms, now_ns);
        reply
    }

    /// The outcome that a complete response head is.
    fn outcome_of(&self, status: u16) -> Outcome {
        if self.config.failure.contains(status) {
            Outcome::Status
        } else {
            Outcome::Ok
        }
    }

    /// Feedback for a response head.
    pub(super) fn judge(&self, about: Option<Insight>, status: u16, elapsed_ms: f64, now_ns: u64) -> Option<Insight> {
        let outcome = self.outcome_of(status);
        self.metrics.outcome(outcome);
        about.map(|insight| Insight {
            kind: if outcome == Outcome::Ok {
                InsightKind::Ack
            } else {
                InsightKind::Fail
            },
            ingest_ns: now_ns,
            time_ms: Some(elapsed_ms as u64),
            attempt: Some(Attempt {
                outcome,
                is_sent: true,
                status: Some(status),
                elapsed_ms,
            }),
            ..insight
        })
    }
}

fn response_meta(head: ResponseHead, built: &Built, correlation: Option<&Value>) -> Value {
    let mut response = ObjectMap::with_capacity(4);
    response.append(key::STATUS, i64::from(head.status.code()));
    response.append(key::HEADERS, headers::record(head.headers));
    if let Some(headers) = &built.headers {
        let request = request_record(&built.request.method, headers.clone(), built.resolved.record());
        response.insert(key::REQUEST, request);
    }
    let mut meta = ObjectMap::with_capacity(2);
    meta.append(key::RESPONSE, Value::from(response));
    if let Some(correlation) = correlation {
        meta.append(key::CORRELATION, correlation.clone());
    }
    Value::from(meta)
}

/// A content coding that can be undone.
#[derive(Clone, Copy)]
enum Coding {
    Gzip,
    Deflate,
}

/// The coding of a response, if it is a single one that can be undone.
fn coding_of(head: &ResponseHead) -> Option<Coding> {
    let mut all = head.headers.get_all(Name::ContentEncoding);
    let only = all.next()?.trim_ascii();
    if all.next().is_some() {
        return None;
    }
    if only.eq_ignore_ascii_case(b"gzip") || only.eq_ignore_ascii_case(b"x-gzip") {
        Some(Coding::Gzip)
    } else if only.eq_ignore_ascii_case(b"deflate") {
        Some(Coding::Deflate)
    } else {
        None
    }
}

/// Undoes a coding; at most `limit` bytes.
fn decode_coding(coding: Coding, body: &[u8], limit: Option<u64>) -> Result<Bytes, String> {
    if body.is_empty() {
        return Ok(Bytes::new());
    }
    let limit = limit.unwrap_or(u64::MAX);
    let mut plain = Vec::new();
    let read = match coding {
        Coding::Gzip => MultiGzDecoder::new(body)
            .take(limit.saturating_add(1))
            .read_to_end(&mut plain),
        Coding::Deflate => ZlibDecoder::new(body).take(limit.saturating_add(1)).read_to_end(&mut plain),
    };
    read.map_err(|error| format!("the response's content coding cannot be undone: {error}"))?;
    if plain.len() as u64 > limit {
        return Err("the decoded response is larger than may be held".to_owned());
    }
    Ok(Bytes::from(plain))
}
