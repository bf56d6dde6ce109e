//! Lowering calls: library functions, functions of modules, aggregates (spec/script.md 5.10, 7.4 and 7.5, spec/query.md 9.9).

use temblor_syntax::ast::{Call, Name, Qualified};
use temblor_syntax::span::Span;

use super::{AggregateCall, Lowered, Lowerer, Site, fold};
use crate::diag;
use crate::func::{AggregateDef, FunctionDef};
use crate::ir::{Expr, FunctionRef, Kind};
use crate::resolve::tree::Callable;
use crate::trap::Callee;

impl Lowerer<'_> {
    /// Lowers a call.
    pub(crate) fn call(&mut self, call: &Call, at: Span) -> Lowered<Expr> {
        if let [root, module, name] = call.function.parts.as_slice() {
            if root.text == "core" {
                let function = self.library(module, name, at)?;
                return self.native(function, call, at);
            }
            if root.text == "aggr" && matches!(self.site, Site::Select | Site::AggregateArgument) {
                return self.aggregate(module, name, call, at);
            }
        }
        match self.find(&call.function) {
            Some(Callable::Native(function)) => self.native(function, call, at),
            Some(Callable::Script(function)) => {
                let args = self.exprs(&call.args)?;
                let function = FunctionRef(function);
                Ok(Expr::new(Kind::Call { function, args }, at))
            }
            None => Err(self.unknown(&call.function, at)),
        }
    }

    fn find(&self, name: &Qualified) -> Option<Callable> {
        let (last, modules) = name.parts.split_last()?;
        let module = self.tree.find(self.module, modules.iter().map(|part| part.text.as_str()))?;
        self.tree.function(module, &last.text).cloned()
    }

    fn unknown(&self, name: &Qualified, at: Span) -> Box<temblor_syntax::Diagnostic> {
        let modules = name.parts.split_last().map_or(&[][..], |(_, modules)| modules);
        let module = self.tree.find(self.module, modules.iter().map(|part| part.text.as_str()));
        match module {
            Some(module) => diag::unknown_function(name, at, self.tree.functions(module)),
            None => diag::function_without_module(name, at, &self.env.registry),
        }
    }

    /// The library function `core::module::name`.
    fn library(&self, module: &Name, name: &Name, at: Span) -> Lowered<FunctionDef> {
        let registry = &self.env.registry;
        match registry.function(&module.text, &name.text) {
            Some(function) => Ok(*function),
            None => Err(diag::unknown_native(registry, &module.text, &name.text, at)),
        }
    }

    fn native(&mut self, function: FunctionDef, call: &Call, at: Span) -> Lowered<Expr> {
        let mut args = Vec::with_capacity(call.args.len());
        for (position, arg) in call.args.iter().enumerate() {
            args.push(match self.format_literal(&function, position, arg) {
                Some(format) => format,
                None => self.expr(arg)?,
            });
        }
        fold::native(function, args, at, &self.env.limits)
    }

    fn aggregate(&mut self, module: &Name, name: &Name, call: &Call, at: Span) -> Lowered<Expr> {
        let Some(function) = self.env.registry.aggregate(&module.text, &name.text).copied() else {
            let module = module.text.as_str();
            let known: Vec<&str> = self
                .env
                .registry
                .aggregates()
                .filter(|function| function.module == module)
                .map(|function| function.name)
                .collect();
            return Err(diag::unknown_function(&call.function, at, known.into_iter()));
        };
        if self.site == Site::AggregateArgument {
            return Err(diag::nested_aggregate(at));
        }
        let site = std::mem::replace(&mut self.site, Site::AggregateArgument);
        let args = self.exprs(&call.args);
        self.site = site;
        self.aggregate_call(function, args?, at)
    }

    fn aggregate_call(&mut self, function: AggregateDef, args: Vec<Expr>, at: Span) -> Lowered<Expr> {
        if !function.arity.accepts(args.len()) {
            return Err(diag::aggregate_arity(&function, args.len(), at));
        }
        if let Some(message) = function.warning {
            self.warnings.push(diag::aggregate_warning(message, at));
        }
        let index = self.aggregates.len();
        let callee = Callee {
            module: function.module,
            name: function.name,
            arity: args.len(),
        };
        self.aggregates.push(AggregateCall {
            function,
            args,
            slots: self.scope.slots(),
            at,
        });
        Ok(Expr::new(Kind::Aggregate { index, callee }, at))
    }
}
