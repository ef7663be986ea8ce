//! Names filled in: references and placeholders become the texts they stand for.

use crate::codes;
use crate::limits::{EXPANSION, MAX_CHAIN, MAX_HOLES, MAX_ITEMS, MAX_PROBLEMS};
use crate::module::{Module, Modules, related};
use crate::tree::{Atom, AtomKind, Condition, LetValue, List, Principals};
use bumpalo::Bump;
use portcullis_source::suggest::did_you_mean;
use portcullis_source::{Code, Diagnostic, quoted};
use portcullis_syntax::ast::{PrincipalKind, Span, Text};
use std::collections::{HashMap, HashSet};

/// A principal with the member it stands under; everyone is `*` under `AWS`.
pub(crate) type Named<'a> = (PrincipalKind, Text<'a>);

/// Fills in names, counts what it makes of them, and collects what is wrong.
pub(crate) struct Filler<'a, 'm> {
    pub(crate) arena: &'a Bump,
    pub(crate) modules: &'m Modules<'a>,
    pub(crate) problems: Vec<Diagnostic>,
    /// How many problems there were, those left out counted.
    pub(crate) count: usize,
    /// What named lists hold. Absent while that is being found out, and after an error.
    lists: HashMap<(usize, &'a str), Option<&'a [Text<'a>]>>,
    left: usize,
    exhausted: bool,
}

/// Where something is filled in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site<'a, 'p> {
    /// The file whose names hold.
    pub(crate) module: usize,
    /// The place that stands for all places, if the file is not the one that is read.
    pub(crate) at: Option<Span>,
    /// The parameters of the template, if this is in one.
    pub(crate) parameters: Option<&'p HashMap<&'a str, &'a [Text<'a>]>>,
    /// How many names led here.
    pub(crate) depth: usize,
}

impl Site<'_, '_> {
    pub(crate) const ROOT: Site<'static, 'static> = Site {
        module: 0,
        at: None,
        parameters: None,
        depth: 0,
    };

    pub(crate) fn place(&self, span: Span) -> Span {
        self.at.unwrap_or(span)
    }
}

impl<'a, 'm> Filler<'a, 'm> {
    pub(crate) fn new(arena: &'a Bump, modules: &'m Modules<'a>) -> Filler<'a, 'm> {
        let written: usize = modules.list.iter().map(|module| module.text.len()).sum();
        Filler {
            arena,
            modules,
            problems: Vec::new(),
            count: 0,
            lists: HashMap::new(),
            left: written + EXPANSION,
            exhausted: false,
        }
    }

    /// Reports a problem; one in another file is reported where that file is used.
    pub(crate) fn report(&mut self, site: Site<'a, '_>, diagnostic: Diagnostic) {
        self.count += 1;
        self.remark(site, diagnostic);
    }

    /// As [`Filler::report`], of something that is no error.
    fn remark(&mut self, site: Site<'a, '_>, mut diagnostic: Diagnostic) {
        if self.problems.len() > MAX_PROBLEMS {
            return;
        }
        if let (Some(at), Some(module)) = (site.at, self.modules.list.get(site.module)) {
            if site.module > 0 {
                let message = "in this file".to_owned();
                let own = related(&module.name, module.text, diagnostic.span, message);
                diagnostic.related = vec![own];
            }
            diagnostic.span = at;
        }
        self.problems.push(diagnostic);
    }

    pub(crate) fn error(&mut self, site: Site<'a, '_>, code: Code, span: Span, message: String) {
        self.report(site, Diagnostic::error(code, span, message));
    }

    /// Takes from what may be made; false if nothing is left.
    pub(crate) fn spend(&mut self, site: Site<'a, '_>, span: Span, cost: usize) -> bool {
        if let Some(left) = self.left.checked_sub(cost) {
            self.left = left;
            return true;
        }
        if !self.exhausted {
            self.exhausted = true;
            let message = format!("expanding names exceeds {EXPANSION} bytes for this file");
            self.error(site, codes::EXPANSION_LIMIT, span, message);
        }
        false
    }

