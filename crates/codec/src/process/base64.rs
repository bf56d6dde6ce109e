//! `base64`: the standard alphabet (RFC 4648 section 4); padding is written, and may be missing when read (formats.md 5 and 6).

use base64::{
    DecodeError, Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose},
};
use bytes::Bytes;

use super::{Postprocessor, Preprocessor, inflate::broken};
use crate::ProcessError;

pub(super) const NAME: &str = "base64";

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[derive(Debug)]
pub(super) struct Decode;

impl Preprocessor for Decode {
    fn name(&self) -> &'static str {
        NAME
    }

    fn process(&mut self, chunk: Bytes, _ingest_ns: &mut u64, out: &mut Vec<Bytes>) -> Result<(), ProcessError> {
        out.push(Bytes::from(LENIENT.decode(&chunk).map_err(|error| explain(&chunk, &error))?));
        Ok(())
    }
}

/// The first byte outside of the alphabet explains an error better than the length, which is often wrong too.
fn explain(chunk: &[u8], error: &DecodeError) -> ProcessError {
    let is_foreign = |byte: u8| !byte.is_ascii_alphanumeric() && !matches!(byte, b'+' | b'/' | b'=');
    match chunk.iter().copied().enumerate().find(|(_, byte)| is_foreign(*byte)) {
        Some((offset, byte)) => ProcessError::Base64Byte { byte, offset },
        None => broken(NAME, error),
    }
}

#[derive(Debug)]
pub(super) struct Encode;

impl Postprocessor for Encode {
    fn name(&self) -> &'static str {
        NAME
    }

    fn process(&mut self, message: Bytes, _ingest_ns: u64, _egress_ns: u64, out: &mut Vec<Bytes>) -> Result<(), ProcessError> {
        out.push(Bytes::from(general_purpose::STANDARD.encode(&message)));
        Ok(())
    }
}
