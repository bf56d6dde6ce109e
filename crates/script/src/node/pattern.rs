//! Patterns at run time (spec/script.md 5.5).
//!
//! `matches` is asked where nothing is bound and computes nothing; `bind` gives the value for the name of the clause.

use std::fmt;
use std::sync::Arc;

use temblor_syntax::ast::BinaryOp;
use temblor_syntax::span::Span;
use temblor_value::{Hint, Key, ObjectMap, Value};

use super::{Expr, Frame, View};
use crate::extract::Extract;
use crate::ops;
use crate::trap::Trap;

/// A pattern.
pub(crate) trait Pattern: fmt::Debug + Send + Sync {
    /// Whether `target` matches.
    fn matches(&self, target: &Value, view: &View<'_>, frame: &mut Frame<'_>) -> Result<bool, Box<Trap>>;

    /// What a name is bound to if `target` matches.
    fn bind(&self, target: &Value, view: &View<'_>, frame: &mut Frame<'_>) -> Result<Option<Value>, Box<Trap>>;
}

/// `_` and `default`.
#[derive(Debug)]
pub(crate) struct Anything;

impl Pattern for Anything {
    fn matches(&self, _target: &Value, _view: &View<'_>, _frame: &mut Frame<'_>) -> Result<bool, Box<Trap>> {
        Ok(true)
    }

    fn bind(&self, target: &Value, _view: &View<'_>, _frame: &mut Frame<'_>) -> Result<Option<Value>, Box<Trap>> {
        Ok(Some(target.clone()))
    }
}

/// A value that the target equals.
#[derive(Debug)]
pub(crate) struct Equals(pub Box<dyn Expr>);

impl Pattern for Equals {
    fn matches(&self, target: &Value, view: &View<'_>, frame: &mut Frame<'_>) -> Result<bool, Box<Trap>> {
        Ok(*self.0.eval(view, frame)? == *target)
    }

    fn bind(&self, target: &Value, view: &View<'_>, frame: &mut Frame<'_>) -> Result<Option<Value>, Box<Trap>> {
        let value = self.0.eval(view, frame)?;
        Ok((*value == *target).then(|| value.into_owned()))
    }
}

/// An extractor.
#[derive(Clone)]
pub(crate) struct Extracts {
    /// As written, for dumps.
    pub text: String,
    pub code: Arc<dyn Extract>,
}

impl fmt::Debug for Extracts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Extracts").field(&self.text).finish()
    }
}

impl Pattern for Extracts {
    fn matches(&self, target: &Value, _view: &View<'_>, _frame: &mut Frame<'_>) -> Result<bool, Box<Trap>> {
        Ok(self.code.accepts(target))
    }

    fn bind(&self, target: &Value, view: &View<'_>, _frame: &mut Frame<'_>) -> Result<Option<Value>, Box<Trap>> {
        Ok(self.code.extract(target, view.info.ingest_ns))
    }
}

/// `%{ … }`.
#[derive(Debug)]
pub(crate) struct Record {
    pub fields: Box<[FieldTest]>,
    /// Takes a value that is no record for an empty one.
    pub is_lenient: bool,
}

/// A test of one field.
#[derive(Debug)]
pub(crate) struct FieldTest {
    pub key: Key,
    /// Where records had the key.
    pub hint: Hint,
    pub kind: FieldTestKind,
}

/// Kinds of field tests.
#[derive(Debug)]
pub(crate) enum FieldTestKind {
    Present,
    Absent,
    Equal { value: Box<dyn Expr>, negated: bool },
    Ordered { op: BinaryOp, value: Box<dyn Expr>, at: Span },
    Extract(Extracts),
    Record(Record),
    Array(Array),
}

impl FieldTest {
    fn holds(&self, found: Option<&Value>, view: &View<'_>, frame: &mut Frame<'_>) -> Result<bool, Box<Trap>> {
        let Some(found) = found else {
            return Ok(matches!(self.kind, FieldTestKind::Absent));
        };
        match &self.kind {
            FieldTestKind::Present => Ok(true),
            FieldTestKind::Absent => Ok(false),
            FieldTestKind::Equal { value, negated } => Ok((*found == *value.eval(view, frame)?) != *negated),
            FieldTestKind::Ordered { op, value, at } => {
                let value = value.eval(view, frame)?;
                ops::compare::ordered(*op, found, &value).map_err(|error| Trap::binary(error, *op, found, &value, *at))
            }
            FieldTestKind::Extract(extractor) => Ok(extractor.code.accepts(found)),
            FieldTestKind::Record(pattern) => Ok(found.as_object().is_some() && pattern.matches(found, view, frame)?),
            FieldTestKind::Array(pattern) => pattern.matches(found, view, frame),
        }
    }

    /// Tests the field and adds to the bound record what the test gives.
    fn take(
        &self,
        found: Option<&Value>,
        bound: &mut ObjectMap,
        view: &View<'_>,
        frame: &mut Frame<'_>,
    ) -> Result<bool, Box<Trap>> {
        let taken = match (&self.kind, found) {
            (FieldTestKind::Absent | FieldTestKind::Equal { .. } | FieldTestKind::Ordered { .. }, _) | (_, None) => {
                return self.holds(found, view, frame);
            }
            (FieldTestKind::Present, Some(found)) => Some(found.clone()),
            (FieldTestKind::Extract(extractor), Some(found)) => extractor.code.extract(found, view.info.ingest_ns),
            (FieldTestKind::Record(pattern), Some(found)) if found.as_object().is_some() => pattern.bind(found, view, frame)?,
            (FieldTestKind::Record(_), Some(_)) => None,
            (FieldTestKind::Array(pattern), Some(found)) => pattern.bind(found, view, frame)?,
        };
        let Some(taken) = taken else {
            return Ok(false);
        };
        bound.insert_key(&self.key, taken);
        Ok(true)
    }
}

