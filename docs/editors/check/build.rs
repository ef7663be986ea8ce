//! Compiles the generated parser of `docs/editors/tree-sitter-iam`, as editors do.

fn main() {
    let source = "../tree-sitter-iam/src";
    println!("cargo::rerun-if-changed={source}");
    cc::Build::new()
        .std("c11")
        .include(source)
        .file(format!("{source}/parser.c"))
        .warnings(false)
        .compile("tree-sitter-iam");
}
