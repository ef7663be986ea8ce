//! Wildcards: both matchers against the definition.

use bumpalo::Bump;
use portcullis_compile::{Options, compile};
use portcullis_image::Image;
use portcullis_model::Decision;
use portcullis_reference as reference;
use serde_json::json;

use super::input::text;
use crate::machine::Machine;
use crate::{Caller, Request, World};

/// A pattern and some texts: `StringLike`, a resource and an action with the pattern allow what the
/// definition of wildcards says, and the reference's matcher agrees (`MATCH-1` to `MATCH-4`).
pub fn glob(data: &[u8]) {
    const PIECES: [&str; 16] = [
        "a",
        "b",
        "a",
        "*",
        "*",
        "?",
        "ab",
        "aab",
        "/",
        "\u{e9}",
        "\u{1f600}",
        "A",
        "\n",
        "\n",
        "${",
        "[",
    ];
    let text = text(data, &PIECES);
    let mut lines = text.get(..600).unwrap_or(&text).split('\n');
    let pattern = lines.next().unwrap_or_default();
    let texts: Vec<&str> = lines.take(6).collect();

    let is_action = !pattern.is_empty() && !pattern.contains(':');
    let resource = format!("arn:aws:s3:::{pattern}");
    let mut statements = vec![
        json!({"Effect": "Allow", "Action": "x:Condition", "Resource": "*",
            "Condition": {"StringLike": {"x:k": pattern}}}),
        json!({"Effect": "Allow", "Action": "x:Resource", "Resource": resource}),
    ];
    if is_action {
        let action = format!("y:{pattern}");
        statements.push(json!({"Effect": "Allow", "Action": action, "Resource": "*"}));
    }
    // Without a version nothing in the pattern is a variable (VAR-2).
    let world = World {
        identity: vec![json!({ "Statement": statements }).to_string()],
        ..World::default()
    };
    let arena = Bump::new();
    let Ok(sets) = world.read(&arena) else {
        return;
    };
    let images: Vec<_> = [true, false]
        .into_iter()
        .filter_map(|index| {
            let options = Options {
                debug: false,
                index,
            };
            Image::from_bytes(compile(&sets, options).ok()?).ok()
        })
        .collect();
    assert_eq!(images.len(), 2, "{pattern:?} does not compile");
    let mut machines: Vec<Machine<'_>> = images
        .iter()
        .map(|image| Machine::new([image.view()]))
        .collect();
    for text in texts {
        let expected = matches(pattern, text);
        assert_eq!(
            reference::glob(pattern, text),
            expected,
            "the reference: {pattern:?} {text:?}"
        );
        let of_action = matches(&pattern.to_ascii_lowercase(), &text.to_ascii_lowercase());
        let mut requests = vec![
            (request("x:Condition", "*", text), expected),
            (
                request("x:Resource", &format!("arn:aws:s3:::{text}"), ""),
                expected,
            ),
        ];
        if is_action {
            requests.push((request(&format!("y:{text}"), "*", ""), of_action));
        }
        for (request, expected) in &requests {
            for machine in &mut machines {
                let decision = request.with(|request| machine.decide(request)).decision();
                let allowed = decision == Decision::Allow;
                assert_eq!(
                    allowed, *expected,
                    "the machine: {pattern:?} {text:?} {}",
                    request.action
                );
            }
        }
    }
}

/// The definition, by a table of which end of the pattern matches which end of the text, filled from
/// the back.
pub fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    // `table[j]`: the pattern from `i` matches the text from `j`.
    let mut table = vec![false; text.len() + 1];
    if let Some(last) = table.last_mut() {
        *last = true;
    }
    for token in pattern.iter().rev() {
        let behind = table.clone();
        for j in (0..=text.len()).rev() {
            let next = behind.get(j + 1).copied().unwrap_or(false);
            table[j] = match token {
                // Takes nothing, or one more character and then the same again.
                '*' => behind[j] || table.get(j + 1).copied().unwrap_or(false),
                '?' => next,
                c => next && text.get(j) == Some(c),
            };
        }
    }
    table.first() == Some(&true)
}

fn request(action: &str, resource: &str, value: &str) -> Request {
    Request {
        caller: Caller::User {
            arn: "arn:aws:iam::111122223333:user/bob".into(),
        },
        user_id: None,
        management_account: false,
        session_token: false,
        action: action.into(),
        resource: resource.into(),
        resource_account: None,
        context: vec![("x:k".into(), vec![value.into()])],
        restrict_public_buckets: false,
        external_grant: false,
    }
}
