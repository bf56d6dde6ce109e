//! Entries as values, with the keys and the order of the admin interface (spec/runtime.md 6.3).

use temblor_value::{ObjectMap, Str, Value};

use crate::entry::{BindingEntry, OfframpEntry, OnrampEntry, RampEntry};
use crate::placeholder::PlaceholderValues;

impl OnrampEntry {
    /// The entry as stored: defaults are shown, absent keys are not.
    pub fn to_value(&self) -> Value {
        let mut record = self.ramp.head();
        record.insert("err_required", self.err_required);
        self.ramp.insert_tail(&mut record);
        Value::from(record)
    }
}

impl OfframpEntry {
    /// The entry as stored: defaults are shown, absent keys are not.
    pub fn to_value(&self) -> Value {
        let mut record = self.ramp.head();
        self.ramp.insert_tail(&mut record);
        Value::from(record)
    }
}

impl BindingEntry {
    /// The entry as stored, URLs in canonical form.
    pub fn to_value(&self) -> Value {
        let mut links = ObjectMap::with_capacity(self.links.len());
        for link in &self.links {
            let to: Vec<Value> = link.to.iter().map(|to| Value::from(to.to_string())).collect();
            links.insert(link.from.to_string(), to);
        }
        let mut record = ObjectMap::new();
        record.insert("id", self.id.clone());
        record.insert("description", self.description.clone());
        record.insert("links", links);
        Value::from(record)
    }
}

impl PlaceholderValues {
    /// Names and values as in `mapping`.
    pub fn to_value(&self) -> Value {
        let mut record = ObjectMap::new();
        for (name, value) in self.iter() {
            record.insert(name.clone(), value.clone());
        }
        Value::from(record)
    }
}

impl RampEntry {
    /// The keys before the place of `err_required`.
    fn head(&self) -> ObjectMap {
        let mut record = ObjectMap::new();
        record.insert("id", self.id.clone());
        record.insert("type", self.type_.clone());
        record.insert("description", self.description.clone());
        record.insert("linked", self.linked);
        record
    }

    /// The keys that are shown only if present.
    fn insert_tail(&self, record: &mut ObjectMap) {
        let names = |names: &Vec<Str>| Value::from(names.iter().cloned().map(Value::from).collect::<Vec<_>>());
        let codec_map = |entries: &Vec<(Str, Str)>| {
            let mut map = ObjectMap::with_capacity(entries.len());
            for (mime, codec) in entries {
                map.insert(mime.clone(), codec.clone());
            }
            Value::from(map)
        };
        let tail = [
            ("codec", self.codec.clone().map(Value::from)),
            ("codec_map", self.codec_map.as_ref().map(codec_map)),
            ("preprocessors", self.preprocessors.as_ref().map(names)),
            ("postprocessors", self.postprocessors.as_ref().map(names)),
            ("metrics_interval_s", self.metrics_interval_s.map(Value::from)),
            ("config", self.config.clone()),
        ];
        for (key, value) in tail {
            if let Some(value) = value {
                record.insert(key, value);
            }
        }
    }
}
