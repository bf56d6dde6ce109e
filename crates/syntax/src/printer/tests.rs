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

    /// A value; `match` and `for` among them.
    fn value(&mut self) -> Expr {
        match self.pick(8) {
            6 => self.match_(false),
            7 => self.for_(false),
            _ => self.operation(),
        }
    }

    /// Something an operator can stand before.
    fn operation(&mut self) -> Expr {
        self.depth += 1;
        let kind = if self.depth > 5 { self.small() } else { self.kind() };
        self.depth -= 1;
        Self::expr(kind)
    }

    fn small(&mut self) -> ExprKind {
        match self.pick(3) {
            0 => ExprKind::Literal(self.literal()),
            1 => ExprKind::Text(Text {
                parts: vec![],
                is_heredoc: self.coin(),
            }),
            _ => ExprKind::Path(Path {
                root: Root::Name(self.name()),
                steps: vec![],
                span: NOWHERE,
            }),
        }
    }

    fn kind(&mut self) -> ExprKind {
        match self.pick(15) {
            0 => self.small(),
            1 => ExprKind::Text(self.text()),
            2 => ExprKind::Array(self.many(0, Self::value)),
            3 => ExprKind::Record(self.many(0, |maker| Field {
                key: maker.text(),
                key_span: NOWHERE,
                value: maker.value(),
            })),
            4 => ExprKind::Bytes(self.many(0, Self::bytes_part)),
            5 => ExprKind::Path(self.path()),
            6 => ExprKind::Present(self.path()),
            7 => ExprKind::Absent(self.path()),
            8 | 9 => {
                let ops = [UnaryOp::Plus, UnaryOp::Minus, UnaryOp::Not, UnaryOp::BitNot];
                ExprKind::Unary {
                    op: ops[self.pick(4) as usize],
                    operand: Box::new(self.value()),
                }
            }
            10 | 11 => ExprKind::Binary {
                op: self.binary_op(),
                operands: Box::new((self.value(), self.value())),
            },
            12 => ExprKind::Call(Call {
                function: self.qualified(1),
                args: self.many(0, Self::value),
            }),
            13 => ExprKind::Recur(self.many(0, Self::value)),
            _ if self.coin() => ExprKind::Merge(Box::new(Merge {
                target: self.value(),
                value: self.value(),
            })),
            _ => ExprKind::Patch(Box::new(Patch {
                target: self.value(),
                ops: self.many(1, Self::patch_op),
                head_span: NOWHERE,
            })),
        }
    }

    fn binary_op(&mut self) -> BinaryOp {
        use BinaryOp as B;
        let all = [
            B::Or,
            B::Xor,
            B::And,
            B::BitXor,
            B::BitAnd,
            B::Eq,
            B::Ne,
            B::Lt,
            B::Le,
            B::Gt,
            B::Ge,
            B::Shl,
            B::ShrSigned,
            B::ShrUnsigned,
            B::Add,
            B::Sub,
            B::Mul,
            B::Div,
            B::Rem,
        ];
        all[self.pick(all.len() as u8) as usize]
    }

    fn literal(&mut self) -> Literal {
        let ints = [0, 1, -1, i64::MAX, i64::MIN, 0x7f];
        let floats = [
            0.0,
            -0.0,
            1.5,
            -2.25,
            1e300,
            1e16,
            1e-7,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::MIN_POSITIVE,
        ];
        match self.pick(5) {
            0 => Literal::Null,
            1 => Literal::Bool(self.coin()),
            2 => Literal::Int(ints[self.pick(6) as usize]),
            _ => Literal::Float(floats[self.pick(10) as usize]),
        }
    }

    fn text(&mut self) -> Text {
        let mut parts = Vec::new();
        if self.depth < 5 {
            // Literal neighbours are one part.
            for _ in 0..self.pick(4) {
                let is_literal = !matches!(parts.last(), Some(TextPart::Literal(_))) && self.coin();
                parts.push(if is_literal {
                    TextPart::Literal(self.characters())
                } else {
                    TextPart::Value(self.operation())
                });
            }
        }
        Text {
            parts,
            is_heredoc: self.coin(),
        }
    }

    fn characters(&mut self) -> String {
        let pieces = [
            "x", "\"", "\"\"\"", "\\", "#", "{", "}", "#{", "{}", "{{", "\n", "\r", "\t", "海", " ", "\u{8}", "\0", "'", "|",
            "}}",
        ];
        let all = self.many(1, |maker| pieces[maker.pick(pieces.len() as u8) as usize]);
        all.concat()
    }

    fn bytes_part(&mut self) -> BytesPart {
        let size = self.some(|maker| (i64::from(maker.pick(70)) - 2, NOWHERE));
        BytesPart {
            value: self.value(),
            size,
            kind: self.some(Self::name),
            span: NOWHERE,
        }
    }

    fn path(&mut self) -> Path {
        let (root, at_least) = match self.pick(8) {
            0 => (Root::Event, 0),
            1 => (Root::State, 0),
            2 => (Root::Args, 0),
            3 => (Root::Group, 0),
            4 => (Root::Window, 0),
            5 => (Root::Meta, 0),
            6 => (Root::Const(self.qualified(2)), 0),
            _ => (Root::Name(self.name()), 0),
        };
        let mut steps = self.many(at_least, Self::step);
        if root == Root::Meta && !steps.is_empty() {
            steps[0].kind = StepKind::Field(self.name().text);
        }
        Path {
            root,
            steps,
            span: NOWHERE,
        }
    }

    fn step(&mut self) -> Step {
        let kind = match self.pick(4) {
            0 if self.depth < 5 => StepKind::Index(Box::new(self.value())),
            1 if self.depth < 5 => StepKind::Range(Box::new((self.value(), self.value()))),
            _ => StepKind::Field(self.name().text),
        };
        Step { kind, span: NOWHERE }
    }

    fn patch_op(&mut self) -> PatchOp {
        let kind = match self.pick(8) {
            0 => PatchOpKind::Insert(self.value(), self.value()),
            1 => PatchOpKind::Update(self.value(), self.value()),
            2 => PatchOpKind::Upsert(self.value(), self.value()),
            3 => PatchOpKind::Erase(self.value()),
            4 => PatchOpKind::Move(self.value(), self.value()),
            5 => PatchOpKind::Copy(self.value(), self.value()),
            6 => PatchOpKind::Merge(self.value(), self.value()),
            _ => PatchOpKind::MergeAll(self.value()),
        };
        PatchOp { kind, span: NOWHERE }
    }

    fn effectors(&mut self, is_action: bool) -> Vec<Expr> {
        self.many(1, |maker| if is_action { maker.action() } else { maker.value() })
    }

    fn match_(&mut self, is_action: bool) -> Expr {
        self.depth += 1;
        let clauses = self.many(1, |maker| {
            let pattern = maker.some(Self::pattern);
            let guard = if pattern.is_some() { maker.some(Self::value) } else { None };
            Clause {
                pattern,
                guard,
                effectors: maker.effectors(is_action),
                span: NOWHERE,
            }
        });
        let target = self.value();
        self.depth -= 1;
        Self::expr(ExprKind::Match(Box::new(Match {
            target,
            clauses,
            is_action,
        })))
    }

    fn for_(&mut self, is_action: bool) -> Expr {
        self.depth += 1;
        let rounds = self.many(1, |maker| Round {
            key: maker.name(),
            value: maker.name(),
            guard: maker.some(Self::value),
            effectors: maker.effectors(is_action),
            span: NOWHERE,
        });
        let target = self.value();
        self.depth -= 1;
        Self::expr(ExprKind::For(Box::new(For {
            target,
            rounds,
            is_action,
        })))
    }

    fn action(&mut self) -> Expr {
        if self.depth > 5 {
            return self.operation();
        }
        match self.pick(6) {
            0 => Self::expr(ExprKind::Drop),
            1 => self.match_(true),
            2 => self.for_(true),
            3 => {
                self.depth += 1;
                let kind = ExprKind::Let {
                    target: self.path(),
                    value: Box::new(self.action()),
                };
                self.depth -= 1;
                Self::expr(kind)
            }
            4 => {
                let emit = Emit {
                    value: self.some(Self::value),
                    port: self.some(|maker| (maker.text(), NOWHERE)),
                };
                Self::expr(ExprKind::Emit(Box::new(emit)))
            }
            _ => self.operation(),
        }
    }

    fn pattern(&mut self) -> Pattern {
        let kind = match self.pick(4) {
            0 => PatternKind::Bind(self.name(), Box::new(self.free_pattern())),
            _ => return self.free_pattern(),
        };
        Pattern { kind, span: NOWHERE }
    }

    fn free_pattern(&mut self) -> Pattern {
        let kind = match self.pick(6) {
            0 => PatternKind::Any,
            1 => PatternKind::Extract(self.extractor()),
            2 => PatternKind::Record(self.record_pattern()),
            3 => PatternKind::Array(self.many(0, Self::element)),
            4 => PatternKind::Tuple {
                elements: self.many(0, Self::element),
                is_open: self.coin(),
            },
            _ => PatternKind::Value(self.value()),
        };
        Pattern { kind, span: NOWHERE }
    }

    fn element(&mut self) -> Element {
        let kind = match self.pick(4) {
            0 => ElementKind::Any,
            1 => ElementKind::Extract(self.extractor()),
            2 => ElementKind::Record(self.record_pattern()),
            _ => ElementKind::Value(self.value()),
        };
        Element { kind, span: NOWHERE }
    }

    fn record_pattern(&mut self) -> RecordPattern {
        self.depth += 1;
        let fields = if self.depth > 6 {
            vec![]
        } else {
            self.many(0, Self::field_test)
        };
        self.depth -= 1;
        RecordPattern { fields, span: NOWHERE }
    }

    fn field_test(&mut self) -> FieldTest {
        let ops = [
            CompareOp::Eq,
            CompareOp::Ne,
            CompareOp::Lt,
            CompareOp::Le,
            CompareOp::Gt,
            CompareOp::Ge,
        ];
        let kind = match self.pick(6) {
            0 => FieldTestKind::Present,
            1 => FieldTestKind::Absent,
            2 => FieldTestKind::Extract(self.extractor()),
            3 => FieldTestKind::Record(self.record_pattern()),
            4 => FieldTestKind::Array(self.many(0, Self::element)),
            _ => FieldTestKind::Compare(ops[self.pick(6) as usize], self.value()),
        };
        FieldTest {
            name: self.name(),
            kind,
            span: NOWHERE,
        }
    }

    fn extractor(&mut self) -> Extractor {
        let formats = ["", "x*", "\\d+|", "  lead", " ", " \t ", "a  ", "\t\\", "#{x}\"", "海"];
        let format = formats[self.pick(formats.len() as u8) as usize].to_owned();
        Extractor {
            name: self.name(),
            format,
            span: NOWHERE,
        }
    }

    fn docs(&mut self) -> Option<String> {
        self.some(|maker| {
            maker
                .many(1, |maker| ["about this", "", "x # y"][maker.pick(3) as usize])
                .join("\n")
        })
    }

    fn const_(&mut self) -> Const {
        Const {
            docs: self.docs(),
            name: self.name(),
            value: self.value(),
            span: NOWHERE,
        }
    }

    fn function(&mut self) -> Function {
        let mut params = self.many(0, Self::name);
        let mut is_open = self.coin();
        let body = if self.coin() {
            FnBody::Plain(self.many(1, Self::action))
        } else {
            is_open = false;
            if params.is_empty() {
                params.push(self.name());
            }
            let clauses = self.many(0, |maker| FnClause {
                elements: maker.many(1, Self::element),
                guard: maker.some(Self::value),
                effectors: maker.effectors(true),
                span: NOWHERE,
            });
            FnBody::Matching {
                clauses,
                default: self.effectors(true),
            }
        };
        Function {
            docs: self.docs(),
            name: self.name(),
            params,
            is_open,
            body,
            span: NOWHERE,
        }
    }

    fn intrinsic(&mut self) -> Intrinsic {
        Intrinsic {
            docs: self.docs(),
            name: self.name(),
            params: self.many(0, Self::name),
            is_open: self.coin(),
            target: self.qualified(1),
            span: NOWHERE,
        }
    }

    fn use_(&mut self) -> Use {
        Use {
            path: self.qualified(1),
            alias: self.some(Self::name),
            span: NOWHERE,
        }
    }

    fn item(&mut self) -> Item {
        self.depth += 1;
        let item = match self.pick(5) {
            0 if self.depth < 4 => Item::Module(Module {
                name: self.name(),
                docs: self.docs(),
                items: self.many(1, Self::item),
                span: NOWHERE,
            }),
            1 => Item::Function(self.function()),
            2 => Item::Intrinsic(self.intrinsic()),
            3 => Item::Use(self.use_()),
            _ => Item::Const(self.const_()),
        };
        self.depth -= 1;
        item
    }

    fn script(&mut self, dialect: Dialect) -> Script {
        let stmts = self.many(1, |maker| {
            if maker.coin() {
                Stmt::Item(maker.item())
            } else {
                Stmt::Expr(maker.action())
            }
        });
        Script {
            docs: None,
            stmts,
            dialect,
            span: NOWHERE,
        }
    }

    fn params(&mut self) -> Params {
        Params {
            bindings: self.many(1, |maker| (maker.name(), maker.value())),
        }
    }

    fn query_item(&mut self, dialect: Dialect, is_top: bool) -> QueryItem {
        self.depth += 1;
        let item = match self.pick(if is_top { 5 } else { 8 }) {
            0 if self.depth < 4 => QueryItem::Module {
                name: self.name(),
                docs: self.docs(),
                items: self.many(1, |maker| maker.query_item(dialect, false)),
                span: NOWHERE,
            },
            1 => QueryItem::Window(DefineWindow {
                kind: if self.coin() {
                    WindowKind::Sliding
                } else {
                    WindowKind::Tumbling
                },
                name: self.name(),
                params: self.params(),
                script: self.some(Self::value),
                span: NOWHERE,
            }),
            2 => QueryItem::Script(DefineScript {
                name: self.name(),
                params: self.some(Self::params),
                script: self.script(dialect),
                span: NOWHERE,
            }),
            3 => QueryItem::Use(self.use_()),
            5 => QueryItem::Const(self.const_()),
            6 => QueryItem::Function(self.function()),
            7 => QueryItem::Intrinsic(self.intrinsic()),
            _ => QueryItem::Operator(DefineOperator {
                kind: (self.name(), self.name()),
                name: self.name(),
                params: self.some(Self::params),
                span: NOWHERE,
            }),
        };
        self.depth -= 1;
        item
    }

    fn port(&mut self) -> PortRef {
        PortRef {
            node: self.name(),
            port: self.some(Self::name),
            span: NOWHERE,
        }
    }

    fn dimension(&mut self) -> Dimension {
        self.depth += 1;
        let dimension = match self.pick(3) {
            0 if self.depth < 5 => Dimension::Set(self.many(1, Self::dimension), NOWHERE),
            1 => Dimension::Each(self.value(), NOWHERE),
            _ => Dimension::Expr(self.value()),
        };
        self.depth -= 1;
        dimension
    }

    fn query_stmt(&mut self, dialect: Dialect) -> QueryStmt {
        let kind = match self.pick(5) {
            0 => QueryStmtKind::Item(self.query_item(dialect, true)),
            1 => QueryStmtKind::CreateStream(self.name()),
            2 => QueryStmtKind::CreateOperator(self.create()),
            3 => QueryStmtKind::CreateScript(self.create()),
            _ => QueryStmtKind::Select(Box::new(Select {
                target: self.value(),
                from: self.port(),
                windows: self.many(0, |maker| maker.qualified(1)),
                where_: self.some(Self::value),
                group_by: self.some(Self::dimension),
                into: self.port(),
                having: self.some(Self::value),
            })),
        };
        QueryStmt { kind, span: NOWHERE }
    }

    fn create(&mut self) -> Create {
        Create {
            name: self.name(),
            from: self.some(|maker| maker.qualified(1)),
            params: self.some(Self::params),
        }
    }

    fn query(&mut self, dialect: Dialect) -> Query {
        let config = self.many(0, |maker| ConfigDirective {
            name: maker.name(),
            value: maker.value(),
            span: NOWHERE,
        });
        Query {
            config,
            stmts: self.many(1, |maker| maker.query_stmt(dialect)),
            dialect,
            span: NOWHERE,
        }
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
