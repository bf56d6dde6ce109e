//! The form of a file of cases.
//!
//! ```text
//! # A comment. Empty lines mean nothing.
//! == name of the case
//! rule: where it is laid down
//! > POST /@ HTTP/1.1
//! > Host: a
//! > Content-Length: 2
//! >
//! >> hi
//! answer: 200
//! upstream: POST /@ "hi"
//! ```
//!
//! A case is played in order: bytes are sent, then the answers named below them are read, then what follows is sent.
//!
//! | line | meaning |
//! | --- | --- |
//! | `> text` | the client sends this and CRLF |
//! | `>> text` | the client sends this and no line end |
//! | `< text`, `<< text` | so answers the upstream; without these lines it tells the request |
//! | `upstream-closes` | the upstream closes its connection behind that answer |
//! | `answer: 400 bad_request` | an answer with this status and, of our own answers, this reason |
//! | `answer: 200 "body"` | an answer with this body, beside nothing else |
//! | `answer: 200 truncated` | an answer that breaks off |
//! | `end: closed`, `end: open`, `end: left` | the connection closes; it takes another request; the client closes it. If the line is missing: closed when the last answer names a reason, else open |
//! | `upstream: METHOD target "body"` | a request that the upstream gets, in order; `"*"` stands for any body |
//! | `upstream: torn` | beside these, the upstream may see the beginning of one that is never complete |
//! | `h2> name: value`, `h2data text`, `h2trailer name: value` | the case is spoken in HTTP/2: fields, a DATA frame and trailers of one request |
//! | `h2open` | its last frame does not end the stream |
//! | `h2answer: 400 bad_request` | what comes back, as above |
//! | `h2reset: PROTOCOL_ERROR` | the stream is reset; the connection takes another request |
//! | `h2gone: COMPRESSION_ERROR` | the connection ends with this error |
//! | `has: name: value`, `lacks: name` | a field that the request of the `upstream:` line above has or lacks |
//!
//! In texts `\r`, `\n`, `\t`, `\0`, `\\`, `\"` and `\xNN` are bytes, `\(text*N)` repeats a text, and `@` is a name of the case's run, so that
//! no two cases ask for the same target.

use std::fmt::Write as _;

use crate::h2::Request;

/// See the module's documentation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) rule: String,
    pub(crate) steps: Vec<Step>,
    /// What the upstream answers instead of telling the request.
    pub(crate) reply: Option<Vec<u8>>,
    pub(crate) upstream_closes: bool,
    pub(crate) upstream: Vec<Seen>,
    pub(crate) may_be_torn: bool,
    pub(crate) http2: Option<Http2>,
    end: Option<End>,
}

/// The part of a case that is spoken in HTTP/2.
#[derive(Clone, Debug, Default)]
pub(crate) struct Http2 {
    pub(crate) request: Request,
    pub(crate) expected: Expected,
}

/// What comes back over HTTP/2.
#[derive(Clone, Debug, Default)]
pub(crate) enum Expected {
    /// Nothing was said.
    #[default]
    Nothing,
    Answer(Answer),
    /// The stream ends with this error.
    Reset(String),
    /// The connection ends with this error.
    Gone(String),
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Send(Vec<u8>),
    Answer(Answer),
}

/// An answer to the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content: Content,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Nothing is said about it.
    Any,
    /// A record that names this reason.
    Reason(String),
    /// Exactly this.
    Body(Vec<u8>),
    /// It breaks off.
    Truncated,
}

/// A request at the upstream.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    /// `None`: any.
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) has: Vec<(String, String)>,
    pub(crate) lacks: Vec<String>,
}

/// What becomes of the client's connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It takes another request.
    Open,
    /// It closes.
    Closed,
    /// The client closes it.
    Left,
}

impl Answer {
    /// Is it this one?
    pub(crate) fn fits(&self, status: u16, body: &[u8]) -> bool {
        let reason = || serde_json::from_slice::<serde_json::Value>(body).unwrap_or_default()["reason"].clone();
        status == self.status
            && match &self.content {
                Content::Any | Content::Truncated => true,
                Content::Reason(expected) => reason() == expected.as_str(),
                Content::Body(expected) => body == expected,
            }
    }
}

impl Case {
    /// What becomes of the connection.
    pub(crate) fn end(&self) -> End {
        let last = self.steps.iter().rev().find_map(|step| match step {
            Step::Answer(answer) => Some(&answer.content),
            Step::Send(_) => None,
        });
        self.end.unwrap_or(match last {
            Some(Content::Reason(_) | Content::Truncated) => End::Closed,
            _ => End::Open,
        })
    }
}

/// Reads a file of cases; `@` becomes `token` and the case's number.
pub(crate) fn read(text: &str, token: &str) -> Result<Vec<Case>, String> {
    let mut cases: Vec<Case> = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix("== ") {
            cases.push(Case {
                name: name.trim().to_owned(),
                ..Case::default()
            });
            continue;
        }
        let at = cases.len();
        let case = cases.last_mut().ok_or_else(|| format!("line {number}: no case has begun"))?;
        let line = line.replace('@', &format!("{token}{at}"));
        add(case, &line).map_err(|error| format!("line {number} ({line}): {error}"))?;
    }
    let is_idle = |case: &&Case| match &case.http2 {
        Some(http2) => matches!(http2.expected, Expected::Nothing) || !case.steps.is_empty(),
        None => case.steps.is_empty(),
    };
    match cases.iter().find(|case| case.rule.is_empty() || is_idle(case)) {
        Some(case) => Err(format!("`{}` has no rule or does nothing", case.name)),
        None => Ok(cases),
    }
}

