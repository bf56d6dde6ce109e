//! Developer chores: arrow check, generated documentation, conformance cases.

fn main() {}
