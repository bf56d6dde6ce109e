//! What the admin interface does with the bindings of a running server.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use temblor_api::{Bindings, Form, Pending, Refused};
use temblor_runtime::config::{ArtefactKind, ArtefactUrl, MappingEntry, PlaceholderValues};
use temblor_runtime::deploy::Runtime;
use temblor_runtime::error::DeployError;
use temblor_runtime::undeploy::Deployed;
use temblor_value::{Str, Value, json};
use tokio::task::spawn_blocking;

use crate::storage::Storage;

/// How long a deployment waits, beyond a drain, for another one that opens something that both need.
const PATIENCE: Duration = Duration::from_secs(5);

/// See the module's documentation.
pub(crate) struct RunningBindings {
    runtime: Arc<Runtime>,
    /// How long a drain may take.
    drain: Duration,
    /// Where snapshots go; `None`: there are none.
    storage: Option<Arc<Storage>>,
}

impl RunningBindings {
    /// The bindings of a runtime; what is under way when one is undeployed may take so long.
    pub(crate) fn new(runtime: Arc<Runtime>, drain: Duration, storage: Option<Storage>) -> Self {
        let storage = storage.map(Arc::new);
        Self { runtime, drain, storage }
    }
}

/// Writes a snapshot of what there is after a change that was made.
async fn keep(runtime: Arc<Runtime>, storage: Option<Arc<Storage>>) -> Result<(), Refused> {
    let Some(storage) = storage else { return Ok(()) };
    let writing = spawn_blocking(move || storage.write(|| runtime.snapshot()));
    let written = writing.await.unwrap_or_else(|error| Err(error.to_string()));
    written.map_err(Refused::Failed)
}

fn url(id: &str, instance: &str) -> Result<ArtefactUrl, Refused> {
    ArtefactUrl::of_artefact(ArtefactKind::Binding, id)
        .and_then(|url| url.with_instance(instance))
        .map_err(|_| Refused::NotFound)
}

fn refused(error: DeployError) -> Refused {
    match error {
        DeployError::NotFound(_) => Refused::NotFound,
        DeployError::Exists(_) => Refused::Exists,
        DeployError::Draining => Refused::Draining,
        DeployError::Busy(_) => Refused::Busy(error.to_string()),
        DeployError::Link(link) => Refused::Body(link.to_string()),
        other => Refused::Failed(other.to_string()),
    }
}

/// Placeholders and their values.
fn values(body: &[u8], form: Form) -> Result<PlaceholderValues, Refused> {
    match form {
        Form::Yaml => PlaceholderValues::parse(body).map_err(|error| Refused::Body(format!("Could not decode YAML: {error}"))),
        Form::Json => {
            let decoded = |error: String| Refused::Body(format!("Could not decode JSON: {error}"));
            let text = std::str::from_utf8(body).map_err(|error| decoded(error.to_string()))?;
            let value = json::from_str(text).map_err(|error| decoded(error.to_string()))?;
            let record = value.as_object().ok_or_else(|| decoded("a record is wanted".to_owned()))?;
            let mut values = PlaceholderValues::default();
            for (name, value) in record {
                let text = value.as_str().ok_or_else(|| decoded(format!("`{name}` is no text")))?;
                values
                    .insert(Str::new(name), Str::new(text))
                    .map_err(|error| decoded(error.to_string()))?;
            }
            Ok(values)
        }
    }
}

/// The record of a deployed binding.
fn record(deployed: Deployed) -> Value {
    let mut links = Value::object();
    for (from, to) in deployed.links {
        links.insert(
            from.to_string(),
            to.iter().map(|url| Value::from(url.to_string())).collect::<Value>(),
        );
    }
    let mut record = Value::object();
    record.insert("id", deployed.id);
    record.insert("description", deployed.description);
    record.insert("links", links);
    record
}

impl Bindings for RunningBindings {
    fn ids(&self) -> Vec<String> {
        self.runtime.binding_ids()
    }

    fn show(&self, id: &str, instance: &str) -> Result<Value, Refused> {
        let deployed = self.runtime.deployed(&url(id, instance)?);
        deployed.map(record).ok_or(Refused::NotFound)
    }

    fn deploy(&self, id: &str, instance: &str, body: Bytes, form: Form) -> Pending<Value> {
        let runtime = Arc::clone(&self.runtime);
        // Another binding that is undeployed takes no longer than that.
        let patience = self.drain.saturating_add(PATIENCE);
        let mapping = url(id, instance).and_then(|url| {
            let values = values(&body, form)?;
            Ok(MappingEntry {
                url,
                values,
                place: None,
            })
        });
        let storage = self.storage.clone();
        Box::pin(async move {
            let mapping = mapping?;
            let changed = Arc::clone(&runtime);
            let deployed = changed.deploy_in_turn(mapping, patience).await.map_err(refused)?;
            keep(runtime, storage).await?;
            Ok(record(deployed))
        })
    }

    fn undeploy(&self, id: &str, instance: &str) -> Pending<()> {
        let runtime = Arc::clone(&self.runtime);
        let (url, drain, storage) = (url(id, instance), self.drain, self.storage.clone());
        Box::pin(async move {
            let changed = Arc::clone(&runtime);
            changed.undeploy(&url?, drain).await.map_err(refused)?;
            keep(runtime, storage).await
        })
    }
}