fn add(case: &mut Case, line: &str) -> Result<(), String> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    match word {
        ">" => send(case, &(unescape(rest)?, b"\r\n")),
        ">>" => send(case, &(unescape(rest)?, b"")),
        "<" => reply(case, &(unescape(rest)?, b"\r\n")),
        "<<" => reply(case, &(unescape(rest)?, b"")),
        "h2>" => http2(case).request.fields.push(field(rest)?),
        "h2trailer" => http2(case).request.trailers.push(field(rest)?),
        "h2data" => {
            let data = unescape(rest)?;
            http2(case).request.data.push(data);
        }
        "h2open" => http2(case).request.stays_open = true,
        "h2answer:" => http2(case).expected = Expected::Answer(answer(rest)?),
        "h2reset:" => http2(case).expected = Expected::Reset(rest.to_owned()),
        "h2gone:" => http2(case).expected = Expected::Gone(rest.to_owned()),
        "rule:" => rest.clone_into(&mut case.rule),
        "upstream-closes" => case.upstream_closes = true,
        "answer:" => case.steps.push(Step::Answer(answer(rest)?)),
        "end:" => case.end = Some(end(rest)?),
        "upstream:" if rest == "torn" => case.may_be_torn = true,
        "upstream:" => case.upstream.push(seen(rest)?),
        "has:" => {
            let (name, value) = rest.split_once(": ").ok_or("no value")?;
            let value = String::from_utf8_lossy(&unescape(value)?).into_owned();
            last_seen(case)?.has.push((name.to_owned(), value));
        }
        "lacks:" => last_seen(case)?.lacks.push(rest.to_owned()),
        _ => return Err("no such line".to_owned()),
    }
    Ok(())
}

fn http2(case: &mut Case) -> &mut Http2 {
    case.http2.get_or_insert_default()
}

/// Name and value; the colon of a pseudo-header belongs to its name.
fn field(text: &str) -> Result<(Vec<u8>, Vec<u8>), String> {
    let (name, value) = text.split_once(": ").ok_or("name and value are wanted")?;
    Ok((unescape(name)?, unescape(value)?))
}

fn last_seen(case: &mut Case) -> Result<&mut Seen, String> {
    case.upstream.last_mut().ok_or_else(|| "no `upstream:` line above".to_owned())
}

fn send(case: &mut Case, (text, end): &(Vec<u8>, &[u8])) {
    if !matches!(case.steps.last(), Some(Step::Send(_))) {
        case.steps.push(Step::Send(Vec::new()));
    }
    if let Some(Step::Send(bytes)) = case.steps.last_mut() {
        bytes.extend_from_slice(text);
        bytes.extend_from_slice(end);
    }
}

fn reply(case: &mut Case, (text, end): &(Vec<u8>, &[u8])) {
    let bytes = case.reply.get_or_insert_default();
    bytes.extend_from_slice(text);
    bytes.extend_from_slice(end);
}

fn answer(text: &str) -> Result<Answer, String> {
    let (status, rest) = text.split_once(' ').unwrap_or((text, ""));
    Ok(Answer {
        status: status.parse().map_err(|_| "no status")?,
        content: match rest {
            "" => Content::Any,
            "truncated" => Content::Truncated,
            _ => match quoted(rest)? {
                Some(body) => Content::Body(body),
                None => Content::Reason(rest.to_owned()),
            },
        },
    })
}

fn end(text: &str) -> Result<End, String> {
    match text {
        "open" => Ok(End::Open),
        "closed" => Ok(End::Closed),
        "left" => Ok(End::Left),
        _ => Err("`open`, `closed` or `left`".to_owned()),
    }
}

fn seen(text: &str) -> Result<Seen, String> {
    let mut words = text.splitn(3, ' ');
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Err("method and target are wanted".to_owned());
    };
    let body = match words.next() {
        None => Some(Vec::new()),
        Some("\"*\"") => None,
        Some(text) => Some(quoted(text)?.ok_or("the body stands in quotes")?),
    };
    Ok(Seen {
        method: method.to_owned(),
        target: String::from_utf8_lossy(&unescape(target)?).into_owned(),
        body,
        ..Seen::default()
    })
}

fn quoted(text: &str) -> Result<Option<Vec<u8>>, String> {
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    inner.map(unescape).transpose()
}

fn unescape(text: &str) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.extend_from_slice(before.as_bytes());
        let sign = after.chars().next().ok_or("a lonely backslash")?;
        rest = &after[sign.len_utf8()..];
        match sign {
            'r' => out.push(b'\r'),
            'n' => out.push(b'\n'),
            't' => out.push(b'\t'),
            '0' => out.push(0),
            '\\' | '"' => out.push(sign as u8),
            'x' => {
                let digits = rest.get(..2).ok_or("two digits after \\x")?;
                out.push(u8::from_str_radix(digits, 16).map_err(|_| "two digits after \\x")?);
                rest = &rest[2..];
            }
            '(' => {
                let (repeat, after) = rest.split_once(')').ok_or("no end of a repeat")?;
                let (text, count) = repeat.rsplit_once('*').ok_or("no count of a repeat")?;
                let count: usize = count.parse().map_err(|_| "no count of a repeat")?;
                out.extend(unescape(text)?.repeat(count));
                rest = after;
            }
            _ => return Err(format!("no such escape: \\{sign}")),
        }
    }
    out.extend_from_slice(rest.as_bytes());
    Ok(out)
}

/// Bytes as a file of cases would have them, shortened.
pub(crate) fn show(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes.iter().take(600) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{}", byte.escape_ascii());
    }
    if bytes.len() > 600 {
        let _ = write!(text, "… ({} bytes)", bytes.len());
    }
    text
}
