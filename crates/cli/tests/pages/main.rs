//! The deployments that the pages about operation show.

mod migration;
mod rules;
