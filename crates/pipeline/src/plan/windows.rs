//! Window definitions: checks, defaults, warnings (spec/query.md 9.1 and 12, spec/dialects.md Q1, Q2, Q4).

use std::sync::Arc;

use temblor_syntax::Diagnostic;
use temblor_syntax::ast::{DefineWindow, Dialect, WindowKind};
use temblor_value::{Str, Value};

use super::{Definitions, WindowDef, WindowRef, diag};
use crate::select::window::{Rule, WindowSpec};

/// All windows of a query, checked: one bad definition refuses every select.
pub(super) fn check_all(windows: &Definitions<WindowDef>, dialect: Dialect) -> Result<(), Box<Diagnostic>> {
    windows
        .iter()
        .try_for_each(|(name, window)| rule(name, window, dialect).map(|_| ()))
}

/// The window that a select names.
pub(super) fn spec(windows: &Definitions<WindowDef>, named: &WindowRef, dialect: Dialect) -> Result<WindowSpec, Box<Diagnostic>> {
    let Some(window) = windows.find(&named.path) else {
        return Err(diag::unknown_window(
            &named.path,
            named.at,
            windows.iter().map(|(name, _)| name),
        ));
    };
    Ok(WindowSpec {
        name: Value::from(Str::new(&named.name)),
        rule: rule(&named.path, window, dialect)?,
        script: window.script.as_ref().map(Arc::clone),
        eviction_ns: unsigned(&window.params, "eviction_period"),
        max_groups: unsigned(&window.params, "max_groups").unwrap_or(u64::MAX),
        at: named.at,
    })
}

fn unsigned(params: &Value, name: &str) -> Option<u64> {
    params.get(name)?.as_u64()
}

fn rule(name: &str, window: &WindowDef, dialect: Dialect) -> Result<Rule, Box<Diagnostic>> {
    if window.kind == WindowKind::Sliding {
        return Err(diag::sliding(name, window.at));
    }
    let is_modern = dialect == Dialect::Modern;
    match (unsigned(&window.params, "size"), unsigned(&window.params, "interval")) {
        (Some(_), Some(_)) if is_modern => Err(diag::both_settings(name, window.at)),
        (_, Some(interval_ns)) => Ok(Rule::Time {
            interval_ns,
            by_tick: is_modern && window.script.is_none(),
            emit_empty: emits_empty(&window.params),
        }),
        (Some(size), None) if is_modern => Ok(Rule::Count { size }),
        (Some(size), None) => Ok(Rule::CountBefore { size }),
        (None, None) => Err(diag::no_setting(name, window.at)),
    }
}

fn emits_empty(params: &Value) -> bool {
    params.get("emit_empty_windows").and_then(Value::as_bool).unwrap_or(false)
}

/// Warnings about a definition.
pub(super) fn warn(window: &DefineWindow, params: &Value, dialect: Dialect, warnings: &mut Vec<Diagnostic>) {
    if dialect == Dialect::V09 {
        return;
    }
    let is_bounded =
        unsigned(params, "eviction_period").is_some() || unsigned(params, "max_groups").is_some_and(|max| max < u64::MAX);
    if emits_empty(params) && !is_bounded {
        warnings.push(diag::warn_unbounded_groups(&window.name.text, window.span));
    }
}
