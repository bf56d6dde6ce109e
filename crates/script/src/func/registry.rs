//! The table of library functions, aggregates and library modules.
//!
//! Filled once at start by `stdlib`; the compiler asks it, programs do not.

use hashbrown::HashMap;

use super::{AggregateDef, FunctionDef};

/// Library functions, aggregates and the script texts of library modules.
#[derive(Debug, Default)]
pub struct Registry {
    functions: HashMap<&'static str, HashMap<&'static str, FunctionDef>>,
    aggregates: HashMap<&'static str, HashMap<&'static str, AggregateDef>>,
    libraries: HashMap<&'static str, &'static str>,
}

impl Registry {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a function; a later one of the same module and name takes its place.
    pub fn add_function(&mut self, function: FunctionDef) {
        self.functions
            .entry(function.module)
            .or_default()
            .insert(function.name, function);
    }

    /// Adds an aggregate; a later one of the same module and name takes its place.
    pub fn add_aggregate(&mut self, aggregate: AggregateDef) {
        self.aggregates
            .entry(aggregate.module)
            .or_default()
            .insert(aggregate.name, aggregate);
    }

    /// Adds the text of a library module; `path` is its module path joined by `/`, such as `std/string`.
    pub fn add_library(&mut self, path: &'static str, text: &'static str) {
        self.libraries.insert(path, text);
    }

    /// The function `name` of native module `module`.
    pub fn function(&self, module: &str, name: &str) -> Option<&FunctionDef> {
        self.functions.get(module)?.get(name)
    }

    /// Whether a native module of this name exists.
    pub fn has_module(&self, module: &str) -> bool {
        self.functions.contains_key(module)
    }

    /// Names of the native modules, in no order.
    pub fn modules(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.functions.keys().copied()
    }

    /// The functions of a native module, in no order.
    pub fn functions_of(&self, module: &str) -> impl Iterator<Item = &FunctionDef> {
        self.functions.get(module).into_iter().flat_map(HashMap::values)
    }

    /// The aggregate `aggr::module::name`.
    pub fn aggregate(&self, module: &str, name: &str) -> Option<&AggregateDef> {
        self.aggregates.get(module)?.get(name)
    }

    /// All aggregates, in no order.
    pub fn aggregates(&self) -> impl Iterator<Item = &AggregateDef> {
        self.aggregates.values().flat_map(HashMap::values)
    }

    /// Text of the library module `path` (joined by `/`).
    pub fn library(&self, path: &str) -> Option<&'static str> {
        self.libraries.get(path).copied()
    }

    /// Paths and texts of all library modules, in no order.
    pub fn libraries(&self) -> impl Iterator<Item = (&'static str, &'static str)> + '_ {
        self.libraries.iter().map(|(&path, &text)| (path, text))
    }
}
