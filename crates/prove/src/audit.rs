//! The lemma audit: every contradiction that a proof rests on, decided again in another way.
//!
//! Of a test build (feature `audit`, and the tests of this crate). The way is a plain one: for each part of the request that a
//! lemma is about, texts are collected that stand for all — one of each set of texts that its patterns tell apart, by automata
//! without any shortcut; near each number, date and address; and texts of its own for what a caller may be — and then every
//! way of giving the parts none, one, two or three of them is held against the tests. A way in which all tests have the
//! answers that are said to contradict each other is a mistake of the prover.
//!
//! It shares with the prover what a test says of given values ([`Test::of_values`]), which is held against machine and
//! reference elsewhere, and what policy variables become; not the search, not the cells of typed values, not the axioms about
//! callers.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use portcullis_image::value::network::Network;
use portcullis_model::{is_account_id, split_arn};

use crate::algebra::Part;
use crate::domain::{Case, Domain, Kind};
use crate::formula::{Formulas, Wish};
use crate::key::{Asked, Test};
use crate::language::Language;
use crate::pattern::{Class, Pattern, Token};
use crate::value::Values;
use crate::variable::{Environment, Taken, substitute};

/// What an audit came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// Lemmas that were decided again.
    pub lemmas: usize,
    /// Of these, lemmas whose automata were too large to be walked whole.
    pub partly: usize,
    /// Lemmas that are wrong, with values that show it.
    pub wrong: Vec<String>,
}

thread_local! {
    static AUDIT: RefCell<Option<Audit>> = const { RefCell::new(None) };
}

/// Runs something and audits every lemma that this thread learns meanwhile.
///
/// Slow: for tests.
pub fn audited<T>(run: impl FnOnce() -> T) -> (T, Audit) {
    AUDIT.with(|own| *own.borrow_mut() = Some(Audit::default()));
    let result = run();
    let audit = AUDIT.with(|own| own.borrow_mut().take());
    (result, audit.unwrap_or_default())
}

/// Decides a lemma again, if lemmas are audited.
pub(crate) fn lemma(core: &[Wish], formulas: &Formulas, case: &Case) {
    if AUDIT.with(|own| own.borrow().is_none()) {
        return;
    }
    let lemma = Lemma::new(core, formulas, case);
    let (shown, is_whole) = lemma.counterexample();
    AUDIT.with(|own| {
        if let Some(audit) = own.borrow_mut().as_mut() {
            audit.lemmas += 1;
            audit.partly += usize::from(!is_whole);
            audit.wrong.extend(shown);
        }
    });
}

/// Answers that are said to contradict each other.
struct Lemma<'f> {
    formulas: &'f Formulas,
    case: &'f Case,
    tests: Vec<(&'f Part, &'f Test, bool)>,
}

/// States of a product of automata that are walked at most.
const MOST_STATES: usize = 20_000;
/// Ways of giving values that are tried at most.
const MOST_WAYS: usize = 400_000;

/// Values of each part.
type Ways = BTreeMap<Part, Vec<String>>;

