//! Ports as numbers.
//!
//! Names exist while a graph is built; afterwards a port is the position of its name in the node's table.

use temblor_value::Str;

/// A port of one node, by position in that node's [`PortTable`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PortId(pub u16);

impl PortId {
    /// Every node's `out`, and every node's `in`.
    pub const DEFAULT: Self = Self(0);
}

/// An input of a pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InputId(pub u16);

/// An output of a pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OutputId(pub u16);

/// Position of a node in its pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u16);

/// Names of one node's ports on one side. The default port is always there.
#[derive(Clone, Debug)]
pub struct PortTable {
    names: Vec<Str>,
}

impl PortTable {
    /// A table that holds the default port under the name `default`.
    pub fn new(default: &'static str) -> Self {
        Self {
            names: vec![Str::from_static(default)],
        }
    }

    /// The number of `name`, which is entered if it is new.
    pub fn enter(&mut self, name: &str) -> PortId {
        self.find(name).unwrap_or_else(|| {
            self.names.push(Str::new(name));
            PortId((self.names.len() - 1) as u16)
        })
    }

    /// The number of `name`.
    pub fn find(&self, name: &str) -> Option<PortId> {
        self.names
            .iter()
            .position(|known| known.as_str() == name)
            .map(|at| PortId(at as u16))
    }

    /// The name of a port; empty for a number that is not in the table.
    pub fn name(&self, port: PortId) -> &str {
        self.names.get(usize::from(port.0)).map_or("", Str::as_str)
    }

    /// Number of ports.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Never true: the default port is always there.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}
