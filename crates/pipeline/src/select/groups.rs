//! Evaluation of `group by` (spec/query.md 10).

use smallvec::SmallVec;
use temblor_script::select::{DimensionProgram, ReadScope};
use temblor_script::{Scratch, Trap};
use temblor_value::{Str, Value, json};

/// One group of an event.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Group {
    /// Its identity: the values as JSON with sorted keys.
    pub(crate) name: Str,
    /// What `group` shows: the values, then the name.
    pub(crate) value: Value,
}

/// The groups of an event, in order; mostly one.
pub(crate) type Groups = SmallVec<[Group; 1]>;

/// Values of a group under construction.
type Values = SmallVec<[Value; 4]>;

impl Group {
    fn new(values: Values) -> Self {
        let mut values = values.into_vec();
        values.reserve_exact(1);
        let mut list = Value::from(values);
        let name = Str::from(json::to_string_sorted(&list));
        if let Some(values) = list.array_mut() {
            values.push(Value::Str(name.clone()));
        }
        Self { name, value: list }
    }

    /// The group of a select without `group by`.
    pub(crate) fn of_all() -> Self {
        Self::new(SmallVec::from_iter([Value::Null]))
    }
}

/// The groups that `dimension` yields for the event of `scope`.
pub(crate) fn groups(dimension: &DimensionProgram, scope: &ReadScope<'_>, scratch: &mut Scratch) -> Result<Groups, Box<Trap>> {
    let mut found: Vec<Values> = Vec::new();
    add(dimension, scope, scratch, &mut found)?;
    if found.is_empty() {
        return Ok(SmallVec::from_iter([Group::of_all()]));
    }
    Ok(found.into_iter().map(Group::new).collect())
}

fn add(
    dimension: &DimensionProgram,
    scope: &ReadScope<'_>,
    scratch: &mut Scratch,
    found: &mut Vec<Values>,
) -> Result<(), Box<Trap>> {
    match dimension {
        DimensionProgram::Expr(expr) => {
            let value = expr.eval(scope, scratch)?;
            if found.is_empty() {
                found.push(Values::new());
            }
            for group in found {
                group.push(value.clone());
            }
        }
        DimensionProgram::Set(list) => {
            for dimension in list {
                add(dimension, scope, scratch, found)?;
            }
        }
        DimensionProgram::Each(expr) => {
            let value = expr.eval(scope, scratch)?;
            let Some(elements) = value.as_array() else {
                return Err(DimensionProgram::not_an_array(expr, &value));
            };
            if found.is_empty() {
                found.push(Values::new());
            }
            let product = |group: &Values| {
                let group = group.clone();
                elements.iter().map(move |element| {
                    let mut group = group.clone();
                    group.push(element.clone());
                    group
                })
            };
            *found = found.iter().flat_map(product).collect();
        }
    }
    Ok(())
}
