//! Loading the files of a deployment: trickle first, then YAML (spec/runtime.md 2.1).

use std::path::{Path, PathBuf};

use temblor_config::{BootStep, Document, Settings, agreed_dialect, agreed_settings, boot_order, pipeline_id};
use temblor_pipeline::{Query, QueryErrors};
use temblor_script::Env;
use temblor_syntax::ast::Dialect;

use crate::deploy::Runtime;
use crate::error::{BootError, DeployError};

/// What the documents of a list say about the process.
#[derive(Debug, Default)]
pub struct Preview {
    /// Dialect of the pipelines, if a document names one.
    pub dialect: Option<Dialect>,
    /// Process-wide settings, if a document has them.
    pub settings: Option<Settings>,
}

/// Reads all documents for what must be known before anything is loaded. Files that cannot be read are passed over here; loading
/// reports them.
pub fn preview(files: &[PathBuf]) -> Result<Preview, BootError> {
    let documents: Vec<Document> = files
        .iter()
        .filter(|file| {
            file.extension()
                .is_some_and(|extension| extension == "yaml" || extension == "yml")
        })
        .filter_map(|file| Document::parse(&file.display().to_string(), &std::fs::read(file).ok()?).ok())
        .collect();
    let dialect = agreed_dialect(documents.iter().filter_map(|document| document.dialect.as_ref()))
        .map_err(|error| BootError::Disagree(error.to_string()))?;
    let settings = agreed_settings(documents.iter().filter_map(|document| document.temblor.as_ref()))
        .map_err(|error| BootError::Disagree(error.to_string()))?;
    Ok(Preview {
        dialect,
        settings: settings.cloned(),
    })
}

/// Loads files; `report` gets the formatted errors and warnings of queries.
pub fn load(runtime: &Runtime, files: &[PathBuf], env: &Env, report: &mut dyn FnMut(&QueryErrors)) -> Result<(), BootError> {
    for step in boot_order(files.iter().map(PathBuf::as_path), env.dialect) {
        match step {
            BootStep::Pipeline(file) => load_pipeline(runtime, &file, env, report)?,
            BootStep::Document(file) => load_document(runtime, &file)?,
            BootStep::Ignore(file) => tracing::warn!(target: "tremor_runtime::loader", "{} was passed over", file.display()),
            BootStep::Refuse(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn read(file: &Path) -> Result<Vec<u8>, BootError> {
    tracing::info!(target: "tremor_runtime::loader", "Loading configuration from {}", file.display());
    std::fs::read(file).map_err(|error| BootError::Open {
        file: file.display().to_string(),
        error,
    })
}

fn load_pipeline(runtime: &Runtime, file: &Path, env: &Env, report: &mut dyn FnMut(&QueryErrors)) -> Result<(), BootError> {
    let name = file.display().to_string();
    let text = String::from_utf8(read(file)?).map_err(|error| BootError::Open {
        file: name.clone(),
        error: std::io::Error::new(std::io::ErrorKind::InvalidData, error),
    })?;
    let query = Query::compile(&name, &text, env).map_err(|errors| {
        report(&errors);
        BootError::Query(name.clone())
    })?;
    query.check().map_err(|errors| {
        report(&errors);
        BootError::Query(name.clone())
    })?;
    if let Some(warnings) = query.warnings() {
        report(warnings);
    }
    let id = query.config_id().map_or_else(|| pipeline_id(file), str::to_owned);
    tracing::info!(target: "tremor_runtime::loader", "Loading /pipeline/{id} from file {name}.");
    runtime
        .publish_pipeline(&id, query)
        .map_err(|error| deploy_error(&name, error))
}

fn load_document(runtime: &Runtime, file: &Path) -> Result<(), BootError> {
    let name = file.display().to_string();
    let document = Document::parse(&name, &read(file)?).map_err(|error| BootError::Document {
        file: name.clone(),
        error: Box::new(error),
    })?;
    publish(runtime, document).map_err(|error| deploy_error(&name, error))
}

fn publish(runtime: &Runtime, document: Document) -> Result<(), DeployError> {
    document
        .offramps
        .into_iter()
        .try_for_each(|entry| runtime.publish_offramp(entry))?;
    document
        .onramps
        .into_iter()
        .try_for_each(|entry| runtime.publish_onramp(entry))?;
    document
        .bindings
        .into_iter()
        .try_for_each(|entry| runtime.publish_binding(entry))?;
    document.mappings.iter().try_for_each(|mapping| runtime.deploy(mapping))
}

fn deploy_error(file: &str, error: DeployError) -> BootError {
    BootError::Deploy {
        file: file.to_owned(),
        error: Box::new(error),
    }
}
