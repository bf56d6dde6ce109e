//! `present` and `absent` (spec/script.md 4.7).

use temblor_value::Key;

use super::path::{AnyPath, FixedRoot};
use super::{Expr, Frame, Res, Test, Val, View};
use crate::trap::Trap;
use temblor_value::Value;

/// Whether a path of fields can be resolved.
#[derive(Debug)]
pub(crate) struct HasFields {
    pub root: FixedRoot,
    pub keys: Box<[Key]>,
    pub negated: bool,
}

impl Test for HasFields {
    fn test(&self, view: &View<'_>, _frame: &mut Frame<'_>) -> Result<bool, Box<Trap>> {
        let end = self
            .keys
            .iter()
            .try_fold(self.root.get(view), |value, key| value.get_key(key));
        Ok(end.is_some() != self.negated)
    }
}

/// Whether a local name is set and has these fields.
#[derive(Debug)]
pub(crate) struct HasLocal {
    pub slot: usize,
    pub keys: Box<[Key]>,
    pub negated: bool,
}

impl Test for HasLocal {
    fn test(&self, _view: &View<'_>, frame: &mut Frame<'_>) -> Result<bool, Box<Trap>> {
        let end = frame
            .local(self.slot)
            .and_then(|start| self.keys.iter().try_fold(start, |value, key| value.get_key(key)));
        Ok(end.is_some() != self.negated)
    }
}

/// Whether any path can be resolved.
#[derive(Debug)]
pub(crate) struct HasPath {
    pub path: AnyPath,
    pub negated: bool,
}

impl Test for HasPath {
    fn test(&self, view: &View<'_>, frame: &mut Frame<'_>) -> Result<bool, Box<Trap>> {
        Ok(self.path.is_present(view, frame)? != self.negated)
    }
}

/// A condition where a value is wanted.
#[derive(Debug)]
pub(crate) struct TestValue(pub Box<dyn Test>);

impl Expr for TestValue {
    fn eval<'a>(&'a self, view: &View<'a>, frame: &mut Frame<'_>) -> Res<'a> {
        self.0.test(view, frame).map(|holds| Val::Own(Value::Bool(holds)))
    }
}