impl<'f> Lemma<'f> {
    fn new(core: &[Wish], formulas: &'f Formulas, case: &'f Case) -> Lemma<'f> {
        let tests = core.iter().filter_map(|(atom, wanted)| {
            let (part, test) = formulas.atom(*atom)?;
            Some((part, test, *wanted))
        });
        Lemma {
            formulas,
            case,
            tests: tests.collect(),
        }
    }

    /// Values under which all tests have their answers, and whether everything was looked at.
    fn counterexample(&self) -> (Option<String>, bool) {
        let mut is_whole = true;
        let mut choices: Vec<(Part, Vec<Vec<String>>)> = vec![];
        // Keys of variables first: what they are is put into the tests of the others.
        let keys = self.keys_of_variables();
        for key in &keys {
            let part = Part::Key(key.clone());
            if self.is_derived(&part) {
                continue;
            }
            let mut ways = self.ways(
                &part,
                &self.tests_of(&part, &Environment::new()),
                &mut is_whole,
            );
            let words = self.words();
            let texts = words
                .into_iter()
                .filter(|text| self.may_be(&part, std::slice::from_ref(text)));
            ways.extend(texts.map(|text| vec![text]));
            ways.sort_by_key(|way| (way.len() > 1, way.concat().len()));
            ways.dedup();
            ways.truncate(60);
            choices.push((part, ways));
        }
        let count = choices
            .iter()
            .map(|(_, ways)| ways.len().max(1))
            .product::<usize>();
        let mut budget = MOST_WAYS;
        for round in 0..count {
            let mut taken = Ways::new();
            let mut rest = round;
            for (part, ways) in &choices {
                let Some(way) = ways.get(rest % ways.len().max(1)) else {
                    return (None, is_whole);
                };
                taken.insert(part.clone(), way.clone());
                rest /= ways.len().max(1);
            }
            if let Some(found) = self.completed(&taken, &mut budget, &mut is_whole) {
                return (Some(self.shown(&found)), is_whole);
            }
            if budget == 0 {
                return (None, false);
            }
        }
        (None, is_whole)
    }

    fn shown(&self, found: &Ways) -> String {
        let tests: Vec<String> = self
            .tests
            .iter()
            .map(|(part, test, wanted)| format!("{part:?} {test:?} is {wanted}"))
            .collect();
        format!(
            "{found:?} of {:?} has\n  {}",
            self.case.kind,
            tests.join("\n  ")
        )
    }

    /// The parts that have no values yet are given some, one after the other.
    fn completed(&self, taken: &Ways, budget: &mut usize, is_whole: &mut bool) -> Option<Ways> {
        let mut found = taken.clone();
        let parts: BTreeSet<&Part> = self.tests.iter().map(|(part, _, _)| *part).collect();
        // The caller first: keys follow from it.
        let needs_caller = parts.contains(&Part::Caller)
            || parts.iter().any(|part| self.is_derived(part))
            || self
                .keys_of_variables()
                .iter()
                .any(|key| self.is_derived(&Part::Key(key.clone())));
        if needs_caller {
            let mut callers = self.callers();
            callers.sort_by_key(String::len);
            callers.dedup();
            for caller in callers {
                *budget = budget.saturating_sub(1);
                let mut found = taken.clone();
                found.insert(Part::Caller, vec![caller.clone()]);
                let keys = self.keys_of_variables().into_iter().map(Part::Key);
                for part in parts.iter().map(|part| (*part).clone()).chain(keys) {
                    if let Part::Key(key) = &part {
                        if let Some(values) = self
                            .case
                            .derived(key, &caller)
                            .filter(|_| self.is_derived(&part))
                        {
                            found.insert(part.clone(), values);
                        }
                    }
                }
                if let Some(found) = self.rest(found, &parts, budget, is_whole) {
                    return Some(found);
                }
            }
            return None;
        }
        found = self.rest(found, &parts, budget, is_whole)?;
        Some(found)
    }

    fn rest(
        &self,
        mut found: Ways,
        parts: &BTreeSet<&Part>,
        budget: &mut usize,
        is_whole: &mut bool,
    ) -> Option<Ways> {
        let environment: Environment = self
            .keys_of_variables()
            .into_iter()
            .map(|key| {
                let values = found
                    .get(&Part::Key(key.clone()))
                    .cloned()
                    .unwrap_or_default();
                (key, Taken::of(&values))
            })
            .collect();
        for part in parts {
            let tests = self.tests_of(part, &environment);
            let holds = |values: &Vec<String>| {
                let mut all = tests.iter();
                all.all(|(test, wanted)| test.of_values(values) == *wanted)
            };
            if let Some(values) = found.get(part) {
                if !holds(values) {
                    return None;
                }
                continue;
            }
            let ways = self.ways(part, &tests, is_whole);
            *budget = budget.saturating_sub(ways.len());
            found.insert((*part).clone(), ways.into_iter().find(holds)?);
        }
        Some(found)
    }

    /// True for a key that is what the caller is.
    fn is_derived(&self, part: &Part) -> bool {
        let Part::Key(key) = part else { return false };
        let is_given = self.case.given.iter().any(|own| own == key);
        let example = match self.case.kind {
            Kind::User => "arn:aws:iam::111122223333:user/ann",
            Kind::Role | Kind::ServiceLinkedRole => "arn:aws:iam::111122223333:role/r",
            Kind::FederatedUser => "arn:aws:sts::111122223333:federated-user/f",
            Kind::Root => "arn:aws:iam::111122223333:root",
            _ => return false,
        };
        self.case.domain == Domain::Standard
            && !is_given
            && self.case.derived(key, example).is_some()
    }

    fn keys_of_variables(&self) -> BTreeSet<String> {
        let mut keys = BTreeSet::new();
        for (_, test, _) in &self.tests {
            let patterns = test.language().map_or(&[][..], Language::patterns);
            for token in patterns.iter().flatten() {
                if let Class::Variable(id) = token.class {
                    keys.extend(self.formulas.variable_of(id).map(|own| own.key.clone()));
                }
            }
        }
        keys
    }

    /// The tests of a part with variables replaced.
    fn tests_of(&self, part: &Part, environment: &Environment) -> Vec<(Test, bool)> {
        let own = self.tests.iter().filter(|(own, _, _)| *own == part);
        own.map(|(_, test, wanted)| {
            let test = match test.language() {
                Some(language) if language.has_variable() => {
                    let variables = |id| self.formulas.variable_of(id);
                    test.with(substitute(language, variables, environment))
                }
                _ => (*test).clone(),
            };
            (test, *wanted)
        })
        .collect()
    }

    /// Words that the tests are made of.
    fn words(&self) -> Vec<String> {
        let mut words: Vec<String> = ["x", "a", "b", "*", "?", ":", "/", "x:y", "222222222222"]
            .map(str::to_owned)
            .into();
        for (_, test, _) in &self.tests {
            let Some(language) = test.language() else {
                continue;
            };
            words.extend(language.texts().iter().take(8).cloned());
            for pattern in language.patterns().iter().take(8) {
                for part in filled(pattern, "").split(':') {
                    words.push(part.to_owned());
                    words.extend(part.split('/').map(str::to_owned));
                }
                let plain = pattern.iter().filter_map(|token| match token.class {
                    Class::Char(own) => Some(own),
                    _ => None,
                });
                words.push(plain.collect());
            }
        }
        words.sort();
        words.dedup();
        words
    }

    /// The callers that patterns could mean.
    fn callers(&self) -> Vec<String> {
        // Parts of ARNs, from every pattern and for every place.
        let mut parts: [BTreeSet<String>; 6] = std::array::from_fn(|_| BTreeSet::new());
        let default = match self.case.kind {
            Kind::User => "arn:aws:iam::999900001111:user/x",
            Kind::Role | Kind::ServiceLinkedRole => "arn:aws:iam::999900001111:role/x",
            Kind::FederatedUser => "arn:aws:sts::999900001111:federated-user/x",
            Kind::Root => "arn:aws:iam::999900001111:root",
            _ => return Vec::new(),
        };
        let mut add = |arn: &str| {
            for (at, part) in arn.splitn(6, ':').enumerate() {
                parts[at].insert(part.to_owned());
            }
        };
        add(default);
        for (part, test, _) in &self.tests {
            let Some(language) = test.language() else {
                continue;
            };
            for word in language
                .texts()
                .iter()
                .chain(&accounts(language))
                .chain(&names(language))
            {
                if **part == Part::Caller || word.starts_with("arn:") {
                    add(word);
                }
                // An account or a name by itself.
                add(&default.replace("999900001111", word));
                let name = if self.case.kind == Kind::Root {
                    "root"
                } else {
                    "x"
                };
                let last = default.strip_suffix(name).unwrap_or_default();
                add(&format!("{last}{word}"));
                add(&format!("{last}p/{word}"));
            }
        }
        let mut found = vec![String::new()];
        for (at, own) in parts.iter().enumerate() {
            let end = if at == 5 { "" } else { ":" };
            found = found
                .iter()
                .flat_map(|start| own.iter().map(move |part| format!("{start}{part}{end}")))
                .filter(|text| at != 4 || split_account(text))
                .take(4_000)
                .collect();
        }
        found.retain(|arn| self.is_caller(arn));
        found
    }

    /// The axioms about the ARN of a caller, written apart.
    fn is_caller(&self, arn: &str) -> bool {
        let Some([scheme, partition, service, region, account, last]) = split_arn(arn) else {
            return false;
        };
        let (home, before, has_path) = match self.case.kind {
            Kind::User => ("iam", "user/", true),
            Kind::Role | Kind::ServiceLinkedRole => ("iam", "role/", true),
            Kind::FederatedUser => ("sts", "federated-user/", false),
            Kind::Root => ("iam", "root", false),
            _ => return false,
        };
        let is_name = |own: &str| {
            let fine = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c);
            !own.is_empty() && own.chars().all(fine)
        };
        let name = match last.strip_prefix(before) {
            None => return false,
            Some("") if self.case.kind == Kind::Root => true,
            Some(_) if self.case.kind == Kind::Root => false,
            Some(rest) if has_path => is_name(rest.rsplit('/').next().unwrap_or_default()),
            Some(rest) => is_name(rest),
        };
        let is_foreign = match &self.case.home {
            crate::domain::Home::Any => true,
            crate::domain::Home::Other(all) => !all.iter().any(|own| own == account),
        };
        let own = self.case.partition.as_deref();
        scheme == "arn"
            && !partition.is_empty()
            && own.is_none_or(|own| own == partition)
            && service == home
            && region.is_empty()
            && is_account_id(account)
            && name
            && is_foreign
    }

    /// False if a part cannot have these values.
    fn may_be(&self, part: &Part, values: &[String]) -> bool {
        if *part == Part::Caller {
            return values.len() == 1 && values.iter().all(|own| self.is_caller(own));
        }
        let scope = self.case.scope(part);
        let shape = match values.len() {
            0 => scope.shapes.absent,
            1 => scope.shapes.one,
            _ => scope.shapes.many,
        };
        shape
            && values.iter().all(|text| {
                scope.within.iter().all(|own| own.contains(text))
                    && !scope.without.iter().any(|own| own.contains(text))
            })
    }

    /// What a part can be, one way for all that its tests do not tell apart.
    fn ways(&self, part: &Part, tests: &[(Test, bool)], is_whole: &mut bool) -> Vec<Vec<String>> {
        let scope = self.case.scope(part);
        let scoped = scope.within.iter().chain(&scope.without);
        let all: Vec<&Values> = tests
            .iter()
            .filter_map(|(test, _)| match &test.asked {
                Asked::Values(values) => Some(values),
                Asked::Presence(..) => None,
            })
            .chain(scoped)
            .collect();
        let languages: Vec<&Language> = all.iter().filter_map(|own| own.language()).collect();
        let mut texts = if *part == Part::Caller {
            self.callers()
        } else {
            told_apart(&languages, is_whole)
        };
        texts.extend(all.iter().flat_map(|own| near(own)));
        for one in &all {
            for other in &all {
                texts.extend(amid(one, other));
            }
        }
        texts.push(String::new());
        let mut seen = BTreeSet::new();
        texts
            .retain(|own| seen.insert(own.clone()) && self.may_be(part, std::slice::from_ref(own)));
        let mut ways: Vec<Vec<String>> = vec![Vec::new()];
        ways.extend(texts.iter().map(|own| vec![own.clone()]));
        // Lists are made of texts that the tests tell apart.
        let mut kinds: HashMap<Vec<bool>, usize> = HashMap::new();
        texts.retain(|own| {
            let kind = all
                .iter()
                .map(|values| values.contains(own))
                .chain([own.is_empty()])
                .collect();
            let count = kinds.entry(kind).or_default();
            *count += 1;
            *count <= 2
        });
        texts.truncate(40);
        for (at, one) in texts.iter().enumerate() {
            for (next, other) in texts.iter().enumerate().skip(at) {
                ways.push(vec![one.clone(), other.clone()]);
                let third = texts.iter().skip(next + 1).take(12);
                ways.extend(third.map(|third| vec![one.clone(), other.clone(), third.clone()]));
            }
        }
        ways.retain(|way| self.may_be(part, way));
        ways
    }
}

