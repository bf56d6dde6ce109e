//! Many clients that ask for different things and check that each gets the answer to its own question.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::thread::{Builder, scope};
use std::time::{Duration, Instant};

use crate::client::{RawClient, Response};

/// Memory of a client's thread; hundreds of them run at once.
const STACK: usize = 256 << 10;

/// What clients do: each keeps its connection and sends one request after the other.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Port of the proxy; its upstreams must echo.
    pub port: u16,
    /// Clients at the same time.
    pub clients: usize,
    /// No request is begun later.
    pub time: Duration,
    /// Requests of one client at most.
    pub requests: usize,
}

/// What became of the requests.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Requests sent.
    pub sent: u64,
    /// Answers by status.
    pub by_status: BTreeMap<u16, u64>,
    /// Answers with status 200 to somebody else's request, or to none.
    pub mismatched: u64,
    /// Answers with another status without a JSON record that names an error.
    pub unexplained: u64,
    /// Requests without an answer, and why.
    pub unanswered: Vec<String>,
}

impl Summary {
    /// Requests that got an answer.
    pub fn answered(&self) -> u64 {
        self.by_status.values().sum()
    }

    /// Answers with a status.
    pub fn with_status(&self, status: u16) -> u64 {
        self.by_status.get(&status).copied().unwrap_or(0)
    }

    /// Every request was answered, with its own answer or an error that says what it is.
    pub fn is_clean(&self) -> bool {
        self.answered() == self.sent && self.mismatched == 0 && self.unexplained == 0 && self.unanswered.is_empty()
    }

    /// Counts another load's requests too.
    pub fn add(&mut self, other: Self) {
        self.sent += other.sent;
        self.mismatched += other.mismatched;
        self.unexplained += other.unexplained;
        self.unanswered.extend(other.unanswered);
        for (status, count) in other.by_status {
            *self.by_status.entry(status).or_default() += count;
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "requests    {}", self.sent)?;
        writeln!(out, "answered    {}", self.answered())?;
        for (status, count) in &self.by_status {
            writeln!(out, "  {status}       {count}")?;
        }
        writeln!(out, "mismatched  {}", self.mismatched)?;
        writeln!(out, "unexplained {}", self.unexplained)?;
        write!(out, "unanswered  {}", self.unanswered.len())?;
        self.unanswered.iter().take(10).try_for_each(|why| write!(out, "\n  {why}"))
    }
}

impl Load {
    /// Runs the clients to their end.
    pub fn run(&self) -> io::Result<Summary> {
        let end = Instant::now() + self.time;
        scope(|scope| {
            let threads: Vec<_> = (0..self.clients)
                .map(|client| {
                    Builder::new()
                        .stack_size(STACK)
                        .spawn_scoped(scope, move || self.client(client, end))
                })
                .collect::<io::Result<_>>()?;
            let mut summary = Summary::default();
            for thread in threads {
                summary.add(thread.join().map_err(|_| io::Error::other("a client panicked"))?);
            }
            Ok(summary)
        })
    }

    fn client(&self, client: usize, end: Instant) -> Summary {
        let mut summary = Summary::default();
        let mut connection = None;
        for number in 0..self.requests {
            if Instant::now() >= end {
                break;
            }
            let token = format!("c{client}-{number}");
            summary.sent += 1;
            match ask(self.port, &mut connection, &token, number % 2 == 0) {
                Ok(response) => summary.judge(&response, &token),
                Err(error) => {
                    summary.unanswered.push(format!("{token}: {error}"));
                    connection = None;
                }
            }
        }
        summary
    }
}

/// `GET` and `POST` in turn; the token is in the path and in the body.
fn ask(port: u16, connection: &mut Option<RawClient>, token: &str, is_get: bool) -> io::Result<Response> {
    let client = match connection {
        Some(client) => client,
        None => connection.insert(RawClient::connect(port)?),
    };
    let method = if is_get { "GET" } else { "POST" };
    let body = format!("{{\"token\":\"{token}\"}}");
    let response = client.ask(
        method,
        &format!("/anything/{token}?t={token}"),
        &[("Content-Type", "application/json")],
        &body,
    )?;
    if response
        .header("connection")
        .is_some_and(|value| value.eq_ignore_ascii_case("close"))
    {
        *connection = None;
    }
    Ok(response)
}

impl Summary {
    fn judge(&mut self, response: &Response, token: &str) {
        *self.by_status.entry(response.status).or_default() += 1;
        let body = response.json();
        if response.status == 200 {
            let is_own = body["json"]["token"] == token && body["args"]["t"] == token;
            self.mismatched += u64::from(!is_own);
        } else {
            self.unexplained += u64::from(!body["error"].is_string());
        }
    }
}
