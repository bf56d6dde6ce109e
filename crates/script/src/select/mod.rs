//! Expressions of queries: `select` clauses, window scripts, constant parameters, and the modules of a query (spec/query.md 5, 6 and 8 to 10).
//!
//! Knows no graph, no window and no group: it turns the clauses of one select into programs over a [`ReadScope`].

mod groups;
pub mod modules;

use std::sync::Arc;

use smallvec::SmallVec;
use temblor_syntax::ast::{self, Dialect, Dimension};
use temblor_syntax::codes;
use temblor_syntax::span::Span;
use temblor_syntax::{Diagnostic, SourceMap};
use temblor_value::Value;

use crate::diag;
use crate::env::Env;
use crate::func::{Aggregate, AggregateDef, EventInfo};
use crate::ir;
use crate::ir::walk::size;
use crate::lower::{AggregateCall, Lowered, Lowerer, MAX_DEPTH, Site};
use crate::node::build;
use crate::node::frame::{Scratch, Shared};
use crate::node::{Expr, Frame, Test, View};
use crate::resolve::ModuleId;
use crate::trap::{Callee, Trap, TrapKind};
use crate::uses::Uses;

pub use modules::QueryModules;

/// What an expression of a query sees.
#[derive(Clone, Copy)]
pub struct ReadScope<'a> {
    /// `event`.
    pub event: &'a Value,
    /// `$`.
    pub meta: &'a Value,
    /// `group`.
    pub group: &'a Value,
    /// `window`.
    pub window: &'a Value,
    /// Ingest time and origin.
    pub info: EventInfo<'a>,
    /// State of the aggregate calls of the select, in the order of [`SelectPrograms::aggregates`]; `None` where there is no window.
    pub aggregates: Option<&'a [Box<dyn Aggregate>]>,
}

impl ReadScope<'_> {
    fn view(&self) -> View<'_> {
        View {
            event: self.event,
            meta: self.meta,
            state: &Value::Null,
            args: &Value::Null,
            group: self.group,
            window: self.window,
            info: &self.info,
            aggregates: self.aggregates,
        }
    }
}

/// An expression that gives a value.
#[derive(Debug)]
pub struct ExprProgram {
    node: Box<dyn Expr>,
    frame: FrameNeed,
    uses: Uses,
    is_event: bool,
}

/// An expression that must give a boolean.
#[derive(Debug)]
pub struct TestProgram {
    node: Box<dyn Test>,
    frame: FrameNeed,
    uses: Uses,
}

/// What running one expression takes.
#[derive(Clone, Debug)]
struct FrameNeed {
    slots: usize,
    cost: usize,
    shared: Arc<Shared>,
    at: Span,
}

impl FrameNeed {
    fn open<'f>(&'f self, scratch: &'f mut Scratch) -> Result<Frame<'f>, Box<Trap>> {
        let mut frame = Frame::new(scratch, self.slots, &self.shared);
        frame.charge(self.cost, self.at)?;
        Ok(frame)
    }
}

impl ExprProgram {
    /// The value of the expression.
    pub fn eval(&self, scope: &ReadScope<'_>, scratch: &mut Scratch) -> Result<Value, Box<Trap>> {
        let mut frame = self.frame.open(scratch)?;
        let value = self.node.eval(&scope.view(), &mut frame)?;
        Ok(value.into_owned())
    }

    /// What it reads.
    pub fn uses(&self) -> &Uses {
        &self.uses
    }

    /// Whether it is exactly `event`.
    pub fn is_event(&self) -> bool {
        self.is_event
    }

    /// Its place in the text.
    pub fn at(&self) -> Span {
        self.frame.at
    }
}

impl TestProgram {
    /// Whether the condition holds.
    ///
    /// # Errors
    /// A runtime error, also when the value is no boolean.
    pub fn test(&self, scope: &ReadScope<'_>, scratch: &mut Scratch) -> Result<bool, Box<Trap>> {
        let mut frame = self.frame.open(scratch)?;
        self.node.test(&scope.view(), &mut frame)
    }

    /// Its place in the text.
    pub fn at(&self) -> Span {
        self.frame.at
    }

    /// What it reads.
    pub fn uses(&self) -> &Uses {
        &self.uses
    }
}

/// A dimension of `group by` (spec/query.md 10).
#[derive(Debug)]
pub enum DimensionProgram {
    /// An expression.
    Expr(ExprProgram),
    /// `set(…)`.
    Set(Vec<DimensionProgram>),
    /// `each(…)`; its value must be an array, see [`DimensionProgram::not_an_array`].
    Each(ExprProgram),
}

