//! The modules of a query: constants and functions for its expressions, and the definitions that `create` and `select` name
//! (spec/query.md 6).

use temblor_syntax::ast::{DefineOperator, DefineScript, DefineWindow, Dialect, Query, QueryItem, QueryStmtKind};
use temblor_syntax::{Diagnostic, SourceMap};

use super::QueryCx;
use crate::diag;
use crate::env::Env;
use crate::lower::items::used_name;
use crate::lower::{Lowered, Lowerer, Site};
use crate::resolve::files::ReadCx;
use crate::resolve::{Braces, Files, ModuleId, ModuleTree};

/// The modules of one query.
#[derive(Default)]
pub struct QueryModules {
    tree: ModuleTree,
    files: Files,
}

/// A definition of a window, operator or script.
#[derive(Clone, Debug)]
pub struct Definition {
    /// Names from the root of the query to the module that holds it.
    pub path: Vec<String>,
    /// That module, in which its expressions are resolved.
    pub module: ModuleId,
    /// Dialect of its file.
    pub dialect: Dialect,
    /// What is defined.
    pub item: DefinitionItem,
}

/// What a [`Definition`] defines.
#[derive(Clone, Debug)]
pub enum DefinitionItem {
    /// A window.
    Window(DefineWindow),
    /// An operator.
    Operator(DefineOperator),
    /// A script.
    Script(DefineScript),
}

impl QueryModules {
    /// The modules of `query`, all files read that it uses; `braces` are those of the query.
    ///
    /// # Errors
    /// Missing and cyclic modules and syntax errors in them.
    pub fn read(
        query: &Query,
        braces: Braces,
        sources: &mut SourceMap,
        env: &Env,
        warnings: &mut Vec<Diagnostic>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let mut modules = Self {
            tree: ModuleTree::default(),
            files: Files::new(braces),
        };
        let items: Vec<&QueryItem> = query
            .stmts
            .iter()
            .filter_map(|stmt| match &stmt.kind {
                QueryStmtKind::Item(item) => Some(item),
                _ => None,
            })
            .collect();
        let mut cx = ReadCx { env, sources, warnings };
        modules.files.read_query(items.into_iter(), query.dialect, &mut cx)?;
        Ok(modules)
    }

    /// The modules with their constants and functions.
    pub fn tree(&self) -> &ModuleTree {
        &self.tree
    }

    /// Takes in a definition at top level, in the order of the text: constants and functions become known, windows, operators and scripts
    /// come back, also those of modules and used files.
    pub fn declare(&mut self, item: &QueryItem, cx: &mut QueryCx<'_>) -> Result<Vec<Definition>, Box<Diagnostic>> {
        let mut found = Vec::new();
        self.lowerer(cx, Site::Script).query_item(item, &mut found)?;
        Ok(found)
    }

    /// A lowerer in the module of `cx`.
    pub(super) fn lowerer<'a>(&'a mut self, cx: &'a mut QueryCx<'_>, site: Site) -> Lowerer<'a> {
        let mut lowerer = Lowerer::new(cx.env, cx.sources, &mut self.tree, &self.files, cx.warnings, cx.dialect, site);
        lowerer.module = cx.module;
        lowerer
    }
}

impl Lowerer<'_> {
    fn query_items(&mut self, items: &[QueryItem], found: &mut Vec<Definition>) -> Lowered<()> {
        items.iter().try_for_each(|item| self.query_item(item, found))
    }

    fn query_item(&mut self, item: &QueryItem, found: &mut Vec<Definition>) -> Lowered<()> {
        match item {
            QueryItem::Module { name, items, span, .. } => {
                return self.within(&name.text, *span, |this| this.query_items(items, found));
            }
            QueryItem::Use(used) => {
                let Some(file) = self.files.query(used, self.dialect) else {
                    return Err(Box::new(diag::module_not_found(
                        used,
                        &diag::written(&used.path),
                        &[],
                        &self.env.registry,
                    )));
                };
                self.count_use(used)?;
                let outer = std::mem::replace(&mut self.dialect, file.dialect);
                let result = self.within(used_name(used), used.span, |this| this.query_items(&file.items, found));
                self.dialect = outer;
                return result;
            }
            QueryItem::Const(item) => return self.constant_item(item).map(|_| ()),
            QueryItem::Function(item) => return self.function_item(item),
            QueryItem::Intrinsic(item) => return self.intrinsic_item(item),
            QueryItem::Window(item) => self.found(DefinitionItem::Window(item.clone()), found),
            QueryItem::Operator(item) => self.found(DefinitionItem::Operator(item.clone()), found),
            QueryItem::Script(item) => self.found(DefinitionItem::Script(item.clone()), found),
        }
        Ok(())
    }

    fn found(&self, item: DefinitionItem, found: &mut Vec<Definition>) {
        found.push(Definition {
            path: self.tree.path(self.module).to_vec(),
            module: self.module,
            dialect: self.dialect,
            item,
        });
    }
}
