//! What is published and deployed, as a deployment document (spec/runtime.md 3.5).

use temblor_config::{ArtefactUrl, BindingEntry, OfframpEntry, OnrampEntry, is_system_artefact};
use temblor_value::Value;

use crate::deploy::Runtime;

impl Runtime {
    /// All onramps, offramps and bindings but those of the system, and the deployed bindings with the values of their placeholders.
    pub fn snapshot(&self) -> Value {
        let repository = self.repository.lock();
        let mut document = Value::object();
        document.insert("onramp", list(&repository.onramps, OnrampEntry::to_value));
        document.insert("offramp", list(&repository.offramps, OfframpEntry::to_value));
        document.insert("binding", list(&repository.bindings, BindingEntry::to_value));
        let mut mapping = Value::object();
        self.with_registry(|registry| {
            for binding in &registry.bindings {
                mapping.insert(binding.url.to_string(), binding.values.to_value());
            }
        });
        document.insert("mapping", mapping);
        document
    }
}

fn list<T>(published: &[(ArtefactUrl, T)], record: impl Fn(&T) -> Value) -> Value {
    let own = published.iter().filter(|(url, _)| !is_system_artefact(url));
    own.map(|(_, entry)| record(entry)).collect()
}
