//! The Temblor command line.

fn main() {}
