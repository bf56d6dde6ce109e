//! Deployment documents: model, artefact URLs, bindings, mappings, validation.
