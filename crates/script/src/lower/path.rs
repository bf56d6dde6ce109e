//! Lowering paths: roots, constants, constant elements (spec/script.md 4.1, 4.2 and 7.4).

use temblor_syntax::ast::{self, Qualified};
use temblor_value::{Str, Value};

use super::{Lowered, Lowerer, Site};
use crate::diag;
use crate::ir::{Expr, Kind, Path, Place, Root, Step, StepKind};

impl Lowerer<'_> {
    /// Lowers a path that is read; a constant without steps is its value.
    pub(crate) fn read(&mut self, path: &ast::Path) -> Lowered<Expr> {
        let lowered = self.path(path)?;
        Ok(match lowered.root {
            Root::Const { value, .. } if lowered.steps.is_empty() => Expr::new(Kind::Const(value), path.span),
            _ => Expr::new(Kind::Path(lowered), path.span),
        })
    }

    /// Lowers a path.
    pub(crate) fn path(&mut self, path: &ast::Path) -> Lowered<Path> {
        if self.probing && !self.is_known_root(&path.root) {
            return Err(diag::not_constant(path.span));
        }
        let root = match &path.root {
            ast::Root::Event => Root::Event,
            ast::Root::Meta => Root::Meta,
            ast::Root::State => Root::State,
            ast::Root::Args => Root::Args,
            ast::Root::Group => Root::Group,
            ast::Root::Window => Root::Window,
            ast::Root::Name(name) => self.name(name)?,
            ast::Root::Const(name) => self.constant(name)?,
        };
        let steps = path.steps.iter().map(|step| self.step(step)).collect::<Lowered<_>>()?;
        Ok(Path {
            root,
            steps,
            at: Place(path.span),
        })
    }

    /// Constants win over local names, except over the parameters of matching functions of 0.9.
    fn name(&mut self, name: &ast::Name) -> Lowered<Root> {
        let text = name.text.as_str();
        if !self.winning.iter().any(|param| param == text)
            && let Some(value) = self.tree.constant(self.module, text)
        {
            return Ok(Root::Const {
                value: value.clone(),
                name: Str::new(text),
            });
        }
        let slot = match self.scope.clause(text) {
            Some(slot) => slot,
            None if matches!(self.site, Site::Select | Site::AggregateArgument) => return Err(diag::local_in_select(name)),
            None => self.scope.flat(text),
        };
        Ok(Root::Local {
            slot,
            name: Str::new(text),
        })
    }

    fn constant(&self, name: &Qualified) -> Lowered<Root> {
        let found = name.parts.split_last().and_then(|(last, modules)| {
            let module = self.tree.find(self.module, modules.iter().map(|part| part.text.as_str()))?;
            self.tree.constant(module, &last.text)
        });
        match found {
            Some(value) => Ok(Root::Const {
                value: value.clone(),
                name: Str::new(name.parts.last().map_or("", |last| last.text.as_str())),
            }),
            None => Err(diag::unknown_constant(self.tree.path(self.module), name)),
        }
    }

    fn step(&mut self, step: &ast::Step) -> Lowered<Step> {
        let kind = match &step.kind {
            ast::StepKind::Field(name) => StepKind::Field(Str::new(name)),
            ast::StepKind::Range(bounds) => StepKind::Range(Box::new((self.expr(&bounds.0)?, self.expr(&bounds.1)?))),
            ast::StepKind::Index(index) => {
                let index = self.expr(index)?;
                match index.as_const() {
                    None => StepKind::Computed(Box::new(index)),
                    Some(Value::Str(key)) => StepKind::Field(key.clone()),
                    Some(Value::I64(number)) if *number >= 0 => StepKind::Index(*number as usize),
                    Some(Value::U64(number)) => StepKind::Index(*number as usize),
                    Some(other) => return Err(diag::element_type(other.kind(), step.span)),
                }
            }
        };
        Ok(Step {
            kind,
            at: Place(step.span),
        })
    }
}
