//! Questions about policies as SMT-LIB text, for other people's solvers.
//!
//! Written from the rules over the JSON of the documents, apart from the engine and its syntax tree: the two share the
//! stated domain (`--domain free`) and no code. What the language of solvers cannot say is left out by [`question`]: policy
//! variables in patterns with several wildcards, and keys whose values are texts for one test and numbers, dates or addresses
//! for another.

mod words;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::IpAddr;

use serde_json::Value;

/// How many values a list may have: more than questions are asked that wish for some value.
const MOST_VALUES: usize = 4;

/// What the values of a key are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Text,
    Number,
    Date,
    Address,
}

/// A question while it is written.
#[derive(Default)]
struct Printer {
    /// The keys by their names in lower case: a number, and what their values are.
    keys: BTreeMap<String, (usize, Type)>,
    values: usize,
}

/// Whether there is a request that `new` allows and `old` does not, as SMT-LIB; none if that cannot be said.
pub fn question(old: &Value, new: &Value) -> Option<String> {
    let mut printer = Printer {
        keys: BTreeMap::new(),
        values: 2,
    };
    printer.values = (1 + printer.wishes(old) + printer.wishes(new)).clamp(2, MOST_VALUES);
    let after = printer.allows(new)?;
    let before = printer.allows(old)?;
    let mut text = String::from("(set-logic ALL)\n(set-option :produce-models true)\n");
    text.push_str("(declare-const action String)\n(declare-const resource String)\n");
    for (number, kind) in printer.keys.values() {
        writeln!(
            text,
            "(declare-const n{number} Int)\n(assert (and (<= 0 n{number}) (<= n{number} {})))",
            printer.values
        )
        .ok()?;
        for at in 0..printer.values {
            let name = format!("v{number}_{at}");
            match kind {
                Type::Text => writeln!(text, "(declare-const {name} String)").ok()?,
                Type::Number | Type::Date => writeln!(
                    text,
                    "(declare-const {name} Real)\n(declare-const {name}_is Bool)\n(declare-const {name}_empty Bool)\n\
                     (assert (not (and {name}_is {name}_empty)))"
                )
                .ok()?,
                Type::Address => writeln!(
                    text,
                    "(declare-const {name} Int)\n(declare-const {name}_is Int)\n(declare-const {name}_empty Bool)\n\
                     (assert (and (<= 0 {name}) (=> (= {name}_is 4) (<= {name} 4294967295)) \
                     (=> (= {name}_is 6) (<= {name} 340282366920938463463374607431768211455))))\n\
                     (assert (=> {name}_empty (= {name}_is 0)))"
                )
                .ok()?,
            }
        }
    }
    let word = "(re.+ (re.union (re.range \"a\" \"z\") (re.range \"0\" \"9\") (str.to_re \"-\") (str.to_re \"_\")))";
    writeln!(
        text,
        "(assert (str.in_re action (re.++ {word} (str.to_re \":\") {word})))"
    )
    .ok()?;
    let part = "(re.* (re.diff re.allchar (str.to_re \":\")))";
    let some = "(re.+ (re.diff re.allchar (str.to_re \":\")))";
    let colon = "(str.to_re \":\")";
    writeln!(
        text,
        "(assert (or (= resource \"*\") (str.in_re resource (re.++ (str.to_re \"arn:\") {some} {colon} {some} {colon} \
         {part} {colon} {part} {colon} (re.+ re.allchar)))))"
    )
    .ok()?;
    text.push_str("(assert (not (= action \"sts:getcalleridentity\")))\n(assert (not (= action \"sts:getsessiontoken\")))\n");
    text.push_str("(assert (not (and (= action \"s3:listallmybuckets\") (= resource \"*\"))))\n");
    writeln!(
        text,
        "(assert {after})\n(assert (not {before}))\n(check-sat)"
    )
    .ok()?;
    Some(text)
}

