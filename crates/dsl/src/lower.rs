//! From the syntax tree of a file to documents.
//!
//! A policy becomes the JSON tree that says the same, with places in this text, and that tree goes
//! through the reader of JSON documents. So there is one checker, and no way to a document past it.

use crate::codes;
use crate::fill::{Filler, Named, Site};
use crate::limits::MAX_TEMPLATES;
use crate::logic::{Flat, alternatives};
use crate::module::Modules;
use crate::tree::{Apply, Elements, Expectation, Item, Policy, Rule, Statement, Template, Test};
use crate::wording;
use crate::{Expected, NamedDocument, Options, PolicyTest};
use bumpalo::Bump;
use portcullis_model::Operator;
use portcullis_source::json::{Member, Node, Value};
use portcullis_source::suggest::did_you_mean;
use portcullis_source::{Diagnostic, quoted};
use portcullis_syntax::ast::{PrincipalKind, Span, Text};
use portcullis_syntax::policy::{ReadOptions, read_policy};
use std::collections::{HashMap, HashSet};

/// Lowers everything in the root file. Documents are made of the policies without errors only.
pub(crate) fn lower<'a>(
    modules: &Modules<'a>,
    options: &Options<'_>,
    arena: &'a Bump,
) -> (Vec<NamedDocument<'a>>, Vec<Diagnostic>) {
    let mut lowering = Lowering {
        filler: Filler::new(arena, modules),
        options,
        arena,
    };
    let mut documents = Vec::new();
    let mut problems = Vec::new();
    let items = modules.list.first().map_or(&[][..], |root| &root.items);
    for item in items {
        match item {
            Item::Policy(policy) => {
                let (document, mut found) = lowering.policy(policy);
                documents.extend(document);
                problems.append(&mut found);
            }
            Item::Let(item) => lowering.check(item.value),
            Item::Use(_) | Item::Template(_) | Item::Test(_) | Item::Bad => {}
        }
    }
    let policies: HashSet<&str> = items
        .iter()
        .filter_map(|item| match item {
            Item::Policy(policy) => Some(policy.name.value),
            _ => None,
        })
        .collect();
    for item in items {
        if let Item::Test(test) = item {
            lowering.test(test, &policies, &mut documents);
        }
    }
    problems.append(&mut lowering.filler.problems);
    (documents, problems)
}

struct Lowering<'a, 'm, 'o> {
    filler: Filler<'a, 'm>,
    options: &'o Options<'o>,
    arena: &'a Bump,
}

/// One statement of a policy, ready to be written.
struct Lowered<'a> {
    sid: Option<Text<'a>>,
    /// True if the Sid was made up here.
    made: bool,
    node: Node<'a>,
}

impl<'a> Lowering<'a, '_, '_> {
    /// Definitions are checked where they stand, used or not.
    fn check(&mut self, value: crate::tree::LetValue<'a>) {
        use crate::tree::LetValue;
        match value {
            LetValue::List(list) => {
                self.filler.list(Site::ROOT, list);
            }
            LetValue::Principals(principals) => {
                self.filler.principals(Site::ROOT, principals);
            }
            // A condition's parts are looked at where it is used: what is exact depends on it.
            LetValue::Condition(_) => {}
        }
    }

