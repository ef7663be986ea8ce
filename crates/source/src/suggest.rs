//! Did you mean…? Words that are near to one another, for help texts.

use smallvec::SmallVec;

/// Words longer than this are not compared: nobody means them.
const LONGEST: usize = 64;

/// The candidate that a word is most likely a misspelling of. Letter case does not count; of equally near
/// ones the first in the alphabet is taken.
///
/// ```
/// use portcullis_source::suggest::nearest;
/// assert_eq!(nearest("efect", ["Action", "Effect"]), Some("Effect"));
/// assert_eq!(nearest("verb", ["Action", "Effect"]), None);
/// ```
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    nearest_within(word, limit(word), candidates)
}

/// A third of the letters may be wrong: more makes everything look like everything.
fn limit(word: &str) -> usize {
    (word.len() / 3).clamp(1, 3)
}

/// The nearest candidate of which at most `limit` letters are wrong.
pub fn nearest_within<'c>(
    word: &str,
    limit: usize,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    near(word, limit, candidates)
        .min()
        .map(|(_, candidate)| candidate)
}

/// The candidates of which at most `limit` letters are wrong, and how many are.
fn near<'c>(
    word: &str,
    limit: usize,
    candidates: impl IntoIterator<Item = &'c str>,
) -> impl Iterator<Item = (usize, &'c str)> {
    let length = word.chars().take(LONGEST + 1).count();
    let word = word.to_ascii_lowercase();
    candidates
        .into_iter()
        .filter(move |candidate| {
            length <= LONGEST && candidate.chars().count().abs_diff(length) <= limit
        })
        .map(move |candidate| (distance(&word, &candidate.to_ascii_lowercase()), candidate))
        .filter(move |(distance, _)| *distance <= limit)
}

/// The candidates that a word may be a misspelling of, at most so many, the nearest first.
///
/// ```
/// use portcullis_source::suggest::nearest_few;
/// assert_eq!(nearest_few("GetObjct", 2, ["PutObject", "GetObjects", "GetObject"]), ["GetObject", "GetObjects"]);
/// ```
pub fn nearest_few<'c>(
    word: &str,
    count: usize,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Vec<&'c str> {
    let mut found: Vec<_> = near(word, limit(word), candidates).collect();
    found.sort_unstable();
    found.dedup();
    found.truncate(count);
    found.into_iter().map(|(_, candidate)| candidate).collect()
}

/// A help text that names the nearest candidate.
pub fn did_you_mean<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<String> {
    nearest(word, candidates).map(|candidate| format!("did you mean `{candidate}`?"))
}

/// How many letters must be inserted, removed, replaced or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    type Row = SmallVec<[usize; LONGEST]>;
    let a: SmallVec<[char; LONGEST]> = a.chars().collect();
    let b: SmallVec<[char; LONGEST]> = b.chars().collect();
    let mut before: Row = SmallVec::new();
    let mut above: Row = (0..=b.len()).collect();
    for (i, &x) in a.iter().enumerate() {
        let mut row: Row = SmallVec::new();
        row.push(i + 1);
        for (j, &y) in b.iter().enumerate() {
            let cell = |row: &Row, at: usize| row.get(at).copied().unwrap_or(usize::MAX / 2);
            let mut best = (cell(&above, j) + usize::from(x != y))
                .min(cell(&above, j + 1) + 1)
                .min(cell(&row, j) + 1);
            if i > 0 && j > 0 && a.get(i - 1) == Some(&y) && b.get(j - 1) == Some(&x) {
                best = best.min(cell(&before, j - 1) + 1);
            }
            row.push(best);
        }
        before = core::mem::replace(&mut above, row);
    }
    above.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (a, b, expected) in [
            ("", "", 0),
            ("", "ab", 2),
            ("ab", "", 2),
            ("efect", "effect", 1),
            ("effetc", "effect", 1),
            ("action", "effect", 6),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }

    #[test]
    fn near_words_only() {
        let words = ["Effect", "Action", "NotAction"];
        assert_eq!(nearest("effect", words), Some("Effect"));
        assert_eq!(nearest("Actions", words), Some("Action"));
        assert_eq!(nearest("Verb", words), None);
        assert_eq!(nearest(&"Action".repeat(1000), words), None);
    }
}
