//! Reading used module files (spec/script.md 7.1 to 7.3).
//!
//! All files that a text needs are read before anything else is looked at, so that a missing module or a syntax error in one is
//! reported before errors of meaning in the text itself.

use std::sync::Arc;

use hashbrown::HashMap;
use temblor_syntax::ast::{Dialect, Item, QueryItem, Use};
use temblor_syntax::{Diagnostic, SourceMap, parse_module, parse_query_module};

use super::Braces;
use crate::diag;
use crate::env::Env;

/// Module files that were read, by module path and by the dialect of the file that uses them.
#[derive(Default)]
pub(crate) struct Files {
    scripts: HashMap<(String, Dialect), Arc<File<Item>>>,
    queries: HashMap<(String, Dialect), Arc<File<QueryItem>>>,
    braces: Braces,
    /// Files being read, outermost first.
    reading: Vec<String>,
}

/// A module file.
#[derive(Debug)]
pub(crate) struct File<T> {
    pub items: Vec<T>,
    pub dialect: Dialect,
}

/// What reading needs.
pub(crate) struct ReadCx<'a> {
    pub env: &'a Env,
    pub sources: &'a mut SourceMap,
    pub warnings: &'a mut Vec<Diagnostic>,
}

/// A text that was found.
struct Found {
    file: String,
    text: String,
    dialect: Dialect,
}

/// Module path joined by `/`.
fn joined(used: &Use) -> String {
    let parts: Vec<&str> = used.path.parts.iter().map(|part| part.text.as_str()).collect();
    parts.join("/")
}

impl Files {
    /// No files yet; `braces` are those of the text that will use them.
    pub(crate) fn new(braces: Braces) -> Self {
        Self {
            braces,
            ..Self::default()
        }
    }

    /// The braced texts of the text itself and of all files.
    pub(crate) fn braces(&self) -> &Braces {
        &self.braces
    }

    /// The file that `used` names in a script of `dialect`; `None` if it was not read before.
    pub(crate) fn script(&self, used: &Use, dialect: Dialect) -> Option<Arc<File<Item>>> {
        self.scripts.get(&(joined(used), dialect)).cloned()
    }

    /// The file that `used` names in a query of `dialect`; `None` if it was not read before.
    pub(crate) fn query(&self, used: &Use, dialect: Dialect) -> Option<Arc<File<QueryItem>>> {
        self.queries.get(&(joined(used), dialect)).cloned()
    }

    /// Reads what the items of a script need.
    pub(crate) fn read_script<'i>(
        &mut self,
        items: impl Iterator<Item = &'i Item>,
        dialect: Dialect,
        cx: &mut ReadCx<'_>,
    ) -> Result<(), Vec<Diagnostic>> {
        for item in items {
            match item {
                Item::Module(module) => self.read_script(module.items.iter().collect::<Vec<_>>().into_iter(), dialect, cx)?,
                Item::Use(used) => self.read_script_file(used, dialect, cx)?,
                Item::Const(_) | Item::Function(_) | Item::Intrinsic(_) => {}
            }
        }
        Ok(())
    }

    fn read_script_file(&mut self, used: &Use, dialect: Dialect, cx: &mut ReadCx<'_>) -> Result<(), Vec<Diagnostic>> {
        let key = (joined(used), dialect);
        if self.scripts.contains_key(&key) {
            return Ok(());
        }
        let found = self.find(used, dialect, cx)?;
        let id = cx.sources.add(found.file.clone(), found.text);
        let parsed = parse_module(cx.sources, id, found.dialect, &cx.env.parse_limits());
        let tree = diag::accept(parsed.tree, parsed.diagnostics, cx.warnings)?;
        self.braces.add(parsed.braces);
        self.reading.push(found.file);
        let read = self.read_script(tree.items.iter(), tree.dialect, cx);
        self.reading.pop();
        read?;
        let file = File {
            items: tree.items,
            dialect: tree.dialect,
        };
        self.scripts.insert(key, Arc::new(file));
        Ok(())
    }

    /// Reads what the items of a query need; scripts in it excepted, which read for themselves.
    pub(crate) fn read_query<'i>(
        &mut self,
        items: impl Iterator<Item = &'i QueryItem>,
        dialect: Dialect,
        cx: &mut ReadCx<'_>,
    ) -> Result<(), Vec<Diagnostic>> {
        for item in items {
            match item {
                QueryItem::Module { items, .. } => self.read_query(items.iter().collect::<Vec<_>>().into_iter(), dialect, cx)?,
                QueryItem::Use(used) => self.read_query_file(used, dialect, cx)?,
                QueryItem::Window(_)
                | QueryItem::Operator(_)
                | QueryItem::Script(_)
                | QueryItem::Const(_)
                | QueryItem::Function(_)
                | QueryItem::Intrinsic(_) => {}
            }
        }
        Ok(())
    }

    fn read_query_file(&mut self, used: &Use, dialect: Dialect, cx: &mut ReadCx<'_>) -> Result<(), Vec<Diagnostic>> {
        let key = (joined(used), dialect);
        if self.queries.contains_key(&key) {
            return Ok(());
        }
        let found = self.find(used, dialect, cx)?;
        let id = cx.sources.add(found.file.clone(), found.text);
        let parsed = parse_query_module(cx.sources, id, found.dialect, &cx.env.parse_limits());
        let tree = diag::accept(parsed.tree, parsed.diagnostics, cx.warnings)?;
        self.braces.add(parsed.braces);
        self.reading.push(found.file);
        let read = self.read_query(tree.items.iter(), tree.dialect, cx);
        self.reading.pop();
        read?;
        let file = File {
            items: tree.items,
            dialect: tree.dialect,
        };
        self.queries.insert(key, Arc::new(file));
        Ok(())
    }

    /// The text of a module: of the module path first, then of the library.
    fn find(&self, used: &Use, dialect: Dialect, cx: &ReadCx<'_>) -> Result<Found, Vec<Diagnostic>> {
        let parts: Vec<&str> = used.path.parts.iter().map(|part| part.text.as_str()).collect();
        let found = match cx.env.loader.load(&parts) {
            Ok(loaded) => Found {
                file: loaded.file,
                text: loaded.text,
                dialect,
            },
            Err(missing) => {
                let path = joined(used);
                match cx.env.registry.library(&path) {
                    Some(text) => Found {
                        file: format!("{path}.tremor"),
                        text: text.to_owned(),
                        dialect: Dialect::Modern,
                    },
                    None => {
                        let registry = &cx.env.registry;
                        return Err(vec![diag::module_not_found(used, &path, &missing.searched, registry)]);
                    }
                }
            }
        };
        if self.reading.contains(&found.file) {
            return Err(vec![diag::cyclic_modules(&self.reading, &found.file)]);
        }
        if self.reading.len() >= cx.env.limits.source_depth {
            return Err(vec![*diag::too_deep(used.span)]);
        }
        Ok(found)
    }
}
