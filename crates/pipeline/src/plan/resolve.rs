//! Stages 1 to 3: parsing, resolving in the order of the text, config directives (spec/query.md 3).

use std::sync::Arc;

use temblor_script::select::modules::{Definition, DefinitionItem};
use temblor_script::select::{QueryCx, QueryModules};
use temblor_script::{Braces, Env, ModuleId, ModuleTree, compile_embedded};
use temblor_syntax::ast::{self, DefineScript, Dialect, Expr, Params, Qualified, QueryItem, QueryStmt, QueryStmtKind, Select};
use temblor_syntax::{Diagnostic, ParseLimits, SourceId, SourceMap, parse_query};
use temblor_value::Value;

use super::{CreateStep, Definitions, OperatorDef, Plan, ScriptDef, SelectStep, Step, WindowDef, WindowRef, diag, windows};

/// Compiles the query in `source`; gives the plan and the warnings, ordered by place.
///
/// # Errors
/// The errors that refuse it, the first one first.
pub(crate) fn resolve(sources: &mut SourceMap, source: SourceId, env: &Env) -> Result<(Plan, Vec<Diagnostic>), Vec<Diagnostic>> {
    let limits = ParseLimits {
        source_depth: u32::try_from(env.limits.source_depth).unwrap_or(u32::MAX),
    };
    let parsed = parse_query(sources, source, env.dialect, &limits);
    let query = match parsed.tree {
        Some(query) if !parsed.diagnostics.iter().any(Diagnostic::is_error) => query,
        _ => return Err(parsed.diagnostics),
    };
    let mut warnings = parsed.diagnostics;
    let mut braces = Braces::default();
    braces.add(parsed.braces);
    let modules = QueryModules::read(&query, braces.clone(), sources, env, &mut warnings)?;
    let mut resolver = Resolver {
        env,
        sources,
        modules,
        braces,
        warnings,
        plan: Plan {
            windows: Definitions::default(),
            operators: Definitions::default(),
            scripts: Definitions::default(),
            steps: Vec::new(),
            config: Vec::new(),
            dialect: query.dialect,
        },
    };
    for stmt in &query.stmts {
        resolver.statement(stmt)?;
    }
    for directive in &query.config {
        let value = resolver.constant(&directive.value, ModuleTree::ROOT, query.dialect)?;
        resolver.plan.config.push((directive.name.text.clone(), value));
    }
    resolver.warn_deprecated();
    let mut warnings = resolver.warnings;
    warnings.sort_by_key(|warning| warning.span.map(|span| (span.source, span.start)));
    Ok((resolver.plan, warnings))
}

struct Resolver<'a> {
    env: &'a Env,
    sources: &'a mut SourceMap,
    modules: QueryModules,
    braces: Braces,
    warnings: Vec<Diagnostic>,
    plan: Plan,
}

type Resolved<T> = Result<T, Vec<Diagnostic>>;

