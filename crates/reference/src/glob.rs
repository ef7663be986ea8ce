//! The wildcard language (`MATCH-1` to `MATCH-4`).

/// One element of a pattern. A character that must be itself, `*` included, is a `Char`: so
/// substituted text can never widen a pattern (`VAR-7`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// `*`: any run of characters, also none.
    Run,
    /// `?`: exactly one character.
    One,
    /// This character.
    Char(char),
}

impl Token {
    /// What a character of a pattern stands for.
    pub(crate) fn wild(character: char) -> Token {
        match character {
            '*' => Token::Run,
            '?' => Token::One,
            other => Token::Char(other),
        }
    }
}

/// True if the whole of `text` matches `pattern`, in which `*` and `?` are wildcards.
///
/// ```
/// use portcullis_reference::glob;
/// assert!(glob("s3:*Object?", "s3:GetObjects"));
/// assert!(!glob("?", ""));
/// ```
pub fn glob(pattern: &str, text: &str) -> bool {
    let tokens: Vec<Token> = pattern.chars().map(Token::wild).collect();
    glob_tokens(&tokens, text)
}

/// MATCH-4 by definition: `reached[i]` says whether the tokens so far match the first `i` characters.
pub(crate) fn glob_tokens(pattern: &[Token], text: &str) -> bool {
    let text: Vec<char> = text.chars().collect(); // MATCH-2
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for token in pattern {
        let before = reached;
        reached = vec![false; text.len() + 1];
        for end in 0..=text.len() {
            reached[end] = match token {
                // The run is empty, or it ends with the character before `end`.
                Token::Run => before[end] || (end > 0 && reached[end - 1]),
                Token::One => end > 0 && before[end - 1],
                Token::Char(c) => end > 0 && before[end - 1] && text[end - 1] == *c,
            };
        }
    }
    reached[text.len()]
}

/// True for `*`, `**` and so on (MATCH-3).
pub(crate) fn is_star_run(pattern: &str) -> bool {
    !pattern.is_empty() && pattern.chars().all(|c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn match_1_to_4() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("**", "a/b:c", true),
            ("a*", "ba", false),
            ("*a", "ab", false),
            ("a?c", "abc", true),
            ("a?c", "a\u{1F600}c", true),
            ("a?c", "ac", false),
            ("[ab]", "a", false),
            ("\\*", "*", false),
            ("\\*", "\\x", true),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b*", "xxbxxaxx", false),
        ] {
            assert_eq!(glob(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn match_3_no_pattern_is_explosive() {
        let pattern = "*a".repeat(500);
        assert!(!glob(&pattern, &"a".repeat(499)));
        assert!(glob(&pattern, &"a".repeat(501)));
    }
}
