//! Statements.

use super::{Layout, fits, flat};
use crate::quote::{Place, label};
use crate::tree::{Apply, Elements, Principals, Rule, Statement};
use portcullis_syntax::ast::Span;

impl Layout<'_> {
    /// The statements of a block, at the start of a line before and after.
    pub(super) fn statements(&mut self, body: &[Statement<'_>], indent: usize, mut first: bool) {
        let mut was_simple = false;
        for statement in body {
            let (start, span) = match statement {
                Statement::Rule(rule) => {
                    (rule.label.map_or(first_unit(rule), |l| l.span), rule.span)
                }
                Statement::Apply(apply) => (apply.span, apply.span),
                Statement::Bad => continue,
            };
            let is_open = self.has_comment(start.end, span.end);
            let text = match statement {
                Statement::Rule(rule) => flat::rule(rule),
                Statement::Apply(apply) => Some(flat::apply(apply)),
                Statement::Bad => None,
            };
            let one_line = text.filter(|text| !is_open && fits(indent, text));
            let has_label = match statement {
                Statement::Rule(rule) => rule.label.is_some(),
                Statement::Apply(apply) => apply.label.is_some(),
                Statement::Bad => false,
            };
            let is_simple = one_line.is_some() && !has_label;
            let led = self.pending(start.end).is_some();
            let together = was_simple && is_simple && !led;
            if !first && !together {
                self.blank();
            }
            first = false;
            was_simple = is_simple;
            self.lead(start.end, indent, true);
            match (one_line, statement) {
                (Some(text), _) => {
                    self.indent(indent);
                    self.out.push_str(&text);
                    self.trail(span.end, &[',']);
                    self.out.push('\n');
                }
                (None, Statement::Rule(rule)) => self.rule(rule, indent, is_open),
                (None, Statement::Apply(apply)) => self.apply(apply, indent),
                (None, Statement::Bad) => {}
            }
        }
    }

    /// A statement on several lines; one with comments inside has a line for each clause.
    fn rule(&mut self, rule: &Rule<'_>, indent: usize, is_open: bool) {
        if let Some(text) = &rule.label {
            self.indent(indent);
            self.out.push_str(&label(text.value));
            self.out.push(':');
            self.trail(text.span.end, &[':']);
            self.out.push('\n');
            if is_open {
                self.lead(first_unit(rule).end, indent, false);
            }
        }
        let head = flat::head(rule);
        let last = rule.to.map(|to| to.span).or(rule.on.map(|on| on.span));
        let head_end = last.unwrap_or(rule.actions.span).end;
        let is_open = self.has_comment(rule.effect_span.end, head_end);
        if !is_open && fits(indent, &head) {
            self.indent(indent);
            self.out.push_str(&head);
            self.trail(head_end, &[',']);
            self.out.push('\n');
        } else {
            self.actions(rule, indent);
            self.on_and_to(rule, indent + 2, is_open);
        }
        for (word, clause) in [("when", &rule.when), ("unless", &rule.unless)] {
            if let Some(clause) = clause {
                self.clause(word, clause, indent + 2);
            }
        }
    }

    fn on_and_to(&mut self, rule: &Rule<'_>, indent: usize, is_open: bool) {
        if let (Some(on), Some(to)) = (&rule.on, &rule.to) {
            let text = format!("on {} {}", flat::elements(on), flat::principals(to));
            if !is_open && fits(indent, &text) {
                self.indent(indent);
                self.out.push_str(&text);
                self.trail(to.span.end, &[',']);
                self.out.push('\n');
                return;
            }
        }
        if let Some(on) = &rule.on {
            let items: Vec<_> = on
                .list
                .iter()
                .map(|atom| (flat::atom(atom, Place::Atom).into_owned(), atom.text.span))
                .collect();
            let text = format!("on {}", flat::elements(on));
            self.entries("on", on.negated, on.span, &text, &items, indent);
        }
        if let Some(to) = &rule.to {
            self.to(to, indent);
        }
    }

    pub(super) fn to(&mut self, to: &Principals<'_>, indent: usize) {
        let items: Vec<_> = to
            .list
            .iter()
            .map(|principal| (flat::principal(principal), principal.values.span))
            .collect();
        let text = flat::principals(to);
        self.entries("to", to.negated, to.span, &text, &items, indent);
    }

    /// A clause with entries: on one line if it fits, else one entry a line.
    fn entries(
        &mut self,
        word: &str,
        negated: bool,
        span: Span,
        text: &str,
        items: &[(String, Span)],
        indent: usize,
    ) {
        self.lead(span.start + 1, indent, false);
        let spread = self.has_comment(span.start, span.end);
        if (!spread && fits(indent, text)) || items.is_empty() {
            self.lead(span.end, indent, false);
            self.indent(indent);
            self.out.push_str(text);
        } else {
            let except = flat::except(negated).trim_end();
            self.indent(indent);
            self.out.push_str(format!("{word} {except}").trim_end());
            self.out.push('\n');
            self.spread(items, indent + 4);
        }
        self.trail(span.end, &[',']);
        self.out.push('\n');
    }

    /// One entry a line, with the comments between them; the last line is not ended.
    fn spread(&mut self, items: &[(String, Span)], indent: usize) {
        for (at, (text, span)) in items.iter().enumerate() {
            self.lead(span.end, indent, false);
            self.indent(indent);
            self.out.push_str(text);
            if at + 1 < items.len() {
                self.out.push(',');
                self.trail(span.end, &[',', ']']);
                self.out.push('\n');
            } else {
                self.trail(span.end, &[',', ']']);
            }
        }
    }

    fn actions(&mut self, rule: &Rule<'_>, indent: usize) {
        let actions: &Elements<'_> = &rule.actions;
        let effect = flat::effect(rule);
        let text = format!("{effect} {}", flat::elements(actions));
        let spread = self.has_comment(rule.effect_span.end, actions.span.end);
        if (!spread && fits(indent, &text)) || actions.list.is_empty() {
            self.indent(indent);
            self.out.push_str(&text);
            self.trail(actions.span.end, &[',']);
            self.out.push('\n');
            return;
        }
        let except = flat::except(actions.negated).trim_end();
        self.indent(indent);
        self.out.push_str(format!("{effect} {except}").trim_end());
        if !actions.negated {
            self.trail(rule.effect_span.end, &[]);
        }
        self.out.push('\n');
        let items: Vec<_> = actions
            .list
            .iter()
            .map(|atom| (flat::atom(atom, Place::Atom).into_owned(), atom.text.span))
            .collect();
        if spread {
            self.spread(&items, indent + 4);
        } else {
            self.filled(&items, indent + 4);
        }
        self.trail(actions.span.end, &[',']);
        self.out.push('\n');
    }

    /// Actions filled to the width. A service begins a new line, but those with a single entry in a
    /// row share lines. The last line is not ended.
    fn filled(&mut self, items: &[(String, Span)], indent: usize) {
        fn service(item: Option<&(String, Span)>) -> Option<&str> {
            item.map(|(text, _)| text.split(':').next().unwrap_or_default())
        }
        let mut line = String::new();
        let mut was_alone = false;
        for (at, (text, _)) in items.iter().enumerate() {
            let this = service(items.get(at));
            let before = at.checked_sub(1).and_then(|at| service(items.get(at)));
            let alone = this != before && this != service(items.get(at + 1));
            let same = before == this || (alone && was_alone);
            was_alone = alone;
            let comma = if at + 1 < items.len() { "," } else { "" };
            if !line.is_empty() && (!same || !fits(indent, &format!("{line} {text}{comma}"))) {
                self.line(indent, &line);
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(text);
            line.push_str(comma);
        }
        self.indent(indent);
        self.out.push_str(&line);
    }

    /// An application of a template that does not fit a line.
    fn apply(&mut self, apply: &Apply<'_>, indent: usize) {
        self.lead(apply.span.end, indent, false);
        if let Some(text) = &apply.label {
            let text = format!("{}:", label(text.value));
            self.line(indent, &text);
        }
        let name = flat::name(&apply.name);
        self.line(indent, &format!("apply {name}("));
        for (at, argument) in apply.arguments.iter().enumerate() {
            let comma = if at + 1 < apply.arguments.len() {
                ","
            } else {
                ""
            };
            let name = flat::name(&argument.name);
            let text = format!("{name} = {}{comma}", flat::values(&argument.values));
            if fits(indent + 4, &text) || argument.values.items.len() < 2 {
                self.line(indent + 4, &text);
            } else {
                self.line(indent + 4, &format!("{name} = ["));
                self.values(argument.values.items, indent + 8, false);
                self.line(indent + 4, &format!("]{comma}"));
            }
        }
        self.indent(indent);
        self.out.push(')');
        self.trail(apply.span.end, &[',']);
        self.out.push('\n');
    }
}

/// What comments move in front of: the effect, together with an empty list of actions, which has no
/// line of its own for them.
fn first_unit(rule: &Rule<'_>) -> Span {
    if rule.actions.list.is_empty() {
        rule.effect_span.to(rule.actions.span)
    } else {
        rule.effect_span
    }
}
