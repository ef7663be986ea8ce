//! How a file looks. Nothing can be configured: there is one form.
//!
//! The layout is made of units, each on one line if it fits. A comment on a line of its own stays
//! before the unit that it stood before; one behind a unit stays behind it; one inside a unit moves
//! in front of it. So comments keep their order, and none moves past a name or a value that is not
//! in its unit.

mod condition;
mod flat;
mod items;
mod statement;

pub(crate) use flat::is_set;
#[cfg(test)]
mod tests;

use crate::tokens::Comment;
use crate::tree::Item;

/// Columns of a line. Only what cannot be broken exceeds them.
pub(crate) const WIDTH: usize = 100;

/// A file as it should look.
pub(crate) fn file(source: &str, items: &[Item<'_>], comments: &[Comment<'_>]) -> String {
    let mut layout = Layout {
        out: String::new(),
        source,
        comments,
        next: 0,
        trailed: usize::MAX,
    };
    layout.items(items);
    layout.out
}

struct Layout<'l> {
    out: String,
    source: &'l str,
    comments: &'l [Comment<'l>],
    /// The first comment that has not been written.
    next: usize,
    /// How long the output was after the last comment behind a unit: no second one can follow.
    trailed: usize,
}

impl Layout<'_> {
    /// The place of the next comment, if it stands before `limit`.
    fn pending(&self, limit: u32) -> Option<usize> {
        let comment = self.comments.get(self.next)?;
        (comment.start < limit as usize).then_some(comment.start)
    }

    /// True if a comment that is yet to be written stands in the range.
    fn has_comment(&self, from: u32, to: u32) -> bool {
        self.comments
            .iter()
            .skip(self.next)
            .take_while(|comment| comment.start < to as usize)
            .any(|comment| comment.start >= from as usize)
    }

    /// Writes the comments before `limit`, each on a line of its own. The output is at the start of
    /// a line before and after. With `airy`, a blank line around them survives.
    fn lead(&mut self, limit: u32, indent: usize, airy: bool) {
        while self.pending(limit).is_some() {
            let Some(comment) = self.comments.get(self.next) else {
                return;
            };
            self.next += 1;
            if airy && is_blank_before(self.source, comment.start) {
                self.blank();
            }
            self.indent(indent);
            self.out.push_str(comment.text);
            self.out.push('\n');
            let end = comment.start + comment.text.len();
            if airy && is_blank_after(self.source, end) {
                self.blank();
            }
        }
    }

    /// Writes the comment behind a unit that ends at `end`, on the line that is being written. Of
    /// `skipped`, any number may stand between.
    fn trail(&mut self, end: u32, skipped: &[char]) {
        if self.trailed == self.out.len() {
            return;
        }
        let Some(comment) = self.comments.get(self.next) else {
            return;
        };
        let Some(between) = self.source.get(end as usize..comment.start) else {
            return;
        };
        // Parentheses may close on lines of their own.
        let between = match between.rsplit_once(')') {
            Some((closing, rest)) if skipped.contains(&')') => {
                if !closing.chars().all(|c| c == ')' || c.is_ascii_whitespace()) {
                    return;
                }
                rest
            }
            _ => between,
        };
        if between
            .chars()
            .all(|c| c == ' ' || c == '\t' || skipped.contains(&c))
        {
            self.next += 1;
            self.out.push_str("  ");
            self.out.push_str(comment.text);
            self.trailed = self.out.len();
        }
    }

    /// Ends the line if one has been begun, and leaves one line blank, but not at the start of a
    /// block.
    fn blank(&mut self) {
        if self.out.is_empty() || self.out.ends_with("\n\n") || self.out.ends_with("{\n") {
            return;
        }
        self.out.push('\n');
    }

    fn indent(&mut self, indent: usize) {
        for _ in 0..indent {
            self.out.push(' ');
        }
    }

    /// A line without comments.
    fn line(&mut self, indent: usize, text: &str) {
        self.indent(indent);
        self.out.push_str(text);
        self.out.push('\n');
    }
}

/// True if the text fits a line that begins with that many blanks.
fn fits(indent: usize, text: &str) -> bool {
    indent + text.chars().count() <= WIDTH
}

fn is_blank_before(source: &str, at: usize) -> bool {
    let before = source.get(..at).unwrap_or_default();
    let blanks = before
        .bytes()
        .rev()
        .take_while(|byte| byte.is_ascii_whitespace());
    blanks.filter(|byte| *byte == b'\n').count() > 1
}

fn is_blank_after(source: &str, at: usize) -> bool {
    let after = source.get(at..).unwrap_or_default();
    let blanks = after.bytes().take_while(|byte| byte.is_ascii_whitespace());
    blanks.filter(|byte| *byte == b'\n').count() > 1
}
