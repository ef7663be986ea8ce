//! What a finding is known by when the document was written anew.

use portcullis_source::json::{Node, Value};
use portcullis_syntax::ast::Span;

/// FNV-1a, 64 bits: it tells findings of one document apart, and nothing depends on who could forge it.
struct Hash(u64);

impl Hash {
    fn new() -> Hash {
        Hash(0xcbf2_9ce4_8422_2325)
    }

    fn add(&mut self, text: &str) {
        // The end of a text is told apart from what follows.
        for byte in text.bytes().chain([0xff]) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// A value without blanks, places and the `Sid`, which may be given later.
    fn node(&mut self, node: &Node<'_>) {
        // Values nest no deeper than the reader lets them, and no call follows them down.
        let mut left = vec![node];
        while let Some(node) = left.pop() {
            match node.value {
                Value::Null => self.add("null"),
                Value::Bool(is_true) => self.add(if is_true { "true" } else { "false" }),
                Value::Number(text) => self.add(text),
                Value::String(text) => {
                    self.add("\"");
                    self.add(text);
                }
                Value::Array([one]) => left.push(one),
                Value::Array(nodes) => {
                    self.add("[");
                    left.extend(nodes);
                }
                Value::Object(members) => {
                    self.add("{");
                    for member in members.iter().filter(|member| member.key.value != "Sid") {
                        self.add(member.key.value);
                        left.push(&member.value);
                    }
                }
            }
        }
    }
}

/// A number that stays the same while a code and the statement around a place do: lines, blanks, the order of statements, their
/// `Sid`s, and brackets around one entry do not matter. Two findings of one document may have the same.
///
/// ```
/// use bumpalo::Bump;
/// use portcullis_lint::fingerprint;
/// use portcullis_source::json;
///
/// let number = |text: &str| {
///     let arena = Bump::new();
///     let node = json::parse(text, &arena).unwrap();
///     let place = node.get("Statement").unwrap().span;
///     fingerprint("INVALID_ACTION", place, &node)
/// };
/// let one = number(r#"{"Statement": {"Effect": "Allow", "Action": "nosuch:Get", "Resource": "*"}}"#);
/// let other = number("{\"Statement\": {\"Sid\": \"A\", \"Effect\": \"Allow\",\n\"Action\": [\"nosuch:Get\"], \"Resource\": \"*\"}}");
/// assert_eq!(one, other);
/// ```
pub fn fingerprint(code: &str, place: Span, document: &Node<'_>) -> u64 {
    let mut hash = Hash::new();
    hash.add(code);
    if let Some(statement) = statement_at(place, document) {
        hash.node(statement);
    }
    hash.0
}

/// The statement that a place is in.
///
/// ```
/// use bumpalo::Bump;
/// use portcullis_lint::statement_at;
/// use portcullis_source::json;
/// let arena = Bump::new();
/// let node = json::parse(r#"{"Statement": [{"Sid": "A"}]}"#, &arena).unwrap();
/// let place = node.get("Statement").unwrap().as_array().unwrap()[0].get("Sid").unwrap().span;
/// assert!(statement_at(place, &node).unwrap().get("Sid").is_some());
/// assert!(statement_at(node.span, &node).is_none());
/// ```
pub fn statement_at<'d>(place: Span, document: &Node<'d>) -> Option<&'d Node<'d>> {
    let statements = document.get("Statement")?;
    let all = statements
        .as_array()
        .unwrap_or(core::slice::from_ref(statements));
    all.iter()
        .find(|one| one.span.start <= place.start && place.end <= one.span.end)
}
