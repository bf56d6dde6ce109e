//! No text makes the parser panic.

use proptest::prelude::*;

use super::*;

/// Pieces that texts are made of, valid ones and their ruins.
const PIECES: &[&str] = &[
    "let ",
    "a",
    "event",
    "$",
    ".",
    "::",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "%{",
    "%[",
    "%(",
    "\"",
    "\"\"\"\n",
    "#{",
    "\\",
    "|",
    "re|x|",
    "`",
    "<<",
    ">>",
    ">>>",
    "-",
    "1",
    "0x",
    "1.5e",
    " ",
    "\n",
    "#",
    "## d\n",
    "### m\n",
    "#!config ",
    "#!line ",
    "match ",
    " of ",
    "case ",
    "default ",
    "=>",
    " end",
    "patch ",
    "insert ",
    "merge ",
    "for ",
    "emit",
    "drop",
    "=",
    "==",
    "~",
    "~=",
    "_",
    ",",
    ";",
    ":",
    "...",
    "fn f",
    "with ",
    "mod m with ",
    "use a;\n",
    "const c = ",
    "select ",
    " from in",
    " into out",
    "define ",
    "script ",
    "window ",
    "operator ",
    "create ",
    "stream ",
    "group by ",
    "set(",
    "each(",
    "present ",
    "absent ",
    "not ",
    "and ",
    "recur(",
    "dialect = ",
    "\"0.9\"",
    "é",
    "海",
    "\u{feff}",
    "\r\n",
    "\u{2028}",
    "\0",
];

fn read_in_every_way(text: &str) {
    let mut sources = SourceMap::new();
    let id = sources.add("any", text);
    let limits = ParseLimits { source_depth: 64 };
    for dialect in [Dialect::Modern, Dialect::V09] {
        let mut diagnostics = parse_script(&sources, id, dialect, &limits).diagnostics;
        diagnostics.extend(parse_module(&sources, id, dialect, &limits).diagnostics);
        diagnostics.extend(parse_query(&sources, id, dialect, &limits).diagnostics);
        diagnostics.extend(parse_query_module(&sources, id, dialect, &limits).diagnostics);
        for diagnostic in &diagnostics {
            let span = diagnostic.span.unwrap();
            assert!(text.get(span.start as usize..span.end as usize).is_some(), "{diagnostic:?}");
            crate::render(&sources, diagnostic, true);
            crate::render_json(&sources, diagnostic);
        }
    }
    let _ = lexer::format_text(text);
}

/// A text that holds nearly every construct.
const WHOLE: &str = include_str!("whole.tremor");

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_text_is_read_without_panic(text in any::<String>()) {
        read_in_every_way(&text);
    }

    #[test]
    fn any_pieces_are_read_without_panic(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..60)) {
        read_in_every_way(&pieces.concat());
    }

    #[test]
    fn damaged_scripts_are_read_without_panic(
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0..12_usize, prop::sample::select(PIECES)), 1..6),
    ) {
        let mut text: Vec<char> = WHOLE.chars().collect();
        for (at, length, piece) in cuts {
            let start = at.index(text.len());
            let end = (start + length).min(text.len());
            text.splice(start..end, piece.chars());
        }
        read_in_every_way(&text.into_iter().collect::<String>());
    }
}

#[test]
fn the_damaged_script_is_whole_before() {
    let tree = script(WHOLE);
    let printed = printer::script(&tree);
    assert_eq!(printer::script(&script(&printed)), printed);
}
