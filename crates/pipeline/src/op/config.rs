//! Reading an operator's configuration (spec/operators-and-flow.md B.1).

use temblor_value::{Str, Value};

/// A configuration that refuses the query.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

impl ConfigError {
    /// A required configuration that is not there; names the definition.
    pub fn missing(definition: &str) -> Self {
        Self(format!("operator config for {definition} is missing"))
    }
}

/// The parameters of one operator instance; unknown keys are ignored.
#[derive(Clone, Copy)]
pub struct Params<'a> {
    record: &'a Value,
}

impl<'a> Params<'a> {
    /// The parameters of `definition`, which must be given.
    pub fn required(definition: &str, config: Option<&'a Value>) -> Result<Self, ConfigError> {
        config
            .map(|record| Self { record })
            .ok_or_else(|| ConfigError::missing(definition))
    }

    fn get(&self, key: &str) -> Option<&'a Value> {
        self.record.get(key).filter(|value| !matches!(value, Value::Null))
    }

    /// The names of all parameters.
    pub fn keys(&self) -> impl Iterator<Item = &'a str> {
        self.record
            .as_object()
            .into_iter()
            .flat_map(|record| record.keys().map(Str::as_str))
    }

    /// Refuses parameters that are not among `known`; for operators that tremor did not have.
    pub fn closed(&self, known: &[&str]) -> Result<(), ConfigError> {
        match self.keys().find(|key| !known.contains(key)) {
            Some(key) => Err(ConfigError(format!(
                "unknown parameter `{key}`, known are {}",
                known.join(", ")
            ))),
            None => Ok(()),
        }
    }

    /// An unsigned integer.
    pub fn unsigned(&self, key: &str) -> Result<Option<u64>, ConfigError> {
        self.typed(key, "an unsigned integer", Value::as_u64)
    }

    /// A float; integers count.
    pub fn float(&self, key: &str) -> Result<Option<f64>, ConfigError> {
        self.typed(key, "a number", Value::as_f64)
    }

    /// A boolean.
    pub fn boolean(&self, key: &str) -> Result<Option<bool>, ConfigError> {
        self.typed(key, "a boolean", Value::as_bool)
    }

    /// A string.
    pub fn text(&self, key: &str) -> Result<Option<&'a str>, ConfigError> {
        self.typed(key, "a string", |value| value.as_str())
    }

    /// A list whose elements `read` takes.
    pub fn list<T>(&self, key: &str, wanted: &str, read: impl Fn(&'a Value) -> Option<T>) -> Result<Option<Vec<T>>, ConfigError> {
        self.typed(key, wanted, |value| value.as_array()?.iter().map(&read).collect())
    }

    fn typed<T>(&self, key: &str, wanted: &str, read: impl Fn(&'a Value) -> Option<T>) -> Result<Option<T>, ConfigError> {
        match self.get(key) {
            None => Ok(None),
            Some(value) => match read(value) {
                Some(read) => Ok(Some(read)),
                None => Err(ConfigError(format!(
                    "`{key}` must be {wanted}, it is of type {}",
                    value.kind()
                ))),
            },
        }
    }
}

/// A parameter that must be there.
pub fn need<T>(key: &str, value: Option<T>) -> Result<T, ConfigError> {
    value.ok_or_else(|| ConfigError(format!("missing field `{key}`")))
}
