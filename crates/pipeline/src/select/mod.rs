//! `select` (spec/query.md 8 to 10).
//!
//! A select without window keeps nothing and is shared by all workers; one with windows keeps its groups. Neither knows its neighbours.

mod grouped;
mod groups;
mod simple;
mod store;
pub(crate) mod window;
mod windowed;

use std::sync::Arc;

use temblor_event::Uid;
use temblor_script::select::{DimensionProgram, SelectPrograms};

use crate::op::{Instance, OpTraits};
use crate::report::Reporter;
use grouped::Grouped;
use simple::Simple;
use window::WindowSpec;
use windowed::Windowed;

/// Makes the node of a select.
pub(crate) fn build(programs: &Arc<SelectPrograms>, windows: Vec<WindowSpec>, reporter: &Reporter, uid: Uid) -> Instance {
    let programs = Arc::clone(programs);
    let reporter = reporter.clone();
    if !windows.is_empty() {
        Instance::Stateful(Box::new(Windowed::new(programs, windows, reporter, uid)))
    } else if programs.group_by.is_some() {
        Instance::Shared(Box::new(Grouped::new(programs, reporter)))
    } else {
        Instance::Shared(Box::new(Simple::new(programs, reporter)))
    }
}

/// What a select without window does with values.
fn traits_without_window(programs: &SelectPrograms) -> OpTraits {
    let target_is_event = programs.target.is_event();
    let target_reads = !target_is_event || programs.having.as_ref().is_some_and(|having| having.uses().reads_event);
    let filter_reads = programs.filter.as_ref().is_some_and(|filter| filter.uses().reads_event);
    let groups_read = programs.group_by.as_ref().is_some_and(dimension_reads);
    OpTraits {
        reads_event: target_reads || filter_reads || groups_read,
        always_replaces_event: !target_is_event,
        ..OpTraits::PLAIN
    }
}

fn dimension_reads(dimension: &DimensionProgram) -> bool {
    match dimension {
        DimensionProgram::Expr(expr) | DimensionProgram::Each(expr) => expr.uses().reads_event,
        DimensionProgram::Set(list) => list.iter().any(dimension_reads),
    }
}