impl Resolver<'_> {
    /// Runs `call` with the modules, for an expression in `module`.
    fn with<T>(
        &mut self,
        module: ModuleId,
        dialect: Dialect,
        call: impl FnOnce(&mut QueryModules, &mut QueryCx<'_>) -> Result<T, Box<Diagnostic>>,
    ) -> Resolved<T> {
        let mut cx = QueryCx {
            env: self.env,
            sources: &*self.sources,
            warnings: &mut self.warnings,
            module,
            dialect,
        };
        call(&mut self.modules, &mut cx).map_err(|error| vec![*error])
    }

    fn constant(&mut self, expr: &Expr, module: ModuleId, dialect: Dialect) -> Resolved<Value> {
        self.with(module, dialect, |modules, cx| modules.constant(expr, cx))
    }

    fn params(&mut self, params: &Params, module: ModuleId, dialect: Dialect) -> Resolved<Value> {
        let mut record = Value::object();
        for (name, expr) in &params.bindings {
            let value = self.constant(expr, module, dialect)?;
            record.insert(name.text.as_str(), value);
        }
        Ok(record)
    }

    fn params_if(&mut self, params: Option<&Params>, module: ModuleId, dialect: Dialect) -> Resolved<Option<Value>> {
        params.map(|params| self.params(params, module, dialect)).transpose()
    }

    fn statement(&mut self, stmt: &QueryStmt) -> Resolved<()> {
        let step = match &stmt.kind {
            QueryStmtKind::Item(item) => return self.item(item),
            QueryStmtKind::CreateStream(name) => Step::Stream(name.clone()),
            QueryStmtKind::CreateOperator(create) => Step::Operator(self.create(create)?),
            QueryStmtKind::CreateScript(create) => Step::Script(self.create(create)?),
            QueryStmtKind::Select(select) => Step::Select(Box::new(self.select(select, stmt)?)),
        };
        self.plan.steps.push(step);
        Ok(())
    }

    fn item(&mut self, item: &QueryItem) -> Resolved<()> {
        let dialect = self.plan.dialect;
        let found = self.with(ModuleTree::ROOT, dialect, |modules, cx| modules.declare(item, cx))?;
        found.into_iter().try_for_each(|definition| self.definition(definition))
    }

    fn definition(&mut self, definition: Definition) -> Resolved<()> {
        let Definition {
            mut path,
            module,
            dialect,
            item,
        } = definition;
        match item {
            DefinitionItem::Window(window) => {
                let params = self.params(&window.params, module, dialect)?;
                let script = match &window.script {
                    Some(script) => Some(Arc::new(self.with(module, dialect, |modules, cx| modules.expr(script, cx))?)),
                    None => None,
                };
                windows::warn(&window, &params, self.plan.dialect, &mut self.warnings);
                path.push(window.name.text);
                let window = WindowDef {
                    kind: window.kind,
                    params,
                    script,
                    at: window.span,
                };
                self.plan.windows.define(path.join("::"), window);
            }
            DefinitionItem::Operator(operator) => {
                let params = self.params_if(operator.params.as_ref(), module, dialect)?;
                path.push(operator.name.text);
                let (namespace, kind) = operator.kind;
                let operator = OperatorDef {
                    kind: format!("{}::{}", namespace.text, kind.text),
                    params,
                    at: namespace.span.to(kind.span),
                };
                self.plan.operators.define(path.join("::"), operator);
            }
            DefinitionItem::Script(script) => {
                let compiled = self.script(&script, module, dialect)?;
                path.push(script.name.text);
                self.plan.scripts.define(path.join("::"), compiled);
            }
        }
        Ok(())
    }

    /// Definitions may follow their use, so this comes last.
    fn warn_deprecated(&mut self) {
        for step in &self.plan.steps {
            let Step::Operator(create) = step else { continue };
            let definition = self.plan.operators.find(&create.definition);
            if definition.is_some_and(|definition| definition.kind == "generic::backpressure") {
                let warning = diag::warn_deprecated("generic::backpressure", "qos::backpressure", create.name.span);
                self.warnings.push(warning);
            }
        }
    }

    fn script(&mut self, script: &DefineScript, module: ModuleId, dialect: Dialect) -> Resolved<ScriptDef> {
        let params = self.params_if(script.params.as_ref(), module, dialect)?;
        let args = params.clone().unwrap_or_else(Value::object);
        let compiled = compile_embedded(self.sources, &script.script, &args, &self.braces, self.env)?;
        self.warnings.extend(compiled.warnings);
        Ok(ScriptDef {
            params,
            program: Arc::new(compiled.program),
            at: script.span,
        })
    }

    fn create(&mut self, create: &ast::Create) -> Resolved<CreateStep> {
        let dialect = self.plan.dialect;
        Ok(CreateStep {
            name: create.name.clone(),
            definition: create.from.as_ref().map_or_else(|| create.name.text.clone(), written),
            params: self.params_if(create.params.as_ref(), ModuleTree::ROOT, dialect)?,
        })
    }

    fn select(&mut self, select: &Select, stmt: &QueryStmt) -> Resolved<SelectStep> {
        let dialect = self.plan.dialect;
        let programs = self.with(ModuleTree::ROOT, dialect, |modules, cx| modules.select(select, cx))?;
        let has_clauses = programs.filter.is_some() || programs.group_by.is_some() || programs.having.is_some();
        Ok(SelectStep {
            is_pass: programs.target.is_event() && select.windows.is_empty() && !has_clauses,
            programs: Arc::new(programs),
            windows: select.windows.iter().filter_map(window_ref).collect(),
            from: select.from.clone(),
            into: select.into.clone(),
            at: stmt.span,
        })
    }
}

fn window_ref(name: &Qualified) -> Option<WindowRef> {
    let (first, last) = (name.parts.first()?, name.parts.last()?);
    Some(WindowRef {
        path: written(name),
        name: last.text.clone(),
        at: first.span.to(last.span),
    })
}

fn written(name: &Qualified) -> String {
    let parts: Vec<&str> = name.parts.iter().map(|part| part.text.as_str()).collect();
    parts.join("::")
}