impl DimensionProgram {
    /// The error of an `each` whose value is no array.
    pub fn not_an_array(each: &ExprProgram, got: &Value) -> Box<Trap> {
        Trap::conflict(got, crate::trap::Expected::Array, each.frame.at, each.frame.at)
    }
}

/// An aggregate call of a select.
#[derive(Debug)]
pub struct AggregateSite {
    /// The function; its `create` makes the state for a group and window.
    pub function: AggregateDef,
    args: Box<[Box<dyn Expr>]>,
    frame: FrameNeed,
    uses: Uses,
}

impl AggregateSite {
    /// Evaluates the arguments on an event and takes them in.
    pub fn accumulate(&self, scope: &ReadScope<'_>, scratch: &mut Scratch, state: &mut dyn Aggregate) -> Result<(), Box<Trap>> {
        let mut frame = self.frame.open(scratch)?;
        let view = scope.view();
        let mut values: SmallVec<[Value; 2]> = SmallVec::new();
        for arg in &self.args {
            values.push(arg.eval(&view, &mut frame)?.into_owned());
        }
        state.accumulate(&values).map_err(|error| self.failed(error))
    }

    /// Merges the closing state of a finer window.
    pub fn merge(&self, state: &mut dyn Aggregate, finer: &dyn Aggregate) -> Result<(), Box<Trap>> {
        state.merge(finer).map_err(|error| self.failed(error))
    }

    fn failed(&self, error: crate::func::FnError) -> Box<Trap> {
        let callee = Callee {
            module: self.function.module,
            name: self.function.name,
            arity: self.args.len(),
        };
        Trap::new(TrapKind::Function { callee, error }, self.frame.at, self.frame.at)
    }

    /// What the arguments read.
    pub fn uses(&self) -> &Uses {
        &self.uses
    }
}

/// The programs of one `select`.
#[derive(Debug)]
pub struct SelectPrograms {
    /// What leaves.
    pub target: ExprProgram,
    /// `having`.
    pub having: Option<TestProgram>,
    /// `where`; its aggregates have no window.
    pub filter: Option<TestProgram>,
    /// `group by`; its aggregates have no window.
    pub group_by: Option<DimensionProgram>,
    /// Aggregate calls, each with its own state per group and window: of the target, of `having`, of `where`, of `group by`.
    pub aggregates: Vec<AggregateSite>,
}

/// What compiling an expression of a query needs.
pub struct QueryCx<'a> {
    /// Surroundings.
    pub env: &'a Env,
    /// Sources, all modules read.
    pub sources: &'a SourceMap,
    /// Where warnings go.
    pub warnings: &'a mut Vec<Diagnostic>,
    /// The module the expression stands in.
    pub module: ModuleId,
    /// Dialect of its file.
    pub dialect: Dialect,
}

impl QueryModules {
    /// Compiles the clauses of a select.
    ///
    /// # Errors
    /// The first error, clauses in the order target, `having`, `where`, `group by`.
    pub fn select(&mut self, select: &ast::Select, cx: &mut QueryCx<'_>) -> Result<SelectPrograms, Box<Diagnostic>> {
        let windowed = !select.windows.is_empty();
        let shared = shared(cx.env);
        let (dialect, mut later) = (cx.dialect, Vec::new());
        let mut lowerer = self.lowerer(cx, Site::Select);
        let mut target = lowerer.expr(&select.target)?;
        let target_slots = std::mem::take(&mut lowerer.scope).slots();
        let having = select.having.as_ref().map(|having| lowerer.clause(having)).transpose()?;
        let with_window = if windowed { lowerer.aggregates.len() } else { 0 };
        let filter = select.where_.as_ref().map(|filter| lowerer.clause(filter)).transpose()?;
        let group_by = select
            .group_by
            .as_ref()
            .map(|dimension| lowerer.dimension(dimension))
            .transpose()?;
        let aggregates = std::mem::take(&mut lowerer.aggregates);
        later.extend(
            aggregates
                .iter()
                .skip(with_window)
                .map(|call| diag::aggregate_without_window(call.at)),
        );
        if windowed {
            check_target(&mut target, group_by.as_ref(), dialect, &mut later)?;
        }
        cx.warnings.append(&mut later);
        Ok(SelectPrograms {
            target: value_program(target, target_slots, &shared)?,
            having: having.map(|(expr, slots)| test_program(expr, slots, &shared)).transpose()?,
            filter: filter.map(|(expr, slots)| test_program(expr, slots, &shared)).transpose()?,
            group_by: group_by.map(|dimension| dimension.program(&shared)).transpose()?,
            aggregates: aggregates
                .into_iter()
                .map(|call| aggregate_site(call, &shared))
                .collect::<Lowered<_>>()?,
        })
    }