/// True while the fifth part, if it is there, is an account.
fn split_account(start: &str) -> bool {
    start.split(':').nth(4).is_none_or(is_account_id)
}

/// Accounts that a part of a pattern could mean: its wildcards are digits.
fn accounts(language: &Language) -> Vec<String> {
    let mut found = Vec::new();
    for pattern in language.patterns() {
        for fill in ["", "0", "00", "000000", "12345678", "123456789012"] {
            found.push(with(pattern, fill, '4'));
        }
        // So many digits that an account comes out.
        let fixed = pattern.iter().filter(|token| !token.many).count();
        found.push(with(
            pattern,
            &"7".repeat(12_usize.saturating_sub(fixed)),
            '4',
        ));
    }
    found
}

/// Texts of patterns with names for their wildcards.
fn names(language: &Language) -> Vec<String> {
    let fills = ["", "x", "zq", "a/b", "p/"];
    let patterns = language.patterns().iter();
    patterns
        .flat_map(|own| fills.map(|fill| filled(own, fill)))
        .collect()
}

/// A text of a pattern.
fn filled(pattern: &[Token], run: &str) -> String {
    with(pattern, run, 'x')
}

fn with(pattern: &[Token], run: &str, one: char) -> String {
    let mut text = String::new();
    for token in pattern {
        match token.class {
            Class::Char(own) | Class::Ascii(own) | Class::Fold(own) => text.push(own),
            _ if token.many => text.push_str(run),
            Class::Digit => text.push('4'),
            _ => text.push(one),
        }
    }
    text
}