    /// The texts of a list; `None` after an error.
    pub(crate) fn texts(
        &mut self,
        site: Site<'a, '_>,
        atoms: &[Atom<'a>],
    ) -> Option<&'a [Text<'a>]> {
        let Some(first) = atoms.first() else {
            return Some(&[]);
        };
        let plain = atoms.iter().all(|atom| atom.kind == AtomKind::Text);
        let mut out = Vec::with_capacity(atoms.len());
        let mut ok = true;
        for atom in atoms {
            ok &= self.push(site, atom, &mut out);
            if !plain && out.len() > MAX_ITEMS {
                let message = format!("this list has more than {MAX_ITEMS} items");
                self.error(site, codes::EXPANSION_LIMIT, atom.text.span, message);
                return None;
            }
        }
        let written = plain && site.depth == 0 && site.parameters.is_none();
        ok = ok && (written || self.spend(site, first.text.span, out.len()));
        ok.then(|| self.arena.alloc_slice_copy(&out) as &[_])
    }

    /// The texts of a list with or without brackets.
    pub(crate) fn list(&mut self, site: Site<'a, '_>, list: List<'a>) -> Option<&'a [Text<'a>]> {
        self.texts(site, list.items)
    }

    /// The one text of a place that takes one.
    pub(crate) fn one(
        &mut self,
        site: Site<'a, '_>,
        atom: &Atom<'a>,
        help: &str,
    ) -> Option<Text<'a>> {
        match self.texts(site, core::slice::from_ref(atom))? {
            [one] => Some(*one),
            many => {
                let message = format!("expected one text, found {}", many.len());
                self.report(
                    site,
                    Diagnostic::error(codes::UNKNOWN_NAME, atom.text.span, message).with_help(help),
                );
                None
            }
        }
    }

    fn push(&mut self, site: Site<'a, '_>, atom: &Atom<'a>, out: &mut Vec<Text<'a>>) -> bool {
        let span = site.place(atom.text.span);
        if atom.kind != AtomKind::Reference {
            self.check_variables(site, atom.text);
        }
        match atom.kind {
            AtomKind::Text => {
                let value = atom.text.value;
                out.push(Text { value, span });
                true
            }
            AtomKind::Reference => {
                let Some(texts) = self.lookup(site, atom.text) else {
                    return false;
                };
                out.extend(texts.iter().map(|text| Text {
                    value: text.value,
                    span,
                }));
                true
            }
            AtomKind::Holes => self.holes(site, atom.text, span, out),
        }
    }

    /// `${name}` is IAM's; whoever writes it with a name of this file most likely means `<name>`.
    fn check_variables(&mut self, site: Site<'a, '_>, text: Text<'a>) {
        if !text.value.as_bytes().contains(&b'$') {
            return;
        }
        for part in text.value.split("${").skip(1) {
            let Some((name, _)) = part.split_once('}') else {
                continue;
            };
            let is_parameter = site.parameters.is_some_and(|all| all.contains_key(name));
            let module = self.modules.list.get(site.module);
            let is_defined =
                |all: &Module<'a>| all.lets.contains_key(name) || all.imports.contains_key(name);
            if is_parameter || module.is_some_and(is_defined) {
                let name = quoted(name);
                let inner = name.trim_matches('`');
                let message = format!("`${{{inner}}}` is an IAM variable, not the name {name}");
                self.remark(
                    site,
                    Diagnostic::warning(codes::UNKNOWN_NAME, text.span, message)
                        .with_help(format!("did you mean `<{inner}>`?")),
                );
            }
        }
    }

