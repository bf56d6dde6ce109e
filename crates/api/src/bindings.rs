//! Bindings over the admin interface (spec/runtime.md 6.3): listed, shown, deployed and undeployed.
//!
//! Knows paths, media types and the form of answers; what a binding is, the one who implements [`Bindings`] knows.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use temblor_codec::codec::codec;
use temblor_http::message::Status;
use temblor_value::{Value, json};

use crate::media::wants_yaml;

/// An answer that takes time. It goes on if nobody waits for it any more.
pub type Pending<T> = Pin<Box<dyn Future<Output = Result<T, Refused>> + Send>>;

/// Why nothing was done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no such artefact or binding instance.
    #[error("Artefact not found")]
    NotFound,
    /// It is there already.
    #[error("A resource with the requested ID already exists")]
    Exists,
    /// The body does not fit; the text says why.
    #[error("{0}")]
    Body(String),
    /// The body's media type is none of those that are taken.
    #[error("No content type provided")]
    MediaType,
    /// Nothing is done in the form that is asked for.
    #[error("Unsuported formatting as trickle")]
    NotAcceptable,
    /// Without a token, changes are taken from who means this machine only.
    #[error("Changes without a token need `localhost` or an IP address as host")]
    Misdirected,
    /// The process ends.
    #[error("The process is draining")]
    Draining,
    /// Another change is in the way; the text says of what.
    #[error("{0}")]
    Busy(String),
    /// The token is missing or wrong.
    #[error("Missing or wrong bearer token")]
    Unauthorized,
    /// Every other failure, with its text.
    #[error("Internal server error: {0}")]
    Failed(String),
}

impl Refused {
    /// The status (spec/runtime.md 6.2).
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::NotFound => 404,
            Self::Exists => 409,
            Self::Body(_) => 400,
            Self::MediaType => 415,
            Self::NotAcceptable => 406,
            Self::Misdirected => 421,
            Self::Draining | Self::Busy(_) => 503,
            Self::Unauthorized => 401,
            Self::Failed(_) => 500,
        }
    }
}

/// A form of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// JSON.
    Json,
    /// YAML.
    Yaml,
}

impl Form {
    /// Of a `content-type` field; parameters are passed over.
    pub(crate) fn of_content_type(field: &[u8]) -> Option<Self> {
        let name = String::from_utf8_lossy(field)
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        [Self::Json, Self::Yaml].into_iter().find(|form| form.media_type() == name)
    }

    /// The one that an `accept` field prefers.
    pub(crate) fn wanted(accept: &str) -> Self {
        if wants_yaml(accept) { Self::Yaml } else { Self::Json }
    }

    /// The media type.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Yaml => "application/yaml",
        }
    }

    /// A value as text.
    pub(crate) fn write(self, value: &Value) -> Vec<u8> {
        let mut text = Vec::new();
        let is_written = self == Self::Yaml && codec("yaml").is_some_and(|yaml| yaml.encode(value, &mut text).is_ok());
        if !is_written {
            text = json::to_string(value).into_bytes();
        }
        text
    }
}

/// What is done with bindings.
pub trait Bindings: Send + Sync {
    /// Ids of all published bindings, in order of publication.
    fn ids(&self) -> Vec<String>;

    /// A deployed binding: id, description and links.
    ///
    /// # Errors
    /// It is not deployed.
    fn show(&self, id: &str, instance: &str) -> Result<Value, Refused>;

    /// Deploys a binding; the body has the values of its placeholders.
    fn deploy(&self, id: &str, instance: &str, body: Bytes, form: Form) -> Pending<Value>;

    /// Undeploys a binding; resolves when it is gone.
    fn undeploy(&self, id: &str, instance: &str) -> Pending<()>;
}

/// The bindings of a process, once everything is deployed.
#[derive(Clone, Default)]
pub struct BindingsCell(Arc<OnceLock<Arc<dyn Bindings>>>);

impl BindingsCell {
    /// From now on they are there. Once is enough.
    pub fn set(&self, bindings: Arc<dyn Bindings>) {
        // An error only means that they are there already.
        let _ = self.0.set(bindings);
    }

    pub(crate) fn get(&self) -> Option<&Arc<dyn Bindings>> {
        self.0.get()
    }
}

impl std::fmt::Debug for BindingsCell {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_tuple("BindingsCell").field(&self.0.get().is_some()).finish()
    }
}

/// What a path below `/binding` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BindingPath<'p> {
    /// All of them.
    List,
    /// An instance.
    Instance(&'p str, &'p str),
}

impl<'p> BindingPath<'p> {
    /// Reads a path.
    pub(crate) fn of(path: &'p str) -> Option<Self> {
        let rest = path.strip_prefix("/binding")?;
        if rest.is_empty() {
            return Some(Self::List);
        }
        let (id, instance) = rest.strip_prefix('/')?.split_once('/')?;
        let is_name = |text: &str| !text.is_empty() && !text.contains('/');
        (is_name(id) && is_name(instance)).then_some(Self::Instance(id, instance))
    }

    /// The methods that it takes beside `HEAD`, for the field `allow`.
    pub(crate) fn methods(self) -> &'static str {
        match self {
            Self::List => "GET, HEAD",
            Self::Instance(..) => "GET, HEAD, POST, DELETE",
        }
    }
}

/// Status and record of a refusal.
pub(crate) fn refusal(refused: &Refused) -> (Status, Value) {
    let status = refused.status();
    let mut record = Value::object();
    record.insert("code", u64::from(status));
    record.insert("error", refused.to_string());
    (Status::new(status).unwrap_or(Status::INTERNAL_SERVER_ERROR), record)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_a_list_or_an_instance() {
        assert_eq!(BindingPath::of("/binding"), Some(BindingPath::List));
        assert_eq!(BindingPath::of("/binding/a/b"), Some(BindingPath::Instance("a", "b")));
        for path in [
            "/bindings",
            "/binding/",
            "/binding/a",
            "/binding/a/",
            "/binding//b",
            "/binding/a/b/c",
            "/onramp",
        ] {
            assert_eq!(BindingPath::of(path), None, "{path}");
        }
    }

    #[test]
    fn texts_have_the_form_asked_for() {
        let (status, record) = refusal(&Refused::NotFound);
        assert_eq!(status.code(), 404);
        assert_eq!(Form::Json.write(&record), br#"{"code":404,"error":"Artefact not found"}"#);
        let yaml = String::from_utf8(Form::Yaml.write(&record)).unwrap();
        assert!(
            yaml.starts_with("---\n") && yaml.ends_with('\n') && yaml.contains("code: 404"),
            "{yaml:?}"
        );
    }

    #[test]
    fn bodies_are_told_apart_by_their_type() {
        assert_eq!(Form::of_content_type(b"application/json; charset=utf-8"), Some(Form::Json));
        assert_eq!(Form::of_content_type(b"Application/YAML"), Some(Form::Yaml));
        assert_eq!(Form::of_content_type(b""), None);
        assert_eq!(Form::of_content_type(b"text/plain"), None);
    }
}
