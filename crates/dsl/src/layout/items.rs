//! The items of a file.

use super::{Layout, fits, flat, is_blank_before};
use crate::quote::Place;
use crate::tree::{Clause, Condition, Expectation, Item, Let, LetValue, Policy, kind_word};
use portcullis_model::Effect;
use portcullis_syntax::ast::PrincipalKind;
use portcullis_syntax::ast::Span;

impl Layout<'_> {
    pub(super) fn items(&mut self, items: &[Item<'_>]) {
        let mut was_short = false;
        for (at, item) in items.iter().enumerate() {
            let span = item.span();
            // Definitions of a line may stand together.
            let is_short = matches!(item, Item::Let(_) | Item::Use(_));
            let together = was_short
                && is_short
                && self.pending(span.end).is_none()
                && !is_blank_before(self.source, span.start as usize);
            was_short = is_short;
            if at > 0 && !together {
                self.blank();
            }
            self.item(item);
        }
        if !items.is_empty() && self.pending(u32::MAX).is_some() {
            self.blank();
        }
        self.lead(u32::MAX, 0, true);
        // A blank line behind the last comment is no line of the file.
        while self.out.ends_with("\n\n") {
            self.out.pop();
        }
    }

    fn item(&mut self, item: &Item<'_>) {
        match item {
            Item::Policy(policy) => self.policy(policy),
            Item::Let(item) => self.define(item),
            Item::Use(item) => {
                self.lead(item.span.end, 0, true);
                let mut path = String::new();
                crate::quote::push_string(&mut path, item.path.value);
                let text = format!("use {} from {path}", flat::names(item.names));
                self.out.push_str(&text);
                self.trail(item.span.end, &[]);
                self.out.push('\n');
            }
            Item::Template(template) => {
                let name = flat::name(&template.name);
                let parameters = flat::names(template.parameters);
                let header = format!("template {name}({parameters}) {{");
                self.open(&header, template.open);
                self.statements(template.body, 2, true);
                self.close(template.span);
            }
            Item::Test(test) => {
                let header = format!("test {} {{", flat::name(&test.name));
                self.open(&header, test.open);
                for expectation in test.expectations {
                    self.lead(expectation.span.end, 2, true);
                    self.expectation(expectation);
                }
                self.close(test.span);
            }
            Item::Bad => {}
        }
    }

    fn open(&mut self, header: &str, brace: Span) {
        self.lead(brace.end, 0, true);
        self.out.push_str(header);
        self.trail(brace.end, &[]);
        self.out.push('\n');
    }

    fn close(&mut self, span: Span) {
        self.lead(span.end, 2, true);
        while self.out.ends_with("\n\n") {
            self.out.pop();
        }
        self.out.push('}');
        self.trail(span.end, &[]);
        self.out.push('\n');
    }

    fn policy(&mut self, policy: &Policy<'_>) {
        let name = flat::name(&policy.name);
        let header = match policy.kind {
            Some(kind) => format!("{} policy {name} {{", kind_word(kind)),
            None => format!("policy {name} {{"),
        };
        self.open(&header, policy.open);
        for meta in policy.metas {
            self.lead(meta.span.end, 2, true);
            let word = if meta.is_version { "version" } else { "id" };
            self.indent(2);
            let value = flat::atom(&meta.value, Place::Value);
            self.out.push_str(&format!("{word} {value}"));
            self.trail(meta.span.end, &[]);
            self.out.push('\n');
        }
        self.statements(policy.body, 2, policy.metas.is_empty());
        self.close(policy.span);
    }

    fn define(&mut self, item: &Let<'_>) {
        let name = flat::name(&item.name);
        match &item.value {
            LetValue::List(list) => {
                let text = format!("let {name} = {}", flat::bracketed(list));
                let spread = self.has_comment(list.span.start, list.span.end);
                self.lead(list.span.start, 0, true);
                if (!spread && fits(0, &text)) || list.items.is_empty() {
                    self.lead(list.span.end, 0, true);
                    self.out.push_str(&text);
                } else {
                    self.out.push_str(&format!("let {name} = [\n"));
                    self.values(list.items, 2, spread);
                    self.lead(list.span.end, 2, false);
                    self.out.push(']');
                }
            }
            LetValue::Principals(principals) => {
                let text = format!("let {name} = {}", flat::principals(principals));
                let inside = self.has_comment(principals.span.start, principals.span.end);
                if inside || !fits(0, &text) {
                    self.lead(principals.span.start, 0, true);
                    self.out.push_str(&format!("let {name} =\n"));
                    self.to(principals, 2);
                    return;
                }
                self.lead(item.span.end, 0, true);
                self.out.push_str(&text);
            }
            LetValue::Condition(condition) => {
                let text = format!("let {name} = when {}", flat::condition(condition));
                let span = condition.span();
                let first = match condition {
                    Condition::All(parts) | Condition::Any(parts) => parts.first(),
                    one => Some(one),
                };
                let limit = first.map_or(span.start, |first| self.part_limit(first));
                self.lead(limit, 0, true);
                let inside = self.has_comment(span.start, span.end);
                if inside || !fits(0, &text) {
                    self.out.push_str(&format!("let {name} =\n"));
                    let clause = Clause {
                        condition: *condition,
                        span,
                    };
                    self.clause("when", &clause, 2);
                    return;
                }
                self.lead(item.span.end, 0, true);
                self.out.push_str(&text);
            }
        }
        self.trail(item.span.end, &[',']);
        self.out.push('\n');
    }

    fn expectation(&mut self, expectation: &Expectation<'_>) {
        let outcome = match expectation.outcome {
            Some(Effect::Allow) => "allow",
            Some(Effect::Deny) => "deny",
            None => "nothing",
        };
        let mut head = format!(
            "expect {outcome} {}",
            flat::atom(&expectation.action, Place::Atom)
        );
        if let Some(resource) = &expectation.resource {
            head.push_str(&format!(" on {}", flat::atom(resource, Place::Atom)));
        }
        let mut clauses = Vec::new();
        if let Some((kind, atom)) = &expectation.principal {
            let text = match kind {
                PrincipalKind::Everyone | PrincipalKind::Aws => {
                    flat::atom(atom, Place::Atom).into_owned()
                }
                PrincipalKind::Service => format!("service {}", flat::atom(atom, Place::Value)),
                PrincipalKind::Federated => format!("federated {}", flat::atom(atom, Place::Value)),
                PrincipalKind::CanonicalUser => {
                    format!("canonical {}", flat::atom(atom, Place::Value))
                }
            };
            clauses.push(format!("to {text}"));
        }
        for (at, (key, values)) in expectation.context.iter().enumerate() {
            let word = if at == 0 { "with" } else { " and" };
            let key = flat::atom(key, Place::Atom);
            // A list of one is a multivalued key, which is not the same as a value.
            let values = if values.bracketed {
                flat::bracketed(values)
            } else {
                flat::values(values)
            };
            clauses.push(format!("{word} {key} = {values}"));
        }
        if let Some(by) = &expectation.by {
            clauses.push(format!("by {}", flat::atom(by, Place::Value)));
        }
        let one_line = clauses.iter().fold(head.clone(), |line, clause| {
            format!("{line} {}", clause.trim_start())
        });
        self.indent(2);
        if fits(2, &one_line) {
            self.out.push_str(&one_line);
        } else {
            self.out.push_str(&head);
            for clause in clauses {
                self.out.push('\n');
                self.indent(4);
                self.out.push_str(&clause);
            }
        }
        self.trail(expectation.span.end, &[]);
        self.out.push('\n');
    }
}
