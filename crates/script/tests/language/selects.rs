//! Expressions of queries (spec/query.md 5, 6, 8 and 9.9).

use std::any::Any;

use temblor_script::func::{Aggregate, AggregateDef};
use temblor_script::select::{QueryCx, QueryModules, ReadScope, SelectPrograms};
use temblor_script::{Braces, ModuleTree};
use temblor_syntax::ast::{Query, QueryItem, QueryStmtKind, Select};
use temblor_syntax::{ParseLimits, parse_query};

use super::*;

/// Adds integers up.
#[derive(Default)]
struct Sum(i64);

impl Aggregate for Sum {
    fn accumulate(&mut self, args: &[Value]) -> Result<(), FnError> {
        self.0 += args[0].as_i64().ok_or(FnError::BadType)?;
        Ok(())
    }

    fn merge(&mut self, other: &dyn Aggregate) -> Result<(), FnError> {
        self.0 += other.as_any().downcast_ref::<Self>().map_or(0, |other| other.0);
        Ok(())
    }

    fn emit(&self) -> Result<Value, FnError> {
        Ok(Value::from(self.0))
    }

    fn reset(&mut self) {
        self.0 = 0;
    }

    fn fresh(&self) -> Box<dyn Aggregate> {
        Box::new(Self(0))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

struct Compiling {
    sources: SourceMap,
    env: Env,
    warnings: Vec<Diagnostic>,
}

fn query(text: &str, dialect: Dialect) -> (Compiling, Query) {
    let mut registry = registry();
    registry.add_aggregate(AggregateDef {
        module: "stats",
        name: "sum",
        arity: Arity::exactly(1),
        warning: None,
        create: || Box::new(Sum(0)),
        doc: FunctionDoc::default(),
    });
    let env = Env {
        registry: Arc::new(registry),
        ..env(Files::default(), dialect, Limits::default())
    };
    let mut sources = SourceMap::new();
    let id = sources.add("query.trickle", text);
    let parsed = parse_query(&sources, id, dialect, &ParseLimits::default());
    let query = parsed.tree.unwrap_or_else(|| panic!("{text}: {:?}", parsed.diagnostics));
    (
        Compiling {
            sources,
            env,
            warnings: Vec::new(),
        },
        query,
    )
}

impl Compiling {
    fn cx(&mut self, dialect: Dialect) -> QueryCx<'_> {
        QueryCx {
            env: &self.env,
            sources: &self.sources,
            warnings: &mut self.warnings,
            module: ModuleTree::ROOT,
            dialect,
        }
    }
}

/// Compiles the last statement, a select, after declaring the definitions before it.
fn select_in(text: &str, dialect: Dialect) -> Result<(SelectPrograms, Vec<Diagnostic>), String> {
    let (mut compiling, query) = query(text, dialect);
    let env = compiling.env.clone();
    let mut modules = QueryModules::read(
        &query,
        Braces::default(),
        &mut compiling.sources,
        &env,
        &mut compiling.warnings,
    )
    .map_err(|e| e[0].message.clone())?;
    let mut found: Option<Box<Select>> = None;
    for stmt in query.stmts {
        match stmt.kind {
            QueryStmtKind::Item(item) => {
                modules.declare(&item, &mut compiling.cx(dialect)).map_err(|e| e.message)?;
            }
            QueryStmtKind::Select(select) => found = Some(select),
            _ => {}
        }
    }
    let programs = modules
        .select(&found.unwrap(), &mut compiling.cx(dialect))
        .map_err(|e| e.message)?;
    Ok((programs, compiling.warnings))
}

fn select(text: &str) -> SelectPrograms {
    select_in(text, Dialect::Modern)
        .unwrap_or_else(|message| panic!("{text}: {message}"))
        .0
}

fn refused_select(text: &str, marker: &str) {
    let message = select_in(text, Dialect::Modern).map(|_| ()).unwrap_err();
    assert!(message.to_lowercase().contains(marker), "{text}: {message}");
}

fn scope<'a>(event: &'a Value, group: &'a Value, aggregates: Option<&'a [Box<dyn Aggregate>]>) -> ReadScope<'a> {
    ReadScope {
        event,
        meta: &Value::Null,
        group,
        window: &Value::Null,
        info: EventInfo::default(),
        aggregates,
    }
}

