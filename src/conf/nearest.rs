//! "Did you mean": the known word closest to a mistyped one.

/// The candidate that differs from the word by the fewest insertions, deletions, replacements and
/// swaps of neighbours, if that is few enough for a slip of the finger; the first one on a tie.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let word: Vec<char> = word.chars().take(LONGEST + 1).collect();
    if word.is_empty() || word.len() > LONGEST {
        return None;
    }
    let tolerance = (word.len() / 3).clamp(1, 3);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let letters: Vec<char> = candidate.chars().collect();
        let limit = best.map_or(tolerance + 1, |(distance, _)| distance);
        if letters.len().abs_diff(word.len()) >= limit {
            continue;
        }
        let distance = distance(&word, &letters);
        if distance < limit && distance < word.len() {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Edit distance over three rows of the usual table, swaps of neighbours counted once.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut older = vec![0; right.len() + 1];
    let mut old: Vec<usize> = (0..=right.len()).collect();
    for (row, &a) in left.iter().enumerate() {
        let mut new = vec![row + 1; right.len() + 1];
        for (column, &b) in right.iter().enumerate() {
            let replaced = old[column] + usize::from(a != b);
            let mut least = replaced.min(old[column + 1] + 1).min(new[column] + 1);
            if row > 0 && column > 0 && a == right[column - 1] && b == left[row - 1] {
                least = least.min(older[column - 1] + 1);
            }
            new[column + 1] = least;
        }
        older = std::mem::replace(&mut old, new);
    }
    old[right.len()]
}

/// Longer words are not compared.
const LONGEST: usize = 64;

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slips_are_found() {
        let known = [
            "metric",
            "metric_zone",
            "server",
            "server_name",
            "listen",
            "if",
        ];
        assert_eq!(nearest("metrik", known), Some("metric"));
        assert_eq!(nearest("sevrer", known), Some("server"));
        assert_eq!(nearest("Listen", known), Some("listen"));
        assert_eq!(nearest("servername", known), Some("server_name"));
        assert_eq!(nearest("fi", known), Some("if"));
    }

    #[test]
    fn strangers_are_not() {
        assert_eq!(nearest("proxy_pass", ["metric", "listen"]), None);
        assert_eq!(nearest("x", ["a"]), None);
        assert_eq!(nearest("", ["a"]), None);
        assert_eq!(nearest(&"a".repeat(5000), ["a"]), None);
    }
}
