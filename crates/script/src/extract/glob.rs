//! `glob`: strings that fit a shell pattern as a whole (spec/extractors.md 3.5).
//!
//! Matching goes back to the last wildcard only: what stands before it has been found as early as possible, and a later wildcard can take
//! up whatever an earlier one could have. So time is at most the product of both lengths, and the stack stays flat.

use std::iter::Peekable;
use std::str::Chars;

use temblor_value::Value;

use super::{Extract, ExtractError, bad, text};

/// A compiled pattern.
pub(super) struct Glob(Vec<Part>);

/// A piece of a pattern.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    /// These characters.
    Text(String),
    /// `?`.
    AnyChar,
    /// `[…]`: whether a character in one of the ranges is refused instead of wanted.
    Class { negated: bool, ranges: Vec<(char, char)> },
    /// `*`, or `**` at the end.
    Any,
    /// `**/`: whole components with their slashes.
    Components,
}

impl Glob {
    /// Compiles the pattern.
    pub(super) fn compile(pattern: &str) -> Result<Self, ExtractError> {
        let mut parts = Vec::new();
        let mut rest = pattern.chars().peekable();
        let mut before = None;
        while let Some(c) = rest.next() {
            let part = match c {
                '?' => Part::AnyChar,
                '*' => stars(&mut rest, before)?,
                '[' => class(&mut rest)?,
                _ => {
                    push_char(&mut parts, c);
                    before = Some(c);
                    continue;
                }
            };
            before = Some(if part == Part::Components { '/' } else { c });
            parts.push(part);
        }
        Ok(Self(parts))
    }

    fn matches(&self, text: &str) -> bool {
        let (mut parts, mut rest) = (self.0.as_slice(), text);
        // Where to go on after the last wildcard, should what follows it not fit here.
        let mut retry: Option<(&[Part], &Part, &str)> = None;
        loop {
            match parts.split_first() {
                Some((Part::Any, [])) => return true,
                Some((wildcard @ (Part::Any | Part::Components), after)) => {
                    retry = Some((after, wildcard, rest));
                    parts = after;
                    continue;
                }
                Some((part, after)) => {
                    if let Some(left) = part.strip(rest) {
                        (parts, rest) = (after, left);
                        continue;
                    }
                }
                None if rest.is_empty() => return true,
                None => {}
            }
            let Some((after, wildcard, from)) = retry else {
                return false;
            };
            let Some(next) = wildcard.extend(from) else {
                return false;
            };
            retry = Some((after, wildcard, next));
            (parts, rest) = (after, next);
        }
    }
}

impl Part {
    /// What is left of `text` after this part, which is no wildcard.
    fn strip<'t>(&self, text: &'t str) -> Option<&'t str> {
        let mut chars = text.chars();
        let fits = match self {
            Self::Text(own) => return text.strip_prefix(own.as_str()),
            Self::AnyChar => chars.next().is_some(),
            Self::Class { negated, ranges } => chars
                .next()
                .is_some_and(|c| ranges.iter().any(|&(from, to)| (from..=to).contains(&c)) != *negated),
            Self::Any | Self::Components => true,
        };
        fits.then_some(chars.as_str())
    }

    /// What is left of `text` when this wildcard takes up the next possible amount.
    fn extend<'t>(&self, text: &'t str) -> Option<&'t str> {
        match self {
            Self::Components => text.split_once('/').map(|(_, rest)| rest),
            _ => {
                let mut chars = text.chars();
                chars.next().map(|_| chars.as_str())
            }
        }
    }
}

impl Extract for Glob {
    fn accepts(&self, target: &Value) -> bool {
        text(target).is_some_and(|text| self.matches(text))
    }

    fn extract(&self, target: &Value, _ingest_ns: u64) -> Option<Value> {
        self.accepts(target).then(|| Value::from(true))
    }
}

fn push_char(parts: &mut Vec<Part>, c: char) {
    if let Some(Part::Text(text)) = parts.last_mut() {
        text.push(c);
    } else {
        parts.push(Part::Text(c.into()));
    }
}

/// Reads `*` or `**`, the first star being read already; `before` is the character in front of it.
fn stars(rest: &mut Peekable<Chars<'_>>, before: Option<char>) -> Result<Part, ExtractError> {
    if rest.next_if_eq(&'*').is_none() {
        return Ok(Part::Any);
    }
    if rest.peek() == Some(&'*') {
        return Err(bad("wildcards are either `*` or `**`"));
    }
    let at_start = before.is_none_or(|c| c == '/');
    match rest.next() {
        None if at_start => Ok(Part::Any),
        Some('/') if at_start => Ok(Part::Components),
        _ => Err(bad("`**` must be a whole path component")),
    }
}

