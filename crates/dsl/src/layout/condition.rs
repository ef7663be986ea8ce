//! Conditions on several lines.

use super::flat::{TestParts, condition as flat, test_parts};
use super::{Layout, fits};
use crate::layout::flat;
use crate::quote::Place;
use crate::tree::{Atom, Clause, Condition, ConditionTest};

/// A filled list holds no item longer than this.
const SHORT: usize = 32;

impl Layout<'_> {
    /// `when` or `unless`, a line for each test, `and` and `or` aligned under the word. Ends at the
    /// start of a line.
    pub(super) fn clause(&mut self, word: &str, clause: &Clause<'_>, indent: usize) {
        let (parts, link) = match clause.condition {
            Condition::All(parts) => (parts, "and"),
            Condition::Any(parts) => (parts, "or"),
            ref one => (core::slice::from_ref(one), ""),
        };
        for (at, part) in parts.iter().enumerate() {
            let first = if at == 0 { word } else { link };
            let width = word.len();
            self.part(&format!("{first:>width$} "), part, indent);
        }
    }

    /// One part of a condition with what stands before it.
    fn part(&mut self, prefix: &str, part: &Condition<'_>, indent: usize) {
        let span = part.span();
        let limit = self.part_limit(part);
        self.lead(limit, indent, false);
        if let Condition::Test(test) = part {
            self.test(prefix, test, indent, limit < span.end);
        } else {
            let text = match part {
                Condition::Any(_) => format!("({})", flat(part)),
                _ => flat(part),
            };
            self.indent(indent);
            self.out.push_str(prefix);
            if fits(indent + prefix.len(), &text) {
                self.out.push_str(&text);
            } else {
                self.group(part, indent);
            }
        }
        self.trail(span.end, &[')']);
        self.out.push('\n');
    }

    /// Comments before this place move in front of the part. Those in a list stay there, if there are
    /// none behind the list.
    pub(super) fn part_limit(&self, part: &Condition<'_>) -> u32 {
        let span = part.span();
        match part {
            Condition::Test(test) if test.values.bracketed => {
                let list = test.values.span;
                let inside = self.has_comment(list.start, list.end);
                if inside && !self.has_comment(list.end, span.end) {
                    list.start
                } else {
                    span.end
                }
            }
            _ => span.end,
        }
    }

    /// A group in parentheses, a line for each part; what is being written is not ended.
    fn group(&mut self, group: &Condition<'_>, indent: usize) {
        let (parts, link) = match group {
            Condition::All(parts) => (*parts, "and "),
            Condition::Any(parts) => (*parts, "or "),
            one => (core::slice::from_ref(one), ""),
        };
        self.out.push_str("(\n");
        for (at, part) in parts.iter().enumerate() {
            let prefix = if at == 0 { "" } else { link };
            let inner = indent + 4;
            if let Condition::Test(test) = part {
                self.test(prefix, test, inner, false);
            } else {
                let text = match part {
                    Condition::Any(_) => format!("({})", flat(part)),
                    _ => flat(part),
                };
                self.indent(inner);
                self.out.push_str(prefix);
                if fits(inner + prefix.len(), &text) || matches!(part, Condition::Reference(_)) {
                    self.out.push_str(&text);
                } else {
                    self.group(part, inner);
                }
            }
            self.out.push('\n');
        }
        self.indent(indent);
        self.out.push(')');
    }

    /// One test; what is being written is not ended.
    fn test(&mut self, prefix: &str, test: &ConditionTest<'_>, indent: usize, spread: bool) {
        let parts = test_parts(test);
        let text = parts.flat();
        self.indent(indent);
        self.out.push_str(prefix);
        if !spread && fits(indent + prefix.len(), &text) {
            self.out.push_str(&text);
        } else if spread || test.values.items.len() > 1 {
            let TestParts {
                key,
                operator,
                suffix,
                ..
            } = parts;
            // One value in a list with comments keeps its list.
            let operator = match (flat::is_set(test.operator.base), operator) {
                (true, "=") => "in",
                (true, "!=") => "not in",
                _ => operator,
            };
            self.out.push_str(&format!("{key} {operator} [\n"));
            self.values(test.values.items, indent + 4, spread);
            if spread {
                self.lead(test.values.span.end, indent + 4, false);
            }
            self.indent(indent);
            self.out.push(']');
            self.out.push_str(&suffix);
        } else {
            let TestParts {
                key,
                operator,
                values,
                suffix,
            } = parts;
            let blank = if values.is_some() { " " } else { "" };
            self.out.push_str(&key);
            self.out.push('\n');
            self.indent(indent + 4);
            let values = values.unwrap_or_default();
            self.out
                .push_str(&format!("{operator}{blank}{values}{suffix}"));
        }
    }

    /// The items of a list in brackets, a comma behind each.
    pub(super) fn values(&mut self, items: &[Atom<'_>], indent: usize, spread: bool) {
        let texts: Vec<_> = items
            .iter()
            .map(|item| flat::atom(item, Place::Value))
            .collect();
        if !spread && texts.iter().all(|text| text.chars().count() <= SHORT) {
            let mut line = String::new();
            for text in &texts {
                if !line.is_empty() && !fits(indent, &format!("{line} {text},")) {
                    self.line(indent, &line);
                    line.clear();
                }
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(text);
                line.push(',');
            }
            if !line.is_empty() {
                self.line(indent, &line);
            }
            return;
        }
        for (item, text) in items.iter().zip(texts) {
            let end = item.text.span.end;
            if spread {
                self.lead(end, indent, false);
            }
            self.indent(indent);
            self.out.push_str(&text);
            self.out.push(',');
            if spread {
                self.trail(end, &[',']);
            }
            self.out.push('\n');
        }
    }
}
