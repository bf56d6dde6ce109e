//! Requests to the admin interface and their answers.

use std::sync::Arc;

use bytes::Bytes;
use temblor_http::connection::ConnectionInfo;
use temblor_http::error::BodyError;
use temblor_http::message::{Method, Name, RequestHead, Status};
use temblor_http::server::{Answer, Finished, Handler, Request, Response};
use temblor_metrics::Metrics;
use temblor_value::Value;

use crate::bindings::{BindingPath, Bindings, BindingsCell, Form, Pending, Refused, refusal};
use crate::host::is_local_or_number;
use crate::media::{metrics_format, wants_only_trickle};
use crate::readiness::{Readiness, Stage};
use crate::token::Token;

/// Largest body that is taken, in bytes.
const BODY_LIMIT: u64 = 1 << 20;
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
        /// The bindings, as soon as there are any.
        bindings: BindingsCell,
    },
    /// Metrics alone.
    Metrics,
}

/// The handler of all connections of a listener.
pub(crate) struct Reader {
    pub(crate) surface: Surface,
    pub(crate) metrics: Metrics,
}

/// What is known of a request when it is logged.
pub(crate) struct Noted {
    /// Method and path.
    request: String,
    /// It asks whether the process is ready.
    is_about_readiness: bool,
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
                if !is_open && !is_shown(token.as_ref(), head) {
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
            (Place::Version, Surface::Admin { version, .. }) => self::version(version, Form::wanted(&accept)),
            (Place::Metrics, _) => {
                let format = metrics_format(&accept);
                body(Status::OK, format.content_type(), self.metrics.read().render(format))
            }
            (Place::Health | Place::Ready | Place::Version, _) => body(Status::OK, TEXT, "healthy\n"),
        }
    }
}

/// An answer about bindings.
async fn binding(head: &RequestHead, path: BindingPath<'_>, content: Bytes, bindings: &Arc<dyn Bindings>) -> Response {
    let accept = String::from_utf8_lossy(field(head, Name::Accept));
    let form = Form::wanted(&accept);
    let result = match (path, &head.method) {
        (BindingPath::List, Method::Get | Method::Head) => {
            let ids = bindings.ids().into_iter().map(Value::from).collect();
            Ok((Status::OK, Some(ids)))
        }
        (BindingPath::Instance(id, instance), Method::Get | Method::Head) => {
            bindings.show(id, instance).map(|record| (Status::OK, Some(record)))
        }
        (BindingPath::Instance(id, instance), Method::Post) => match Form::of_content_type(field(head, Name::ContentType)) {
            Some(given) => carried_on(bindings.deploy(id, instance, content, given))
                .await
                .map(|record| (Status::CREATED, Some(record))),
            None => Err(Refused::MediaType),
        },
        (BindingPath::Instance(id, instance), Method::Delete) => carried_on(bindings.undeploy(id, instance))
            .await
            .map(|()| (Status::NO_CONTENT, None)),
        _ => return with(Response::new(Status::METHOD_NOT_ALLOWED), "allow", path.methods()),
    };
    match result {
        Ok((status, record)) => {
            let text = record.map_or_else(Vec::new, |record| form.write(&record));
            body(status, form.media_type(), text)
        }
        Err(refused) => refuse(&refused, form),
    }
}

fn refuse(refused: &Refused, form: Form) -> Response {
    let (status, record) = refusal(refused);
    body(status, form.media_type(), form.write(&record))
}

/// Carries a change to its end even if its client does not wait for it.
async fn carried_on<T: Send + 'static>(change: Pending<T>) -> Result<T, Refused> {
    let task = tokio::spawn(change);
    task.await.unwrap_or_else(|error| Err(Refused::Failed(error.to_string())))
}

fn is_shown(token: Option<&Token>, head: &RequestHead) -> bool {
    token.is_none_or(|token| token.is_shown(field(head, Name::Authorization)))
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

fn version(version: &str, form: Form) -> Response {
    let mut record = Value::object();
    record.insert("version", version);
    record.insert("debug", cfg!(debug_assertions));
    body(Status::OK, form.media_type(), form.write(&record))
}

/// Spec/runtime.md 6.2 and 12.
fn unauthorized() -> Response {
    with(refuse(&Refused::Unauthorized, Form::Json), "www-authenticate", "Bearer")
}

fn body(status: Status, content_type: &str, text: impl Into<Bytes>) -> Response {
    let response = Response {
        body: text.into().into(),
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
    type Notes = Option<Noted>;

    fn begin(&self, head: &RequestHead, _connection: &ConnectionInfo) -> Self::Notes {
        let path = head.target.path();
        let request = format!("{} {path}", head.method.as_str());
        tracing::info!(target: "tide::log::middleware", "received {request}");
        Some(Noted {
            request,
            is_about_readiness: Place::at(path) == Some(Place::Ready),
        })
    }

    async fn handle(&self, mut request: Request<'_>, _notes: &mut Self::Notes) -> Answer {
        let path = BindingPath::of(request.head.target.path());
        let (Surface::Admin { token, bindings, .. }, Some(path)) = (&self.surface, path) else {
            return self.answer(&request.head).into();
        };
        if !is_shown(token.as_ref(), &request.head) {
            return unauthorized().into();
        }
        let is_change = !matches!(request.head.method, Method::Get | Method::Head);
        if is_change && token.is_none() && !is_local_or_number(field(&request.head, Name::Host)) {
            return refuse(&Refused::Misdirected, Form::Json).into();
        }
        if wants_only_trickle(&String::from_utf8_lossy(field(&request.head, Name::Accept))) {
            return refuse(&Refused::NotAcceptable, Form::Json).into();
        }
        let Some(bindings) = bindings.get() else {
            // Not everything is deployed.
            return Response::new(Status::SERVICE_UNAVAILABLE).into();
        };
        let body = if request.head.method == Method::Post {
            match request.body.collect(Some(BODY_LIMIT)).await {
                Ok(body) => body,
                Err(BodyError::Refused(refusal)) => return Answer::Refuse(refusal),
                Err(BodyError::Gone | BodyError::NoRoom) => return Answer::Close,
            }
        } else {
            Bytes::new()
        };
        binding(&request.head, path, body, bindings).await.into()
    }

    /// Levels: spec/runtime.md 6.3.
    fn end(&self, noted: Self::Notes, _connection: &ConnectionInfo, finished: &Finished) {
        let request = noted.as_ref().map_or("what is no request", |noted| noted.request.as_str());
        let status = finished.status.map_or(0, Status::code);
        match status {
            400..500 => tracing::warn!(target: "tide::log::middleware", status, "answered {request}"),
            // Not to be ready is no defect.
            500.. if !noted.as_ref().is_some_and(|noted| noted.is_about_readiness) => {
                tracing::error!(target: "tide::log::middleware", status, "answered {request}");
            }
            _ => tracing::info!(target: "tide::log::middleware", status, "answered {request}"),
        }
    }
}
