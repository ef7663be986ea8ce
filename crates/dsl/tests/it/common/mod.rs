//! What several tests share.
use bumpalo::Bump;
use portcullis_dsl::{NoImports, format, parse, print_dsl, print_json};
use portcullis_model::PolicyKind;
use portcullis_source::render;
use portcullis_syntax::ast::Document;
use portcullis_syntax::policy::{ReadOptions, parse_policy};
use portcullis_syntax::{Policy, PolicySets};
pub use portcullis_testkit::fuzz::ordered;
use std::path::Path;

/// The lines of a data file next to the workspace, if it is there.
pub fn data(name: &str) -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let text = std::fs::read_to_string(root.join(name)).ok();
    if text.is_none() {
        eprintln!("skipped: there is no {name}");
    }
    text
}

/// The policy sets of one document alone.
pub fn sets<'a>(document: &Document<'a>) -> PolicySets<'a> {
    let policy = Policy {
        name: "p",
        file: "",
        text: "",
        document: *document,
    };
    let mut sets = PolicySets::default();
    match document.kind {
        PolicyKind::Identity => sets.identity.push(policy),
        PolicyKind::Boundary => sets.boundary = Some(vec![policy]),
        PolicyKind::Session => sets.session = Some(vec![policy]),
        PolicyKind::Resource | PolicyKind::Trust => sets.resource = Some(vec![policy]),
        PolicyKind::Scp => sets.scps.push(vec![policy]),
        PolicyKind::Rcp => sets.rcps.push(vec![policy]),
        PolicyKind::VpcEndpoint => sets.vpc_endpoint = Some(vec![policy]),
    }
    sets
}

/// Holds a document against its round trips; returns it in the policy language, and as JSON in both
/// forms.
pub fn round_trip(document: &Document<'_>, what: &str) -> (String, String, String) {
    let text = print_dsl(document, "p");
    let arena = Bump::new();
    let parsed = parse(&text, &arena, &NoImports);
    let errors: Vec<_> = parsed
        .diagnostics
        .iter()
        .filter(|d| d.is_error())
        .cloned()
        .collect();
    let shown = || {
        format!(
            "{what}\n{text}\n{}",
            render(
                &portcullis_source::Source::new("p", &text).locate_all(errors.to_vec()),
                false
            )
        )
    };
    assert!(errors.is_empty(), "{}", shown());
    let [named] = parsed.documents.as_slice() else {
        panic!("{}", shown());
    };
    let back = ordered(&named.document, &arena);
    let expected = ordered(document, &arena);
    assert_eq!(back, expected, "{}", shown());
    assert_eq!(named.kind, document.kind);

    let pretty = print_json(document);
    let small = portcullis_dsl::minify_json(document);
    for json in [&pretty, &small] {
        let (read, problems) = parse_policy(json, ReadOptions::new(document.kind), &arena);
        let read = read.unwrap_or_else(|| panic!("{what}\n{json}\n{problems:?}"));
        assert_eq!(ordered(&read, &arena), expected, "{what}\n{json}");
    }
    // What the sentences say is the same JSON, but for the order of tests.
    let exported = print_json(&named.document);
    assert_eq!(exported.len(), pretty.len(), "{}", shown());

    let formatted = format(&text).unwrap_or_else(|_| panic!("{}", shown()));
    assert_eq!(formatted, text, "{what}");
    (text, small, pretty)
}

/// A source of choices that is the same in every run.
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).unwrap()
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn pick<'t, T>(&mut self, list: &'t [T]) -> &'t T {
        &list[self.below(list.len())]
    }
}

/// The kind of an example's `type` member.
pub fn kind(name: &str) -> PolicyKind {
    match name {
        "vpcEndpoint" => PolicyKind::VpcEndpoint,
        name => PolicyKind::parse(name).unwrap(),
    }
}
