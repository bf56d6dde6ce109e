//! What a setting's value becomes.

use temblor_value::{Str, Value};

use crate::error::ConfigError;
use crate::path::KeyPath;
use crate::reader::record::ConfigReader;
use crate::yaml::{describe_value, write_plain};

/// The value of a setting and the way to it.
#[derive(Clone, Debug)]
pub struct Field<'a> {
    value: &'a Value,
    path: KeyPath,
}

impl<'a> Field<'a> {
    /// The value that `path` leads to.
    pub fn new(value: &'a Value, path: KeyPath) -> Self {
        Self { value, path }
    }

    /// The value.
    pub fn value(&self) -> &'a Value {
        self.value
    }

    /// The way to the value.
    pub fn path(&self) -> &KeyPath {
        &self.path
    }

    /// An error about the value.
    pub fn error(&self, message: impl Into<String>) -> ConfigError {
        ConfigError::new(self.path.clone(), message)
    }

    /// The error that the value is not what was expected.
    pub fn mismatch(&self, expected: &str) -> ConfigError {
        self.error(format!("invalid type: {}, expected {expected}", describe_value(self.value)))
    }

    /// The elements of a list.
    ///
    /// # Errors
    /// Anything but a list.
    pub fn elements(&self) -> Result<impl Iterator<Item = Field<'a>> + use<'a>, ConfigError> {
        let elements = self.value.as_array().ok_or_else(|| self.mismatch("a list"))?;
        let path = self.path.clone();
        Ok(elements
            .iter()
            .enumerate()
            .map(move |(index, value)| Field::new(value, path.index(index))))
    }
}

/// A type that settings can have.
pub trait FromConfig<'a>: Sized {
    /// Takes the value of a setting that is there and not null.
    ///
    /// # Errors
    /// A value of the wrong type or out of range.
    fn from_config(field: Field<'a>) -> Result<Self, ConfigError>;
}

/// Text that must be written as text: numbers and booleans are refused (`ws` and `kv` offramps).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExactText(pub Str);

/// A record used as a map, in document order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pairs<T>(pub Vec<(Str, T)>);

/// The canonical YAML text of a scalar: `false` for false, `16` for `0x10`. `None` for null, bytes and collections.
pub fn canonical_text(value: &Value) -> Option<Str> {
    match value {
        Value::Str(text) => Some(text.clone()),
        Value::Null => None,
        other => write_plain(other).map(Str::from),
    }
}

impl<'a> FromConfig<'a> for Field<'a> {
    fn from_config(field: Field<'a>) -> Result<Self, ConfigError> {
        Ok(field)
    }
}

impl<'a> FromConfig<'a> for &'a Value {
    fn from_config(field: Field<'a>) -> Result<Self, ConfigError> {
        Ok(field.value)
    }
}

impl<'a> FromConfig<'a> for ConfigReader<'a> {
    fn from_config(field: Field<'a>) -> Result<Self, ConfigError> {
        ConfigReader::over(field.value, field.path)
    }
}

impl<'a> FromConfig<'a> for Str {
    fn from_config(field: Field<'a>) -> Result<Self, ConfigError> {
        canonical_text(field.value).ok_or_else(|| field.mismatch("text"))
    }
}

impl<'a> FromConfig<'a> for ExactText {
    fn from_config(field: Field<'a>) -> Result<Self, ConfigError> {
        match field.value {
            Value::Str(text) => Ok(Self(text.clone())),
            _ => Err(field.mismatch("text")),
        }
    }
}

impl<'a> FromConfig<'a> for bool {
    fn from_config(field: Field<'a>) -> Result<Self, ConfigError> {
        match field.value {
            Value::Bool(boolean) => Ok(*boolean),
            _ => Err(field.mismatch("a bool")),
        }
    }
}

impl<'a> FromConfig<'a> for f64 {
    fn from_config(field: Field<'a>) -> Result<Self, ConfigError> {
        field.value.as_f64().ok_or_else(|| field.mismatch("a number"))
    }
}

impl<'a, T: FromConfig<'a>> FromConfig<'a> for Vec<T> {
    fn from_config(field: Field<'a>) -> Result<Self, ConfigError> {
        field.elements()?.map(T::from_config).collect()
    }
}

impl<'a, T: FromConfig<'a>> FromConfig<'a> for Pairs<T> {
    fn from_config(field: Field<'a>) -> Result<Self, ConfigError> {
        let entries = field.value.as_object().ok_or_else(|| field.mismatch("a mapping"))?;
        let pairs = entries
            .iter()
            .map(|(key, value)| Ok((key.clone(), T::from_config(Field::new(value, field.path.key(key)))?)));
        Ok(Self(pairs.collect::<Result<_, ConfigError>>()?))
    }
}

/// An integer between two bounds; a quoted number is text and therefore refused.
fn integer<T: TryFrom<i128>>(field: &Field<'_>, least: impl Into<i128>, most: impl Into<i128>) -> Result<T, ConfigError> {
    let (least, most) = (least.into(), most.into());
    let number = match field.value {
        Value::I64(integer) => Some(i128::from(*integer)),
        Value::U64(integer) => Some(i128::from(*integer)),
        _ => None,
    };
    number
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| field.mismatch(&format!("an integer from {least} to {most}")))
}

impl<'a> FromConfig<'a> for u16 {
    fn from_config(field: Field<'a>) -> Result<Self, ConfigError> {
        integer(&field, Self::MIN, Self::MAX)
    }
}

impl<'a> FromConfig<'a> for u32 {
    fn from_config(field: Field<'a>) -> Result<Self, ConfigError> {
        integer(&field, Self::MIN, Self::MAX)
    }
}

impl<'a> FromConfig<'a> for u64 {
    fn from_config(field: Field<'a>) -> Result<Self, ConfigError> {
        integer(&field, Self::MIN, Self::MAX)
    }
}

impl<'a> FromConfig<'a> for i32 {
    fn from_config(field: Field<'a>) -> Result<Self, ConfigError> {
        integer(&field, Self::MIN, Self::MAX)
    }
}

impl<'a> FromConfig<'a> for i64 {
    fn from_config(field: Field<'a>) -> Result<Self, ConfigError> {
        integer(&field, Self::MIN, Self::MAX)
    }
}

impl<'a> FromConfig<'a> for usize {
    fn from_config(field: Field<'a>) -> Result<Self, ConfigError> {
        integer(&field, u64::MIN, u64::MAX)
    }
}
