//! Whether ARNs can be of a format such as `arn:${Partition}:sqs:${Region}:${Account}:${QueueName}`.

/// One step of a format.
#[derive(Clone, Copy)]
enum Step {
    Byte(u8),
    /// Any one byte.
    One,
    /// Any text, with or without colons and slashes.
    Any {
        colon: bool,
        slash: bool,
    },
}

/// The fields of an ARN before its resource: `arn`, partition, service, region, account.
const FIELDS: usize = 5;

/// Longer patterns match no ARN of AWS.
const LONGEST: usize = 4096;

/// Whether a text is an ARN of a format, or, if it has wildcards, matches one. Every variable of the format stands for any
/// text: in the first five fields one without a colon, which may be empty, in the resource one that is not.
pub(crate) fn meet(format: &str, text: &str, has_wildcards: bool) -> bool {
    if text.len() > LONGEST {
        return false;
    }
    let text = Asked::of(text, has_wildcards);
    // Which prefixes of the text have something in common with the format so far, by their lengths.
    let mut row = vec![0; text.words];
    if let Some(first) = row.first_mut() {
        *first = 1;
    }
    spread(&mut row, &text.any);
    for step in steps(format) {
        match step {
            // `*` of one may stand for what the other says, and the other way round.
            Step::Any { colon, slash } => {
                let mut within = text.all.clone();
                for (is_within, mask) in [(colon, text.can_be(b':')), (slash, text.can_be(b'/'))] {
                    if !is_within {
                        let only =
                            |((word, own), wild): ((&mut u64, &u64), &u64)| *word &= !own | wild;
                        within.iter_mut().zip(mask).zip(&text.wild).for_each(only);
                    }
                }
                spread(&mut row, &within);
            }
            Step::Byte(byte) => text.step(&mut row, text.can_be(byte)),
            Step::One => text.step(&mut row, &text.all),
        }
        if row.iter().all(|word| *word == 0) {
            return false;
        }
        spread(&mut row, &text.any);
    }
    row.get(text.length / 64)
        .is_some_and(|word| word >> (text.length % 64) & 1 != 0)
}

/// A text that is asked about. Of its bytes there are sets, in words of 64 bits each, and one bit more than there are bytes.
struct Asked {
    length: usize,
    words: usize,
    /// Every byte.
    all: Vec<u64>,
    /// Wildcards that stand for any text.
    any: Vec<u64>,
    /// Wildcards of both kinds.
    wild: Vec<u64>,
    /// For each of the 256 bytes those that are it.
    bytes: Vec<u64>,
}

impl Asked {
    fn of(text: &str, has_wildcards: bool) -> Asked {
        let words = text.len() / 64 + 1;
        let mut own = Asked {
            length: text.len(),
            words,
            all: vec![0; words],
            any: vec![0; words],
            wild: vec![0; words],
            bytes: vec![0; words * 256],
        };
        for (at, byte) in text.bytes().enumerate() {
            let (word, bit) = (at / 64, 1 << (at % 64));
            let add = |set: &mut [u64], word: usize| {
                if let Some(word) = set.get_mut(word) {
                    *word |= bit;
                }
            };
            add(&mut own.all, word);
            match byte {
                b'*' | b'?' if has_wildcards => {
                    add(&mut own.wild, word);
                    if byte == b'*' {
                        add(&mut own.any, word);
                    }
                }
                byte => add(&mut own.bytes, usize::from(byte) * words + word),
            }
        }
        own
    }

    fn can_be(&self, byte: u8) -> &[u64] {
        let start = usize::from(byte) * self.words;
        let own = self.bytes.get(start..start + self.words);
        own.unwrap_or_default()
    }

    /// Takes a step of one byte: a byte of the text that can be it, or a wildcard.
    fn step(&self, row: &mut [u64], can_be: &[u64]) {
        let (mut taken, mut before) = (0, 0);
        let sets = can_be.iter().zip(&self.wild).zip(&self.any);
        for (word, ((own, wild), any)) in row.iter_mut().zip(sets) {
            // A wildcard that was passed takes the step too, and stays where it is.
            let stays = *word & (any << 1 | before);
            before = any >> 63;
            let takes = *word & (own | wild);
            *word = stays | takes << 1 | taken;
            taken = takes >> 63;
        }
    }
}

/// Adds to a set what is reached from its members through bytes of another one.
fn spread(row: &mut [u64], through: &[u64]) {
    let mut carry = false;
    for (word, through) in row.iter_mut().zip(through) {
        // From the first member in a run of bytes on, the sum differs from the run up to where that ends.
        let (sum, first) = through.overflowing_add(*word & through);
        let (sum, second) = sum.overflowing_add(u64::from(carry));
        carry = first | second;
        *word |= sum ^ through;
    }
}

