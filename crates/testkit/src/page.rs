//! Complete deployments in pages of documentation.
//!
//! A block whose opening fence names a file behind its language (`yaml gate.yaml`, `trickle guard.trickle`) is a file of the page's
//! deployment. Pages show the onramp at port 8080 and upstreams at 9000 and above; a test runs them at ports of its own.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::port::free_port;
use crate::recipe::admin_arguments;

const SHOWN_PORT: u16 = 8080;

/// The deployment of a page.
#[derive(Clone, Debug)]
pub struct Page {
    /// Names and texts.
    files: Vec<(String, String)>,
    port: u16,
    admin: Option<u16>,
    log_filter: Option<&'static str>,
    variables: Vec<(&'static str, String)>,
    arguments: Vec<PathBuf>,
}

impl Page {
    /// Takes the files out of a page. The onramp gets a free port.
    pub fn new(text: &str) -> io::Result<Self> {
        let mut files: Vec<(String, String)> = Vec::new();
        let mut is_inside = false;
        for line in text.lines() {
            match (is_inside, line.strip_prefix("```")) {
                (false, Some(kind)) => {
                    if let Some((_, name)) = kind.split_once(' ') {
                        files.push((name.to_owned(), String::new()));
                        is_inside = true;
                    }
                }
                (true, Some(_)) => is_inside = false,
                (true, None) => {
                    if let Some((_, file)) = files.last_mut() {
                        file.push_str(line);
                        file.push('\n');
                    }
                }
                (false, None) => {}
            }
        }
        if files.is_empty() {
            return Err(io::Error::other("the page shows no file"));
        }
        let port = free_port()?;
        let page = Self {
            files,
            port,
            admin: None,
            log_filter: None,
            variables: Vec::new(),
            arguments: Vec::new(),
        };
        Ok(page.at(SHOWN_PORT, port))
    }

    /// Another port than the page shows; for upstreams.
    #[must_use]
    pub fn at(mut self, shown: u16, port: u16) -> Self {
        for (_, file) in &mut self.files {
            *file = file.replace(&format!("port: {shown}"), &format!("port: {port}"));
        }
        self
    }

    /// An admin interface at a loopback port; without this there is none.
    #[must_use]
    pub fn admin(mut self, port: u16) -> Self {
        self.admin = Some(port);
        self
    }

    /// The port of the admin interface.
    pub(crate) fn admin_port(&self) -> Option<u16> {
        self.admin
    }

    /// Other text than the page shows, wherever it stands.
    #[must_use]
    pub fn with(mut self, shown: &str, text: &str) -> Self {
        let is_there = self.files.iter().any(|(_, file)| file.contains(shown));
        assert!(is_there, "the page does not show {shown:?}");
        for (_, file) in &mut self.files {
            *file = file.replace(shown, text);
        }
        self
    }

    /// Another filter of the log than the default, which lets errors through only.
    #[must_use]
    pub fn logging(mut self, filter: &'static str) -> Self {
        self.log_filter = Some(filter);
        self
    }

    /// A further argument of `server run`.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<PathBuf>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// A variable of the environment.
    #[must_use]
    pub fn variable(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.to_owned()));
        self
    }

    pub(crate) fn variables(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.variables.iter().map(|(name, value)| (*name, value.as_str()))
    }

    pub(crate) fn log_filter(&self) -> Option<&'static str> {
        self.log_filter
    }

    /// The onramp's port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Writes the files and returns the arguments that run them.
    pub(crate) fn write(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        let mut arguments: Vec<PathBuf> = ["server", "run"].map(PathBuf::from).to_vec();
        arguments.extend(admin_arguments(self.admin));
        arguments.extend_from_slice(&self.arguments);
        arguments.push(PathBuf::from("-f"));
        for (name, text) in &self.files {
            let path = folder.join(name);
            fs::write(&path, text)?;
            arguments.push(path);
        }
        Ok(arguments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_with_a_file_name_are_files() {
        let text = "x\n```yaml\na: 1\n```\n```yaml a.yaml\nport: 8080\nport: 9000\n```\n```trickle b.trickle\nselect;\n```\n";
        let page = Page::new(text).unwrap().at(9000, 7);
        let expected = format!("port: {}\nport: 7\n", page.port());
        let expected = [
            ("a.yaml".to_owned(), expected),
            ("b.trickle".to_owned(), "select;\n".to_owned()),
        ];
        assert_eq!(page.files, expected);
        assert!(Page::new("```yaml\na: 1\n```\n").is_err());
    }
}
