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
    // Which prefixes of the text have something in common with the format so far, by their lengths in ascending order:
    // mostly they are few. `*` of one may stand for what the other says, and the other way round.
    let mut row = Row(vec![0]);
    row.fill(&text);
    let mut next = Row(Vec::new());
    for step in format {
        next.0.clear();
        if let Step::Any { .. } = step {
            for &from in &row.0 {
                // What a shorter prefix reached goes as far as any.
                if next.0.last().is_some_and(|last| *last >= from) {
                    continue;
                }
                next.0.push(from);
                let rest = text.get(from..).unwrap_or_default();
                let reached = rest.iter().take_while(|other| is_within(**other, step));
                next.0.extend((from + 1..).zip(reached).map(|(at, _)| at));
            }
        } else {
            for &at in &row.0 {
                let before = at.checked_sub(1).and_then(|before| text.get(before));
                // A wildcard of the text takes the step and stays where it is.
                if matches!(before, Some(Step::Any { .. })) {
                    next.add(at);
                }
                let same = |other: &Step| {
                    matches!(other, Step::Any { .. })
                        || *other == Step::One
                        || step == Step::One
                        || *other == step
                };
                if text.get(at).is_some_and(same) {
                    next.add(at + 1);
                }
            }
        }
        core::mem::swap(&mut row, &mut next);
        row.fill(&text);
        if row.0.is_empty() {
            return false;
        }
    }
    row.0.last() == Some(&text.len())
}

/// Lengths of prefixes, in ascending order.
struct Row(Vec<usize>);

impl Row {
    /// Adds one that is not shorter than those that are there.
    fn add(&mut self, length: usize) {
        if self.0.last() != Some(&length) {
            self.0.push(length);
        }
    }

    /// Adds what can be reached by wildcards of the text that stand for nothing.
    fn fill(&mut self, text: &[Step]) {
        let is_any = |at: usize| matches!(text.get(at), Some(Step::Any { .. }));
        if !self.0.iter().any(|at| is_any(*at)) {
            return;
        }
        let mut filled = Row(Vec::with_capacity(self.0.len() + 1));
        for &at in &self.0 {
            let last = filled.0.last().copied();
            if last.is_some_and(|last| last >= at) {
                continue;
            }
            filled.add(at);
            let mut end = at;
            while is_any(end) {
                end += 1;
                filled.add(end);
            }
        }
        *self = filled;
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