/// Texts near the constants of typed values.
fn near(values: &Values) -> Vec<String> {
    let mut found = Vec::new();
    match values {
        Values::Text(_) => {}
        Values::Number(_, all) => {
            for text in all {
                found.push(text.clone());
                if let Ok(own) = text.parse::<f64>() {
                    found.extend(
                        [own - 1.0, own + 1.0, own - 0.25, own + 0.25].map(|own| own.to_string()),
                    );
                }
            }
        }
        Values::Date(_, all) => {
            for at in all {
                let seconds = at.div_euclid(1_000_000_000_000_000_000);
                found.extend([seconds - 1, seconds, seconds + 1].map(|own| own.to_string()));
                found.push(format!("{seconds}.5"));
            }
        }
        Values::Address(all) => {
            for network in all {
                match *network {
                    Network::V4 { base, mask } => {
                        let end = base | !mask;
                        let all = [base, end, base.wrapping_sub(1), end.wrapping_add(1)];
                        found.extend(all.map(|own| std::net::Ipv4Addr::from(own).to_string()));
                    }
                    Network::V6 { base, mask } => {
                        let end = base | !mask;
                        let all = [base, end, base.wrapping_sub(1), end.wrapping_add(1)];
                        found.extend(all.map(|own| std::net::Ipv6Addr::from(own).to_string()));
                    }
                }
            }
        }
    }
    if !found.is_empty() {
        found.extend(["x", "1", "203.0.113.77", "2001:db8::77"].map(str::to_owned));
    }
    found
}

