//! JSON to sentences and back, over everything at hand.
use crate::common::{Dice, data, kind, round_trip};
use crate::generate;
use bumpalo::Bump;
use portcullis_model::PolicyKind;
use portcullis_source::json;
use portcullis_syntax::policy::{ReadOptions, parse_policy, read_policy};
use portcullis_testkit::corpus;

#[derive(Default)]
struct Figures {
    documents: usize,
    dsl: usize,
    small: usize,
    pretty: usize,
    dsl_lines: usize,
    pretty_lines: usize,
    unquoted: usize,
    long_lines: usize,
}

impl Figures {
    fn add(&mut self, (dsl, small, pretty): &(String, String, String)) {
        self.documents += 1;
        self.dsl += dsl.len();
        self.small += small.len();
        self.pretty += pretty.len();
        self.dsl_lines += dsl.lines().count();
        self.pretty_lines += pretty.lines().count();
        self.unquoted += usize::from(!dsl.contains('"'));
        self.long_lines += dsl
            .lines()
            .filter(|line| line.chars().count() > 100)
            .count();
    }

    fn print(&self, what: &str) {
        let percent = |a: usize, b: usize| a as f64 * 100.0 / b as f64;
        eprintln!(
            "{what}: {} documents, policy language {} bytes, minified JSON {} ({:.1} %), indented JSON {} ({:.1} %), lines {} of {} ({:.1} %), {} without a quotation mark, {} lines over 100",
            self.documents,
            self.dsl,
            self.small,
            percent(self.dsl, self.small),
            self.pretty,
            percent(self.dsl, self.pretty),
            self.dsl_lines,
            self.pretty_lines,
            percent(self.dsl_lines, self.pretty_lines),
            self.unquoted,
            self.long_lines
        );
    }
}

#[test]
fn aws_managed_policies() {
    let Some(text) = data("aws-managed-policies.jsonl") else {
        return;
    };
    let mut figures = Figures::default();
    for line in text.lines() {
        let arena = Bump::new();
        let node = json::parse(line, &arena).unwrap();
        let name = node.get("name").and_then(json::Node::as_str).unwrap();
        let document = *node.get("document").unwrap();
        let (document, _) = read_policy(document, ReadOptions::new(PolicyKind::Identity), &arena);
        figures.add(&round_trip(&document.unwrap(), name));
    }
    figures.print("AWS managed policies");
    assert_eq!(figures.documents, 1641);
}

#[test]
fn examples_of_organizations() {
    let Some(text) = data("org-policy-examples.jsonl") else {
        return;
    };
    let (mut figures, mut refused) = (Figures::default(), 0);
    for line in text.lines() {
        let arena = Bump::new();
        let node = json::parse(line, &arena).unwrap();
        let field = |name| node.get(name).and_then(json::Node::as_str).unwrap();
        let document = *node.get("document").unwrap();
        let options = ReadOptions::new(kind(field("type")));
        match read_policy(document, options, &arena).0 {
            Some(document) => figures.add(&round_trip(&document, field("name"))),
            None => refused += 1,
        }
    }
    figures.print("organization examples");
    eprintln!("{refused} are refused in JSON too");
    assert!(figures.documents > 90);
}

/// Every document of the repository's corpus that is accepted, and every policy of its scenarios.
#[test]
fn the_corpus() {
    let mut figures = Figures::default();
    for case in corpus::documents("valid").unwrap() {
        let arena = Bump::new();
        let (document, problems) = parse_policy(&case.text, ReadOptions::new(case.kind), &arena);
        let document = document.unwrap_or_else(|| panic!("{}: {problems:?}", case.place));
        figures.add(&round_trip(&document, &case.place));
    }
    corpus::each_scenario(|place, scenario| {
        let sets = &scenario.policies;
        let single = [
            &sets.boundary,
            &sets.session,
            &sets.resource,
            &sets.vpc_endpoint,
        ];
        let levels = sets.scps.iter().chain(&sets.rcps).chain([&sets.identity]);
        for policy in levels.chain(single.into_iter().flatten()).flatten() {
            figures.add(&round_trip(&policy.document, place));
        }
    })
    .unwrap();
    figures.print("the corpus");
    assert!(figures.documents > 500, "{}", figures.documents);
}

#[test]
fn documents_made_to_be_odd() {
    let mut dice = Dice(4);
    let (mut figures, mut tried) = (Figures::default(), 0);
    let mut kinds = [0_usize; 8];
    while figures.documents < 20_000 {
        let kind = *dice.pick(&PolicyKind::ALL);
        let text = generate::document(&mut dice, kind);
        let arena = Bump::new();
        tried += 1;
        let (document, problems) = parse_policy(&text, ReadOptions::new(kind), &arena);
        let Some(document) = document else {
            assert!(tried < 30_000, "{text}\n{problems:?}");
            continue;
        };
        kinds[PolicyKind::ALL.iter().position(|k| *k == kind).unwrap()] += 1;
        figures.add(&round_trip(&document, &text));
    }
    figures.print("odd documents");
    assert!(kinds.iter().all(|count| *count > 1_000), "{kinds:?}");
}
