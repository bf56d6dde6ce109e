//! Expansion of `%{…}` references into one expression (spec/extractors.md 3.8).

use hashbrown::HashMap;

use super::super::{ExtractError, bad};

/// Most replacements in one text.
const REPLACEMENTS: usize = 1024;
/// Most bytes of an expanded text.
const EXPANDED_BYTES: usize = 10 * 1024 * 1024;

/// Named patterns: the built-in ones, and what a file or the text itself adds or replaces.
#[derive(Default)]
pub(super) struct Definitions(HashMap<String, String>);

impl Definitions {
    /// Reads a file of definitions, one `NAME regex` a line. `None`: a line is of another form, which makes the file unusable.
    pub(super) fn read(file: &str) -> Option<Self> {
        let lines = file.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
        let definitions = lines.map(|line| {
            let (name, regex) = line.split_once(' ')?;
            (!name.is_empty() && name.chars().all(is_name)).then(|| (name.to_owned(), regex.to_owned()))
        });
        definitions.collect::<Option<_>>().map(Self)
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).or_else(|| built_in(name))
    }
}

/// The built-in pattern `name`.
fn built_in(name: &str) -> Option<&'static str> {
    let table: &'static [(&str, &str)] = ::grok::patterns();
    let place = table.binary_search_by_key(&name, |(own, _)| own).ok()?;
    table.get(place).map(|(_, regex)| *regex)
}

/// A text without references.
pub(super) struct Expanded {
    /// The expression. Its group `nameN` stands for the N-th replacement, counted from 0, if that has a key.
    pub(super) regex: String,
    /// The keys of the replacements.
    keys: Vec<Option<String>>,
}

impl Expanded {
    /// The key that group `name` stands for; `None` if the group is not one of the expansion's.
    pub(super) fn key(&self, name: &str) -> Option<&str> {
        let place: usize = name.strip_prefix("name")?.parse().ok()?;
        self.keys.get(place)?.as_deref()
    }
}

/// Replaces all references in `text`, and those in what they are replaced with. References written alike are replaced together, from left to
/// right.
pub(super) fn expand(text: &str, mut definitions: Definitions) -> Result<Expanded, ExtractError> {
    let mut regex = text.to_owned();
    let mut keys = Vec::new();
    while let Some(reference) = Reference::first(&regex) {
        if let Some(definition) = reference.definition {
            definitions.0.insert(reference.name.to_owned(), definition.to_owned());
        }
        let pattern = definitions
            .get(reference.name)
            .ok_or_else(|| bad(format!("unknown pattern '{}'", reference.name)))?;
        let mut replaced = String::with_capacity(regex.len() + pattern.len());
        for (place, between) in regex.split(reference.whole).enumerate() {
            if place > 0 {
                if keys.len() == REPLACEMENTS {
                    return Err(bad("the pattern needs too many replacements"));
                }
                let group = reference.key.map(|_| format!("?<name{}>", keys.len()));
                replaced.extend(["(", group.as_deref().unwrap_or("?:"), pattern, ")"]);
                keys.push(reference.key.map(str::to_owned));
            }
            replaced.push_str(between);
            if replaced.len() > EXPANDED_BYTES {
                return Err(bad("the expanded pattern is too large"));
            }
        }
        regex = replaced;
    }
    Ok(Expanded { regex, keys })
}

/// A reference `%{NAME:key=definition}`, in which key and definition may be missing.
#[derive(Debug, PartialEq, Eq)]
struct Reference<'a> {
    whole: &'a str,
    name: &'a str,
    key: Option<&'a str>,
    definition: Option<&'a str>,
}

impl<'a> Reference<'a> {
    /// The first reference in `text`.
    fn first(text: &'a str) -> Option<Self> {
        text.match_indices("%{").find_map(|(at, _)| Self::read(&text[at..]))
    }

    /// The reference that `text` begins with. What only looks like one is none.
    fn read(text: &'a str) -> Option<Self> {
        let end = text.find('}')?;
        let inner = &text[2..end];
        let (reference, definition) = match inner.split_once('=') {
            Some((reference, definition)) => (reference, Some(definition)),
            None => (inner, None),
        };
        let (name, key) = match reference.split_once(':') {
            Some((name, key)) => (name, Some(key)),
            None => (reference, None),
        };
        let well_formed = !name.is_empty()
            && name.chars().all(is_name)
            && key.is_none_or(|key| !key.is_empty() && key.chars().all(is_key))
            && definition.is_none_or(|definition| !definition.is_empty() && !definition.contains('{'));
        well_formed.then_some(Self {
            whole: &text[..=end],
            name,
            key,
            definition,
        })
    }
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_[]\\^`".contains(c)
}

fn is_key(c: char) -> bool {
    is_name(c) || ":;/.".contains(c) || c.is_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> String {
        expand(text, Definitions::default()).unwrap().regex
    }

    #[test]
    fn references_become_groups() {
        assert_eq!(expanded("%{NOTSPACE}"), r"(?:\S+)");
        assert_eq!(
            expanded("%{NOTSPACE:a} %{SPACE}%{NOTSPACE:b}"),
            r"(?<name0>\S+) (?:\s*)(?<name2>\S+)"
        );
        assert_eq!(expanded("%{USER:u}"), "(?<name0>(?:[a-zA-Z0-9._-]+))");
    }

    #[test]
    fn references_written_alike_are_replaced_together() {
        assert_eq!(expanded("%{SPACE:a}%{DATA}%{SPACE:a}"), r"(?<name0>\s*)(?:.*?)(?<name1>\s*)");
    }

    #[test]
    fn inline_definitions_hold_for_the_text() {
        assert_eq!(expanded("%{X=a+} %{X} %{X:k}"), "(?:a+) (?:a+) (?<name2>a+)");
        assert_eq!(expanded("%{INT:n=x+}"), "(?<name0>x+)");
    }

    #[test]
    fn other_forms_stay() {
        for text in [
            "%{WORD:a-b}",
            "%{}",
            "%{:a}",
            "%{WORD:}",
            "%{X=}",
            "%{X=a{2}}",
            "%{WORD",
            "%{a b}",
            "{WORD}",
        ] {
            assert_eq!(expanded(text), text);
        }
        assert_eq!(expanded("%{WORD:a-b} %{DATA}"), "%{WORD:a-b} (?:.*?)");
    }

    #[test]
    fn unknown_names_and_endless_patterns_are_refused() {
        assert!(expand("%{NOSUCHTHING}", Definitions::default()).is_err());
        assert!(expand("%{word}", Definitions::default()).is_err());
        for file in ["LOOP a%{LOOP}", "A %{B}\nB %{A}", "LOOP %{LOOP}%{LOOP}\nA a"] {
            let definitions = Definitions::read(file).unwrap();
            assert!(expand("%{LOOP}%{A}", definitions).is_err(), "{file}");
        }
        let long = format!("LONG {}", "a".repeat(100_000));
        let definitions = Definitions::read(&long).unwrap();
        assert!(expand(&"%{LONG}".repeat(200), definitions).is_err());
    }

    #[test]
    fn files_hold_a_definition_a_line() {
        let definitions = Definitions::read("# own ones\n\nMINE a b\nINT x\n").unwrap();
        assert_eq!(definitions.get("MINE"), Some("a b"));
        assert_eq!(definitions.get("INT"), Some("x"));
        assert_eq!(definitions.get("SPACE"), Some(r"\s*"));
        for file in ["MINE", " MINE a", "MI-NE a", "A a\n B b"] {
            assert!(Definitions::read(file).is_none(), "{file}");
        }
    }
}
