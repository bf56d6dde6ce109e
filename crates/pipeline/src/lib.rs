//! Queries to executable graphs: planning, operators, windows, executor.