/// The list of a member that may be one value.
fn list(value: Option<&Value>) -> Vec<Value> {
    match value {
        Some(Value::Array(list)) => list.clone(),
        None | Some(Value::Null) => Vec::new(),
        Some(one) => vec![one.clone()],
    }
}

/// A text as a solver reads it.
fn quoted(text: &str) -> String {
    let mut found = String::from("\"");
    for own in text.chars() {
        match own {
            '"' => found.push_str("\"\""),
            '\\' => found.push_str("\\u{5c}"),
            ' '..='~' => found.push(own),
            other => {
                let _ = write!(found, "\\u{{{:x}}}", u32::from(other));
            }
        }
    }
    found.push('"');
    found
}

fn all(name: &str, parts: Vec<String>) -> String {
    match (parts.as_slice(), name) {
        ([], "and") => "true".into(),
        ([], "or") => "false".into(),
        ([], "re.union") => "re.none".into(),
        ([], _) => "(str.to_re \"\")".into(),
        ([one], _) => one.clone(),
        _ => format!("({name} {})", parts.join(" ")),
    }
}

/// A pattern as a regular expression, in which `*` and `?` stand for a class.
fn glob(text: &str, class: &str) -> String {
    let mut parts = Vec::new();
    let mut plain = String::new();
    for own in text.chars() {
        let wild = match own {
            '*' => format!("(re.* {class})"),
            '?' => class.to_owned(),
            own => {
                plain.push(own);
                continue;
            }
        };
        if !plain.is_empty() {
            parts.push(format!(
                "(str.to_re {})",
                quoted(&std::mem::take(&mut plain))
            ));
        }
        parts.push(wild);
    }
    if !plain.is_empty() {
        parts.push(format!("(str.to_re {})", quoted(&plain)));
    }
    all("re.++", parts)
}

/// The characters that are equal to one but for case, of those that the generators write.
fn cases(own: char) -> Vec<char> {
    let mut found = vec![own.to_ascii_lowercase(), own.to_ascii_uppercase()];
    match own.to_ascii_lowercase() {
        'k' => found.push('\u{212a}'),
        's' => found.push('\u{17f}'),
        _ => {}
    }
    found.dedup();
    found
}

fn ignoring_case(text: &str, ascii: bool) -> Option<String> {
    let mut parts = Vec::new();
    for own in text.chars() {
        if !own.is_ascii() {
            return None;
        }
        let mut all_cases = cases(own);
        if ascii {
            all_cases.retain(char::is_ascii);
        }
        let one = |own: &char| format!("(str.to_re {})", quoted(&own.to_string()));
        parts.push(all("re.union", all_cases.iter().map(one).collect()));
    }
    Some(all("re.++", parts))
}

/// A decimal number as a solver reads it.
fn number(text: &str) -> Option<String> {
    let plain = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let plain = format!("{whole}.{fraction}");
    Some(if text.starts_with('-') {
        format!("(- {plain})")
    } else {
        plain
    })
}

/// A date as seconds since 1970.
fn date(text: &str) -> Option<String> {
    let whole = match text.len() {
        4 => format!("{text}-01-01T00:00:00Z"),
        10 => format!("{text}T00:00:00Z"),
        _ => text.to_owned(),
    };
    let instant: jiff::Timestamp = whole.parse().ok()?;
    number(&instant.as_second().to_string())
}

/// The family and the ends of a block of addresses.
fn block(text: &str) -> Option<(u8, u128, u128)> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length.parse::<u32>().ok()?)),
        None => (text, None),
    };
    match address.parse::<IpAddr>().ok()? {
        IpAddr::V4(own) => {
            let host = 32_u32.checked_sub(length.unwrap_or(32))?;
            let size = 1_u128 << host;
            let start = u128::from(u32::from(own)) / size * size;
            Some((4, start, start + size - 1))
        }
        IpAddr::V6(own) => {
            let host = 128_u32.checked_sub(length.unwrap_or(128))?;
            let mask = u128::MAX.checked_shl(host).unwrap_or(0);
            let start = u128::from(own) & mask;
            Some((6, start, start | !mask))
        }
    }
}

