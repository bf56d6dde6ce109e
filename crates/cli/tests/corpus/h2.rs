//! A client of HTTP/2 that sends what it is told, well-formed or not: frames by hand, fields as literals (RFC 9113, RFC 7541).

use std::io;

use temblor_testkit::RawClient;

/// The stream of a case.
pub(crate) const FIRST: u32 = 1;
/// The stream of the request that follows on the same connection.
pub(crate) const SECOND: u32 = 3;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;

/// Names of error codes (RFC 9113, 7).
const CODES: [&str; 14] = [
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY",
    "HTTP_1_1_REQUIRED",
];

/// What is sent of a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    /// Names and values.
    pub(crate) fields: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) data: Vec<Vec<u8>>,
    pub(crate) trailers: Vec<(Vec<u8>, Vec<u8>)>,
    /// The stream is not ended.
    pub(crate) stays_open: bool,
}

/// What became of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Answer {
        status: u16,
        body: Vec<u8>,
    },
    /// The stream was reset.
    Reset(String),
    /// The connection ended.
    Gone(String),
}

/// Preface and settings: no table, so that what comes back can be read with little.
pub(crate) fn preface() -> Vec<u8> {
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    frame(&mut bytes, SETTINGS, 0, 0, &[0, 1, 0, 0, 0, 0]);
    bytes
}

impl Request {
    /// A request for a path.
    pub(crate) fn get(path: &str) -> Self {
        let fields = [(":method", "GET"), (":scheme", "http"), (":authority", "a"), (":path", path)];
        Self {
            fields: fields.map(|(name, value)| (name.into(), value.into())).to_vec(),
            ..Self::default()
        }
    }

    /// The frames.
    pub(crate) fn bytes(&self, stream: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        let has_trailers = !self.trailers.is_empty();
        let end = |is_last: bool| if is_last && !self.stays_open { END_STREAM } else { 0 };
        let flags = END_HEADERS | end(self.data.is_empty() && !has_trailers);
        frame(&mut bytes, HEADERS, flags, stream, &block(&self.fields));
        for (at, data) in self.data.iter().enumerate() {
            let flags = end(at + 1 == self.data.len() && !has_trailers);
            frame(&mut bytes, DATA, flags, stream, data);
        }
        if has_trailers {
            frame(&mut bytes, HEADERS, END_HEADERS | end(true), stream, &block(&self.trailers));
        }
        bytes
    }
}

fn frame(out: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    out.extend_from_slice(&(payload.len() as u32).to_be_bytes()[1..]);
    out.extend_from_slice(&[kind, flags]);
    out.extend_from_slice(&stream.to_be_bytes());
    out.extend_from_slice(payload);
}

/// Literals that are never indexed (RFC 7541, 6.2.3).
fn block(fields: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0x10);
        for text in [name, value] {
            string(&mut block, text);
        }
    }
    block
}

fn string(out: &mut Vec<u8>, text: &[u8]) {
    if text.len() < 0x7f {
        out.push(text.len() as u8);
    } else {
        out.push(0x7f);
        let mut rest = text.len() - 0x7f;
        while rest >= 0x80 {
            out.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        out.push(rest as u8);
    }
    out.extend_from_slice(text);
}

/// Reads frames until a stream has ended, or the connection has.
pub(crate) fn outcome(client: &mut RawClient, stream: u32) -> io::Result<Outcome> {
    let mut status = 0;
    let mut body = Vec::new();
    loop {
        let head = match client.receive_bytes(9) {
            Ok(head) => head,
            Err(error) if error.kind() == io::ErrorKind::TimedOut => return Err(error),
            Err(error) => return Ok(Outcome::Gone(error.kind().to_string())),
        };
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let (kind, flags) = (head[3], head[4]);
        let of = u32::from_be_bytes([head[5], head[6], head[7], head[8]]) & 0x7fff_ffff;
        let payload = client.receive_bytes(length)?;
        match kind {
            SETTINGS if flags & ACK == 0 => {
                let mut answer = Vec::new();
                frame(&mut answer, SETTINGS, ACK, 0, &[]);
                client.send(&answer)?;
            }
            GOAWAY => {
                let code = code(&payload[4..8]);
                if code != "NO_ERROR" {
                    return Ok(Outcome::Gone(code));
                }
            }
            HEADERS if of == stream && status < 200 => status = status_of(&payload)?,
            DATA if of == stream => body.extend_from_slice(&payload),
            RST_STREAM if of == stream => return Ok(Outcome::Reset(code(&payload[..4]))),
            _ => {}
        }
        let is_end = matches!(kind, HEADERS | DATA) && of == stream && flags & END_STREAM != 0;
        if is_end {
            return Ok(Outcome::Answer { status, body });
        }
    }
}

fn code(bytes: &[u8]) -> String {
    let number = bytes.iter().fold(0, |number, byte| number << 8 | usize::from(*byte));
    CODES
        .get(number)
        .map_or_else(|| number.to_string(), |name| (*name).to_owned())
}

/// The status, which is the first field: indexed, or a literal with an indexed name.
fn status_of(block: &[u8]) -> io::Result<u16> {
    let unreadable = || io::Error::new(io::ErrorKind::InvalidData, format!("no status in {block:x?}"));
    // Changes of the table's size come first.
    let start = block.iter().position(|byte| byte >> 5 != 1).ok_or_else(unreadable)?;
    let field = &block[start..];
    let indexed = [200, 204, 206, 304, 400, 404, 500];
    match field {
        [index @ 0x88..=0x8e, ..] => Ok(indexed[usize::from(index - 0x88)]),
        [0x08 | 0x18 | 0x48, 0x03, a, b, c, ..] => {
            let text = [*a, *b, *c];
            let text = std::str::from_utf8(&text).ok();
            text.and_then(|text| text.parse().ok()).ok_or_else(unreadable)
        }
        [0x08 | 0x18 | 0x48, length, rest @ ..] if length & 0x80 != 0 => digits(rest).ok_or_else(unreadable),
        _ => Err(unreadable()),
    }
}

/// Three digits in the code of RFC 7541, appendix B: 0 to 2 have five bits, the others six.
fn digits(bytes: &[u8]) -> Option<u16> {
    let mut bits = bytes.iter().take(4).fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
    bits <<= 8 * 4_usize.saturating_sub(bytes.len());
    let mut number = 0;
    for _ in 0..3 {
        let (digit, length) = match bits >> 27 {
            short @ 0..=2 => (short, 5),
            _ => ((bits >> 26).checked_sub(0x19 - 3)?, 6),
        };
        number = number * 10 + u16::try_from(digit).ok().filter(|digit| *digit < 10)?;
        bits <<= length;
    }
    Some(number)
}