    /// Compiles an expression that stands alone, such as the script of a window. Aggregates in it have no window.
    pub fn expr(&mut self, expr: &ast::Expr, cx: &mut QueryCx<'_>) -> Result<ExprProgram, Box<Diagnostic>> {
        let shared = shared(cx.env);
        let (lowered, slots) = self.lowerer(cx, Site::Select).clause(expr)?;
        value_program(lowered, slots, &shared)
    }

    /// The value of an expression that must be constant: a parameter of a `with` or of a directive (spec/query.md 5.1).
    pub fn constant(&mut self, expr: &ast::Expr, cx: &mut QueryCx<'_>) -> Result<Value, Box<Diagnostic>> {
        let lowered = self.lowerer(cx, Site::Script).expr(expr)?;
        lowered.as_const().cloned().ok_or_else(|| diag::not_constant(expr.span))
    }
}

fn shared(env: &Env) -> Arc<Shared> {
    Arc::new(Shared {
        host: Arc::clone(&env.host),
        limits: env.limits.clone(),
    })
}

/// Refuses `event` and `$` in the target of a windowed select and puts group values in place of group expressions; dialect 0.9 only warns.
fn check_target(
    target: &mut ir::Expr,
    group_by: Option<&groups::Lowered>,
    dialect: Dialect,
    warnings: &mut Vec<Diagnostic>,
) -> Result<(), Box<Diagnostic>> {
    let mut expressions = Vec::new();
    if let Some(group_by) = group_by {
        group_by.expressions(&mut expressions);
    }
    match dialect {
        Dialect::Modern => groups::rewrite(target, &expressions).map_err(diag::event_in_target),
        Dialect::V09 => {
            if let Err(at) = groups::rewrite(&mut target.clone(), &[]) {
                warnings.push(Diagnostic::warning(
                    codes::WINDOW_EVENT,
                    at,
                    "The target of a windowed select refers to the event that triggers the emission; aggr::win::last gives the last one of the window",
                ));
            }
            Ok(())
        }
    }
}

impl Lowerer<'_> {
    /// Lowers an expression with a frame of its own.
    fn clause(&mut self, expr: &ast::Expr) -> Lowered<(ir::Expr, usize)> {
        let lowered = self.expr(expr)?;
        Ok((lowered, std::mem::take(&mut self.scope).slots()))
    }

    fn dimension(&mut self, dimension: &Dimension) -> Lowered<groups::Lowered> {
        Ok(match dimension {
            Dimension::Expr(expr) => {
                let (expr, slots) = self.clause(expr)?;
                groups::Lowered::Expr(expr, slots)
            }
            Dimension::Set(list, _) => {
                let list = list
                    .iter()
                    .map(|dimension| self.dimension(dimension))
                    .collect::<Lowered<_>>()?;
                groups::Lowered::Set(list)
            }
            Dimension::Each(expr, _) => {
                let (expr, slots) = self.clause(expr)?;
                groups::Lowered::Each(expr, slots)
            }
        })
    }
}

fn frame_need(expr: &ir::Expr, slots: usize, shared: &Arc<Shared>) -> Lowered<FrameNeed> {
    let size = size(expr);
    if size.depth > MAX_DEPTH {
        return Err(diag::too_deep(expr.at.0));
    }
    Ok(FrameNeed {
        slots,
        cost: size.nodes,
        shared: Arc::clone(shared),
        at: expr.at.0,
    })
}

fn value_program(expr: ir::Expr, slots: usize, shared: &Arc<Shared>) -> Lowered<ExprProgram> {
    Ok(ExprProgram {
        frame: frame_need(&expr, slots, shared)?,
        uses: Uses::of_expr(&expr),
        is_event: expr.is_whole_event(),
        node: build::expr(expr),
    })
}

fn test_program(expr: ir::Expr, slots: usize, shared: &Arc<Shared>) -> Lowered<TestProgram> {
    let frame = frame_need(&expr, slots, shared)?;
    let at = frame.at;
    Ok(TestProgram {
        frame,
        uses: Uses::of_expr(&expr),
        node: build::condition(expr, at),
    })
}

fn aggregate_site(call: AggregateCall, shared: &Arc<Shared>) -> Lowered<AggregateSite> {
    let AggregateCall {
        function,
        args,
        slots,
        at,
    } = call;
    let list = ir::Expr::new(ir::Kind::Array(args), at);
    let frame = frame_need(&list, slots, shared)?;
    let uses = Uses::of_expr(&list);
    let args = match list.kind {
        ir::Kind::Array(args) => args.into_iter().map(build::expr).collect(),
        _ => Box::default(),
    };
    Ok(AggregateSite {
        function,
        args,
        frame,
        uses,
    })
}