/// What a record pattern is held against.
enum Fields<'v> {
    Map(&'v ObjectMap),
    /// A value that counts as a record without fields.
    Empty,
    /// A value that cannot match.
    NoRecord,
}

impl Record {
    fn fields_of<'v>(&self, target: &'v Value) -> Fields<'v> {
        match target.as_object() {
            Some(map) => Fields::Map(map),
            None if self.is_lenient => Fields::Empty,
            None => Fields::NoRecord,
        }
    }
}

impl<'v> Fields<'v> {
    fn get(&self, field: &FieldTest) -> Option<&'v Value> {
        match self {
            Self::Map(map) => map.get_key_near(&field.key, &field.hint),
            Self::Empty | Self::NoRecord => None,
        }
    }
}

impl Pattern for Record {
    fn matches(&self, target: &Value, view: &View<'_>, frame: &mut Frame<'_>) -> Result<bool, Box<Trap>> {
        let fields = self.fields_of(target);
        if let Fields::NoRecord = fields {
            return Ok(false);
        }
        for field in &self.fields {
            if !field.holds(fields.get(field), view, frame)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn bind(&self, target: &Value, view: &View<'_>, frame: &mut Frame<'_>) -> Result<Option<Value>, Box<Trap>> {
        let fields = self.fields_of(target);
        if let Fields::NoRecord = fields {
            return Ok(None);
        }
        let mut bound = ObjectMap::with_capacity(self.fields.len());
        for field in &self.fields {
            if !field.take(fields.get(field), &mut bound, view, frame)? {
                return Ok(None);
            }
        }
        Ok(Some(Value::from(bound)))
    }
}

/// An element of an array or tuple pattern.
#[derive(Debug)]
pub(crate) enum Element {
    Any,
    Value(Equals),
    Extract(Extracts),
    Record(Record),
}

impl Element {
    pub(crate) fn matches(&self, target: &Value, view: &View<'_>, frame: &mut Frame<'_>) -> Result<bool, Box<Trap>> {
        match self {
            Self::Any => Ok(true),
            Self::Value(pattern) => pattern.matches(target, view, frame),
            Self::Extract(pattern) => pattern.matches(target, view, frame),
            Self::Record(pattern) => pattern.matches(target, view, frame),
        }
    }

    pub(crate) fn bind(&self, target: &Value, view: &View<'_>, frame: &mut Frame<'_>) -> Result<Option<Value>, Box<Trap>> {
        match self {
            Self::Any => Ok(Some(target.clone())),
            Self::Value(pattern) => pattern.bind(target, view, frame),
            Self::Extract(pattern) => pattern.bind(target, view, frame),
            Self::Record(pattern) => pattern.bind(target, view, frame),
        }
    }
}

/// `%[ … ]`: every element is found somewhere.
#[derive(Debug)]
pub(crate) struct Array {
    pub elements: Box<[Element]>,
    pub at: Span,
}

impl Pattern for Array {
    fn matches(&self, target: &Value, view: &View<'_>, frame: &mut Frame<'_>) -> Result<bool, Box<Trap>> {
        let Value::Array(values) = target else {
            return Ok(false);
        };
        for element in &self.elements {
            let mut found = false;
            for value in values.iter() {
                frame.charge(1, self.at)?;
                if element.matches(value, view, frame)? {
                    found = true;
                    break;
                }
            }
            if !found {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn bind(&self, target: &Value, view: &View<'_>, frame: &mut Frame<'_>) -> Result<Option<Value>, Box<Trap>> {
        let Value::Array(values) = target else {
            return Ok(None);
        };
        let mut pairs = Vec::new();
        for element in &self.elements {
            if let Element::Any = element {
                if values.is_empty() {
                    return Ok(None);
                }
                continue;
            }
            let before = pairs.len();
            for (index, value) in values.iter().enumerate() {
                frame.charge(1, self.at)?;
                if let Some(value) = element.bind(value, view, frame)? {
                    frame.check_depth(&value, 2, self.at)?;
                    pairs.push(Value::from(vec![Value::from(index), value]));
                }
            }
            if pairs.len() == before {
                return Ok(None);
            }
        }
        Ok(Some(Value::from(pairs)))
    }
}

/// `%( … )`: elements by position.
#[derive(Debug)]
pub(crate) struct Tuple {
    pub elements: Box<[Element]>,
    /// Takes longer arrays too.
    pub is_open: bool,
}

impl Tuple {
    fn values<'v>(&self, target: &'v Value) -> Option<&'v [Value]> {
        let values = target.as_array()?;
        let fits = if self.is_open {
            values.len() >= self.elements.len()
        } else {
            values.len() == self.elements.len()
        };
        fits.then_some(values)
    }
}

impl Pattern for Tuple {
    fn matches(&self, target: &Value, view: &View<'_>, frame: &mut Frame<'_>) -> Result<bool, Box<Trap>> {
        let Some(values) = self.values(target) else {
            return Ok(false);
        };
        for (element, value) in self.elements.iter().zip(values) {
            if !element.matches(value, view, frame)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn bind(&self, target: &Value, view: &View<'_>, frame: &mut Frame<'_>) -> Result<Option<Value>, Box<Trap>> {
        let Some(values) = self.values(target) else {
            return Ok(None);
        };
        let mut bound = Vec::with_capacity(self.elements.len());
        for (element, value) in self.elements.iter().zip(values) {
            match element.bind(value, view, frame)? {
                Some(value) => bound.push(value),
                None => return Ok(None),
            }
        }
        Ok(Some(Value::from(bound)))
    }
}