#[test]
fn clauses_are_evaluated_over_a_scope() {
    let programs = select(
        "mod m with const k = \"a\"; fn f(x) with x + 1 end end; select m::f(event[m::k]) from in where event.a > 1 into out",
    );
    let event = json::from_str(r#"{"a": 4}"#).unwrap();
    let scope = scope(&event, &Value::Null, None);
    let scratch = &mut Scratch::default();
    assert_eq!(programs.target.eval(&scope, scratch).unwrap(), Value::from(5i64));
    assert!(programs.filter.unwrap().test(&scope, scratch).unwrap());
    assert!(!programs.target.is_event());
    assert!(select("select event from in into out").target.is_event());
}

#[test]
fn aggregates_are_numbered_in_order_of_clauses() {
    let programs = select(
        "define tumbling window w with size = 2 end; select {\"a\": aggr::stats::sum(event.a), \"b\": 1 + aggr::stats::sum(event.b)} from in[w] into out having aggr::stats::sum(1) > 1",
    );
    assert_eq!(programs.aggregates.len(), 3);
    let mut states: Vec<Box<dyn Aggregate>> = programs.aggregates.iter().map(|site| (site.function.create)()).collect();
    let scratch = &mut Scratch::default();
    for number in 1..3i64 {
        let event = json::from_str(&format!("{{\"a\": {number}, \"b\": 10}}")).unwrap();
        let group = Value::Null;
        let scope = scope(&event, &group, None);
        for (site, state) in programs.aggregates.iter().zip(&mut states) {
            site.accumulate(&scope, scratch, state.as_mut()).unwrap();
        }
    }
    let read = scope(&Value::Null, &Value::Null, Some(&states));
    let value = programs.target.eval(&read, scratch).unwrap();
    assert_eq!(json::to_string(&value), r#"{"a":3,"b":21}"#);
    assert!(programs.having.unwrap().test(&read, scratch).unwrap());
}

#[test]
fn group_expressions_stand_for_group_values() {
    let window = "define tumbling window w with size = 2 end; mod m with const k = \"a\" end;";
    let programs = select(&format!(
        "{window} select [event.a, event[m::k], core::test::twice((event.b + 1)), present event.z] from in[w] group by set(event.a, each(event.b + 1)) into out"
    ));
    let group = json::from_str(r#"["x", 4, "[]"]"#).unwrap();
    let scope = scope(&Value::Null, &group, None);
    let value = programs.target.eval(&scope, &mut Scratch::default()).unwrap();
    assert_eq!(json::to_string(&value), r#"["x","x",8,false]"#);
    for target in ["event.a.b", "event", "\"#{event.q}\"", "$x", "event.b"] {
        refused_select(
            &format!("{window} select {target} from in[w] group by event.a into out"),
            "not allowed in this context",
        );
    }
}

#[test]
fn wrong_clauses_are_refused() {
    refused_select("select x from in into out", "local variables");
    refused_select("select {\"a\": 1} from in where x into out", "local variables");
    refused_select(
        "select aggr::stats::sum(aggr::stats::sum(1)) from in into out",
        "inside of aggregates",
    );
    refused_select("select aggr::stats::sum() from in into out", "arity");
    refused_select(
        "select aggr::stats::none() from in into out",
        "undefined function aggr::stats::none",
    );
    refused_select("select f() from in into out", "undefined function ::f");
    refused_select("select m::c from in into out", "constant m::c");
    refused_select(
        "mod m with fn f(x) with aggr::stats::sum(x) end end; select 1 from in into out",
        "undefined function aggr",
    );
    assert!(select_in("select (for event of case (k, v) => v end) from in into out", Dialect::Modern).is_ok());
}

#[test]
fn aggregates_without_a_window_warn_and_fail() {
    let (programs, warnings) = select_in("select aggr::stats::sum(1) from in into out", Dialect::Modern).unwrap();
    assert_eq!(warnings.len(), 1);
    let trap = programs
        .target
        .eval(&scope(&Value::Null, &Value::Null, None), &mut Scratch::default())
        .unwrap_err();
    assert!(trap.message().contains("aggregate function"));
}

#[test]
fn windowed_targets_of_09_may_name_the_event() {
    let text = "define tumbling window w with size = 2 end; select event.a from in[w] into out";
    let (_, warnings) = select_in(text, Dialect::V09).unwrap();
    assert!(warnings[0].message.contains("aggr::win::last"));
}

#[test]
fn parameters_are_constant() {
    let text = "define tumbling window w with size = core::test::twice(4), interval = event.x end; select event from in into out";
    let (mut compiling, query) = query(text, Dialect::Modern);
    let mut modules = QueryModules::default();
    let QueryStmtKind::Item(QueryItem::Window(window)) = &query.stmts[0].kind else {
        panic!("no window")
    };
    let value = modules
        .constant(&window.params.bindings[0].1, &mut compiling.cx(Dialect::Modern))
        .unwrap();
    assert_eq!(value, Value::from(8i64));
    let error = modules
        .constant(&window.params.bindings[1].1, &mut compiling.cx(Dialect::Modern))
        .unwrap_err();
    assert!(error.message.contains("constant"));
}
