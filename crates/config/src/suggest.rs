//! The nearest of some known words, for messages about misspelt keys.

/// The word of `among` within `max_distance` edits (insert, remove, replace, swap neighbours); the nearest wins, of equals the
/// alphabetically first.
pub(crate) fn nearest<'a>(word: &str, among: impl Iterator<Item = &'a str>, max_distance: usize) -> Option<&'a str> {
    let letters: Vec<char> = word.chars().collect();
    among
        .map(|known| (distance(&letters, &known.chars().collect::<Vec<_>>()), known))
        .filter(|(distance, _)| *distance <= max_distance)
        .min()
        .map(|(_, known)| known)
}

/// Damerau-Levenshtein distance in which no letter is edited twice.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let replaced = last[j] + usize::from(from != to);
            let mut least = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i - 1] == *to && *from == b[j - 1] {
                least = least.min(before_last[j - 1] + 1);
            }
            row.push(least);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or_default()
}
