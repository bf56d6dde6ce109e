//! Doors to the incremental parsers for fuzz targets (feature `fuzzing`); no part of the engine.
//!
//! Each function feeds the parts one after the other and describes the outcome as text, so that two outcomes can be compared.

use std::fmt::Debug;

use bytes::{Buf, BytesMut};

use super::chunked::{ChunkStep, ChunkedReader};
use super::request::{RequestParser, RequestRules};
use super::response::ResponseParser;
use crate::limits::{ClientLimits, ServerLimits};
use crate::message::{Headers, Method};

/// Small limits, so that short inputs meet them.
const HEAD: usize = 512;
const FIELDS: usize = 8;
const TRAILERS: usize = 64;

/// Feeds the parts to `advance` until it gives an outcome; what was not taken is part of the description.
fn feed<T, E: Debug>(
    parts: &[&[u8]],
    mut advance: impl FnMut(&mut BytesMut) -> Result<Option<T>, E>,
    describe: impl Fn(T) -> String,
) -> String {
    let mut buffer = BytesMut::new();
    let mut parts = parts.iter();
    while let Some(part) = parts.next() {
        buffer.extend_from_slice(part);
        match advance(&mut buffer) {
            Ok(None) => {}
            Ok(Some(message)) => {
                parts.for_each(|part| buffer.extend_from_slice(part));
                return format!("{} rest {:?}", describe(message), buffer.as_ref());
            }
            Err(error) => return format!("{error:?}"),
        }
    }
    "incomplete".to_owned()
}

fn fields(headers: &Headers) -> Vec<(&str, &[u8])> {
    headers.iter().map(|field| (field.name(), field.value())).collect()
}

/// Outcome of reading a request head.
pub fn request_head(parts: &[&[u8]]) -> String {
    let limits = ServerLimits {
        target: HEAD / 4,
        head: HEAD,
        headers: FIELDS,
        ..ServerLimits::default()
    };
    let rules = RequestRules {
        limits: &limits,
        protected: &[],
    };
    let mut parser = RequestParser::default();
    feed(
        parts,
        |buffer| parser.advance(buffer, rules),
        |message| {
            let (head, target) = (&message.head, &message.head.target);
            let fields = fields(&head.headers);
            let parts = (
                target.scheme(),
                target.userinfo(),
                target.authority(),
                target.path(),
                target.query(),
            );
            let rest = (message.framing, message.persistent, message.expects_continue);
            format!(
                "{:?} {:?} {target:?} {parts:?} {fields:?} {rest:?}",
                head.method, head.version
            )
        },
    )
}

/// Outcome of reading the head of the response to a GET.
pub fn response_head(parts: &[&[u8]]) -> String {
    let limits = ClientLimits {
        head: HEAD,
        headers: FIELDS,
        trailers: TRAILERS,
    };
    let mut parser = ResponseParser::default();
    feed(
        parts,
        |buffer| parser.advance(buffer, &limits, &Method::Get),
        |message| {
            let head = &message.head;
            let fields = fields(&head.headers);
            let rest = (message.framing, message.persistent, message.idle_hint);
            format!("{:?} {:?} {fields:?} {rest:?}", head.status, head.version)
        },
    )
}

/// Outcome of reading a chunked body with its trailers.
pub fn chunked_body(parts: &[&[u8]]) -> String {
    let mut reader = ChunkedReader::new(TRAILERS);
    let mut body = Vec::new();
    feed(
        parts,
        |buffer| {
            loop {
                match reader.step(buffer)? {
                    ChunkStep::NeedMore => return Ok(None),
                    ChunkStep::Data(count) => {
                        body.extend_from_slice(buffer.get(..count).unwrap_or_default());
                        buffer.advance(count);
                        reader.taken(count as u64);
                    }
                    ChunkStep::End(trailers) => return Ok::<_, super::BodyFault>(Some((std::mem::take(&mut body), trailers))),
                }
            }
        },
        |(body, trailers)| format!("{body:?} {:?}", fields(&trailers)),
    )
}
