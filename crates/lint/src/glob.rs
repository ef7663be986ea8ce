//! Patterns against texts, pattern texts among them (`AA-30`).

/// True if the text has a wildcard.
pub(crate) fn has_wildcard(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// True if a pattern matches a text, whose own wildcards are plain characters; `fold` ignores the case of ASCII letters.
/// None if that takes more steps than are left.
pub(crate) fn covers(pattern: &str, text: &str, fold: bool, steps: &mut usize) -> Option<bool> {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let equal = |a: u8, b: u8| {
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
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&c) if c == b'?' || equal(c, byte) => {
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

/// [`covers`] for an action that is short and known.
pub(crate) fn matches_action(pattern: &str, action: &str) -> bool {
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
}
