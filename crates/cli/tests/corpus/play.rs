//! Plays one case.

use std::io;
use std::time::Duration;

use temblor_testkit::{Behaviour, Message, RawClient, Response, request};

use crate::case::{Answer, Case, Content, End, Expected, Http2, Seen, Step, show};
use crate::h2::{self, Outcome};
use crate::readings::disagreement;
use crate::world::World;

/// How long something that must happen may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Cases with more bytes are sent in larger pieces: what is cut anywhere is cut everywhere that matters.
const MOST_PIECES: usize = 1500;

/// In which pieces a case is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pieces {
    Whole,
    Bytes,
}

impl Pieces {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Bytes => "bytes",
        }
    }

    fn size(self, length: usize) -> usize {
        match self {
            Self::Whole => length.max(1),
            Self::Bytes => length.div_ceil(MOST_PIECES).max(1),
        }
    }
}

/// Plays a case and judges all that can be seen of it.
pub(crate) fn play(case: &Case, pieces: Pieces, world: &World) -> Result<(), String> {
    let lives_on = match &case.http2 {
        Some(http2) => play_http2(http2, pieces, world)?,
        None => play_http1(case, pieces, world)?,
    };
    other_client(world)?;
    upstream(case, lives_on, world)
}

/// True: the connection has taken another request.
fn play_http2(case: &Http2, pieces: Pieces, world: &World) -> Result<bool, String> {
    let mut client = world.http2_client().map_err(|error| error.to_string())?;
    let bytes = [h2::preface(), case.request.bytes(h2::FIRST)].concat();
    // A refusal may come before everything was sent.
    let _ = send(&mut client, &bytes, pieces);
    let outcome = h2::outcome(&mut client, h2::FIRST).map_err(|error| format!("nothing comes back: {error}"))?;
    let (fits, lives_on) = match (&case.expected, &outcome) {
        (Expected::Answer(expected), Outcome::Answer { status, body }) => (expected.fits(*status, body), true),
        (Expected::Reset(expected), Outcome::Reset(code)) => (expected == code, true),
        (Expected::Gone(expected), Outcome::Gone(code)) => (expected == code, false),
        _ => (false, false),
    };
    if !fits {
        return Err(format!("{:?} is wanted, there is {outcome:?}", case.expected));
    }
    if lives_on {
        let next = h2::Request::get("/after").bytes(h2::SECOND);
        client.send(&next).map_err(|error| error.to_string())?;
        match h2::outcome(&mut client, h2::SECOND) {
            Ok(Outcome::Answer { status: 200, .. }) => {}
            other => return Err(format!("the next request got {other:?}")),
        }
    }
    Ok(lives_on)
}

fn play_http1(case: &Case, pieces: Pieces, world: &World) -> Result<bool, String> {
    let mut client = world.proxy.client().map_err(|error| error.to_string())?;
    world.upstream.set(behaviour(case, pieces));
    let mut is_refused = false;
    for step in &case.steps {
        match step {
            // A refusal may come while bytes are still on their way to a connection that nobody reads any more.
            Step::Send(bytes) => is_refused |= send(&mut client, bytes, pieces).is_err(),
            Step::Answer(expected) => answer(&mut client, expected, case)?,
        }
    }
    if is_refused && case.end() == End::Open {
        return Err("the connection broke while the case was sent".to_owned());
    }
    world.upstream.set(Behaviour::Echo);
    end(client, case, world)?;
    Ok(case.end() == End::Open)
}

fn behaviour(case: &Case, pieces: Pieces) -> Behaviour {
    match &case.reply {
        None => Behaviour::Echo,
        Some(bytes) => Behaviour::Dribble {
            bytes: bytes.clone(),
            piece: pieces.size(bytes.len()),
            close: case.upstream_closes,
        },
    }
}

fn send(client: &mut RawClient, bytes: &[u8], pieces: Pieces) -> io::Result<()> {
    bytes
        .chunks(pieces.size(bytes.len()))
        .try_for_each(|piece| client.send(piece))
}