impl Printer {
    /// How many tests wish for some value of a list.
    fn wishes(&self, document: &Value) -> usize {
        let statements = list(document.get("Statement"));
        let blocks = statements
            .iter()
            .filter_map(|own| own.get("Condition")?.as_object());
        blocks
            .flat_map(|block| block.iter())
            .filter(|(operator, _)| operator.starts_with("For"))
            .map(|(_, keys)| keys.as_object().map_or(0, serde_json::Map::len))
            .sum()
    }

    fn allows(&mut self, document: &Value) -> Option<String> {
        // In other versions the text is what it is written with (`VAR-2`); the generators do not ask for that.
        if document.to_string().contains("${") && document["Version"] != "2012-10-17" {
            return None;
        }
        let mut allows = Vec::new();
        let mut denies = Vec::new();
        for statement in list(document.get("Statement")) {
            let matches = self.statement(&statement)?;
            match statement["Effect"].as_str()? {
                "Allow" => allows.push(matches),
                _ => denies.push(matches),
            }
        }
        Some(format!(
            "(and {} (not {}))",
            all("or", allows),
            all("or", denies)
        ))
    }

    fn statement(&mut self, statement: &Value) -> Option<String> {
        let mut parts = Vec::new();
        for (member, negated) in [("Action", false), ("NotAction", true)] {
            if let Some(value) = statement.get(member) {
                let actions: Option<Vec<String>> = list(Some(value)).iter().map(action).collect();
                let listed = format!("(str.in_re action {})", all("re.union", actions?));
                parts.push(if negated {
                    format!("(not {listed})")
                } else {
                    listed
                });
            }
        }
        for (member, negated) in [("Resource", false), ("NotResource", true)] {
            if let Some(value) = statement.get(member) {
                let listed = self.resources(&list(Some(value)))?;
                parts.push(if negated {
                    format!("(not {listed})")
                } else {
                    listed
                });
            }
        }
        for (operator, keys) in statement
            .get("Condition")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            for (key, values) in keys.as_object()? {
                let texts = list(Some(values)).into_iter().map(|own| match own {
                    Value::String(text) => text,
                    other => other.to_string(),
                });
                parts.push(self.condition(operator, key, &texts.collect::<Vec<_>>())?);
            }
        }
        Some(all("and", parts))
    }

    /// The number of a key whose values are of a type; none if they are of another for another test.
    fn number(&mut self, key: &str, wanted: Option<Type>) -> Option<usize> {
        let next = self.keys.len();
        // A key of which only its presence was asked so far would do; that is rare.
        let first = wanted.unwrap_or(Type::Text);
        let known = self.keys.entry(key.to_lowercase()).or_insert((next, first));
        (wanted.is_none() || wanted == Some(known.1)).then_some(known.0)
    }

    /// Whether the resource is one of a list.
    fn resources(&mut self, entries: &[Value]) -> Option<String> {
        let mut plain = Vec::new();
        let mut parts = Vec::new();
        for entry in entries {
            let text = entry.as_str()?;
            if !text.contains("${") {
                plain.push(resource(entry)?);
                continue;
            }
            // Before the fifth colon nothing is expanded (`VAR-3`).
            let head: usize = text.split_inclusive(':').take(5).map(str::len).sum();
            if text.get(..head)?.contains("${") {
                return None;
            }
            parts.push(self.word("resource", text, true)?);
        }
        if !plain.is_empty() || parts.is_empty() {
            parts.push(format!("(str.in_re resource {})", all("re.union", plain)));
        }
        Some(all("or", parts))
    }

    /// Whether a term is a text with variables.
    fn word(&mut self, term: &str, text: &str, has_wildcards: bool) -> Option<String> {
        let pieces = words::pieces(text, has_wildcards)?;
        words::matches(term, &pieces, &mut |key| self.number(key, Some(Type::Text)))
    }

    /// What a positive operator says of one value; texts with variables apart from the others.
    fn value(&mut self, operator: &str, name: &str, texts: &[String]) -> Option<String> {
        let expands = operator.starts_with("String") || operator.starts_with("Arn");
        let has_variable = |text: &&String| text.contains("${");
        if operator == "Bool" && texts.iter().any(|text| has_variable(&text)) {
            return None;
        }
        let (open, plain): (Vec<&String>, Vec<&String>) =
            texts.iter().partition(|text| expands && has_variable(text));
        let plain: Vec<String> = plain.into_iter().cloned().collect();
        let mut parts = vec![value(operator, name, &plain)?];
        for text in open {
            parts.push(match operator {
                "StringEquals" => self.word(name, text, false)?,
                "StringLike" => self.word(name, text, true)?,
                "ArnEquals" | "ArnLike" => self.arn(name, text)?,
                _ => return None,
            });
        }
        Some(all("or", parts))
    }

    /// Whether a value is an ARN in whose last part variables stand.
    fn arn(&mut self, name: &str, text: &str) -> Option<String> {
        let head: usize = text.split_inclusive(':').take(5).map(str::len).sum();
        let (head, last) = text.split_at_checked(head)?;
        if head.contains("${") {
            return None;
        }
        // Where the fifth colon stands.
        let mut at = "(- 1)".to_owned();
        for _ in 0..5 {
            at = format!("(str.indexof {name} \":\" (+ {at} 1))");
        }
        let rest = format!("(str.substr {name} (+ {at} 1) (str.len {name}))");
        let last = self.word(&rest, last, true)?;
        let head = arn(&format!("{head}*"))?;
        Some(format!("(and (str.in_re {name} {head}) {last})"))
    }

    fn condition(&mut self, operator: &str, key: &str, texts: &[String]) -> Option<String> {
        let (quantifier, rest) = match operator.split_once(':') {
            Some((quantifier, rest)) => (quantifier, rest),
            None => ("", operator),
        };
        let if_exists = rest.ends_with("IfExists");
        let base = rest.strip_suffix("IfExists").unwrap_or(rest);
        let negated = base.contains("Not");
        let positive = base.replace("Not", "");
        let wanted = match positive.as_str() {
            _ if positive.starts_with("Numeric") => Type::Number,
            _ if positive.starts_with("Date") => Type::Date,
            "IpAddress" => Type::Address,
            _ => Type::Text,
        };
        if base == "Null" {
            let number = self.number(key, None)?;
            return Some(match quantifier {
                "ForAllValues" => "true".into(),
                "ForAnyValue" => "false".into(),
                _ => {
                    let says =
                        |truth: &str| texts.iter().any(|own| own.eq_ignore_ascii_case(truth));
                    let mut parts = Vec::new();
                    if says("true") {
                        parts.push(format!("(= n{number} 0)"));
                    }
                    if says("false") {
                        parts.push(format!("(> n{number} 0)"));
                    }
                    all("or", parts)
                }
            });
        }
        let number = self.number(key, Some(wanted))?;
        let count = self.values;
        let mut passes = |at: usize| -> Option<String> {
            let name = format!("v{number}_{at}");
            let matches = self.value(&positive, &name, texts)?;
            Some(if negated {
                format!("(not {matches})")
            } else {
                matches
            })
        };
        let each: Option<Vec<String>> = (0..count).map(&mut passes).collect();
        let each = each?;
        let first = each.first()?.clone();
        let empty = match wanted {
            Type::Text => format!("(= v{number}_0 \"\")"),
            _ => format!("v{number}_0_empty"),
        };
        let in_list = each.iter().enumerate();
        Some(match quantifier {
            "ForAnyValue" => {
                let one = in_list.map(|(at, own)| format!("(and (< {at} n{number}) {own})"));
                all("or", one.collect())
            }
            "ForAllValues" => {
                let one = in_list.map(|(at, own)| format!("(=> (< {at} n{number}) {own})"));
                format!(
                    "(or (and (= n{number} 1) {empty}) {})",
                    all("and", one.collect())
                )
            }
            _ => {
                let absent = negated || if_exists;
                let present = format!("(and (= n{number} 1) {first})");
                match absent {
                    true => format!("(or (= n{number} 0) {present})"),
                    false => present,
                }
            }
        })
    }
}

