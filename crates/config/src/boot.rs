//! Which files of `server run -f` are what, and in which order they are loaded (spec/runtime.md 2.1, spec/dialects.md 11 D1, D2).

use std::path::{Path, PathBuf};

use temblor_syntax::ast::Dialect;
use thiserror::Error;

/// What a file is, by the last extension of its name, case-sensitively.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A query, loaded in the first pass.
    Pipeline,
    /// A deployment document, loaded in the second pass.
    Document,
    /// Passed over with a warning in the log (dialect 0.9 only).
    Ignored,
}

/// A file of a kind that cannot be loaded; ends the boot.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("The file `{}` has the type `{kind}`, but tremor expected: yaml", .file.display())]
pub struct UnsupportedFile {
    /// The file as named.
    pub file: PathBuf,
    /// Its extension, or `<NONE>`.
    pub kind: String,
}

impl FileKind {
    /// The kind of a file in a process of the given dialect.
    ///
    /// # Errors
    /// [`UnsupportedFile`] for any extension but `trickle`, `yaml` and `yml`; dialect 0.9 refuses nothing.
    pub fn of(file: &Path, process_dialect: Dialect) -> Result<Self, UnsupportedFile> {
        let extension = file.extension().map(|extension| extension.to_string_lossy());
        match (extension.as_deref(), process_dialect) {
            (Some("trickle"), _) => Ok(Self::Pipeline),
            (Some("tremor"), Dialect::V09) => Ok(Self::Ignored),
            (Some("yaml" | "yml"), _) | (_, Dialect::V09) => Ok(Self::Document),
            (extension, Dialect::Modern) => Err(UnsupportedFile {
                file: file.to_owned(),
                kind: extension.unwrap_or("<NONE>").to_owned(),
            }),
        }
    }
}

/// One thing to do at boot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BootStep {
    /// Compile and publish a query.
    Pipeline(PathBuf),
    /// Read a document: publish its offramps, onramps and bindings, then act on its mappings.
    Document(PathBuf),
    /// Say in the log that a file is passed over.
    Ignore(PathBuf),
    /// End the boot; always the last step.
    Refuse(UnsupportedFile),
}

/// The order in which the files of the command line are loaded: the walk loads pipelines as it meets them and stops at a file it
/// cannot load; documents follow when the walk is done.
pub fn boot_order<'a>(files: impl IntoIterator<Item = &'a Path>, process_dialect: Dialect) -> Vec<BootStep> {
    let mut steps = Vec::new();
    let mut documents = Vec::new();
    for file in files {
        match FileKind::of(file, process_dialect) {
            Ok(FileKind::Pipeline) => steps.push(BootStep::Pipeline(file.to_owned())),
            Ok(FileKind::Document) => documents.push(BootStep::Document(file.to_owned())),
            Ok(FileKind::Ignored) => steps.push(BootStep::Ignore(file.to_owned())),
            Err(unsupported) => {
                steps.push(BootStep::Refuse(unsupported));
                return steps;
            }
        }
    }
    steps.append(&mut documents);
    steps
}

/// The id of a pipeline whose query names none: the file name without directory and last extension (spec/runtime.md 2.2).
pub fn pipeline_id(file: &Path) -> String {
    file.file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default()
}
