use bumpalo::Bump;
use portcullis_dsl::*;
#[test]
fn smoke() {
    let text = std::fs::read_to_string("/tmp/a.iam").unwrap();
    let arena = Bump::new();
    let p = parse(&text, &arena, &NoImports);
    println!("{}", portcullis_syntax::diag::render(&p.diagnostics, "a.iam", &text, false));
    for d in p.documents { println!("{} {}", d.name.value, print_json(&d.document)); println!("{:?}", d.tests); }
}
