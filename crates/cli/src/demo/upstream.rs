//! Upstreams of the demo: they echo a request as httpbin's `/anything` does.

use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use temblor_http::connection::{Addresses, ConnectionInfo};
use temblor_http::h1::serve;
use temblor_http::message::{Name, RequestHead, Status};
use temblor_http::server::{Answer, Handler, Request, Response, ServerConfig, drain};
use temblor_value::{ObjectMap, Str, Value, json};
use tokio::net::TcpListener;

use super::watch::Watch;

/// How long a slow upstream waits.
const DELAY: Duration = Duration::from_secs(2);
/// Largest body that is echoed.
const BODY: u64 = 16 << 20;

/// What an upstream does with requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Behaviour {
    /// Answers at once.
    Answer,
    /// Waits before it answers.
    Slow,
    /// Refuses connections.
    Refuse,
}

impl Behaviour {
    /// For the list of upstreams.
    pub(super) fn describe(self) -> &'static str {
        match self {
            Self::Answer => "answers like httpbin's /anything",
            Self::Slow => "waits two seconds before it answers",
            Self::Refuse => "refuses connections",
        }
    }
}

/// An upstream on a free loopback port.
pub(super) struct Upstream {
    address: SocketAddr,
    behaviour: Behaviour,
    /// A socket that is bound but does not listen keeps the port and refuses.
    _reserved: Option<socket2::Socket>,
}

impl Upstream {
    /// Starts one on a thread of its own.
    pub(super) fn start(number: u8, behaviour: Behaviour, watch: Arc<Watch>) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("cannot start upstream {number}: {error}");
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        if behaviour == Behaviour::Refuse {
            let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).map_err(failed)?;
            socket.bind(&any.into()).map_err(failed)?;
            let address = socket.local_addr().map_err(failed)?;
            return Ok(Self {
                address: address.as_socket().unwrap_or(any),
                behaviour,
                _reserved: Some(socket),
            });
        }
        let listener = StdListener::bind(any).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let echo = Arc::new(Echo {
            number,
            behaviour,
            watch,
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(failed)?;
        std::thread::Builder::new()
            .name(format!("upstream-{number}"))
            .spawn(move || runtime.block_on(accept(listener, echo)))
            .map_err(failed)?;
        Ok(Self {
            address,
            behaviour,
            _reserved: None,
        })
    }

    /// Its port.
    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }

    /// What it does.
    pub(super) fn behaviour(&self) -> Behaviour {
        self.behaviour
    }
}

async fn accept(listener: StdListener, echo: Arc<Echo>) {
    let Ok(listener) = TcpListener::from_std(listener) else {
        return;
    };
    // Never started: the demo's upstreams end with the process.
    let (_trigger, signal) = drain();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let Ok(addresses) = Addresses::of(&stream) else { continue };
        let echo = Arc::clone(&echo);
        let signal = signal.clone();
        tokio::spawn(async move {
            // A socket that cannot be set so still works, only later.
            let _ = stream.set_nodelay(true);
            let info = ConnectionInfo::direct(addresses);
            serve(stream.into(), &info, &ServerConfig::default(), signal, &*echo).await;
        });
    }
}

struct Echo {
    number: u8,
    behaviour: Behaviour,
    watch: Arc<Watch>,
}

impl Handler for Echo {
    type Notes = ();

    async fn handle(&self, request: Request<'_>, (): &mut ()) -> Answer {
        let Request {
            head,
            mut body,
            connection,
            ..
        } = request;
        let Ok(body) = body.collect(Some(BODY)).await else {
            return Answer::Close;
        };
        self.watch
            .note(self.number, head.method.as_str(), head.target.as_str(), body.len());
        if self.behaviour == Behaviour::Slow {
            tokio::time::sleep(DELAY).await;
        }
        let mut response = Response::new(Status::OK);
        let server = format!("upstream{:02}", self.number);
        let fields = [
            (Name::Server, server.as_str()),
            (Name::ContentType, "application/json"),
            (Name::Vary, "accept"),
        ];
        for (name, value) in fields {
            // Constant names and values that can be sent.
            let _ = response.headers.push_known(name, value.as_bytes());
        }
        response.body = Bytes::from(json::to_string(&echo(&head, &body, connection, &server))).into();
        Answer::Respond(response)
    }
}

/// The record that httpbin's `/anything` answers with.
fn echo(head: &RequestHead, body: &[u8], connection: &ConnectionInfo, server: &str) -> Value {
    let text = String::from_utf8_lossy(body);
    let mut record = ObjectMap::with_capacity(9);
    record.insert("args", arguments(head.target.query().unwrap_or("")));
    record.insert("data", text.as_ref());
    record.insert("files", Value::object());
    record.insert("form", Value::object());
    record.insert("headers", headers(head));
    record.insert("json", json::from_str(&text).unwrap_or(Value::Null));
    record.insert("method", head.method.as_str());
    record.insert("origin", connection.peer.ip().to_string());
    let host = head.headers.get(Name::Host).map(String::from_utf8_lossy).unwrap_or_default();
    record.insert("url", format!("http://{host}{}", head.target.as_str()));
    record.insert("server", server);
    Value::from(record)
}

fn arguments(query: &str) -> Value {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let record: ObjectMap = pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (Str::new(name), Value::from(value)))
        .collect();
    Value::from(record)
}

/// One text per name, with capital letters as httpbin shows them.
fn headers(head: &RequestHead) -> Value {
    let mut record = ObjectMap::with_capacity(head.headers.len());
    for field in head.headers.iter() {
        let name = capitalised(field.name());
        let value = match record.get(&name).and_then(Value::as_str) {
            Some(before) => format!("{before},{}", field.text()),
            None => field.text().into_owned(),
        };
        record.insert(name, value);
    }
    Value::from(record)
}

fn capitalised(name: &str) -> String {
    let mut starts_word = true;
    name.chars()
        .map(|letter| {
            let shown = if starts_word { letter.to_ascii_uppercase() } else { letter };
            starts_word = letter == '-';
            shown
        })
        .collect()
}