/// What a positive operator says of one value, whose texts have no variables.
fn value(operator: &str, name: &str, texts: &[String]) -> Option<String> {
    let in_re = |parts: Vec<String>| format!("(str.in_re {name} {})", all("re.union", parts));
    let order = |sign: &str, read: fn(&str) -> Option<String>| {
        let constants = texts.iter().filter_map(|text| read(text));
        let one = constants.map(|constant| format!("(and {name}_is ({sign} {name} {constant}))"));
        Some(all("or", one.collect()))
    };
    let sign = match operator {
        _ if operator.ends_with("LessThanEquals") => "<=",
        _ if operator.ends_with("LessThan") => "<",
        _ if operator.ends_with("GreaterThanEquals") => ">=",
        _ if operator.ends_with("GreaterThan") => ">",
        _ => "=",
    };
    Some(match operator {
        "StringEquals" => all(
            "or",
            texts
                .iter()
                .map(|text| format!("(= {name} {})", quoted(text)))
                .collect(),
        ),
        "StringEqualsIgnoreCase" => {
            let parts: Option<Vec<String>> = texts
                .iter()
                .map(|text| ignoring_case(text, false))
                .collect();
            in_re(parts?)
        }
        "StringLike" => in_re(texts.iter().map(|text| glob(text, "re.allchar")).collect()),
        "ArnEquals" | "ArnLike" => in_re(texts.iter().filter_map(|text| arn(text)).collect()),
        "Bool" => {
            let truths = texts.iter().filter(|text| {
                text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false")
            });
            let parts: Option<Vec<String>> = truths.map(|text| ignoring_case(text, true)).collect();
            in_re(parts?)
        }
        "IpAddress" => {
            let one = |(family, low, high)| {
                format!("(and (= {name}_is {family}) (<= {low} {name}) (<= {name} {high}))")
            };
            all(
                "or",
                texts
                    .iter()
                    .filter_map(|text| block(text))
                    .map(one)
                    .collect(),
            )
        }
        _ if operator.starts_with("Numeric") => order(sign, number)?,
        _ if operator.starts_with("Date") => order(sign, date)?,
        _ => return None,
    })
}

