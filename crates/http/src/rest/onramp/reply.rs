//! A reply event as a response (spec/artefacts.md 3.7).

use std::sync::Arc;

use temblor_codec::{Codec, CodecMap, PostFactory};
use temblor_event::{Data, Event};
use temblor_value::Value;

use crate::message::{Direction, HeaderBlock, Headers, Name, Status};
use crate::rest::bodies::BodyCounts;
use crate::rest::body::{Leaving, Outlet};
use crate::rest::headers::HeaderRecord;
use crate::rest::meta::key;
use crate::server::Response;

/// Room for the fields of an ordinary response.
const HEADER_BYTES: usize = 512;

/// How an onramp turns replies into responses.
pub(super) struct ReplyBuilder {
    /// Codec of the onramp.
    pub codec: Arc<dyn Codec>,
    /// Codecs by content type.
    pub codec_map: CodecMap,
    /// Postprocessors.
    pub postprocessors: Vec<PostFactory>,
    /// `encode: always`.
    pub always_encode: bool,
    /// Where what leaves is counted.
    pub counts: Arc<BodyCounts>,
}

impl ReplyBuilder {
    /// Builds the response; the error is the text that the client is shown (spec/artefacts.md 3.8). `via`: the element it gets in `via`
    /// (spec/proxy.md 2.5).
    pub(super) fn build(&self, event: &Event, via: Option<&str>) -> Result<Response, String> {
        if event.is_batch {
            return Err("Batched events not supported in linked REST source.".to_owned());
        }
        let response = event.meta().get("response").ok_or("No response metadata available.")?;
        let status = status(response)?;
        let given = HeaderRecord::of(response.get("headers"));
        let content_type = given.first(Name::ContentType);
        let leaving = if status == Status::SWITCHING_PROTOCOLS {
            Leaving::NOTHING
        } else {
            let outlet = self.outlet(content_type);
            outlet.body(event.payload.data(), event.ingest_ns)?
        };
        let mut headers = HeaderBlock::with_capacity(Direction::Response, HEADER_BYTES);
        push_headers(&mut headers, given)?;
        if let Some(element) = via {
            headers
                .push_known(Name::Via, element.as_bytes())
                .map_err(|error| error.to_string())?;
        }
        if content_type.is_none() && leaving.content.is_some() {
            let own = self.codec.mime_types().first().copied().unwrap_or("application/octet-stream");
            headers
                .push_known(Name::ContentType, own.as_bytes())
                .map_err(|error| error.to_string())?;
        }
        // Counts for answers to HEAD and for 304 only (spec/proxy.md 2.7).
        let declared_length = given
            .first(Name::ContentLength)
            .filter(|_| leaving.is_untouched)
            .and_then(|text| text.parse().ok());
        Ok(Response {
            status,
            headers,
            body: leaving.content.unwrap_or_default(),
            declared_length,
        })
    }
}

impl ReplyBuilder {
    /// Whether the body of the reply must be read to its end before the response can be built.
    pub(super) fn must_collect(&self, event: &Event) -> bool {
        if !matches!(event.payload.data(), Data::Stream(_)) {
            return false;
        }
        let given = HeaderRecord::of(event.meta().get("response").and_then(|response| response.get("headers")));
        let content_type = given.first(Name::ContentType);
        self.outlet(content_type).must_collect(event.payload.data())
    }

    fn outlet(&self, content_type: Option<&str>) -> Outlet<'_> {
        let codec = content_type
            .and_then(|text| self.codec_map.resolve(Some(text)))
            .unwrap_or(&self.codec);
        Outlet {
            codec,
            postprocessors: &self.postprocessors,
            always_encode: self.always_encode,
            keep: None,
            counts: &self.counts,
        }
    }
}

fn status(response: &Value) -> Result<Status, String> {
    match response.get(key::STATUS.as_str()).and_then(Value::as_u64) {
        Some(code) if u16::try_from(code).is_ok() => {
            Status::new(code as u16).ok_or_else(|| format!("The response status {code} is not within 100 to 999."))
        }
        _ => Ok(Status::OK),
    }
}

/// Appends a header record: texts and the texts of arrays, one line each.
pub(super) fn push_headers(block: &mut HeaderBlock, record: HeaderRecord<'_>) -> Result<(), String> {
    let untouched = record.untouched();
    for field in untouched.into_iter().flat_map(Headers::iter) {
        block.push_field(field);
    }
    for entry in record.entries_from(untouched.map_or(0, Headers::len)) {
        let name = entry.name;
        if let Some(fields) = entry.received() {
            fields.for_each(|field| block.push_field(field));
            continue;
        }
        match entry.value() {
            Value::Str(text) => push(block, name, text)?,
            Value::Array(values) => {
                for text in values.iter().filter_map(Value::as_str) {
                    push(block, name, text)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn push(block: &mut HeaderBlock, name: &str, value: &str) -> Result<(), String> {
    block
        .push(name, value.as_bytes())
        .map_err(|error| format!("{error}: `{name}`"))
}