fn answer(client: &mut RawClient, expected: &Answer, case: &Case) -> Result<(), String> {
    let is_head = case.upstream.iter().any(|seen| seen.method == "HEAD");
    let received = if is_head { client.receive_head() } else { client.receive() };
    if expected.content == Content::Truncated {
        return match received {
            Err(error) if error.to_string().contains(&format!("HTTP/1.1 {}", expected.status)) => Ok(()),
            other => Err(format!("{expected:?} is wanted, there is {other:?}")),
        };
    }
    let response = received.map_err(|error| format!("{expected:?} is wanted: {error}"))?;
    if !expected.fits(response.status, response.body()) {
        return Err(format!("{expected:?} is wanted, there is {}", told(&response)));
    }
    if matches!(expected.content, Content::Reason(_)) && response.header("connection") != Some("close") {
        return Err("a refusal says that the connection closes".to_owned());
    }
    Ok(())
}

fn told(response: &Response) -> String {
    format!("{} {:?} {}", response.status, response.message.headers, show(response.body()))
}

/// The fate of the client's connection.
fn end(mut client: RawClient, case: &Case, world: &World) -> Result<(), String> {
    match case.end() {
        End::Open => return own_answer(&mut client, "/after", world),
        End::Left => return Ok(()),
        End::Closed => {}
    }
    // A reset is an end too: bytes that nobody read any more were on their way.
    let rest = client.receive_end().or_else(|error| match error.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => Ok(Vec::new()),
        _ => Err(format!("the connection does not close: {error}")),
    })?;
    // What broke off stays in the client's buffer.
    let is_truncated = case
        .steps
        .iter()
        .any(|step| matches!(step, Step::Answer(answer) if answer.content == Content::Truncated));
    if rest.is_empty() || is_truncated {
        Ok(())
    } else {
        Err(format!("more came before the end: {}", show(&rest)))
    }
}

/// A request of somebody else gets its own answer.
fn other_client(world: &World) -> Result<(), String> {
    let mut client = world.proxy.client().map_err(|error| error.to_string())?;
    own_answer(&mut client, "/probe", world)
}

fn own_answer(client: &mut RawClient, target: &str, world: &World) -> Result<(), String> {
    let send = client.send(&request("GET", target, &[], ""));
    let response = send
        .and_then(|()| client.receive())
        .map_err(|error| format!("GET {target} is not answered: {error}"))?;
    let url = format!("http://127.0.0.1:{}{target}", world.upstream.port());
    let fits = response.status == 200 && response.json()["url"] == url.as_str();
    if fits {
        Ok(())
    } else {
        Err(format!("GET {target} got {}", told(&response)))
    }
}

/// What reached the upstream.
fn upstream(case: &Case, lives_on: bool, world: &World) -> Result<(), String> {
    let further = if lives_on { 2 } else { 1 };
    let all = (case.upstream.len() + further) as u64;
    // The probe was answered, so everything has arrived; what is left is the upstream's own book-keeping.
    world.upstream.wait(PATIENCE, |log| log.count >= all);
    let log = world.upstream.log();
    let seen: Vec<&Message> = log.requests.iter().map(|recorded| &recorded.request).collect();
    let probes = |message: &&Message| matches!(message.word(1), "/after" | "/probe");
    let starts: Vec<&str> = seen.iter().map(|message| message.start.as_str()).collect();
    let of_case: Vec<&Message> = seen.iter().copied().filter(|message| !probes(message)).collect();
    if of_case.len() != case.upstream.len() || seen.len() - of_case.len() != further {
        return Err(format!("the upstream sees {starts:?}"));
    }
    for (message, expected) in of_case.iter().zip(&case.upstream) {
        same(message, expected)?;
    }
    if !log.torn.is_empty() && !case.may_be_torn {
        return Err(format!("the upstream sees half a request: {:?}", log.torn));
    }
    for bytes in log.bytes.values() {
        if let Some(difference) = disagreement(bytes) {
            return Err(format!("two readings: {difference}"));
        }
    }
    Ok(())
}

fn same(message: &Message, expected: &Seen) -> Result<(), String> {
    let body = expected.body.as_ref().is_none_or(|body| message.body == *body);
    if message.word(0) != expected.method || message.word(1) != expected.target || !body {
        return Err(format!("{expected:?} is wanted, the upstream sees {message:?}"));
    }
    for (name, value) in &expected.has {
        if message.headers_of(name) != [value.as_str()] {
            return Err(format!("{name}: {value} is wanted, the upstream sees {message:?}"));
        }
    }
    match expected.lacks.iter().find(|name| message.header(name).is_some()) {
        Some(name) => Err(format!("{name} reached the upstream: {message:?}")),
        None => Ok(()),
    }
}