/// Texts between the constants of typed values.
fn amid(one: &Values, other: &Values) -> Vec<String> {
    let mut found = Vec::new();
    match (one, other) {
        (Values::Number(_, own), Values::Number(_, others)) => {
            let read = |all: &[String]| {
                all.iter()
                    .filter_map(|own| own.parse::<f64>().ok())
                    .collect::<Vec<_>>()
            };
            for a in read(own) {
                for b in read(others) {
                    found.extend([0.5, 0.25, 0.75].map(|share| (a + (b - a) * share).to_string()));
                }
            }
        }
        (Values::Date(_, own), Values::Date(_, others)) => {
            for a in own {
                for b in others {
                    let seconds = (a + (b - a) / 2).div_euclid(1_000_000_000_000_000_000);
                    found.push(seconds.to_string());
                }
            }
        }
        _ => {}
    }
    found
}

/// Where reading a language's patterns may have come to.
type Places = BTreeSet<(usize, usize)>;

/// One text of every set of texts that some languages tell apart, by walking their automata together.
fn told_apart(languages: &[&Language], is_whole: &mut bool) -> Vec<String> {
    let patterns: Vec<Vec<Pattern>> = languages
        .iter()
        .map(|language| {
            let texts = language.texts().iter();
            let texts = texts.map(|own| {
                own.chars()
                    .map(|own| Token::one(Class::Char(own)))
                    .collect()
            });
            texts.chain(language.patterns().iter().cloned()).collect()
        })
        .collect();
    let letters = letters(&patterns);
    let start: Vec<Places> = patterns
        .iter()
        .map(|own| (0..own.len()).flat_map(|at| reached(own, at, 0)).collect())
        .collect();
    let mut seen: BTreeSet<Vec<Places>> = BTreeSet::from([start.clone()]);
    let mut found: HashMap<Vec<bool>, usize> = HashMap::new();
    let mut texts = Vec::new();
    let mut queue = std::collections::VecDeque::from([(start, String::new())]);
    while let Some((state, text)) = queue.pop_front() {
        let kind: Vec<bool> = state
            .iter()
            .zip(&patterns)
            .map(|(places, own)| {
                places
                    .iter()
                    .any(|(at, to)| own.get(*at).is_some_and(|own| own.len() == *to))
            })
            .collect();
        let count = found.entry(kind).or_default();
        *count += 1;
        if *count <= 2 {
            texts.push(text.clone());
        }
        for letter in &letters {
            let next: Vec<Places> = state
                .iter()
                .zip(&patterns)
                .map(|(places, own)| {
                    places
                        .iter()
                        .flat_map(|place| read(own, *place, *letter))
                        .collect()
                })
                .collect();
            if seen.len() >= MOST_STATES {
                *is_whole = false;
                return texts;
            }
            if seen.insert(next.clone()) {
                queue.push_back((next, format!("{text}{letter}")));
            }
        }
    }
    texts
}

