//! `--fix` and `--diff`: changes that mend what was found.

use bumpalo::Bump;
use portcullis_lint::{Fix, fixed, fixes};
use portcullis_source::json;

use super::found::{Checked, Found};
use super::places::Places;

/// Passes over a file: what one changes may let another one change more.
pub(super) const PASSES: usize = 8;

/// The text with everything mended that was found and can be; none if nothing can.
pub(super) fn mended(
    text: &str,
    all: &[Checked<'_>],
    with_unsafe: bool,
) -> Option<(String, usize)> {
    let [checked] = all else {
        return None;
    };
    // What is in a string of another document is not written.
    let document = checked
        .document
        .filter(|_| checked.inner.is_none() && checked.within.is_none())?;
    // First it must say what is meant.
    if checked
        .found
        .iter()
        .any(|found| found.diagnostic.is_error())
    {
        return None;
    }
    let places = Places::of(checked.found.iter().map(Found::place));
    let is_found = |fix: &Fix| places.at(fix.code, fix.place).next().is_some();
    let is_meant = |fix: &&Fix| (fix.is_safe || with_unsafe) && is_found(fix);
    let known = fixes(&document, text);
    let meant: Vec<&Fix> = known.iter().filter(is_meant).collect();
    let new = fixed(text, meant.iter().copied());
    // Whatever happens, what was JSON stays so.
    let arena = Bump::new();
    let is_sound = new != text && json::parse(&new, &arena).is_ok();
    is_sound.then_some((new, meant.len()))
}

/// Lines on each side of a change.
const CONTEXT: usize = 3;
/// Lines that are compared with each other; beyond, one stretch replaces the other whole.
const MOST: usize = 2000;

/// The difference of two texts, as `diff -u` writes it.
pub(super) fn difference(name: &str, old: &str, new: &str) -> String {
    let (a, b): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let same = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let rest = a.len().min(b.len()) - same;
    let end = a
        .iter()
        .rev()
        .zip(b.iter().rev())
        .take(rest)
        .take_while(|(x, y)| x == y)
        .count();
    let (from, to) = (
        a.get(same..a.len() - end).unwrap_or_default(),
        b.get(same..b.len() - end).unwrap_or_default(),
    );
    // Each line with how it changes.
    let mut lines: Vec<(char, &str)> = a.iter().take(same).map(|line| (' ', *line)).collect();
    lines.extend(changes(from, to));
    lines.extend(a.iter().skip(a.len() - end).map(|line| (' ', *line)));
    let mut out = format!("--- {name}\n+++ {name}\n");
    let is_near = |at: usize| {
        let around = lines
            .iter()
            .skip(at.saturating_sub(CONTEXT))
            .take(2 * CONTEXT + 1 - CONTEXT.saturating_sub(at));
        around.into_iter().any(|(how, _)| *how != ' ')
    };
    let (mut old_line, mut new_line) = (1, 1);
    let mut at = 0;
    while let Some((how, _)) = lines.get(at) {
        if !is_near(at) {
            old_line += usize::from(*how != '+');
            new_line += usize::from(*how != '-');
            at += 1;
            continue;
        }
        let length = (at..lines.len()).take_while(|at| is_near(*at)).count();
        let hunk = lines.get(at..at + length).unwrap_or_default();
        let count = |not: char| hunk.iter().filter(|(how, _)| *how != not).count();
        let (old_count, new_count) = (count('+'), count('-'));
        out.push_str(&format!(
            "@@ -{old_line},{old_count} +{new_line},{new_count} @@\n"
        ));
        for (how, line) in hunk {
            out.push(*how);
            out.push_str(line);
            out.push('\n');
        }
        (old_line, new_line) = (old_line + old_count, new_line + new_count);
        at += length;
    }
    out
}

/// How one stretch of lines becomes another, with as many lines kept as can be.
fn changes<'t>(from: &[&'t str], to: &[&'t str]) -> Vec<(char, &'t str)> {
    let whole = || {
        let gone = from.iter().map(|line| ('-', *line));
        gone.chain(to.iter().map(|line| ('+', *line))).collect()
    };
    if from.len() > MOST || to.len() > MOST {
        return whole();
    }
    let width = to.len() + 1;
    // How many lines can be kept from here on.
    let mut kept = vec![0u32; (from.len() + 1) * width];
    let get =
        |kept: &[u32], i: usize, j: usize| kept.get(i * width + j).copied().unwrap_or_default();
    for i in (0..from.len()).rev() {
        for j in (0..to.len()).rev() {
            let best = match from.get(i) == to.get(j) {
                true => get(&kept, i + 1, j + 1) + 1,
                false => get(&kept, i + 1, j).max(get(&kept, i, j + 1)),
            };
            if let Some(own) = kept.get_mut(i * width + j) {
                *own = best;
            }
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut out = Vec::new();
    loop {
        match (from.get(i), to.get(j)) {
            (Some(a), Some(b)) if a == b => {
                out.push((' ', *a));
                (i, j) = (i + 1, j + 1);
            }
            (Some(a), b) if b.is_none() || get(&kept, i + 1, j) >= get(&kept, i, j + 1) => {
                out.push(('-', *a));
                i += 1;
            }
            (_, Some(b)) => {
                out.push(('+', *b));
                j += 1;
            }
            _ => return out,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn a_difference_is_as_diff_writes_it() {
        let old = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\n";
        let new = old.replace("b\n", "B\n").replace("k\n", "");
        let expected = "--- x\n+++ x\n@@ -1,5 +1,5 @@\n a\n-b\n+B\n c\n d\n e\n@@ -8,5 +8,4 @@\n h\n i\n j\n-k\n l\n";
        assert_eq!(difference("x", old, &new), expected);
    }
}
