//! Completeness of the tables and the generated reference.

use std::collections::BTreeSet;

use super::*;
use crate::{library, reference_markdown};

#[test]
fn everything_the_specification_lists_is_there() {
    let registry = registry();
    let natives: usize = registry.modules().map(|module| registry.functions_of(module).count()).sum();
    let script: usize = library::MODULES
        .iter()
        .map(|(_, text)| text.lines().filter(|line| line.starts_with("fn ")).count())
        .sum();
    assert_eq!((natives, script, registry.aggregates().count()), (121, 14, 13));
    let constants = library::MODULES
        .iter()
        .flat_map(|(_, text)| text.lines())
        .filter(|line| line.trim().starts_with("const "))
        .count();
    assert_eq!(constants, 59, "58 and the right spelling of one");
}

#[test]
fn every_function_is_documented() {
    for function in crate::modules::TABLES.iter().copied().flatten() {
        let doc = function.doc;
        let name = format!("{}::{}", function.module, function.name);
        assert!(doc.text.ends_with('.') && !doc.examples.is_empty(), "{name}");
        let (called, parameters) = doc.signature.split_once('(').expect("a signature with parameters");
        assert_eq!(called.trim_matches('`'), function.name, "{name}");
        let parameters: Vec<_> = parameters
            .trim_end_matches(')')
            .split(", ")
            .filter(|name| !name.is_empty())
            .collect();
        match function.arity.max {
            Some(most) => assert_eq!(parameters.len(), usize::from(most), "{name}"),
            None => assert_eq!(parameters.last(), Some(&"..."), "{name}"),
        }
    }
}

#[test]
fn every_native_function_but_those_of_datetime_is_declared_once() {
    let mut declared = BTreeSet::new();
    for (path, text) in library::MODULES {
        for line in text.lines().filter(|line| line.starts_with("intrinsic fn ")) {
            let (_, native) = line.trim_end_matches(';').rsplit_once(" as ").expect("a declaration");
            assert!(declared.insert(native.replace('`', "")), "{path}: {native} twice");
        }
    }
    let natives: BTreeSet<_> = crate::modules::TABLES
        .iter()
        .copied()
        .flatten()
        .filter(|function| function.module != "datetime")
        .map(|function| format!("{}::{}", function.module, function.name))
        .collect();
    assert_eq!(declared, natives);
}

#[test]
fn the_reference_names_everything() {
    let text = reference_markdown(&registry());
    for part in [
        "### array\n\nReached by `core::array::…` or `use std::array;`.\n",
        "### datetime\n\nReached by `core::datetime::…`.\n",
        "### cncf::otel\n\nReached by `use cncf::otel;`.\n",
        "#### `len(array)`\n\nNumber of elements of `array`; a nested array counts as one. *Constant.*\n\n- `core::array::len([7,[8,9]])` gives `2`\n",
        "### `aggr::stats::count()`\n",
        "### std::range\n\n- `contains(range, number)`: Whether a number",
        "- `signed::max = 9223372036854775807`: The largest",
        "- `parse(text)`",
    ] {
        assert!(text.contains(part) != (part == "- `parse(text)`"), "{part}");
    }
    assert_eq!(text, reference_markdown(&registry()));
}