    /// A word with holes becomes one word for each combination, the leftmost hole slowest.
    fn holes(
        &mut self,
        site: Site<'a, '_>,
        word: Text<'a>,
        span: Span,
        out: &mut Vec<Text<'a>>,
    ) -> bool {
        let mut words = vec![String::new()];
        let mut holes = 0;
        let mut rest = word.value;
        while let Some((before, after)) = rest.split_once('<') {
            let Some((name, after)) = after.split_once('>') else {
                break;
            };
            rest = after;
            holes += 1;
            if holes > MAX_HOLES {
                let message = format!("a word can have {MAX_HOLES} placeholders");
                self.error(site, codes::EXPANSION_LIMIT, word.span, message);
                return false;
            }
            let name = Text {
                value: name,
                span: word.span,
            };
            let Some(texts) = self.lookup(site, name) else {
                return false;
            };
            let size: usize = texts.iter().map(|text| text.value.len()).sum();
            let each = before.len() * texts.len() + size;
            let length: usize = words.iter().map(String::len).sum();
            let cost = length
                .saturating_mul(texts.len())
                .saturating_add(each.saturating_mul(words.len()));
            if words.len() * texts.len() > MAX_ITEMS {
                let message = format!("this word stands for more than {MAX_ITEMS} texts");
                self.error(site, codes::EXPANSION_LIMIT, word.span, message);
                return false;
            }
            if !self.spend(site, word.span, cost) {
                return false;
            }
            words = words
                .iter()
                .flat_map(|start| {
                    texts
                        .iter()
                        .map(move |text| format!("{start}{before}{}", text.value))
                })
                .collect();
        }
        if !self.spend(site, word.span, rest.len().saturating_mul(words.len())) {
            return false;
        }
        for mut text in words {
            text.push_str(rest);
            let value = self.arena.alloc_str(&text);
            out.push(Text { value, span });
        }
        true
    }

    /// The texts that a name stands for.
    fn lookup(&mut self, site: Site<'a, '_>, name: Text<'a>) -> Option<&'a [Text<'a>]> {
        if let Some(texts) = site.parameters.and_then(|p| p.get(name.value)) {
            return Some(texts);
        }
        let (module, value) = self.find(site, name)?;
        match value {
            LetValue::List(list) => {
                if let Some(known) = self.lists.get(&(module, name.value)).copied() {
                    if known.is_none() {
                        let message =
                            format!("{} has errors, or refers to itself", quoted(name.value));
                        self.error(site, codes::UNKNOWN_NAME, name.span, message);
                    }
                    return known;
                }
                self.lists.insert((module, name.value), None);
                let site = self.deeper(site, module, name)?;
                let mut texts = self.list(site, list)?;
                if list.items.iter().any(|atom| atom.kind != AtomKind::Text) {
                    // The union of sets: the one place where doubles are dropped.
                    let mut seen = HashSet::with_capacity(texts.len());
                    let union: Vec<_> = texts
                        .iter()
                        .filter(|text| seen.insert(text.value))
                        .copied()
                        .collect();
                    texts = self.arena.alloc_slice_copy(&union);
                }
                self.lists.insert((module, name.value), Some(texts));
                Some(texts)
            }
            LetValue::Principals(_) => {
                let message = format!("{} is a list of principals", quoted(name.value));
                self.report(
                    site,
                    Diagnostic::error(codes::UNKNOWN_NAME, name.span, message)
                        .with_help("write principals after `to`"),
                );
                None
            }
            LetValue::Condition(_) => {
                let message = format!("{} is a condition", quoted(name.value));
                self.report(
                    site,
                    Diagnostic::error(codes::UNKNOWN_NAME, name.span, message)
                        .with_help("write conditions after `when` or `unless`"),
                );
                None
            }
        }
    }

    /// The definition of a name and the file it stands in.
    fn find(&mut self, site: Site<'a, '_>, name: Text<'a>) -> Option<(usize, LetValue<'a>)> {
        let module = self.modules.list.get(site.module)?;
        if let Some(found) = module.lets.get(name.value) {
            return Some((site.module, found.value));
        }
        if let Some(&other) = module.imports.get(name.value) {
            let found = self.modules.list.get(other)?.lets.get(name.value);
            if let Some(found) = found {
                return Some((other, found.value));
            }
        }
        let message = format!("there is no `let` named {}", quoted(name.value));
        let parameters = site.parameters.into_iter().flat_map(HashMap::keys).copied();
        let help = did_you_mean(name.value, parameters.chain(module.names()))
            .unwrap_or_else(|| format!("quote the text if you mean `<{}>` literally", name.value));
        self.report(
            site,
            Diagnostic::error(codes::UNKNOWN_NAME, name.span, message).with_help(help),
        );
        None
    }

    /// The inside of a definition.
    fn deeper<'p>(
        &mut self,
        site: Site<'a, 'p>,
        module: usize,
        name: Text<'a>,
    ) -> Option<Site<'a, 'p>> {
        // Names without texts cost too, or chains of them would multiply for nothing.
        if !self.spend(site, name.span, 1) {
            return None;
        }
        if site.depth >= MAX_CHAIN {
            let message = format!(
                "{} is nested {MAX_CHAIN} names deep, or refers to itself",
                quoted(name.value)
            );
            self.error(site, codes::EXPANSION_LIMIT, name.span, message);
            return None;
        }
        let at = if module == site.module && site.at.is_none() {
            None
        } else {
            Some(site.place(name.span))
        };
        Some(Site {
            module,
            at,
            parameters: None,
            depth: site.depth + 1,
        })
    }

