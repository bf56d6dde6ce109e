//! Command lines to words, as a POSIX shell splits them: quotes and backslashes, nothing else.

/// The words; `None` if a quote or a backslash stays open.
pub(super) fn split(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match c {
            ' ' | '\t' | '\n' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                single_quoted(&mut rest, word)?;
            }
            '"' => {
                let word = word.get_or_insert_default();
                double_quoted(&mut rest, word)?;
            }
            '\\' => match rest.next()? {
                '\n' => {}
                c => word.get_or_insert_default().push(c),
            },
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Some(words)
}

fn single_quoted(rest: &mut std::str::Chars<'_>, word: &mut String) -> Option<()> {
    loop {
        match rest.next()? {
            '\'' => return Some(()),
            c => word.push(c),
        }
    }
}

fn double_quoted(rest: &mut std::str::Chars<'_>, word: &mut String) -> Option<()> {
    loop {
        match rest.next()? {
            '"' => return Some(()),
            '\\' => match rest.next()? {
                '\n' => {}
                c @ ('"' | '\\' | '$' | '`') => word.push(c),
                c => word.extend(['\\', c]),
            },
            c => word.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn splits_like_a_shell() {
        for (line, words) in [
            ("tremor  --version", vec!["tremor", "--version"]),
            ("a 'b c'd \"e f\"", vec!["a", "b cd", "e f"]),
            (r#"a\ b "x\"y\z" '\n'"#, vec!["a b", r#"x"y\z"#, r"\n"]),
            ("'' \"\"", vec!["", ""]),
            ("a$B *", vec!["a$B", "*"]),
            ("", vec![]),
        ] {
            assert_eq!(split(line).unwrap(), words, "{line}");
        }
        for open in ["'a", "\"a", "a\\"] {
            assert_eq!(split(open), None, "{open}");
        }
    }
}
