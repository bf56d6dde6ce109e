//! Random expressions and patterns.

use super::*;

impl Maker<'_> {
    /// A value; `match` and `for` among them.
    pub(super) fn value(&mut self) -> Expr {
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

    pub(super) fn effectors(&mut self, is_action: bool) -> Vec<Expr> {
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

    pub(super) fn action(&mut self) -> Expr {
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

    pub(super) fn element(&mut self) -> Element {
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
}