    fn policy(&mut self, policy: &Policy<'a>) -> (Option<NamedDocument<'a>>, Vec<Diagnostic>) {
        let before = self.filler.count;
        let kind = policy.kind.unwrap_or(self.options.default_kind);
        let mut members = Vec::new();
        self.metas(policy, &mut members);
        let mut statements = Vec::new();
        let mut broken = false;
        for statement in policy.body {
            broken |= !self.statement(Site::ROOT, statement, None, &mut statements, 0);
        }
        self.check_sids(&statements);
        let nodes: Vec<_> = statements.iter().map(|lowered| lowered.node).collect();
        let value = Value::Array(self.arena.alloc_slice_copy(&nodes));
        members.push(self.member(
            "Statement",
            policy.name.span,
            Node {
                span: policy.span,
                value,
            },
        ));
        let node = Node {
            span: policy.span,
            value: Value::Object(self.arena.alloc_slice_copy(&members)),
        };
        let read = ReadOptions {
            kind,
            allow_missing_resource: self.options.allow_missing_resource,
        };
        let (document, problems) = read_policy(node, read, self.arena);
        broken |= self.filler.count > before;
        let document = document.filter(|_| !broken).map(|document| NamedDocument {
            name: policy.name,
            kind,
            document,
            tests: Vec::new(),
        });
        // A clause that could not be read is not missing.
        let is_torn = policy.body.iter().any(|s| matches!(s, Statement::Bad));
        let torn = |code| {
            matches!(
                code,
                portcullis_syntax::codes::MISSING_RESOURCE
                    | portcullis_syntax::codes::MISSING_PRINCIPAL
            )
        };
        let problems = problems
            .into_iter()
            .filter(|problem| !(is_torn && torn(problem.code)))
            .map(|problem| wording::reworded(problem, policy.name.span, kind))
            .collect();
        (document, problems)
    }

    /// `Version` and `Id`; without a word the version is the one with variables (`GRAM-4`).
    fn metas(&mut self, policy: &Policy<'a>, members: &mut Vec<Member<'a>>) {
        let mut version = Some(Text {
            value: "2012-10-17",
            span: policy.name.span,
        });
        let mut id = None;
        for meta in policy.metas {
            let Some(text) = self.filler.one(Site::ROOT, &meta.value, "give one text") else {
                continue;
            };
            if !meta.is_version {
                id = Some((text, meta.span));
            } else if text.value == "none" {
                version = None;
            } else {
                version = Some(text);
            }
        }
        if let Some(text) = version {
            members.push(self.member("Version", text.span, string(text)));
        }
        if let Some((text, span)) = id {
            members.push(self.member("Id", span, string(text)));
        }
    }

