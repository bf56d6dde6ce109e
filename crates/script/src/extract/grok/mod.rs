//! `grok`: regular expressions made of named patterns (spec/extractors.md 3.8).
//!
//! References are expanded here ([`expand`]), at load; what comes out is an expression of Oniguruma, which the pattern tables are written for.
//! That engine goes back and forth in the text, so a search has limits and gives up beyond them, which counts as no match.

mod expand;

use onig::{MatchParam, Regex, RegexOptions, Region, SearchOptions, Syntax};
use temblor_value::{Key, ObjectMap, Str, Value};

use self::expand::{Definitions, Expanded};
use super::{Extract, ExtractError, bad, text};

/// How often one attempt may go back before the search is given up.
const RETRIES: u32 = 10_000_000;
/// How many places to go back to one attempt may remember.
const PLACES: u32 = 10_000_000;

/// A compiled text.
pub(super) struct Grok {
    regex: Regex,
    fields: Vec<Field>,
}

/// A key of the extracted record.
struct Field {
    key: Key,
    /// The groups that fill it: more than one only where the text itself names several groups alike. The last that took part counts.
    groups: Vec<usize>,
}

impl Grok {
    /// Compiles the text with the definitions of `file`, or without them where they cannot be used.
    pub(super) fn compile(format: &str, file: Option<&str>) -> Result<Self, ExtractError> {
        if format.is_empty() {
            return Err(bad("the pattern is empty"));
        }
        file.and_then(Definitions::read)
            .and_then(|definitions| Self::compile_with(format, definitions).ok())
            .map_or_else(|| Self::compile_with(format, Definitions::default()), Ok)
    }

    fn compile_with(format: &str, definitions: Definitions) -> Result<Self, ExtractError> {
        let expanded = expand::expand(format, definitions)?;
        let regex = Regex::with_options(&expanded.regex, RegexOptions::REGEX_OPTION_NONE, Syntax::ruby())
            .map_err(|error| bad(error.to_string()))?;
        let fields = fields(&regex, &expanded);
        Ok(Self { regex, fields })
    }

    fn search(&self, text: &str, region: Option<&mut Region>) -> bool {
        let mut limits = MatchParam::default();
        limits.set_retry_limit_in_match(RETRIES);
        limits.set_match_stack_limit(PLACES);
        let found = self
            .regex
            .search_with_param(text, 0, text.len(), SearchOptions::SEARCH_OPTION_NONE, region, limits);
        matches!(found, Ok(Some(_)))
    }
}

/// The keys of an expression in the order of its groups. Where several groups have one key, the last keeps it; the others go by the names
/// that the expansion gave them.
fn fields(regex: &Regex, expanded: &Expanded) -> Vec<Field> {
    let mut groups = Vec::new();
    regex.foreach_name(|name, numbers| {
        groups.push((
            name.to_owned(),
            numbers.iter().map(|&number| number as usize).collect::<Vec<_>>(),
        ));
        true
    });
    groups.sort_by(|(_, one), (_, other)| one.cmp(other));
    let keys: Vec<_> = groups
        .iter()
        .map(|(name, _)| expanded.key(name).unwrap_or(name).to_owned())
        .collect();
    groups
        .into_iter()
        .enumerate()
        .map(|(place, (name, groups))| {
            let again = keys[place + 1..].contains(&keys[place]);
            let key = if again { &name } else { &keys[place] };
            Field {
                key: Key::new(key.as_str()),
                groups,
            }
        })
        .collect()
}

impl Field {
    fn value(&self, text: &Str, region: &Region) -> Value {
        let taken = self.groups.iter().rev().find_map(|&group| region.pos(group));
        Value::Str(taken.map_or_else(Str::default, |(start, end)| text.slice(start..end)))
    }
}

impl Extract for Grok {
    fn accepts(&self, target: &Value) -> bool {
        text(target).is_some_and(|text| self.search(text, None))
    }

    fn extract(&self, target: &Value, _ingest_ns: u64) -> Option<Value> {
        let text = text(target)?;
        let mut region = Region::new();
        if !self.search(text, Some(&mut region)) {
            return None;
        }
        let mut record = ObjectMap::with_capacity(self.fields.len());
        for field in &self.fields {
            record.insert_key(&field.key, field.value(text, &region));
        }
        Some(Value::from(record))
    }
}

#[cfg(test)]
mod tests;
