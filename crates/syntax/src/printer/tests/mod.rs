mod expressions;
mod items;

use proptest::prelude::*;

use super::*;
use crate::ast::*;
use crate::parser::{ParseLimits, Parsed, parse_module, parse_query, parse_query_module, parse_script};
use crate::source::SourceMap;
use crate::span::{SourceId, Span};

const NOWHERE: Span = Span {
    source: SourceId(0),
    start: 0,
    end: 0,
};

/// Makes trees out of random bytes; without any left it makes the smallest ones.
struct Maker<'a> {
    bytes: std::slice::Iter<'a, u8>,
    depth: u32,
}

impl Maker<'_> {
    fn pick(&mut self, below: u8) -> u8 {
        self.bytes.next().map_or(0, |byte| byte % below)
    }

    fn coin(&mut self) -> bool {
        self.pick(2) == 1
    }

    fn some<T>(&mut self, one: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.coin().then(|| one(self))
    }

    fn many<T>(&mut self, at_least: u8, mut one: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let more = self.pick(3);
        (0..at_least + more).map(|_| one(self)).collect()
    }

    fn name(&mut self) -> Name {
        let names = ["a", "b-c", "höhe", "two words", "match", "", "x1", "_y", "core", "nil", "-"];
        let text = names[self.pick(names.len() as u8) as usize].to_owned();
        Name { text, span: NOWHERE }
    }

    fn qualified(&mut self, at_least: u8) -> Qualified {
        Qualified {
            parts: self.many(at_least, Self::name),
        }
    }

    fn expr(kind: ExprKind) -> Expr {
        Expr { kind, span: NOWHERE }
    }
}

/// A tree as text without its places.
fn shape<T: std::fmt::Debug>(tree: &T) -> String {
    let shown = format!("{tree:?}");
    let mut pieces = shown.split("Span { source: SourceId(");
    let mut shape = pieces.next().unwrap_or("").to_owned();
    for piece in pieces {
        shape.push_str(piece.split_once('}').unwrap().1);
    }
    shape
}

#[track_caller]
fn same<T: std::fmt::Debug>(
    tree: &T,
    text: &str,
    dialect: Dialect,
    parse: fn(&SourceMap, SourceId, Dialect, &ParseLimits) -> Parsed<T>,
    print: fn(&T) -> String,
) {
    let mut sources = SourceMap::new();
    let id = sources.add("printed", text);
    let parsed = parse(&sources, id, dialect, &ParseLimits::default());
    let Some(again) = parsed.tree else {
        let reports: String = parsed
            .diagnostics
            .iter()
            .map(|one| crate::render(&sources, one, false))
            .collect();
        panic!("{text}\n{reports}");
    };
    assert_eq!(shape(tree), shape(&again), "{text}");
    assert_eq!(print(&again), text);
}

fn dialects() -> impl Strategy<Value = Dialect> {
    prop::sample::select(&[Dialect::Modern, Dialect::V09])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn scripts_are_printed_and_read(bytes in prop::collection::vec(any::<u8>(), 0..400), dialect in dialects()) {
        let mut maker = Maker { bytes: bytes.iter(), depth: 0 };
        let mut tree = maker.script(dialect);
        tree.docs = maker.docs();
        same(&tree, &script(&tree), dialect, parse_script, script);
    }

    #[test]
    fn queries_are_printed_and_read(bytes in prop::collection::vec(any::<u8>(), 0..400), dialect in dialects()) {
        let tree = Maker { bytes: bytes.iter(), depth: 0 }.query(dialect);
        same(&tree, &query(&tree), dialect, parse_query, query);
    }

    #[test]
    fn modules_are_printed_and_read(bytes in prop::collection::vec(any::<u8>(), 0..300), dialect in dialects()) {
        let mut maker = Maker { bytes: bytes.iter(), depth: 0 };
        let tree = ModuleFile { docs: maker.docs(), items: maker.many(1, Maker::item), dialect, span: NOWHERE };
        same(&tree, &module(&tree), dialect, parse_module, module);
        let items = maker.many(1, |maker| maker.query_item(dialect, false));
        let tree = QueryModuleFile { docs: maker.docs(), items, dialect, span: NOWHERE };
        same(&tree, &query_module(&tree), dialect, parse_query_module, query_module);
    }
}

#[test]
fn equal_expressions_print_alike() {
    let text = |source: &str| {
        let mut sources = SourceMap::new();
        let id = sources.add("test", source);
        let tree = parse_script(&sources, id, Dialect::Modern, &ParseLimits::default())
            .tree
            .unwrap();
        let [Stmt::Expr(tree)] = tree.stmts.as_slice() else {
            panic!("{source}")
        };
        expr(tree, Dialect::Modern)
    };
    assert_eq!(text("(event.a)"), text("event . a"));
    assert_eq!(text("a+( b*c )"), text("a + b * c"));
    assert_eq!(text("0x10"), text("1_6"));
    assert_ne!(text("(a + b) * c"), text("a + b * c"));
    assert_ne!(text("event.a"), text("event[\"a\"]"));
    assert_ne!(text("- 1"), text("-1"));
}
