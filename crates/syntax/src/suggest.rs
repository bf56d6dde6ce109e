//! Nearest words for hints (spec/script.md 10.4).

use std::collections::HashMap;

/// The word nearest to `word` among those within `max_distance` (Damerau–Levenshtein: insert, delete, replace, swap of neighbours).
/// Of several equally near ones the alphabetically first. `word` itself is no suggestion.
pub fn nearest<'a>(word: &str, among: impl Iterator<Item = &'a str>, max_distance: usize) -> Option<&'a str> {
    let length = word.chars().count();
    among
        .filter(|other| *other != word && other.chars().count().abs_diff(length) <= max_distance)
        .map(|other| (distance(word, other), other))
        .filter(|(distance, _)| *distance <= max_distance)
        .min()
        .map(|(_, other)| other)
}

/// The Damerau–Levenshtein distance of two words, in code points.
pub fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let infinite = left.len() + right.len();
    let width = right.len() + 2;
    // Row and column 0 hold the sentinel that makes a swap with nothing before it too dear.
    let mut table = vec![infinite; (left.len() + 2) * width];
    for row in 0..=left.len() {
        table[(row + 1) * width + 1] = row;
    }
    for column in 0..=right.len() {
        table[width + column + 1] = column;
    }
    let mut last_row: HashMap<char, usize> = HashMap::new();
    for (row, l) in left.iter().enumerate() {
        let mut last_column = 0;
        for (column, r) in right.iter().enumerate() {
            let swap_row = last_row.get(r).copied().unwrap_or(0);
            let swap_column = last_column;
            let replace = table[(row + 1) * width + column + 1] + usize::from(l != r);
            let insert = table[(row + 2) * width + column + 1] + 1;
            let delete = table[(row + 1) * width + column + 2] + 1;
            // Both count from 1, so they address the cell before the swapped pair; 0 leads to the sentinel.
            let swap = table[swap_row * width + swap_column] + (row - swap_row) + 1 + (column - swap_column);
            table[(row + 2) * width + column + 2] = replace.min(insert).min(delete).min(swap);
            if l == r {
                last_column = column + 1;
            }
        }
        last_row.insert(*l, row + 1);
    }
    table[(left.len() + 1) * width + right.len() + 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (left, right, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("harbor", "harbour", 1),
            ("harbour", "harbor", 1),
            ("quay", "quey", 1),
            ("quay", "qauy", 1),
            ("ca", "abc", 2),
            ("nil", "null", 2),
            ("abcdef", "badcfe", 3),
            ("höhe", "hohe", 1),
        ] {
            assert_eq!(distance(left, right), expected, "{left} {right}");
            assert_eq!(distance(right, left), expected, "{right} {left}");
        }
    }

    #[test]
    fn ties_go_to_the_first_of_the_alphabet() {
        assert_eq!(nearest("pie", ["tie", "lie", "pier"].into_iter(), 2), Some("lie"));
        assert_eq!(nearest("pie", ["pie"].into_iter(), 2), None);
        assert_eq!(nearest("pie", ["harbour"].into_iter(), 3), None);
    }
}
