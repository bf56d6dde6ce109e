//! Chunked transfer coding (RFC 9112 7.1), read strictly (`proxy.md` 2.1, rows chunks and trailers).

use bytes::{Buf, BytesMut};

use super::body::BodyFault;
use super::field::{Leniency, Lines, parse_field};
use crate::message::{Headers, Name, Slot};

/// Longest chunk size in hexadecimal digits.
const MAX_DIGITS: usize = 16;
/// Longest chunk extension of a line, in bytes.
const MAX_EXTENSION: usize = 256;
/// Chunk extensions of a body together, in bytes.
const MAX_EXTENSIONS: usize = 16 << 10;
/// Longest line with a chunk size, its end included.
const MAX_SIZE_LINE: usize = MAX_DIGITS + MAX_EXTENSION + 2;

/// Reads the framing of a chunked body.
#[derive(Debug)]
pub(crate) struct ChunkedReader {
    state: State,
    extensions: usize,
    trailer_limit: usize,
}

#[derive(Debug)]
enum State {
    Size,
    Data(u64),
    DataEnd,
    Trailers(Trailers),
}

#[derive(Debug, Default)]
struct Trailers {
    lines: Lines,
    slots: Vec<Slot>,
}

/// What lies at the front of the buffer.
#[derive(Debug)]
pub(crate) enum ChunkStep {
    /// So many bytes of data, at least one; report their removal by [`ChunkedReader::taken`].
    Data(usize),
    /// Nothing complete.
    NeedMore,
    /// The body has ended; the trailers were removed from the buffer.
    End(Headers),
}

impl ChunkedReader {
    /// A reader that takes at most so many bytes of trailers.
    pub(crate) fn new(trailer_limit: usize) -> ChunkedReader {
        ChunkedReader {
            state: State::Size,
            extensions: 0,
            trailer_limit,
        }
    }

    /// Removes framing from the front of the buffer until there is data or nothing complete.
    pub(crate) fn step(&mut self, buffer: &mut BytesMut) -> Result<ChunkStep, BodyFault> {
        loop {
            match &mut self.state {
                State::Size => match self.read_size(buffer)? {
                    None => return Ok(ChunkStep::NeedMore),
                    Some(0) => self.state = State::Trailers(Trailers::default()),
                    Some(size) => self.state = State::Data(size),
                },
                State::Data(remaining) => {
                    let available = usize::try_from(*remaining).map_or(buffer.len(), |remaining| remaining.min(buffer.len()));
                    return Ok(if available == 0 {
                        ChunkStep::NeedMore
                    } else {
                        ChunkStep::Data(available)
                    });
                }
                State::DataEnd => {
                    if !skip_data_end(buffer)? {
                        return Ok(ChunkStep::NeedMore);
                    }
                    self.state = State::Size;
                }
                State::Trailers(trailers) => {
                    let end = trailers.advance(buffer, self.trailer_limit)?;
                    return Ok(end.map_or(ChunkStep::NeedMore, ChunkStep::End));
                }
            }
        }
    }

    /// So many bytes of the data of the current chunk were taken.
    pub(crate) fn taken(&mut self, count: u64) {
        if let State::Data(remaining) = &mut self.state {
            *remaining = remaining.saturating_sub(count);
            if *remaining == 0 {
                self.state = State::DataEnd;
            }
        }
    }

    /// Bytes left of the current chunk.
    pub(crate) fn chunk_remaining(&self) -> u64 {
        match self.state {
            State::Data(remaining) => remaining,
            _ => 0,
        }
    }

    fn read_size(&mut self, buffer: &mut BytesMut) -> Result<Option<u64>, BodyFault> {
        let window = buffer.get(..buffer.len().min(MAX_SIZE_LINE)).unwrap_or_default();
        let Some(line_feed) = memchr::memchr(b'\n', window) else {
            return if window.len() == MAX_SIZE_LINE {
                Err(BodyFault::Malformed("chunk size line too long"))
            } else {
                Ok(None)
            };
        };
        let line = window.get(..line_feed).unwrap_or_default();
        let Some((b'\r', line)) = line.split_last() else {
            return Err(BodyFault::Malformed("line feed without carriage return in a chunk"));
        };
        let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let (number, extension) = line.split_at(digits);
        let well_formed = matches!(extension, [] | [b';', ..]) && crate::message::class::is_value(extension);
        if digits == 0 || digits > MAX_DIGITS || !well_formed {
            return Err(BodyFault::Malformed("malformed chunk size"));
        }
        self.extensions += extension.len();
        if extension.len() > MAX_EXTENSION || self.extensions > MAX_EXTENSIONS {
            return Err(BodyFault::Malformed("chunk extensions too long"));
        }
        let size = number
            .iter()
            .fold(0_u64, |size, &digit| size << 4 | u64::from(hex_value(digit)));
        buffer.advance(line_feed + 1);
        Ok(Some(size))
    }
}

fn hex_value(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20).wrapping_sub(b'a').wrapping_add(10),
    }
}

/// Removes the line end after chunk data. False: not there yet.
fn skip_data_end(buffer: &mut BytesMut) -> Result<bool, BodyFault> {
    match buffer.as_ref() {
        [] | [b'\r'] => Ok(false),
        [b'\r', b'\n', ..] => {
            buffer.advance(2);
            Ok(true)
        }
        _ => Err(BodyFault::Malformed("chunk data not followed by a line end")),
    }
}

impl Trailers {
    fn advance(&mut self, buffer: &mut BytesMut, limit: usize) -> Result<Option<Headers>, BodyFault> {
        // The empty line that ends the section does not count.
        let limit = limit.saturating_add(2);
        loop {
            let window = buffer.len().min(limit);
            let seen = buffer.get(..window).unwrap_or_default();
            let next = self
                .lines
                .next(seen)
                .map_err(|_| BodyFault::Malformed("line feed without carriage return in trailers"))?;
            let Some((start, end)) = next else {
                return if window == limit {
                    Err(BodyFault::TrailersTooLarge)
                } else {
                    Ok(None)
                };
            };
            if start == end {
                let text = buffer.split_to(self.lines.position()).freeze();
                let mut headers = Headers::new(text, std::mem::take(&mut self.slots));
                headers.retain(|field| !field.known().is_some_and(is_forbidden_trailer));
                return Ok(Some(headers));
            }
            let slot = parse_field(buffer, start, end, Leniency::Strict).map_err(BodyFault::Malformed)?;
            self.slots.push(slot);
        }
    }
}

/// Fields of framing, routing, authentication and content handling are no trailers (RFC 9110 6.5.1).
pub(crate) fn is_forbidden_trailer(name: Name) -> bool {
    name.is_standard_hop()
        || matches!(
            name,
            Name::ContentLength
                | Name::ContentEncoding
                | Name::ContentType
                | Name::ContentRange
                | Name::Host
                | Name::MaxForwards
                | Name::Expect
                | Name::CacheControl
                | Name::Authorization
                | Name::Cookie
                | Name::SetCookie
                | Name::WwwAuthenticate
                | Name::ProxyAuthenticate
                | Name::ProxyAuthorization
                | Name::Forwarded
                | Name::Via
                | Name::XForwardedFor
                | Name::XForwardedHost
                | Name::XForwardedPort
                | Name::XForwardedProto
                | Name::XRealIp
                | Name::XRequestId
                | Name::Traceparent
                | Name::Tracestate
                | Name::RetryAfter
                | Name::Location
                | Name::Vary
                | Name::Date
        )
}
