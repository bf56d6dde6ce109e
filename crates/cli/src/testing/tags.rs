//! Tags and what they select (spec/runtime.md 7.7.2).

use std::collections::BTreeSet;
use std::path::Path;

use temblor_value::Value;

use super::Kind;
use super::files::read_json;

/// Tags of a folder, suite or test.
#[derive(Clone, Debug, Default)]
pub(super) struct Tags(BTreeSet<String>);

impl Tags {
    /// These and more.
    pub(super) fn with(&self, more: &[String]) -> Self {
        Self(self.0.iter().chain(more).cloned().collect())
    }

    fn meets(&self, others: &[String]) -> bool {
        others.iter().any(|tag| self.0.contains(tag))
    }
}

/// The texts in the files `tags.json` from `top` down to `folder`; files that are missing or hold something else count as empty.
pub(super) fn tags_of(top: &Path, folder: &Path) -> Tags {
    let mut tags = Tags::default();
    for folder in folder.ancestors().take_while(|folder| folder.starts_with(top)) {
        let list = read_json(&folder.join("tags.json")).ok();
        let found = list.iter().filter_map(Value::as_array).flatten();
        tags.0.extend(found.filter_map(Value::as_str).map(str::to_owned));
    }
    tags
}

/// Which tests are run.
#[derive(Debug)]
pub(super) struct Selection {
    pub(super) includes: Vec<String>,
    pub(super) excludes: Vec<String>,
}

impl Selection {
    pub(super) fn new(includes: &[String], excludes: &[String]) -> Self {
        Self {
            includes: includes.to_vec(),
            excludes: excludes.to_vec(),
        }
    }

    /// Asks for the tests with a tag.
    pub(super) fn include(&mut self, tag: &str) {
        self.includes.push(tag.to_owned());
    }

    /// Whether a test is run.
    pub(super) fn takes(&self, tags: &Tags, kind: Kind) -> bool {
        if !tags.0.contains(kind.name()) {
            return false;
        }
        tags.meets(&self.includes) || (!tags.meets(&self.excludes) && self.includes.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(tags: &[&str], includes: &[&str], excludes: &[&str]) -> bool {
        let owned = |list: &[&str]| list.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
        let selection = Selection::new(&owned(includes), &owned(excludes));
        selection.takes(&Tags::default().with(&owned(tags)), Kind::Unit)
    }

    #[test]
    fn selection_follows_the_five_rules() {
        assert!(!takes(&["tide"], &[], &[]), "the tag of the kind is needed");
        assert!(takes(&["unit"], &[], &[]));
        assert!(takes(&["unit", "tide"], &["tide"], &["tide"]), "includes win");
        assert!(!takes(&["unit", "tide"], &[], &["tide"]));
        assert!(!takes(&["unit", "tide"], &["ebb"], &[]));
        assert!(takes(&["unit", "tide"], &[], &["ebb"]));
    }
}