const NOT_COLON: &str = "(re.diff re.allchar (str.to_re \":\"))";

/// The ARNs of a value of an `Arn…` operator.
fn arn(text: &str) -> Option<String> {
    let colon = "(str.to_re \":\")";
    if !text.is_empty() && text.chars().all(|own| own == '*') {
        let parts = format!("(re.* {NOT_COLON}) {colon} ").repeat(4);
        return Some(format!("(re.++ (str.to_re \"arn:\") {parts} re.all)"));
    }
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let [scheme, middle @ .., last] = parts.as_slice() else {
        return None;
    };
    // The generators write schemes that are `arn` or a wildcard.
    let is_scheme = ["arn", "*", "a*", "ar?", "???"].contains(scheme);
    if middle.len() != 4 || !is_scheme {
        return None;
    }
    let mut all_parts = vec!["(str.to_re \"arn:\")".to_owned()];
    for part in middle {
        all_parts.push(glob(part, NOT_COLON));
        all_parts.push(colon.to_owned());
    }
    all_parts.push(glob(last, "re.allchar"));
    Some(all("re.++", all_parts))
}

fn action(value: &Value) -> Option<String> {
    let text = value.as_str()?.to_lowercase();
    if !text.contains(':') {
        return Some("re.all".into());
    }
    Some(glob(&text, NOT_COLON))
}

/// A resource of an identity policy, which is completed to six parts.
fn resource(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    let missing = 6_usize.saturating_sub(text.split(':').count());
    if text.chars().all(|own| own == '*') {
        return Some("re.all".into());
    }
    Some(glob(
        &format!("{text}{}", ":*".repeat(missing)),
        "re.allchar",
    ))
}
