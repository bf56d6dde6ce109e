//! Requests to the admin interface and their answers.

use bytes::Bytes;
use temblor_http::connection::ConnectionInfo;
use temblor_http::message::{Method, Name, RequestHead, Status};
use temblor_http::server::{Answer, Finished, Handler, Request, Response};
use temblor_metrics::Metrics;

use crate::media::{metrics_format, wants_yaml};
use crate::readiness::{Readiness, Stage};
use crate::token::Token;

const TEXT: &str = "text/plain; charset=utf-8";

/// What a listener answers.
#[derive(Clone, Debug)]
pub enum Surface {
    /// Everything.
    Admin {
        /// What readers have to show; `None`: nothing.
        token: Option<Token>,
        /// Whether the process takes in work.
        readiness: Readiness,
        /// The program's version.
        version: &'static str,
    },
    /// Metrics alone.
    Metrics,
}

/// The handler of all connections of a listener.
pub(crate) struct Reader {
    pub(crate) surface: Surface,
    pub(crate) metrics: Metrics,
}

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Metrics,
    Health,
    Ready,
    Version,
}

impl Place {
    fn at(path: &str) -> Option<Self> {
        match path {
            "/metrics" => Some(Self::Metrics),
            "/health" => Some(Self::Health),
            "/ready" => Some(Self::Ready),
            "/version" => Some(Self::Version),
            _ => None,
        }
    }
}

impl Reader {
    fn answer(&self, head: &RequestHead) -> Response {
        let accept = field(head, Name::Accept);
        let found = match (&self.surface, Place::at(head.target.path())) {
            (Surface::Admin { token, .. }, place) => {
                let is_open = matches!(place, Some(Place::Health | Place::Ready | Place::Version));
                if !is_open
                    && token
                        .as_ref()
                        .is_some_and(|token| !token.is_shown(field(head, Name::Authorization)))
                {
                    return unauthorized();
                }
                place
            }
            (Surface::Metrics, place) => place.filter(|place| *place == Place::Metrics),
        };
        let Some(place) = found else {
            return Response::new(Status::NOT_FOUND);
        };
        if !matches!(head.method, Method::Get | Method::Head) {
            return with(Response::new(Status::METHOD_NOT_ALLOWED), "allow", "GET, HEAD");
        }
        let accept = String::from_utf8_lossy(accept);
        match (place, &self.surface) {
            (Place::Ready, Surface::Admin { readiness, .. }) => ready(readiness.stage()),
            (Place::Version, Surface::Admin { version, .. }) => self::version(version, wants_yaml(&accept)),
            (Place::Metrics, _) => {
                let format = metrics_format(&accept);
                body(Status::OK, format.content_type(), self.metrics.read().render(format))
            }
            (Place::Health | Place::Ready | Place::Version, _) => body(Status::OK, TEXT, "healthy\n".to_owned()),
        }
    }
}

fn field(head: &RequestHead, name: Name) -> &[u8] {
    head.headers.get_all(name).next().unwrap_or_default()
}

fn ready(stage: Stage) -> Response {
    let status = if stage == Stage::Ready {
        Status::OK
    } else {
        Status::SERVICE_UNAVAILABLE
    };
    body(status, TEXT, format!("{}\n", stage.name()))
}

fn version(version: &str, as_yaml: bool) -> Response {
    let is_debug = cfg!(debug_assertions);
    if as_yaml {
        body(
            Status::OK,
            "application/yaml",
            format!("---\nversion: {version}\ndebug: {is_debug}\n"),
        )
    } else {
        let text = format!(r#"{{"version":"{version}","debug":{is_debug}}}"#);
        body(Status::OK, "application/json", text)
    }
}

/// Spec/runtime.md 6.2 and 12.
fn unauthorized() -> Response {
    let text = r#"{"code":401,"error":"Missing or wrong bearer token"}"#;
    let response = body(Status::UNAUTHORIZED, "application/json", text.to_owned());
    with(response, "www-authenticate", "Bearer")
}

fn body(status: Status, content_type: &str, text: String) -> Response {
    let response = Response {
        body: Bytes::from(text).into(),
        ..Response::new(status)
    };
    with(response, "content-type", content_type)
}

fn with(mut response: Response, name: &str, value: &str) -> Response {
    // Every name and value here can be sent.
    let _ = response.headers.push(name, value.as_bytes());
    response
}

impl Handler for Reader {
    type Notes = Option<String>;

    fn begin(&self, head: &RequestHead, _connection: &ConnectionInfo) -> Self::Notes {
        let request = format!("{} {}", head.method.as_str(), head.target.path());
        tracing::info!(target: "tide::log::middleware", "received {request}");
        Some(request)
    }

    async fn handle(&self, request: Request<'_>, _notes: &mut Self::Notes) -> Answer {
        self.answer(&request.head).into()
    }

    fn end(&self, request: Self::Notes, _connection: &ConnectionInfo, finished: &Finished) {
        let request = request.as_deref().unwrap_or("what is no request");
        let status = finished.status.map_or(0, Status::code);
        match status {
            400..500 => tracing::warn!(target: "tide::log::middleware", status, "answered {request}"),
            // Not to be ready is no defect; nothing else here answers so.
            _ => tracing::info!(target: "tide::log::middleware", status, "answered {request}"),
        }
    }
}