/// Reads a class, its `[` being read already.
fn class(rest: &mut Peekable<Chars<'_>>) -> Result<Part, ExtractError> {
    let negated = rest.next_if_eq(&'!').is_some();
    let mut members = Vec::new();
    loop {
        match rest.next() {
            None => return Err(bad("unclosed or empty character class")),
            Some(']') if !members.is_empty() => break,
            Some(c) => members.push(c),
        }
    }
    let mut ranges = Vec::new();
    let mut left = members.as_slice();
    loop {
        left = match left {
            [] => break,
            &[from, '-', to, ref after @ ..] => {
                ranges.push((from, to));
                after
            }
            &[single, ref after @ ..] => {
                ranges.push((single, single));
                after
            }
        };
    }
    Ok(Part::Class { negated, ranges })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Glob::compile(pattern).unwrap().accepts(&Value::from(text))
    }

    #[test]
    fn the_whole_string_has_to_fit() {
        let fitting = [
            ("", ""),
            ("exact", "exact"),
            ("log*", "log"),
            ("log*", "logger"),
            ("*.gz", ".gz"),
            ("*err*", "an error"),
            ("a*z", "abz"),
            ("a*z", "az"),
            ("*", ""),
            ("*", "a/b.c"),
            ("v?.?", "vé.ü"),
            ("/srv/*?log", "/srv/a/b/.log"),
            ("*a*b*c*", "xxaxxbcc"),
            ("*ab", "aab"),
            (r"a\b", r"a\b"),
        ];
        for (pattern, text) in fitting {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        let others = [
            ("", "a"),
            ("exact", "Exact"),
            ("log*", "blog"),
            ("*.gz", "a.gz1"),
            ("*err*", "er"),
            ("a*z", "abc"),
            ("v?.?", "v1."),
            ("/srv/*?log", "/srv/log"),
            ("a*b*c", "acb"),
        ];
        for (pattern, text) in others {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn classes() {
        for (pattern, fitting, others) in [
            ("[a-c0-9]", "a7c", "d-"),
            ("[!0-9]", "a", "15"),
            ("[]x]", "]x", "["),
            ("[!]]", "[", "]"),
            ("[-a]", "-a", "b"),
            ("[a-]", "-a", "b"),
            ("[a-c-e]", "b-e", "d"),
            ("[*?[]", "*?[", "a"),
            ("[z-a]", "", "amz"),
            ("[a!]", "a!", "b"),
        ] {
            for c in fitting.chars() {
                assert!(matches(pattern, c.encode_utf8(&mut [0; 4])), "{pattern} {c}");
            }
            for c in others.chars() {
                assert!(!matches(pattern, c.encode_utf8(&mut [0; 4])), "{pattern} {c}");
            }
        }
        assert!(matches("[ab]*", "bc"));
        assert!(!matches("[ab]*", "[ab]"));
    }

    #[test]
    fn double_stars_are_whole_components() {
        for (pattern, text, fits) in [
            ("src/**/mod.rs", "src/mod.rs", true),
            ("src/**/mod.rs", "src/a/b/mod.rs", true),
            ("src/**/mod.rs", "src/amod.rs", false),
            ("**/t", "t", true),
            ("**/t", "a/b/t", true),
            ("**/t", "at", false),
            ("a/**", "a/", true),
            ("a/**", "a/b/c", true),
            ("a/**", "a", false),
            ("**", "x/y", true),
            ("a/**/**/b", "a/x/b", true),
            ("a/**/b*/c", "a/b/x/b/c", true),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn malformed_patterns_are_refused() {
        for pattern in [
            "a/***", "***", "a**", "**a", "a**b", "a/**b", "[", "a[bc", "[]", "[!]", "[!", "**[",
        ] {
            assert!(Glob::compile(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn a_match_binds_true() {
        let glob = Glob::compile("a*").unwrap();
        assert_eq!(glob.extract(&Value::from("ab"), 0), Some(Value::from(true)));
        assert_eq!(glob.extract(&Value::from("b"), 0), None);
    }

    #[test]
    fn many_stars_stay_cheap() {
        let pattern = "*a".repeat(10_000) + "b";
        assert!(!matches(&pattern, &"a".repeat(20_000)));
    }
}
