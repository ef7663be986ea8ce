//! Patterns against texts, without variables: for advice, not for decisions (`AA-30`).

use portcullis_source::words::{equal, first};

/// True if the text has a wildcard.
///
/// ```
/// use portcullis_syntax::glob::has_wildcard;
/// assert!(has_wildcard("s3:Get*") && !has_wildcard("s3:GetObject"));
/// ```
pub fn has_wildcard(text: &str) -> bool {
    let wildcard = first(text.as_bytes(), |word| {
        equal(word, b'*') | equal(word, b'?')
    });
    wildcard.is_some()
}

/// True if a pattern matches a text, whose own wildcards are plain characters; `fold` ignores the case of ASCII letters.
/// None if that takes more steps than are left.
///
/// ```
/// use portcullis_syntax::glob::covers;
/// let mut steps = 100;
/// assert_eq!(covers("arn:aws:s3:::b*", "arn:aws:s3:::b*/*", false, &mut steps), Some(true));
/// assert!(steps < 100);
/// ```
pub fn covers(pattern: &str, text: &str, fold: bool, steps: &mut usize) -> Option<bool> {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let same = |a: u8, b: u8| {
        if fold {
            a.eq_ignore_ascii_case(&b)
        } else {
            a == b
        }
    };
    let (mut p, mut t) = (0, 0);
    // The last star, and how far the text was read when it was met.
    let mut star: Option<(usize, usize)> = None;
    while let Some(&byte) = text.get(t) {
        *steps = steps.checked_sub(1)?;
        match pattern.get(p) {
            // What is left of the text is all its.
            Some(b'*') if p + 1 == pattern.len() => return Some(true),
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&c) if c == b'?' || same(c, byte) => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, read)) => {
                    star = Some((at, read + 1));
                    p = at + 1;
                    t = read + 1;
                }
                None => return Some(false),
            },
        }
    }
    Some(pattern.iter().skip(p).all(|&byte| byte == b'*'))
}

/// [`covers`] for an action that is short and known. Takes at most the product of both lengths.
///
/// ```
/// use portcullis_syntax::glob::matches_action;
/// assert!(matches_action("IAM:Pass*", "iam:PassRole") && !matches_action("iam:Pass", "iam:PassRole"));
/// ```
pub fn matches_action(pattern: &str, action: &str) -> bool {
    let mut steps = usize::MAX;
    covers(pattern, action, true, &mut steps).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_cover_texts() {
        let covers = |pattern, text, fold| covers(pattern, text, fold, &mut 1000);
        assert_eq!(
            covers("ec2:Describe*", "EC2:describevpcs", true),
            Some(true)
        );
        assert_eq!(
            covers("arn:aws:s3:::b*", "arn:aws:s3:::b*/*", false),
            Some(true)
        );
        assert_eq!(
            covers("arn:aws:s3:::B*", "arn:aws:s3:::b*/*", false),
            Some(false)
        );
        assert_eq!(covers("a?c*", "abc", false), Some(true));
        assert_eq!(covers("a*c", "ab", false), Some(false));
        assert_eq!(
            super::covers("*a*a*a*a", &"a".repeat(100), false, &mut 50),
            None
        );
        assert!(matches_action("*", "iam:PassRole") && !matches_action("iam:pass", "iam:PassRole"));
    }

    #[test]
    fn patterns_of_actions() {
        for pattern in [
            "sts:*",
            "STS:assumerole",
            "s*:?ssume*Role",
            "sts:AssumeRole**",
            "*",
        ] {
            assert!(matches_action(pattern, "sts:AssumeRole"), "{pattern}");
        }
        for pattern in ["sts:", "sts:Assume", "sts:AssumeRole?", "iam:*", "sts:*x"] {
            assert!(!matches_action(pattern, "sts:AssumeRole"), "{pattern}");
        }
    }
}
