//! Files with scripts and queries, for the commands that look into them.

use std::io::Read;
use std::path::Path;

use temblor_syntax::lexer::FileKind;

/// A text with what its name says of it.
pub(crate) struct SourceFile {
    /// As given on the command line.
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) kind: FileKind,
}

impl SourceFile {
    /// Reads a file, for `-` a script from standard input.
    pub(crate) fn read(file: &Path) -> Result<Self, String> {
        let name = file.display().to_string();
        let kind = kind_of(file).ok_or_else(|| format!("Error: Unsupported kind of file: {name}"))?;
        let text = if name == "-" {
            let mut text = String::new();
            std::io::stdin().lock().read_to_string(&mut text).map(|_| text)
        } else {
            std::fs::read_to_string(file)
        };
        let text = text.map_err(|error| format!("Error processing file {name}: {error}"))?;
        Ok(Self { name, text, kind })
    }
}

/// The kind by extension; `None` for files that are neither.
pub(crate) fn kind_of(file: &Path) -> Option<FileKind> {
    if file.as_os_str() == "-" {
        return Some(FileKind::Script);
    }
    match file.extension()?.to_str()? {
        "tremor" | "json" => Some(FileKind::Script),
        "trickle" => Some(FileKind::Query),
        _ => None,
    }
}