/// The characters that patterns name, in either case, and some that they do not.
fn letters(patterns: &[Vec<Pattern>]) -> Vec<char> {
    let mut letters: BTreeSet<char> = "xX7:/-é".chars().collect();
    for token in patterns.iter().flatten().flatten() {
        if let Class::Char(own) | Class::Ascii(own) | Class::Fold(own) = token.class {
            letters.insert(own);
            if !matches!(token.class, Class::Char(_)) {
                let cases = own
                    .to_lowercase()
                    .chain(own.to_uppercase())
                    .chain(['\u{212a}', '\u{17f}']);
                letters.extend(cases.filter(|one| token.class.contains(*one)));
            }
        }
    }
    letters.into_iter().collect()
}

/// A place and those behind runs, which may be empty.
fn reached(patterns: &[Pattern], pattern: usize, from: usize) -> Vec<(usize, usize)> {
    let mut found = vec![(pattern, from)];
    let mut at = from;
    while patterns
        .get(pattern)
        .and_then(|own| own.get(at))
        .is_some_and(|token| token.many)
    {
        at += 1;
        found.push((pattern, at));
    }
    found
}

/// Where reading a letter leads.
fn read(patterns: &[Pattern], (pattern, at): (usize, usize), letter: char) -> Vec<(usize, usize)> {
    let token = patterns.get(pattern).and_then(|own| own.get(at));
    match token {
        Some(token) if token.class.contains(letter) => {
            reached(patterns, pattern, if token.many { at } else { at + 1 })
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algebra::Algebra;
    use crate::formula::AtomId;
    use crate::pattern::{glob, text};
    use crate::typed::Orders;

    /// What the audit says of the lemma that these answers contradict each other.
    fn audit(kind: Kind, tests: Vec<(Part, Test, bool)>) -> Audit {
        let mut formulas = Formulas::new();
        let mut core: Vec<Wish> = Vec::new();
        for (at, (part, test, wanted)) in tests.into_iter().enumerate() {
            formulas.test(part, test);
            core.push((AtomId(at as u32), wanted));
        }
        let case = Case::of(Domain::Standard, kind);
        audited(|| lemma(&core, &formulas, &case)).1
    }

    fn number(less: bool, equal: bool, greater: bool, text: &str) -> Test {
        let orders = Orders {
            less,
            equal,
            greater,
        };
        Test::values(Values::Number(orders, vec![text.to_owned()]))
    }

    /// Mistakes that earlier provers made: each lemma is one that the mistake would have been learned by.
    #[test]
    fn wrong_lemmas_are_found() {
        let key = || Part::Key("t:k".into());
        // Cells of each number apart: 4 < n < 6, and n is not 5.
        let numbers = vec![
            (key(), number(false, false, true, "4"), true),
            (key(), number(true, false, false, "6"), true),
            (key(), number(false, true, false, "5"), false),
        ];
        // Letters of one case: `abc` without regard to case is more than `abc`.
        let any_case = "abc".chars().map(|own| Token::one(Class::folded(own)));
        let cases = vec![
            (
                key(),
                Test::texts(Language::from_iter([any_case.collect::<Pattern>()])),
                true,
            ),
            (key(), Test::texts(Language::text("abc")), false),
        ];
        // One account for all of which a pattern knows a part.
        let arns = |own: &str| {
            let pattern: Pattern = glob(own, Class::Any).collect();
            Test::texts(Language::from_iter([pattern]))
        };
        let accounts = vec![
            (Part::Caller, arns("arn:aws:iam::1?1122223333:*"), true),
            (Part::Caller, arns("arn:aws:iam::111122223333:*"), false),
        ];
        for tests in [numbers, cases, accounts] {
            let audit = audit(Kind::User, tests);
            assert_eq!((audit.lemmas, audit.wrong.len()), (1, 1), "{audit:?}");
        }
    }

    /// Lemmas that are right are left alone.
    #[test]
    fn right_lemmas_are_left_alone() {
        let key = || Part::Key("t:k".into());
        let numbers = vec![
            (key(), number(false, false, true, "5"), true),
            (key(), number(true, false, false, "5"), true),
        ];
        let exact: Pattern = text("a");
        let texts = vec![
            (key(), Test::texts(Language::from_iter([exact])), true),
            (
                key(),
                Test::texts(Language::from_iter([
                    glob("a*", Class::Any).collect::<Pattern>()
                ])),
                false,
            ),
        ];
        for tests in [numbers, texts] {
            let audit = audit(Kind::User, tests);
            assert_eq!((audit.lemmas, audit.wrong.len()), (1, 0), "{audit:?}");
        }
    }
}
