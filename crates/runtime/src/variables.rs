//! Variables of the process's environment, as they were at its start. A connector that listens to some of them says which, in its own crate.

use std::collections::HashMap;
use std::sync::Arc;

/// See the module's documentation. A clone is a reference count.
#[derive(Clone, Debug, Default)]
pub struct Variables(Arc<HashMap<String, String>>);

impl Variables {
    /// The value of a variable; names differ by case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl FromIterator<(String, String)> for Variables {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(variables: T) -> Self {
        Self(Arc::new(variables.into_iter().collect()))
    }
}
