//! A record of settings and the keys that were asked of it.

use temblor_value::{ObjectMap, Str, Value};

use crate::error::{ConfigError, ConfigWarning};
use crate::fields::{did_you_mean, unknown_field};
use crate::path::KeyPath;
use crate::reader::convert::{Field, FromConfig};

/// Reads one record. Ask for every key the record may have, then finish it.
#[derive(Debug)]
#[must_use = "a record that is not finished accepts unknown keys without a word"]
pub struct ConfigReader<'a> {
    entries: &'a ObjectMap,
    path: KeyPath,
    known: Vec<&'static str>,
    warnings: Vec<ConfigWarning>,
}

impl<'a> ConfigReader<'a> {
    /// The record of an artefact whose `config` is required.
    ///
    /// # Errors
    /// Absence, and anything but a record.
    pub fn new(config: Option<&'a Value>) -> Result<Self, ConfigError> {
        match config {
            Some(value) => Self::over(value, KeyPath::root()),
            None => Err(
                ConfigError::new(KeyPath::root(), "missing config: this type requires a config")
                    .with_hint("add `config: {}` if the defaults will do"),
            ),
        }
    }

    /// The record `value`, which `path` leads to.
    ///
    /// # Errors
    /// Anything but a record.
    pub fn over(value: &'a Value, path: KeyPath) -> Result<Self, ConfigError> {
        match value.as_object() {
            Some(entries) => Ok(Self {
                entries,
                path,
                known: Vec::new(),
                warnings: Vec::new(),
            }),
            None => Err(Field::new(value, path).mismatch("a mapping")),
        }
    }

    /// A setting that may be missing or null.
    ///
    /// # Errors
    /// A value of the wrong type.
    pub fn optional<T: FromConfig<'a>>(&mut self, key: &'static str) -> Result<Option<T>, ConfigError> {
        self.field(key).map(T::from_config).transpose()
    }

    /// A setting with a default.
    ///
    /// # Errors
    /// A value of the wrong type.
    pub fn or<T: FromConfig<'a>>(&mut self, key: &'static str, default: T) -> Result<T, ConfigError> {
        Ok(self.optional(key)?.unwrap_or(default))
    }

    /// A setting that must be there.
    ///
    /// # Errors
    /// Absence, null, and a value of the wrong type.
    pub fn required<T: FromConfig<'a>>(&mut self, key: &'static str) -> Result<T, ConfigError> {
        self.optional(key)?
            .ok_or_else(|| ConfigError::new(self.path.clone(), format!("missing field `{key}`")))
    }

    /// A setting that an older generation called `old`. The new name counts if both are given; the old one gives a warning that
    /// names both (W6 of spec/dialects.md 4).
    ///
    /// # Errors
    /// A value of the wrong type under the name that counts.
    pub fn renamed<T: FromConfig<'a>>(&mut self, key: &'static str, old: &'static str) -> Result<Option<T>, ConfigError> {
        let old_field = self.field(old);
        if old_field.is_some() {
            self.warn(old, format!("`{old}` is the old name of this setting; write `{key}`"));
        }
        match self.field(key).or(old_field) {
            Some(field) => T::from_config(field).map(Some),
            None => Ok(None),
        }
    }

    /// A setting of an older generation that has no effect any more; its presence gives a warning.
    pub fn obsolete(&mut self, old: &'static str) {
        if self.field(old).is_some() {
            self.warn(old, format!("`{old}` has no effect any more; remove it"));
        }
    }

    /// Warns about keys of `elsewhere` that stand here by mistake; `place` says where they belong.
    pub fn misplaced(&mut self, elsewhere: &[&'static str], place: &str) {
        for key in elsewhere {
            if self.contains(key) && !self.known.contains(key) {
                self.known.push(key);
                self.warn(key, format!("`{key}` has no effect here; it belongs {place}"));
            }
        }
    }

    /// Whether a key is there and not null, without asking for it.
    pub fn contains(&self, key: &str) -> bool {
        self.entries.get(key).is_some_and(|value| !matches!(value, Value::Null))
    }

    /// The path of the record.
    pub fn path(&self) -> &KeyPath {
        &self.path
    }

    /// An error about the value of a key.
    pub fn error(&self, key: &str, message: impl Into<String>) -> ConfigError {
        ConfigError::new(self.path.key(key), message)
    }

    /// Adds a warning about the value of a key.
    pub fn warn(&mut self, key: &str, message: impl Into<String>) {
        self.warnings.push(ConfigWarning {
            path: self.path.key(key),
            message: message.into(),
        });
    }

    /// Ends a record that takes any key: unknown keys near a known one give a warning.
    pub fn finish_open(mut self) -> Vec<ConfigWarning> {
        let unknown: Vec<&str> = self.unknown().collect();
        for key in unknown {
            if let Some(hint) = did_you_mean(key, self.known.iter().copied()) {
                self.warn(key, format!("`{key}` is not a known setting and has no effect; {hint}"));
            }
        }
        self.warnings
    }

    /// Ends a record that refuses unknown keys.
    ///
    /// # Errors
    /// The first key that was never asked for, with the nearest known one.
    pub fn finish_closed(self) -> Result<Vec<ConfigWarning>, ConfigError> {
        let Some(key) = self.unknown().next() else {
            return Ok(self.warnings);
        };
        let error = self.error(key, unknown_field(key, &self.known));
        Err(match did_you_mean(key, self.known.iter().copied()) {
            Some(hint) => error.with_hint(hint),
            None => error,
        })
    }

    fn unknown(&self) -> impl Iterator<Item = &'a str> {
        self.entries.keys().map(Str::as_str).filter(|key| !self.known.contains(key))
    }

    fn field(&mut self, key: &'static str) -> Option<Field<'a>> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        match self.entries.get(key) {
            None | Some(Value::Null) => None,
            Some(value) => Some(Field::new(value, self.path.key(key))),
        }
    }
}
