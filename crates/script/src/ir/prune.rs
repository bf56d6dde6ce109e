//! Drops what is not evaluated (spec/script.md 8.3) and marks `event` where it is the result.

use super::{Expr, Kind};

/// Leaves of actions in order only those that are evaluated; `wanted` says whether the value of the last one is used.
///
/// A list of which nothing is left stands for an action that does nothing.
pub(crate) fn prune(body: &mut Vec<Expr>, wanted: bool) {
    let last = body.len().saturating_sub(1);
    let mut position = 0;
    body.retain_mut(|expr| {
        let used = wanted && position == last;
        position += 1;
        if !expr.is_action() {
            if used {
                prune_value(expr);
            }
            return used;
        }
        prune_action(expr, used);
        true
    });
}

/// Prunes within an action.
fn prune_action(expr: &mut Expr, wanted: bool) {
    match &mut expr.kind {
        Kind::Match(inner) => {
            for clause in &mut inner.clauses {
                prune(&mut clause.body, wanted);
            }
        }
        Kind::For(inner) => {
            for round in &mut inner.rounds {
                prune(&mut round.body, wanted);
            }
        }
        Kind::Let { value, .. } => prune_one(value),
        Kind::Emit { value, .. } => {
            value.take_if(|value| value.is_whole_event());
        }
        _ => {}
    }
}

fn prune_one(expr: &mut Expr) {
    if expr.is_action() {
        prune_action(expr, true);
    } else {
        prune_value(expr);
    }
}

/// Of the effectors of a value-level `match` or `for` only the last one is evaluated.
pub(crate) fn prune_value(expr: &mut Expr) {
    let keep_last = |body: &mut Vec<Expr>| {
        body.drain(..body.len().saturating_sub(1));
    };
    match &mut expr.kind {
        Kind::Match(inner) if !inner.is_action => inner.clauses.iter_mut().for_each(|clause| keep_last(&mut clause.body)),
        Kind::For(inner) if !inner.is_action => inner.rounds.iter_mut().for_each(|round| keep_last(&mut round.body)),
        _ => {}
    }
}

/// Marks a bare `event` in the last place of a script, also behind the clauses of a `match` there.
pub(crate) fn mark_result(body: &mut [Expr]) {
    let Some(last) = body.last_mut() else {
        return;
    };
    if last.is_whole_event() {
        last.kind = Kind::ReturnEvent;
        return;
    }
    if let Kind::Match(inner) = &mut last.kind {
        for clause in &mut inner.clauses {
            mark_result(&mut clause.body);
        }
        inner.is_action |= inner.clauses.iter().any(|clause| clause.body.iter().any(Expr::is_action));
    }
}