fn steps(format: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut colons = 0;
    let mut rest = format;
    while let Some(character) = rest.chars().next() {
        let variable = rest
            .strip_prefix("${")
            .and_then(|rest| rest.split_once('}'));
        if let Some((name, behind)) = variable {
            rest = behind;
            let in_resource = colons >= FIELDS;
            if in_resource {
                steps.push(Step::One);
            }
            steps.push(Step::Any {
                colon: in_resource,
                // The one name that ends where another part begins.
                slash: name != "BucketName",
            });
            continue;
        }
        colons += usize::from(character == ':');
        if let Some(behind) = rest.strip_prefix('*') {
            rest = behind;
            steps.push(Step::Any {
                colon: colons >= FIELDS,
                slash: true,
            });
            continue;
        }
        let (own, behind) = rest.split_at(character.len_utf8());
        steps.extend(own.bytes().map(Step::Byte));
        rest = behind;
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::{Step, meet, steps};

    /// The same as it is said, with exponential patience.
    fn plainly(format: &[Step], text: &[u8], has_wildcards: bool) -> bool {
        let goes_on = |format, text| plainly(format, text, has_wildcards);
        let wildcard = |wanted| has_wildcards && text.first() == Some(&wanted);
        if wildcard(b'*') {
            // It stands for nothing, or takes a step and stays, or part of what a variable stands for.
            return goes_on(format, &text[1..])
                || format
                    .split_first()
                    .is_some_and(|(_, rest)| goes_on(rest, text))
                || matches!(format.first(), Some(Step::Any { .. })) && goes_on(format, &text[1..]);
        }
        match format.split_first() {
            None => text.is_empty(),
            Some((Step::Any { colon, slash }, rest)) => {
                let takes = |byte: &u8| {
                    wildcard(b'?') || (*byte != b':' || *colon) && (*byte != b'/' || *slash)
                };
                goes_on(rest, text)
                    || text.first().is_some_and(takes) && goes_on(format, &text[1..])
            }
            Some((step, rest)) => {
                let is_it = |byte: &u8| match step {
                    Step::Byte(own) => wildcard(b'?') || own == byte,
                    _ => true,
                };
                text.first().is_some_and(is_it) && goes_on(rest, &text[1..])
            }
        }
    }

    #[test]
    fn formats_meet_texts_as_it_is_said() {
        // A linear congruence is random enough.
        let mut state = 1_u64;
        let mut next = |below: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) as usize % below
        };
        let mut met = 0;
        for round in 0..60_000 {
            let parts = ["a", "b", ":", "/", "${X}", "${BucketName}", "*"];
            let format: String = (0..next(8)).map(|_| parts[next(parts.len())]).collect();
            let letters = ["a", "b", ":", "/", "*", "?"];
            let mut text: String = (0..next(8)).map(|_| letters[next(letters.len())]).collect();
            let mut format = format!("::::{format}");
            text = format!("::::{text}");
            if round % 3 == 0 {
                // Over the end of a word.
                let long = "a".repeat(50 + next(20));
                (format, text) = (format!("{long}{format}"), format!("{long}{text}"));
            }
            let has_wildcards = next(2) == 0;
            let want = plainly(&steps(&format), text.as_bytes(), has_wildcards);
            assert_eq!(
                meet(&format, &text, has_wildcards),
                want,
                "{format} {text} {has_wildcards}"
            );
            met += usize::from(want);
        }
        assert!((5_000..55_000).contains(&met), "{met}");
    }

    #[test]
    fn formats_and_texts() {
        let table = "arn:${Partition}:dynamodb:${Region}:${Account}:table/${TableName}";
        let index =
            "arn:${Partition}:dynamodb:${Region}:${Account}:table/${TableName}/index/${IndexName}";
        let bucket = "arn:${Partition}:s3:::${BucketName}";
        let document = "arn:${Partition}:ssm:${Region}:${Account}:document/${DocumentName}";
        for (format, text, wildcards, want) in [
            (
                table,
                "arn:aws:dynamodb:eu-west-1:111122223333:table/t",
                false,
                true,
            ),
            (
                table,
                "arn:aws:dynamodb:eu-west-1:111122223333:table/",
                false,
                false,
            ),
            (
                index,
                "arn:aws:dynamodb:eu-west-1:111122223333:table/t",
                false,
                false,
            ),
            (
                index,
                "arn:aws:dynamodb:eu-west-1:111122223333:table/t/index/i",
                false,
                true,
            ),
            // A wildcard is a character of an ARN that has none.
            (
                index,
                "arn:aws:dynamodb:eu-west-1:111122223333:table/*",
                false,
                false,
            ),
            (
                index,
                "arn:aws:dynamodb:eu-west-1:111122223333:table/*",
                true,
                true,
            ),
            (index, "arn:aws:dynamodb:*", true, true),
            (index, "*", true, true),
            (index, "arn:aws:dynamodb:*:stream/?", true, true),
            (table, "arn:aws:dynamodb:*:*:stream/?", true, true),
            (table, "arn:aws:dynamodb:eu-west-1:1:stream/?", true, false),
            (table, "arn:aws:sqs:*", true, false),
            (bucket, "arn:aws:s3:::b", false, true),
            (bucket, "arn:aws:s3:::b/k", false, false),
            (bucket, "arn:aws:s3:::b?k", true, true),
            (bucket, "arn:aws:s3:::b*", true, true),
            (bucket, "arn:aws:s3:::b*/k", true, false),
            // The account is missing in these ARNs, whatever the reference says.
            (
                document,
                "arn:aws:ssm:eu-west-1::document/AWS-RunShellScript",
                false,
                true,
            ),
            (document, "", true, false),
            (document, "**", true, true),
        ] {
            assert_eq!(meet(format, text, wildcards), want, "{format} {text}");
        }
        assert!(!meet(bucket, &"*".repeat(5000), true));
    }
}
