//! Constants and functions by module (spec/script.md 7.4).
//!
//! Lookup goes downwards from the module a reference stands in; there is no way up.

use std::sync::Arc;

use hashbrown::HashMap;
use temblor_syntax::span::Span;
use temblor_value::Value;

use crate::func::FunctionDef;
use crate::node::function::Function;

/// Number of a module in its [`ModuleTree`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ModuleId(usize);

/// The modules of a script or query with their constants and functions.
#[derive(Clone, Debug)]
pub struct ModuleTree {
    modules: Vec<Module>,
}

#[derive(Clone, Debug, Default)]
struct Module {
    path: Vec<String>,
    consts: HashMap<String, (Value, Span)>,
    functions: HashMap<String, (Callable, Span)>,
    children: HashMap<String, ModuleId>,
}

/// A function of a module.
#[derive(Clone, Debug)]
pub(crate) enum Callable {
    Script(Arc<Function>),
    Native(FunctionDef),
}

/// The name is taken in this module, by what is defined here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taken(pub(crate) Span);

impl Default for ModuleTree {
    fn default() -> Self {
        Self {
            modules: vec![Module::default()],
        }
    }
}

impl ModuleTree {
    /// The module of the script or query itself.
    pub const ROOT: ModuleId = ModuleId(0);

    /// The module `name` in `parent`, made if missing: modules of the same name add up.
    pub(crate) fn child(&mut self, parent: ModuleId, name: &str) -> ModuleId {
        if let Some(id) = self.find(parent, [name]) {
            return id;
        }
        let id = ModuleId(self.modules.len());
        let mut path = self.path(parent).to_vec();
        path.push(name.to_owned());
        self.modules.push(Module {
            path,
            ..Module::default()
        });
        if let Some(parent) = self.modules.get_mut(parent.0) {
            parent.children.insert(name.to_owned(), id);
        }
        id
    }

    /// The module that `names` lead to from `start`.
    pub fn find<'n>(&self, start: ModuleId, names: impl IntoIterator<Item = &'n str>) -> Option<ModuleId> {
        names
            .into_iter()
            .try_fold(start, |id, name| self.modules.get(id.0)?.children.get(name).copied())
    }

    /// Names from the root to `module`.
    pub fn path(&self, module: ModuleId) -> &[String] {
        self.modules.get(module.0).map_or(&[], |module| module.path.as_slice())
    }

    /// The constant `name` of `module`.
    pub fn constant(&self, module: ModuleId, name: &str) -> Option<&Value> {
        self.modules.get(module.0)?.consts.get(name).map(|(value, _)| value)
    }

    pub(crate) fn function(&self, module: ModuleId, name: &str) -> Option<&Callable> {
        self.modules.get(module.0)?.functions.get(name).map(|(function, _)| function)
    }

    /// Names of the functions of `module`, in no order.
    pub(crate) fn functions(&self, module: ModuleId) -> impl Iterator<Item = &str> {
        self.modules
            .get(module.0)
            .into_iter()
            .flat_map(|module| module.functions.keys().map(String::as_str))
    }

    pub(crate) fn add_constant(&mut self, module: ModuleId, name: &str, value: Value, at: Span) -> Result<(), Taken> {
        let Some(module) = self.modules.get_mut(module.0) else {
            return Ok(());
        };
        match module.consts.try_insert(name.to_owned(), (value, at)) {
            Ok(_) => Ok(()),
            Err(taken) => Err(Taken(taken.entry.get().1)),
        }
    }

    pub(crate) fn add_function(&mut self, module: ModuleId, name: &str, function: Callable, at: Span) -> Result<(), Taken> {
        let Some(module) = self.modules.get_mut(module.0) else {
            return Ok(());
        };
        match module.functions.try_insert(name.to_owned(), (function, at)) {
            Ok(_) => Ok(()),
            Err(taken) => Err(Taken(taken.entry.get().1)),
        }
    }
}
