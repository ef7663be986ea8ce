//! Whether ARNs can be of a format such as `arn:${Partition}:sqs:${Region}:${Account}:${QueueName}`.

/// One step of a format or a pattern.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Byte(u8),
    /// Any one character.
    One,
    /// Any text that is allowed there.
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
    let format = steps(format);
    let text: Vec<Step> = text
        .bytes()
        .map(|byte| match byte {
            b'*' if has_wildcards => Step::Any {
                colon: true,
                slash: true,
            },
            b'?' if has_wildcards => Step::One,
            byte => Step::Byte(byte),
        })
        .collect();
    // Which prefixes of the text have something in common with the format so far. `*` of one may stand for what
    // the other says, and the other way round.
    let mut row = vec![false; text.len() + 1];
    if let Some(first) = row.first_mut() {
        *first = true;
    }
    fill(&mut row, &text);
    for step in format {
        let mut next = vec![false; text.len() + 1];
        let pairs = row.iter().zip(row.iter().skip(1));
        if let Step::Any { .. } = step {
            next.clone_from(&row);
            for (index, other) in text.iter().enumerate() {
                let before = next.get(index).copied().unwrap_or_default();
                if before && is_within(*other, step) {
                    set(&mut next, index + 1);
                }
            }
        } else {
            for ((index, other), (before, here)) in text.iter().enumerate().zip(pairs) {
                let is_any = matches!(other, Step::Any { .. });
                let same = is_any || *other == Step::One || step == Step::One || *other == step;
                // A wildcard of the text takes the step and stays where it is.
                if (*before && same) || (*here && is_any) {
                    set(&mut next, index + 1);
                }
            }
        }
        fill(&mut next, &text);
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

/// What can be reached by wildcards of the text that stand for nothing.
fn fill(row: &mut [bool], text: &[Step]) {
    for (index, step) in text.iter().enumerate() {
        let before = row.get(index).copied().unwrap_or_default();
        if before && matches!(step, Step::Any { .. }) {
            set(row, index + 1);
        }
    }
}

fn set(row: &mut [bool], index: usize) {
    if let Some(cell) = row.get_mut(index) {
        *cell = true;
    }
}

/// Whether a variable can stand for a step of the text.
fn is_within(step: Step, variable: Step) -> bool {
    let Step::Any { colon, slash } = variable else {
        return false;
    };
    match step {
        Step::Byte(b':') => colon,
        Step::Byte(b'/') => slash,
        Step::Byte(_) | Step::One | Step::Any { .. } => true,
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
    use super::meet;

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
