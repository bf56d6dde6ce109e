//! The native function modules, one file each: its table of functions and their code.

pub(crate) mod array;
pub(crate) mod base64;
pub(crate) mod binary;
pub(crate) mod chash;
pub(crate) mod datetime;
pub(crate) mod float;
pub(crate) mod integer;
pub(crate) mod json;
pub(crate) mod math;
pub(crate) mod origin;
pub(crate) mod otel;
pub(crate) mod random;
pub(crate) mod range;
pub(crate) mod re;
pub(crate) mod record;
pub(crate) mod siphash;
pub(crate) mod string;
pub(crate) mod system;
pub(crate) mod test;
pub(crate) mod types;
pub(crate) mod url;

use temblor_script::func::FunctionDef;

/// The tables of all modules.
pub(crate) const TABLES: &[&[FunctionDef]] = &[
    array::FUNCTIONS,
    base64::FUNCTIONS,
    binary::FUNCTIONS,
    chash::FUNCTIONS,
    datetime::FUNCTIONS,
    float::FUNCTIONS,
    integer::FUNCTIONS,
    json::FUNCTIONS,
    math::FUNCTIONS,
    origin::FUNCTIONS,
    otel::FUNCTIONS,
    random::FUNCTIONS,
    range::FUNCTIONS,
    re::FUNCTIONS,
    record::FUNCTIONS,
    string::FUNCTIONS,
    system::FUNCTIONS,
    test::FUNCTIONS,
    types::FUNCTIONS,
    url::FUNCTIONS,
];
