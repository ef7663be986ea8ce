//! The short form in which policies of APIs name what they are about, `execute-api:/stage/METHOD/path` (`MATCH-36`).

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;
use portcullis_model::split_arn;

use crate::ast::{Document, Statement, Text};

/// How entries of the short form begin, up to the slash.
const SHORT: &str = "execute-api:";

/// True for an entry of the short form. It stands for the ARN of the API that has the policy, followed by what comes
/// after the first colon.
pub(crate) fn is_short(entry: &str) -> bool {
    entry
        .strip_prefix(SHORT)
        .is_some_and(|path| path.starts_with('/'))
}

/// The ARN of the API that something requested is a part of; none if it is not part of an API.
pub fn api_of(resource: &str) -> Option<&str> {
    let [_, _, service, _, _, rest] = split_arn(resource)?;
    let id = rest.split('/').next()?;
    (service == "execute-api").then(|| resource.get(..resource.len() - rest.len() + id.len()))?
}

/// The document with the entries of the short form written out for each of these APIs. One that is written out for no
/// API matches nothing.
///
/// ```
/// use bumpalo::Bump;
/// use portcullis_model::PolicyKind;
/// use portcullis_syntax::policy::{ReadOptions, parse_policy};
/// use portcullis_syntax::with_apis;
///
/// let arena = Bump::new();
/// let text = r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke",
///     "Resource": "execute-api:/prod/GET/*"}}"#;
/// let options = ReadOptions::new(PolicyKind::Resource);
/// let document = parse_policy(text, options, &arena).0.unwrap();
/// let api = "arn:aws:execute-api:eu-west-1:111122223333:a1b2c3";
/// let document = with_apis(document, &[api], &arena);
/// let entry = document.statements[0].resource.unwrap().list[0];
/// assert_eq!(entry.value, format!("{api}/prod/GET/*"));
/// ```
pub fn with_apis<'a>(document: Document<'a>, apis: &[&str], arena: &'a Bump) -> Document<'a> {
    let entries = document.statements.iter().filter_map(|own| own.resource);
    if !entries
        .flat_map(|entries| entries.list)
        .any(|entry| is_short(entry.value))
    {
        return document;
    }
    let written_out = |statement: &Statement<'a>| {
        let Some(mut entries) = statement.resource else {
            return *statement;
        };
        let mut list = ArenaVec::new_in(arena);
        for entry in entries.list {
            let Some(path) = entry
                .value
                .strip_prefix(SHORT)
                .filter(|_| is_short(entry.value))
            else {
                list.push(*entry);
                continue;
            };
            list.extend(apis.iter().map(|api| Text {
                value: &*arena.alloc_str(&format!("{api}{path}")),
                span: entry.span,
            }));
            if apis.is_empty() {
                list.push(*entry);
            }
        }
        entries.list = list.into_bump_slice();
        Statement {
            resource: Some(entries),
            ..*statement
        }
    };
    let statements = document.statements.iter().map(written_out);
    Document {
        statements: ArenaVec::from_iter_in(statements, arena).into_bump_slice(),
        ..document
    }
}
