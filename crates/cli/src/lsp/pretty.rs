//! JSON set out in lines: two blanks a level, lists of one and short lists on one line. Texts and numbers stay as written.

use bumpalo::Bump;
use portcullis_source::json::{self, Node, Value};

/// The longest line on which a list stands.
const WIDTH: usize = 100;

/// The text anew; none if it is not JSON.
pub(super) fn json(text: &str) -> Option<String> {
    let arena = Bump::new();
    let node = json::parse(text, &arena).ok()?;
    let mut out = String::with_capacity(text.len() * 2);
    // Values nest no deeper than the reader lets them.
    write(&node, text, 0, &mut out);
    out.push('\n');
    Some(out)
}

fn raw<'t>(node: &Node<'_>, text: &'t str) -> &'t str {
    text.get(node.span.range()).unwrap_or_default()
}

fn indent(depth: usize, out: &mut String) {
    out.push('\n');
    out.extend(core::iter::repeat_n("  ", depth));
}

fn write(node: &Node<'_>, text: &str, depth: usize, out: &mut String) {
    match node.value {
        Value::Array([]) => out.push_str("[]"),
        Value::Object([]) => out.push_str("{}"),
        Value::Array(nodes) => {
            let is_plain =
                |node: &Node<'_>| !matches!(node.value, Value::Array(_) | Value::Object(_));
            let width: usize = nodes.iter().map(|node| raw(node, text).len() + 2).sum();
            let is_short = nodes.iter().all(is_plain) && width + 2 * depth < WIDTH;
            out.push('[');
            for (at, one) in nodes.iter().enumerate() {
                match (at, is_short) {
                    (0, true) => {}
                    (_, true) => out.push_str(", "),
                    (_, false) => {
                        if at > 0 {
                            out.push(',');
                        }
                        indent(depth + 1, out);
                    }
                }
                write(one, text, depth + 1, out);
            }
            if !is_short {
                indent(depth, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            for (at, member) in members.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                indent(depth + 1, out);
                out.push_str(text.get(member.key.span.range()).unwrap_or_default());
                out.push_str(": ");
                write(&member.value, text, depth + 1, out);
            }
            indent(depth, out);
            out.push('}');
        }
        _ => out.push_str(raw(node, text)),
    }
}

#[cfg(test)]
mod tests {
    use super::json;

    #[test]
    fn a_document_is_set_out_in_lines() {
        let text = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:Get\u002a","a:b"],"Resource":"*","Condition":{}}]}"#;
        let expected = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Effect\": \"Allow\",\n      \"Action\": [\"s3:Get\\u002a\", \"a:b\"],\n      \"Resource\": \"*\",\n      \"Condition\": {}\n    }\n  ]\n}\n";
        assert_eq!(json(text).as_deref(), Some(expected));
        assert_eq!(json(expected).as_deref(), Some(expected));
        assert_eq!(json("{"), None);
    }
}
