//! Characters that look like others.

/// What a character is that is easily taken for a plain one, or not seen at all; none for all others.
///
/// ```
/// use portcullis_source::lookalike;
/// assert_eq!(lookalike('\u{201c}'), Some("a curly quotation mark"));
/// assert_eq!(lookalike('"'), None);
/// ```
pub fn lookalike(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{a0}' | '\u{202f}' | '\u{2007}' => "a no-break space",
        '\u{2000}'..='\u{200a}' | '\u{205f}' | '\u{3000}' | '\u{1680}' => {
            "a space that is not U+0020"
        }
        '\u{ad}' => "a soft hyphen",
        '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' => "a zero-width character",
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            "a text direction mark"
        }
        '\u{2028}' | '\u{2029}' => "a line separator that is not a line feed",
        '\u{2018}'..='\u{201f}'
        | '\u{2032}'
        | '\u{2033}'
        | '\u{ab}'
        | '\u{bb}'
        | '\u{ff02}'
        | '\u{ff07}' => "a curly quotation mark",
        '\u{2010}'..='\u{2015}' | '\u{2212}' => "a dash that is not `-`",
        '\u{ff1a}' | '\u{a789}' | '\u{2236}' => "a colon that is not `:`",
        '\u{ff0c}' => "a comma that is not `,`",
        '\u{2217}' | '\u{ff0a}' | '\u{66d}' => "an asterisk that is not `*`",
        '\u{ff5b}' | '\u{ff5d}' | '\u{ff3b}' | '\u{ff3d}' => "a full-width bracket",
        _ => return None,
    })
}

/// True for characters that nobody sees.
pub fn is_unseen(c: char) -> bool {
    matches!(c, '\u{a0}' | '\u{ad}' | '\u{2000}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{2069}' | '\u{feff}')
}
