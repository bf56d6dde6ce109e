//! Definitions: constants, functions, bindings, modules, used files (spec/script.md 6 and 7).

use temblor_syntax::ast::{Const, Function, Intrinsic, Item, Use};
use temblor_syntax::span::Span;
use temblor_value::Value;

use super::{Lowered, Lowerer, Site};
use crate::diag;
use crate::resolve::tree::Callable;

/// Modules that a text may make of files, used ones of used ones included.
const MAX_USES: usize = 10_000;

impl Lowerer<'_> {
    /// Lowers definitions in order.
    pub(crate) fn items(&mut self, items: &[Item]) -> Lowered<()> {
        items.iter().try_for_each(|item| self.item(item))
    }

    /// Lowers one definition.
    pub(crate) fn item(&mut self, item: &Item) -> Lowered<()> {
        match item {
            Item::Const(item) => self.constant_item(item).map(|_| ()),
            Item::Function(item) => self.function_item(item),
            Item::Intrinsic(item) => self.intrinsic_item(item),
            Item::Module(item) => self.within(&item.name.text, item.span, |this| this.items(&item.items)),
            Item::Use(item) => self.use_item(item),
        }
    }

    /// Runs `inside` in the module `name` of the current one.
    pub(crate) fn within<T>(&mut self, name: &str, at: Span, inside: impl FnOnce(&mut Self) -> Lowered<T>) -> Lowered<T> {
        let module = self.tree.child(self.module, name);
        let outer = std::mem::replace(&mut self.module, module);
        let result = self.deeper(at, inside);
        self.module = outer;
        result
    }

    /// Lowers `const` and gives its value.
    pub(crate) fn constant_item(&mut self, item: &Const) -> Lowered<Value> {
        let scope = std::mem::take(&mut self.scope);
        let site = std::mem::replace(&mut self.site, Site::Script);
        let value = self.expr(&item.value);
        self.scope = scope;
        self.site = site;
        let value = value?;
        let Some(value) = value.as_const() else {
            return Err(diag::not_constant(item.span));
        };
        if !value.depth_at_most(self.env.limits.depth_of_values()) {
            return Err(diag::too_deep(item.span));
        }
        self.tree
            .add_constant(self.module, &item.name.text, value.clone(), item.span)
            .map_err(|taken| diag::constant_twice(&item.name, taken.0, item.span))?;
        Ok(value.clone())
    }

    /// Lowers `fn`.
    pub(crate) fn function_item(&mut self, item: &Function) -> Lowered<()> {
        let function = self.function(item)?;
        self.tree
            .add_function(self.module, &item.name.text, Callable::Script(function), item.name.span)
            .map_err(|taken| diag::function_twice(&item.name, taken.0))
    }

    /// Lowers `intrinsic fn`.
    pub(crate) fn intrinsic_item(&mut self, item: &Intrinsic) -> Lowered<()> {
        let (name, modules) = item.target.parts.split_last().ok_or_else(|| diag::not_constant(item.span))?;
        let modules: Vec<&str> = modules.iter().map(|part| part.text.as_str()).collect();
        let module = modules.join("::");
        let registry = &self.env.registry;
        let Some(function) = registry.function(&module, &name.text) else {
            return Err(diag::unknown_native(registry, &module, &name.text, item.span));
        };
        self.tree
            .add_function(self.module, &item.name.text, Callable::Native(*function), item.name.span)
            .map_err(|taken| diag::function_twice(&item.name, taken.0))
    }

    /// Counts a `use`: files that use each other under many names would multiply without end.
    pub(crate) fn count_use(&mut self, item: &Use) -> Lowered<()> {
        self.used += 1;
        if self.used > MAX_USES {
            return Err(diag::too_deep(item.span));
        }
        Ok(())
    }

    /// Puts the definitions of a used file where the `use` stands.
    fn use_item(&mut self, item: &Use) -> Lowered<()> {
        let Some(file) = self.files.script(item, self.dialect) else {
            return Err(Box::new(diag::module_not_found(
                item,
                &diag::written(&item.path),
                &[],
                &self.env.registry,
            )));
        };
        self.count_use(item)?;
        let outer = std::mem::replace(&mut self.dialect, file.dialect);
        let result = self.within(used_name(item), item.span, |this| this.items(&file.items));
        self.dialect = outer;
        result
    }
}

/// The name of the module that a `use` makes.
pub(crate) fn used_name(item: &Use) -> &str {
    let last = item.alias.as_ref().or(item.path.parts.last());
    last.map_or("", |name| name.text.as_str())
}
