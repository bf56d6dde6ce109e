//! Which certificate stands for which server name (`proxy.md` 2.13): the exact name, then a wildcard for one label.

use std::collections::HashMap;

/// Position of an entry in the list of certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EntryIx(pub(super) usize);

/// Names and the entries they belong to, in the order of the list.
#[derive(Debug, Default)]
pub(super) struct NameTable {
    exact: HashMap<Box<str>, Vec<EntryIx>>,
    /// Keys are what follows the `*` of a pattern, with its dot.
    wildcard: HashMap<Box<str>, Vec<EntryIx>>,
}

/// Can certificates be chosen by this text: a host name, or one behind `*.`?
pub(crate) fn is_pattern(text: &str) -> bool {
    let name = text.strip_prefix("*.").unwrap_or(text);
    name.split('.').all(|label| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    })
}

impl NameTable {
    /// Adds a name of an entry; what is no pattern can match nothing and is passed over.
    pub(super) fn add(&mut self, pattern: &str, entry: EntryIx) {
        if !is_pattern(pattern) {
            return;
        }
        let pattern = pattern.to_ascii_lowercase();
        let (table, key) = match pattern.strip_prefix('*') {
            Some(rest) => (&mut self.wildcard, rest),
            None => (&mut self.exact, pattern.as_str()),
        };
        let entries = table.entry(key.into()).or_default();
        if !entries.contains(&entry) {
            entries.push(entry);
        }
    }

    /// The entries for a name in lower case, none if no name fits.
    pub(super) fn find(&self, name: &str) -> &[EntryIx] {
        if let Some(entries) = self.exact.get(name) {
            return entries;
        }
        let rest = name.find('.').and_then(|dot| name.get(dot..));
        rest.and_then(|rest| self.wildcard.get(rest)).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(names: &[&str]) -> NameTable {
        let mut table = NameTable::default();
        for (at, name) in names.iter().enumerate() {
            table.add(name, EntryIx(at));
        }
        table
    }

    #[test]
    fn the_exact_name_comes_before_the_wildcard() {
        let table = table(&["*.example.com", "shop.example.com", "Shop.Example.com"]);
        assert_eq!(table.find("shop.example.com"), [EntryIx(1), EntryIx(2)]);
        assert_eq!(table.find("till.example.com"), [EntryIx(0)]);
    }

    #[test]
    fn a_wildcard_stands_for_one_label() {
        let table = table(&["*.example.com"]);
        for name in ["example.com", "a.b.example.com", ".example.com.", "shop.example.org", ""] {
            assert_eq!(table.find(name), [], "{name}");
        }
    }

    #[test]
    fn other_texts_match_nothing() {
        for text in [
            "",
            "*",
            "*.",
            "a*.example.com",
            "a..b",
            ".example.com",
            "*.*.example.com",
            "a b",
            "10.0.0.1:80",
        ] {
            assert!(!is_pattern(text), "{text}");
            assert_eq!(table(&[text]).find(text), [], "{text}");
        }
        for text in ["localhost", "*.example.com", "a_b.example", "xn--bcher-kva.example"] {
            assert!(is_pattern(text), "{text}");
        }
    }
}
