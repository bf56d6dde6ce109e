//! `doc`: Markdown from the documentation lines of modules (spec/runtime.md 7.5).

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use temblor_script::limits::Limits;
use temblor_script::{Braces, Env, EventInfo, Scope, Scratch, Verdict, compile_embedded};
use temblor_syntax::ast::{self, Expr, ExprKind, Item, Name, Root, Script, Stmt};
use temblor_syntax::{ParseLimits, SourceId, SourceMap, parse_script};
use temblor_value::Value;

use crate::args::{DocOptions, Globals};
use crate::diagnostics::Form;
use crate::output::{is_coloured, print, report};
use crate::{env, output};

/// Documents every module below a folder, or one module.
pub(crate) fn run(options: &DocOptions, globals: &Globals) -> Result<ExitCode, String> {
    let env = env::new(globals.dialect.unwrap_or_default(), &globals.instance, Limits::default());
    let (root, files) = if options.source.is_file() {
        let root = options.source.parent().unwrap_or(Path::new(""));
        (root, vec![options.source.clone()])
    } else {
        let mut files = Vec::new();
        modules(&options.source, &mut files)?;
        (options.source.as_path(), files)
    };
    for file in &files {
        let text = document(file, &env, globals.diagnostics)?;
        let relative = file.strip_prefix(root).unwrap_or(file);
        write(&options.target.join(relative).with_extension("md"), &text)?;
        if options.interactive {
            print(&text)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The modules of a folder, then those of the folders in it, by name.
fn modules(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("cannot read {}: {error}", folder.display());
    let entries = std::fs::read_dir(folder).map_err(failed)?;
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()).map_err(failed))
        .collect::<Result<_, _>>()?;
    paths.sort();
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) = paths.into_iter().partition(|path| path.is_dir());
    found.extend(
        files
            .into_iter()
            .filter(|file| file.extension().is_some_and(|it| it == "tremor")),
    );
    folders.iter().try_for_each(|folder| modules(folder, found))
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    let folder = file.parent().unwrap_or(Path::new(""));
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(file, text));
    written.map_err(|error| format!("cannot write {}: {error}", file.display()))
}

fn document(file: &Path, env: &Env, form: Form) -> Result<String, String> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|error| format!("Error processing file {name}: {error}"))?;
    let mut sources = SourceMap::new();
    let id = sources.add(name, text);
    let module = read(&mut sources, id, env, form)?;
    let title = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(module.markdown(&title))
}

/// What is documented of a module.
struct Module {
    docs: Option<String>,
    /// Each with its value.
    constants: Vec<(ast::Const, Value)>,
    functions: Vec<Function>,
}

struct Function {
    name: String,
    params: Vec<String>,
    docs: Option<String>,
}

fn read(sources: &mut SourceMap, id: SourceId, env: &Env, form: Form) -> Result<Module, String> {
    let limits = ParseLimits {
        source_depth: u32::try_from(env.limits.source_depth).unwrap_or(u32::MAX),
    };
    let parsed = parse_script(sources, id, env.dialect, &limits);
    let Some(script) = parsed.tree else {
        return Err(form.render(sources, &parsed.diagnostics, is_coloured()));
    };
    output::report(&form.render(sources, &parsed.diagnostics, is_coloured()));
    let items = || {
        script.stmts.iter().filter_map(|stmt| match stmt {
            Stmt::Item(item) => Some(item),
            Stmt::Expr(_) => None,
        })
    };
    let constants: Vec<ast::Const> = items()
        .filter_map(|item| match item {
            Item::Const(constant) => Some(constant.clone()),
            _ => None,
        })
        .collect();
    let names: Vec<&Name> = constants.iter().map(|constant| &constant.name).collect();
    let values = values(&names, items().cloned().collect(), &script, sources, env, form)?;
    Ok(Module {
        constants: constants.into_iter().zip(values).collect(),
        functions: items().filter_map(function).collect(),
        docs: script.docs,
    })
}

fn function(item: &Item) -> Option<Function> {
    let (name, params, docs) = match item {
        Item::Function(function) => (&function.name, &function.params, &function.docs),
        Item::Intrinsic(function) => (&function.name, &function.params, &function.docs),
        Item::Const(_) | Item::Module(_) | Item::Use(_) => return None,
    };
    Some(Function {
        name: name.text.clone(),
        params: params.iter().map(|param| param.text.clone()).collect(),
        docs: docs.clone(),
    })
}

/// The values of constants: those of a script that has the definitions and ends with a list of their names.
fn values(
    names: &[&Name],
    items: Vec<Item>,
    script: &Script,
    sources: &mut SourceMap,
    env: &Env,
    form: Form,
) -> Result<Vec<Value>, String> {
    let elements = names.iter().map(|name| Expr {
        kind: ExprKind::Path(ast::Path {
            root: Root::Name((*name).clone()),
            steps: Vec::new(),
            span: name.span,
        }),
        span: name.span,
    });
    let list = Expr {
        kind: ExprKind::Array(elements.collect()),
        span: script.span,
    };
    let script = Script {
        stmts: items.into_iter().map(Stmt::Item).chain([Stmt::Expr(list)]).collect(),
        ..script.clone()
    };
    let compiled = compile_embedded(sources, &script, &Value::Null, &Braces::default(), env)
        .map_err(|errors| form.render(sources, &errors, is_coloured()))?;
    report(&form.render(sources, &compiled.warnings, is_coloured()));
    let mut scope = Scope {
        event: &mut Value::object(),
        meta: &mut Value::object(),
        state: &mut Value::Null,
        args: &Value::Null,
        group: &Value::Null,
        window: &Value::Null,
        info: EventInfo::default(),
        event_replaced: false,
    };
    match compiled.program.run(&mut scope, &mut Scratch::default()) {
        Ok(Verdict::EmitValue(values, _)) => Ok(values.as_array().unwrap_or_default().to_vec()),
        Ok(_) => Ok(Vec::new()),
        Err(trap) => Err(form.render(sources, &[trap.diagnostic()], is_coloured())),
    }
}

impl Module {
    fn markdown(&self, title: &str) -> String {
        let mut text = format!("\n# {title}\n\n{}\n", trimmed(self.docs.as_deref()));
        // Writing to a string cannot fail.
        if !self.constants.is_empty() {
            text.push_str("## Constants");
        }
        for (constant, value) in &self.constants {
            let docs = trimmed(constant.docs.as_deref());
            let _ = write!(
                text,
                "\n### {}\n\n*type*: {}\n\n{docs}\n",
                constant.name.text,
                type_name(value)
            );
        }
        if !self.functions.is_empty() {
            text.push_str("## Functions");
        }
        for function in &self.functions {
            let docs = trimmed(function.docs.as_deref());
            let _ = write!(text, "\n### {}({})\n\n{docs}\n", function.name, function.params.join(", "));
        }
        text
    }
}

fn trimmed(docs: Option<&str>) -> String {
    let lines: Vec<&str> = docs.unwrap_or_default().lines().map(str::trim).collect();
    lines.join("\n")
}

/// Names of types as documentation of tremor has them.
fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "Null",
        Value::Bool(_) => "Bool",
        Value::I64(_) => "I64",
        Value::U64(_) => "U64",
        Value::F64(_) => "F64",
        Value::Str(_) => "String",
        Value::Bytes(_) => "Binary",
        Value::Array(_) => "Array",
        Value::Object(_) => "Object",
    }
}
