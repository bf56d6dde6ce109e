//! HTTP/1.1 messages from a growing buffer, without input or output. Strict where a proxy must be correct: a message that is framed
//! twice or not at all is malformed.

use std::io;

/// A complete request or response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// The first line, without its end.
    pub start: String,
    /// Names as sent, and values.
    pub headers: Vec<(String, String)>,
    /// The body without transfer coding.
    pub body: Vec<u8>,
}

impl Message {
    /// First value of a header; names are compared without case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// All values of a header in order.
    pub fn headers_of(&self, name: &str) -> Vec<&str> {
        let of_name = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        of_name.map(|(_, value)| value.as_str()).collect()
    }

    /// A word of the first line, counted from 0; empty if there are fewer.
    pub fn word(&self, at: usize) -> &str {
        self.start.split(' ').nth(at).unwrap_or("")
    }

    /// The body as JSON, null if it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// What a reader expects next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expect {
    /// A request.
    Request,
    /// A response that has a body unless its status forbids it.
    Response,
    /// A response to `HEAD`.
    HeadResponse,
}

enum Framing {
    Length(usize),
    Chunked,
    UntilEnd,
}

/// Bytes received and not yet taken.
#[derive(Debug, Default)]
pub(crate) struct MessageReader {
    buffer: Vec<u8>,
}

impl MessageReader {
    /// Adds what was received.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The buffer, to be read into.
    pub(crate) fn space(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// What is left.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.buffer
    }

    /// Takes the next message if it is complete; `at_end`: nothing more will come.
    pub(crate) fn take(&mut self, expect: Expect, at_end: bool) -> io::Result<Option<Message>> {
        let Some(head_length) = find(&self.buffer, b"\r\n\r\n").map(|at| at + 4) else {
            return Ok(None);
        };
        let mut message = parse_head(&self.buffer[..head_length - 4])?;
        let body = &self.buffer[head_length..];
        let taken = match framing(&message, expect)? {
            Framing::Length(length) if body.len() >= length => Some((body[..length].to_vec(), length)),
            Framing::UntilEnd if at_end => Some((body.to_vec(), body.len())),
            Framing::Length(_) | Framing::UntilEnd => None,
            Framing::Chunked => dechunk(body)?,
        };
        Ok(taken.map(|(body, length)| {
            self.buffer.drain(..head_length + length);
            message.body = body;
            message
        }))
    }
}

fn parse_head(head: &[u8]) -> io::Result<Message> {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.split("\r\n");
    let start = lines.next().unwrap_or("").to_owned();
    if start.split(' ').count() < 2 || !start.contains("HTTP/1.") {
        return Err(malformed(&format!("first line {start:?}")));
    }
    let headers = lines
        .map(|line| {
            let (name, value) = line
                .split_once(':')
                .ok_or_else(|| malformed(&format!("header line {line:?}")))?;
            Ok((name.to_owned(), value.trim().to_owned()))
        })
        .collect::<io::Result<_>>()?;
    Ok(Message {
        start,
        headers,
        body: Vec::new(),
    })
}

fn framing(message: &Message, expect: Expect) -> io::Result<Framing> {
    let codings = message.headers_of("transfer-encoding");
    let lengths = message.headers_of("content-length");
    if codings.len() + lengths.len() > 1 {
        return Err(malformed("framed more than once"));
    }
    let has_no_body = match expect {
        Expect::Request => codings.is_empty() && lengths.is_empty(),
        Expect::Response => {
            let status = message.word(1);
            status.starts_with('1') || status == "204" || status == "304"
        }
        Expect::HeadResponse => true,
    };
    if has_no_body {
        return Ok(Framing::Length(0));
    }
    match (codings.first(), lengths.first()) {
        (Some(coding), _) if coding.eq_ignore_ascii_case("chunked") => Ok(Framing::Chunked),
        (Some(coding), _) => Err(malformed(&format!("transfer coding {coding:?}"))),
        (None, Some(length)) => length.parse().map(Framing::Length).map_err(|_| malformed("content-length")),
        (None, None) => Ok(Framing::UntilEnd),
    }
}

/// The data of a complete chunked body and the bytes it took; trailers are dropped.
fn dechunk(bytes: &[u8]) -> io::Result<Option<(Vec<u8>, usize)>> {
    let mut data = Vec::new();
    let mut at = 0;
    loop {
        let Some(line) = find(&bytes[at..], b"\r\n") else {
            return Ok(None);
        };
        let text = String::from_utf8_lossy(&bytes[at..at + line]);
        let digits = text.split(';').next().unwrap_or("");
        let size = usize::from_str_radix(digits, 16).map_err(|_| malformed(&format!("chunk size {digits:?}")))?;
        at += line + 2;
        if size == 0 {
            break;
        }
        if bytes.len() < at + size + 2 {
            return Ok(None);
        }
        if &bytes[at + size..at + size + 2] != b"\r\n" {
            return Err(malformed("no line end after a chunk"));
        }
        data.extend_from_slice(&bytes[at..at + size]);
        at += size + 2;
    }
    loop {
        let Some(line) = find(&bytes[at..], b"\r\n") else {
            return Ok(None);
        };
        at += line + 2;
        if line == 0 {
            return Ok(Some((data, at)));
        }
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("malformed message: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(bytes: &[u8]) -> MessageReader {
        let mut reader = MessageReader::default();
        reader.push(bytes);
        reader
    }

    #[test]
    fn messages_are_taken_one_after_the_other() {
        let mut reader = reader(b"POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\nhiGET /b HTTP/1.1\r\n\r\nrest");
        let first = reader.take(Expect::Request, false).unwrap().unwrap();
        assert_eq!((first.word(0), first.word(1), &first.body[..]), ("POST", "/a", &b"hi"[..]));
        let second = reader.take(Expect::Request, false).unwrap().unwrap();
        assert_eq!((second.word(1), second.body.len()), ("/b", 0));
        assert_eq!(reader.rest(), b"rest");
    }

    #[test]
    fn incomplete_messages_wait() {
        for cut in [
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
            "HTTP/1.1 200 OK\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n",
        ] {
            assert_eq!(reader(cut.as_bytes()).take(Expect::Response, true).unwrap(), None, "{cut:?}");
        }
    }

    #[test]
    fn bodies_end_as_framed() {
        let cases: &[(&[u8], Expect, &[u8])] = &[
            (
                b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\nT: 1\r\n\r\n",
                Expect::Response,
                b"abc",
            ),
            (b"HTTP/1.1 200 OK\r\n\r\nto the end", Expect::Response, b"to the end"),
            (b"HTTP/1.1 204 No Content\r\n\r\n", Expect::Response, b""),
            (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n", Expect::HeadResponse, b""),
        ];
        for (bytes, expect, body) in cases {
            let message = reader(bytes).take(*expect, true).unwrap().unwrap();
            assert_eq!(&message.body[..], *body, "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn ambiguous_framing_is_malformed() {
        for headers in [
            "content-length: 1\r\ncontent-length: 1",
            "content-length: 1\r\ntransfer-encoding: chunked",
            "transfer-encoding: gzip",
        ] {
            let text = format!("HTTP/1.1 200 OK\r\n{headers}\r\n\r\nx");
            assert!(reader(text.as_bytes()).take(Expect::Response, true).is_err(), "{headers}");
        }
    }
}