    fn member(&self, name: &'static str, span: Span, value: Node<'a>) -> Member<'a> {
        let key = Text { value: name, span };
        Member { key, value }
    }

    /// Appends what a statement comes to; false after an error.
    fn statement(
        &mut self,
        site: Site<'a, '_>,
        statement: &Statement<'a>,
        prefix: Option<&str>,
        out: &mut Vec<Lowered<'a>>,
        depth: usize,
    ) -> bool {
        match statement {
            Statement::Rule(rule) => self.rule(site, rule, prefix, out).is_some(),
            Statement::Apply(apply) => self.apply(site, apply, prefix, out, depth).is_some(),
            Statement::Bad => false,
        }
    }

    fn rule(
        &mut self,
        site: Site<'a, '_>,
        rule: &Rule<'a>,
        prefix: Option<&str>,
        out: &mut Vec<Lowered<'a>>,
    ) -> Option<()> {
        let span = site.place(rule.span);
        // All parts are looked at, so that all their problems are reported.
        let actions = self.elements(site, rule.actions);
        let resources = rule.on.map(|on| self.elements(site, on));
        let principals = rule.to.map(|to| (to, self.filler.principals(site, to)));
        let single = self.options.is_single_valued;
        let all = alternatives(&mut self.filler, site, rule.when, rule.unless, single)?;
        let effect = string(Text {
            value: rule.effect.as_str(),
            span: site.place(rule.effect_span),
        });
        let mut members = vec![self.member("Effect", effect.span, effect)];
        if let Some((to, list)) = principals {
            let name = if to.negated {
                "NotPrincipal"
            } else {
                "Principal"
            };
            let place = site.place(to.span);
            let node = self.principals(place, &list?);
            members.push(self.member(name, place, node));
        }
        let name = if rule.actions.negated {
            "NotAction"
        } else {
            "Action"
        };
        members.push(self.member(name, site.place(rule.actions.span), actions?));
        if let (Some(on), Some(resources)) = (rule.on, resources) {
            let name = if on.negated {
                "NotResource"
            } else {
                "Resource"
            };
            members.push(self.member(name, site.place(on.span), resources?));
        }
        if site.parameters.is_some() && !self.filler.spend(site, span, 16) {
            return None;
        }
        let count = all.len();
        if count > 1 && !self.filler.spend(site, span, count * 16) {
            return None;
        }
        for (at, tests) in all.iter().enumerate() {
            let mut members = members.clone();
            let sid = self.sid(site, prefix, rule.label, (count > 1).then_some(at + 1));
            if let Some(sid) = sid {
                members.insert(0, self.member("Sid", sid.span, string(sid)));
            }
            if !tests.is_empty() {
                let node = self.tests(tests, span);
                members.push(self.member("Condition", node.span, node));
            }
            let value = Value::Object(self.arena.alloc_slice_copy(&members));
            out.push(Lowered {
                sid,
                made: count > 1 || site.parameters.is_some(),
                node: Node { span, value },
            });
        }
        Some(())
    }

    fn sid(
        &self,
        site: Site<'a, '_>,
        prefix: Option<&str>,
        label: Option<Text<'a>>,
        number: Option<usize>,
    ) -> Option<Text<'a>> {
        let label = label?;
        let span = site.place(label.span);
        if prefix.is_none() && number.is_none() {
            return Some(Text {
                value: label.value,
                span,
            });
        }
        let number = number.map(|number| number.to_string()).unwrap_or_default();
        let text = format!("{}{}{number}", prefix.unwrap_or_default(), label.value);
        Some(Text {
            value: self.arena.alloc_str(&text),
            span,
        })
    }

    /// A Sid made up here must not be there already.
    fn check_sids(&mut self, statements: &[Lowered<'a>]) {
        let mut seen: HashMap<&str, (Span, bool)> = HashMap::new();
        for lowered in statements {
            let Some(sid) = lowered.sid else {
                continue;
            };
            match seen.get(sid.value) {
                Some((first, made)) if *made || lowered.made => {
                    let message = format!("the label {} is generated twice", quoted(sid.value));
                    self.filler.report(
                        Site::ROOT,
                        Diagnostic::error(codes::DUPLICATE_NAME, sid.span, message)
                            .with_help(
                                "put a label before `apply`, or change one of the written labels",
                            )
                            .with_related(*first, "also here"),
                    );
                }
                Some(_) => {}
                None => {
                    seen.insert(sid.value, (sid.span, lowered.made));
                }
            }
        }
    }

    fn elements(&mut self, site: Site<'a, '_>, elements: Elements<'a>) -> Option<Node<'a>> {
        let texts = self.filler.texts(site, elements.list)?;
        Some(self.strings(texts, site.place(elements.span)))
    }

    /// A string, or an array of strings.
    fn strings(&self, texts: &[Text<'a>], span: Span) -> Node<'a> {
        if let [one] = texts {
            return string(*one);
        }
        let nodes = self
            .arena
            .alloc_slice_fill_iter(texts.iter().map(|text| string(*text)));
        let value = Value::Array(nodes);
        Node { span, value }
    }

    /// `"*"`, or an object with a member for each kind in order of appearance.
    fn principals(&self, span: Span, list: &[Named<'a>]) -> Node<'a> {
        if let [(PrincipalKind::Aws, text)] = list {
            if text.value == "*" {
                return string(*text);
            }
        }
        let mut groups: Vec<(PrincipalKind, Vec<Text<'a>>)> = Vec::new();
        for (kind, text) in list {
            match groups.iter_mut().find(|(other, _)| other == kind) {
                Some((_, texts)) => texts.push(*text),
                None => groups.push((*kind, vec![*text])),
            }
        }
        let members = groups.iter().map(|(kind, texts)| {
            let name = match kind {
                PrincipalKind::Everyone | PrincipalKind::Aws => "AWS",
                PrincipalKind::Service => "Service",
                PrincipalKind::Federated => "Federated",
                PrincipalKind::CanonicalUser => "CanonicalUser",
            };
            let place = texts.first().map_or(span, |text| text.span);
            self.member(name, place, self.strings(texts, span))
        });
        let members: Vec<_> = members.collect();
        let value = Value::Object(self.arena.alloc_slice_copy(&members));
        Node { span, value }
    }

    /// An object of operators, each an object of keys, in order of appearance.
    fn tests(&self, tests: &[Flat<'a>], span: Span) -> Node<'a> {
        let mut groups: Vec<(&Flat<'a>, Vec<Member<'a>>)> = Vec::new();
        let mut places: HashMap<Operator, usize> = HashMap::new();
        for test in tests {
            let next = groups.len();
            let place = *places.entry(test.operator).or_insert(next);
            if place == next {
                groups.push((test, Vec::new()));
            }
            if let Some((_, keys)) = groups.get_mut(place) {
                let value = self.strings(test.values, test.span);
                keys.push(Member {
                    key: test.key,
                    value,
                });
            }
        }
        let members = groups.iter().map(|(test, keys)| Member {
            key: Text {
                value: operator_name(test.operator, self.arena),
                span: test.operator_span,
            },
            value: Node {
                span: test.span,
                value: Value::Object(self.arena.alloc_slice_copy(keys)),
            },
        });
        let members: Vec<_> = members.collect();
        let value = Value::Object(self.arena.alloc_slice_copy(&members));
        Node { span, value }
    }

    fn apply(
        &mut self,
        site: Site<'a, '_>,
        apply: &Apply<'a>,
        prefix: Option<&str>,
        out: &mut Vec<Lowered<'a>>,
        depth: usize,
    ) -> Option<()> {
        if depth >= MAX_TEMPLATES {
            let message = format!(
                "{} is nested {MAX_TEMPLATES} templates deep, or applies itself",
                quoted(apply.name.value)
            );
            self.filler
                .error(site, codes::EXPANSION_LIMIT, apply.name.span, message);
            return None;
        }
        let (module, template) = self.template(site, apply)?;
        let parameters = self.arguments(site, apply, &template)?;
        if !self.filler.spend(site, apply.span, 16) {
            return None;
        }
        let inner = Site {
            module,
            at: if module == site.module && site.at.is_none() {
                None
            } else {
                Some(site.place(apply.span))
            },
            parameters: Some(&parameters),
            depth: 0,
        };
        let label = apply.label.map(|label| label.value).unwrap_or_default();
        let label = format!("{}{label}", prefix.unwrap_or_default());
        let mut ok = true;
        for statement in template.body {
            ok &= self.statement(inner, statement, Some(&label), out, depth + 1);
        }
        ok.then_some(())
    }

    fn template(&mut self, site: Site<'a, '_>, apply: &Apply<'a>) -> Option<(usize, Template<'a>)> {
        let modules = self.filler.modules;
        let name = apply.name.value;
        let module = modules.list.get(site.module)?;
        if let Some(template) = module.templates.get(name) {
            return Some((site.module, *template));
        }
        if let Some(&other) = module.imports.get(name) {
            if let Some(template) = modules.list.get(other)?.templates.get(name) {
                return Some((other, *template));
            }
        }
        let message = format!("there is no template {}", quoted(name));
        let help = did_you_mean(name, module.names());
        self.filler.report(
            site,
            Diagnostic::error(codes::UNKNOWN_NAME, apply.name.span, message).with_help_if(help),
        );
        None
    }

    fn arguments(
        &mut self,
        site: Site<'a, '_>,
        apply: &Apply<'a>,
        template: &Template<'a>,
    ) -> Option<HashMap<&'a str, &'a [Text<'a>]>> {
        let mut given = HashMap::new();
        let mut ok = true;
        for argument in apply.arguments {
            let name = argument.name;
            let known = template.parameters.iter().map(|parameter| parameter.value);
            if !known.clone().any(|parameter| parameter == name.value) {
                let message = format!(
                    "template {} has no parameter {}",
                    quoted(apply.name.value),
                    quoted(name.value)
                );
                let help = did_you_mean(name.value, known);
                self.filler.report(
                    site,
                    Diagnostic::error(codes::UNKNOWN_NAME, name.span, message).with_help_if(help),
                );
                ok = false;
            }
            let Some(values) = self.filler.list(site, argument.values) else {
                ok = false;
                continue;
            };
            if given.insert(name.value, values).is_some() {
                let message = format!("{} is given twice", quoted(name.value));
                self.filler
                    .error(site, codes::DUPLICATE_NAME, name.span, message);
                ok = false;
            }
        }
        for parameter in template.parameters {
            if !given.contains_key(parameter.value) {
                let message = format!(
                    "missing parameter {} of template {}",
                    quoted(parameter.value),
                    quoted(apply.name.value)
                );
                self.filler
                    .error(site, codes::UNKNOWN_NAME, apply.name.span, message);
                ok = false;
            }
        }
        ok.then_some(given)
    }

    fn test(
        &mut self,
        test: &Test<'a>,
        policies: &HashSet<&str>,
        documents: &mut [NamedDocument<'a>],
    ) {
        if !policies.contains(test.name.value) {
            let message = format!("there is no policy {}", quoted(test.name.value));
            let help = did_you_mean(test.name.value, policies.iter().copied());
            self.filler.report(
                Site::ROOT,
                Diagnostic::error(codes::UNKNOWN_NAME, test.name.span, message).with_help_if(help),
            );
            return;
        }
        let mut out = Vec::with_capacity(test.expectations.len());
        for expectation in test.expectations.iter().filter(|expected| !expected.bad) {
            out.extend(self.expectation(expectation));
        }
        let named = documents
            .iter_mut()
            .find(|document| document.name.value == test.name.value);
        if let Some(document) = named {
            document.tests.append(&mut out);
        }
    }

    fn expectation(&mut self, expectation: &Expectation<'a>) -> Option<PolicyTest<'a>> {
        let site = Site::ROOT;
        let help = "an expectation is one request";
        let mut one = |atom| self.filler.one(site, atom, help);
        let action = one(&expectation.action);
        let resource = expectation.resource.as_ref().map(&mut one);
        let by = expectation.by.as_ref().map(&mut one);
        let principal = match &expectation.principal {
            Some((kind, atom)) => {
                let text = one(atom)?;
                let everyone = *kind == PrincipalKind::Aws && text.value == "*";
                let kind = if everyone {
                    PrincipalKind::Everyone
                } else {
                    *kind
                };
                Some((kind, text))
            }
            None => None,
        };
        let mut context = Vec::with_capacity(expectation.context.len());
        for (key, values) in expectation.context {
            let key = self.filler.one(site, key, help);
            let texts = self.filler.list(site, *values);
            context.push((key?, texts?, values.bracketed));
        }
        Some(PolicyTest {
            expected: match expectation.outcome {
                Some(portcullis_model::Effect::Allow) => Expected::Allow,
                Some(portcullis_model::Effect::Deny) => Expected::Deny,
                None => Expected::Nothing,
            },
            action: action?,
            resource: match resource {
                Some(resource) => Some(resource?),
                None => None,
            },
            principal,
            context: self.arena.alloc_slice_copy(&context),
            by: match by {
                Some(by) => Some(by?),
                None => None,
            },
            span: expectation.span,
        })
    }
}

fn string(text: Text<'_>) -> Node<'_> {
    Node {
        span: text.span,
        value: Value::String(text.value),
    }
}

/// The name of an operator, made without an allocation where it is only a base.
fn operator_name(operator: Operator, arena: &Bump) -> &str {
    use portcullis_model::Quantifier;
    match operator {
        Operator {
            quantifier: Quantifier::One,
            base,
            if_exists: false,
        } => base.as_str(),
        _ => arena.alloc_str(&operator.to_string()),
    }
}
