//! Makes the parser for tree-sitter anew after a change of `grammar.js`. Needs `node`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let into = portcullis_editors::folder().join("src");
    Ok(portcullis_editors::generate("grammar.js", &into)?)
}