    /// The principals of a `to` clause.
    pub(crate) fn principals(
        &mut self,
        site: Site<'a, '_>,
        principals: Principals<'a>,
    ) -> Option<Vec<Named<'a>>> {
        let mut out = Vec::new();
        let mut ok = true;
        for principal in principals.list {
            if let (PrincipalKind::Aws, [atom]) = (principal.kind, principal.values.items) {
                if atom.kind == AtomKind::Reference {
                    ok &= self.named_principals(site, atom.text, &mut out).is_some();
                    continue;
                }
            }
            match self.list(site, principal.values) {
                Some(texts) => out.extend(texts.iter().map(|text| (principal.kind, *text))),
                None => ok = false,
            }
        }
        ok.then_some(out)
    }

    fn named_principals(
        &mut self,
        site: Site<'a, '_>,
        name: Text<'a>,
        out: &mut Vec<Named<'a>>,
    ) -> Option<()> {
        let place = |text: &Text<'a>| Text {
            value: text.value,
            span: site.place(name.span),
        };
        let parameter = site.parameters.is_some_and(|p| p.contains_key(name.value));
        if !parameter {
            if let (module, LetValue::Principals(inner)) = self.find(site, name)? {
                if inner.negated {
                    let message = format!("{} is everyone except some", quoted(name.value));
                    self.report(
                        site,
                        Diagnostic::error(codes::UNKNOWN_NAME, name.span, message)
                            .with_help("write `all except` in the statement"),
                    );
                    return None;
                }
                let deeper = self.deeper(site, module, name)?;
                let found = self.principals(deeper, inner)?;
                if out.len() + found.len() > MAX_ITEMS || !self.spend(site, name.span, found.len())
                {
                    let message = format!("this list has more than {MAX_ITEMS} items");
                    self.error(site, codes::EXPANSION_LIMIT, name.span, message);
                    return None;
                }
                out.extend(found.iter().map(|(kind, text)| (*kind, place(text))));
                return Some(());
            }
        }
        let texts = self.lookup(site, name)?;
        out.extend(texts.iter().map(|text| (PrincipalKind::Aws, place(text))));
        Some(())
    }

    /// A named condition and where its own names are filled in.
    pub(crate) fn condition<'p>(
        &mut self,
        site: Site<'a, 'p>,
        name: Text<'a>,
    ) -> Option<(Site<'a, 'p>, Condition<'a>)> {
        let (module, value) = self.find(site, name)?;
        let LetValue::Condition(condition) = value else {
            let message = format!("{} is not a condition", quoted(name.value));
            let help = format!("define it as `let {} = when ...`", name.value);
            self.report(
                site,
                Diagnostic::error(codes::UNKNOWN_NAME, name.span, message).with_help(help),
            );
            return None;
        };
        Some((self.deeper(site, module, name)?, condition))
    }
}
