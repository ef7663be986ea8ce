//! The examples of `docs/dsl.md`.
use bumpalo::Bump;
use portcullis_dsl::{NoImports, format, parse, print_json};
use portcullis_source::render;

const PAGE: &str = include_str!("../../../../docs/dsl.md");

#[test]
fn examples_hold() {
    let mut count = 0;
    let mut last: Option<String> = None;
    for block in PAGE.split("\n```").skip(1).step_by(2) {
        let (tag, body) = block.split_once('\n').unwrap();
        let body = format!("{body}\n");
        match tag {
            "iam" => {
                let arena = Bump::new();
                let parsed = parse(&body, &arena, &NoImports);
                let errors: Vec<_> = parsed
                    .diagnostics
                    .into_iter()
                    .filter(|d| d.is_error())
                    .collect();
                assert!(
                    errors.is_empty(),
                    "{}",
                    render(
                        &portcullis_source::Source::new("docs", &body).locate_all(errors.to_vec()),
                        false
                    )
                );
                let again = format(&format(&body).unwrap()).unwrap();
                assert_eq!(format(&body).unwrap(), again);
                last = parsed.documents.first().map(|d| print_json(&d.document));
                count += 1;
            }
            "json" => assert_eq!(last.take().unwrap(), body),
            "ebnf" => {}
            other => panic!("a block of `{other}`"),
        }
    }
    assert!(count >= 6);
}
