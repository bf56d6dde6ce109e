//! The reference of functions, aggregates and library modules as Markdown, made from the tables and the library texts.
//!
//! Library texts are read line by line, in the layout that they all keep (one definition a line, documentation before it); the grammar
//! of the language is not needed here.

use std::fmt::{self, Write as _};

use temblor_script::func::{AggregateDef, Example, FunctionDef, Purity, Registry};

/// The reference of everything in `registry`; equal registries give equal texts.
pub fn reference_markdown(registry: &Registry) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write(registry, &mut out);
    out
}

fn write(registry: &Registry, out: &mut String) -> fmt::Result {
    out.push_str(
        "# Functions, aggregates and constants\n\n\
         This page is made from the tables in the source code. The result of each example is JSON.\n\n\
         A function marked *constant* is computed when a script is loaded if all its arguments are constants.\n",
    );
    out.push_str("\n## Functions\n");
    let mut modules: Vec<_> = registry.modules().collect();
    modules.sort_unstable();
    for module in modules {
        functions_of(registry, module, out)?;
    }
    out.push_str("\n## Aggregates\n\nAggregates are called in the target or the `having` of a `select`; nothing is imported.\n");
    let mut aggregates: Vec<_> = registry.aggregates().collect();
    aggregates.sort_unstable_by_key(|aggregate| (aggregate.module, aggregate.name));
    for aggregate in aggregates {
        write_aggregate(aggregate, out)?;
    }
    out.push_str("\n## Library modules\n\nConstants, and functions that are written in the language itself.\n");
    let mut libraries: Vec<_> = registry.libraries().collect();
    libraries.sort_unstable();
    for (path, text) in libraries {
        library(path, text, out)?;
    }
    Ok(())
}

fn functions_of(registry: &Registry, module: &str, out: &mut String) -> fmt::Result {
    write!(out, "\n### {module}\n\n")?;
    let core = (!module.contains("::")).then(|| format!("`core::{module}::…`"));
    let import = import_of(registry, module).map(|path| format!("`use {path};`"));
    let ways: Vec<String> = core.into_iter().chain(import).collect();
    writeln!(out, "Reached by {}.", ways.join(" or "))?;
    let mut functions: Vec<_> = registry.functions_of(module).collect();
    functions.sort_unstable_by_key(|function| function.name);
    for function in functions {
        write_function(function, out)?;
    }
    Ok(())
}

/// The library module that declares the functions of a native module.
fn import_of(registry: &Registry, module: &str) -> Option<String> {
    let declared = format!(" as {module}::");
    let declaring = registry.libraries().find(|(_, text)| text.contains(&declared));
    declaring.map(|(path, _)| path.replace('/', "::"))
}

fn write_function(function: &FunctionDef, out: &mut String) -> fmt::Result {
    write!(out, "\n#### {}\n\n{}", code(function.doc.signature), function.doc.text)?;
    if function.purity == Purity::Pure {
        out.push_str(" *Constant.*");
    }
    out.push('\n');
    examples(function.doc.examples, out)
}

fn write_aggregate(aggregate: &AggregateDef, out: &mut String) -> fmt::Result {
    let call = format!("aggr::{}::{}", aggregate.module, aggregate.doc.signature);
    write!(out, "\n### {}\n\n{}", code(&call), aggregate.doc.text)?;
    if let Some(warning) = aggregate.warning {
        write!(out, " A query that uses it is loaded with a warning: {warning}.")?;
    }
    out.push('\n');
    examples(aggregate.doc.examples, out)
}

fn examples(examples: &[Example], out: &mut String) -> fmt::Result {
    if !examples.is_empty() {
        out.push('\n');
    }
    for example in examples {
        writeln!(out, "- {} gives {}", code(example.source), code(example.result))?;
    }
    Ok(())
}

/// `text` as code in a line; text with back ticks gets longer fences.
fn code(text: &str) -> String {
    if text.contains('`') {
        format!("`` {text} ``")
    } else {
        format!("`{text}`")
    }
}

/// The constants and script functions of a library text; a module that has neither is left out.
fn library(path: &str, text: &str, out: &mut String) -> fmt::Result {
    let mut rows = String::new();
    let mut inner = Vec::new();
    let mut doc = String::new();
    for line in text.lines().map(str::trim) {
        if let Some(words) = line.strip_prefix("## ") {
            words.clone_into(&mut doc);
            continue;
        }
        let prefix: String = inner.iter().flat_map(|module: &&str| [*module, "::"]).collect();
        if let Some((name, value)) = line.strip_prefix("const ").and_then(|rest| rest.split_once(" = ")) {
            row(&format!("{prefix}{name} = {}", value.trim_end_matches(';')), &doc, &mut rows)?;
        } else if let Some((signature, _)) = line.strip_prefix("fn ").and_then(|rest| rest.rsplit_once(')')) {
            row(&format!("{prefix}{signature})"), &doc, &mut rows)?;
        } else if let Some(module) = line.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(" with")) {
            inner.push(module);
        } else if line == "end;" && !inner.is_empty() {
            inner.pop();
        }
        doc.clear();
    }
    if rows.is_empty() {
        return Ok(());
    }
    write!(out, "\n### {}\n\n{rows}", path.replace('/', "::"))
}

fn row(definition: &str, doc: &str, out: &mut String) -> fmt::Result {
    let separator = if doc.is_empty() { "" } else { ": " };
    writeln!(out, "- {}{separator}{doc}", code(definition))
}
