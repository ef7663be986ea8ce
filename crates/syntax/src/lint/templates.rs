//! Placeholders of other tools (`COND-47`).

use super::services::is_service;
use core::ops::Range;
use portcullis_source::words::{equal, first};

/// Bytes of the name in a placeholder.
const MAX_NAME: usize = 512;

/// Brackets that no text of a policy has, and placeholders of other tools have.
const BRACKETS: [(&str, &str); 8] = [
    ("$${", "}"),
    ("{{", "}}"),
    ("%{", "}"),
    ("#{", "}"),
    ("&{", "}"),
    ("@{", "}"),
    ("<%", "%>"),
    ("$(", ")"),
];

/// The first placeholder in a text.
pub(super) fn placeholder(text: &str) -> Option<Range<usize>> {
    // Hardly any text has one, which is quickly seen: each has one of these.
    let opens = |word| {
        let bracket = equal(word, b'{') | equal(word, b'<') | equal(word, b'[');
        bracket | equal(word, b'(') | equal(word, b'!')
    };
    first(text.as_bytes(), opens)?;
    let variable = foreign_variable(text);
    let bracketed = BRACKETS.iter().filter_map(|(open, close)| {
        let start = text.find(open)?;
        let behind = start + open.len();
        let length = text.get(behind..)?.find(close)?;
        (length > 0).then_some(start..behind + length + close.len())
    });
    let blank = blank(text);
    let tag =
        text.starts_with("!Sub ") || text.starts_with("!Ref ") || text.starts_with("!GetAtt ");
    let tag = tag.then_some(0..text.len());
    let all = bracketed.chain(variable).chain(blank).chain(tag);
    all.min_by_key(|range| range.start)
}

/// `${name}` whose name can be no condition key, well-formed as a variable or not.
fn foreign_variable(text: &str) -> Option<Range<usize>> {
    let mut at = 0;
    while let Some(found) = text.get(at..)?.find("${") {
        let start = at + found;
        let inside = text.get(start + 2..)?;
        at = start + 2;
        // No name is longer, and so a text of many openings takes time linear in it.
        let end = inside.bytes().take(MAX_NAME).position(|byte| byte == b'}');
        let Some(length) = end else {
            continue;
        };
        let name = inside.get(..length)?;
        let key = name.split(',').next().unwrap_or_default().trim();
        if !matches!(key, "" | "*" | "?" | "$") && is_foreign_key(key) {
            return Some(start..start + 2 + length + 1);
        }
    }
    None
}

/// `<name>` or `[NAME]`, as manuals write what is to be filled in.
fn blank(text: &str) -> Option<Range<usize>> {
    let within = |open: char, close: char, fits: fn(char) -> bool| {
        let start = text.find(open)?;
        let inside = text.get(start + 1..)?;
        let length = inside.find(close)?;
        let name = inside.get(..length)?;
        let is_name = name.len() > 2
            && name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(fits);
        is_name.then_some(start..start + length + 2)
    };
    let in_words = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ' ' | '.');
    let in_capitals = |c: char| c.is_ascii_uppercase() || matches!(c, '-' | '_' | ' ');
    within('<', '>', in_words).or_else(|| within('[', ']', in_capitals))
}

/// True for a name that no condition key can have: it has no colon, or what stands before the colon is neither a
/// service nor another prefix of keys.
pub(super) fn is_foreign_key(key: &str) -> bool {
    let Some((prefix, name)) = key.split_once(':') else {
        return true;
    };
    // `AWS::AccountId` of CloudFormation, `ssm:/path` of the Serverless Framework.
    if name.starts_with([':', '/']) {
        return true;
    }
    let is_known = ["aws", "saml"]
        .iter()
        .any(|own| own.eq_ignore_ascii_case(prefix));
    !is_known && !is_provider(prefix) && !is_service(prefix)
}

/// True for what can be an identity provider: a host with its path (`COND-43`).
fn is_provider(prefix: &str) -> bool {
    const ROOTS: [&str; 8] = [
        "var",
        "local",
        "data",
        "module",
        "self",
        "each",
        "path",
        "terraform",
    ];
    let mut labels = prefix.split('.');
    let root = labels.next().unwrap_or_default();
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/".contains(&byte);
    labels.next().is_some() && !ROOTS.contains(&root) && prefix.bytes().all(is_host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_found() {
        for (text, found) in [
            ("arn:aws:s3:::${var.bucket}/*", "${var.bucket}"),
            ("${local.x}", "${local.x}"),
            ("${Account}", "${Account}"),
            ("arn:aws:iam::${AWS::AccountId}:root", "${AWS::AccountId}"),
            ("${ aws_s3_bucket.b.arn }/*", "${ aws_s3_bucket.b.arn }"),
            ("${join(\",\", var.x)}", "${join(\",\", var.x)}"),
            ("${aws:username}/${team}", "${team}"),
            ("${self:service}", "${self:service}"),
            ("${ssm:/prod/x}", "${ssm:/prod/x}"),
            ("${data.x.y:z}", "${data.x.y:z}"),
            ("{{account_id}}", "{{account_id}}"),
            ("b/$${aws:username}", "$${aws:username}"),
            ("a/%{ if x }b", "%{ if x }"),
            ("&{aws:username}", "&{aws:username}"),
            ("#{Account}", "#{Account}"),
            ("<%= x %>", "<%= x %>"),
            ("$(BUCKET)", "$(BUCKET)"),
            ("arn:aws:s3:::<your-bucket>/*", "<your-bucket>"),
            ("[MAX_AGE]", "[MAX_AGE]"),
            ("!Sub arn:aws:s3:::b", "!Sub arn:aws:s3:::b"),
        ] {
            let range = placeholder(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(text.get(range), Some(found));
        }
        for text in [
            "arn:aws:s3:::b/${aws:username}/*",
            "${AWS:PrincipalTag/a b}",
            "${*}${?}${$}",
            "${}",
            "${saml:sub}",
            "${cognito-identity.amazonaws.com:sub}",
            "${www.amazon.com:user_id}",
            "${ec2:SourceInstanceARN}",
            "${oidc.eks.eu-west-1.amazonaws.com/id/A1:sub}",
            "${aws:x, 'co{{x'",
            "a < b > c",
            "<>",
            "{}",
            "%{}",
            "$",
            "${",
            "${aws:PrincipalTag/team, 'none'}",
            "${s3:prefix}",
        ] {
            assert_eq!(placeholder(text), None, "{text}");
        }
    }
}
