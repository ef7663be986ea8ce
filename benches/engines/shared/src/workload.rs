//! The workload: a scenario file, read without any of portcullis' code.

use serde_json::Value;
use serde_json::value::RawValue;

/// A policy set's place in the decision.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// The caller's policies.
    Identity,
    /// The permissions boundary.
    Boundary,
    /// The session policy.
    Session,
    /// The target's policy.
    Resource,
    /// A service control policy level.
    Scp(usize),
}

/// What an engine answers. `Deny` is the answer of engines that do not tell why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Allowed.
    Allow,
    /// A statement denies.
    ExplicitDeny,
    /// No statement allows.
    ImplicitDeny,
    /// Denied, the engine does not say which way.
    Deny,
}

impl Answer {
    /// The answer by its name.
    pub fn parse(text: &str) -> Option<Answer> {
        match text {
            "Allow" => Some(Answer::Allow),
            "ExplicitDeny" => Some(Answer::ExplicitDeny),
            "ImplicitDeny" => Some(Answer::ImplicitDeny),
            "Deny" => Some(Answer::Deny),
            _ => None,
        }
    }

    /// From "denies" and "allows" of one policy set.
    pub fn of(denies: bool, allows: bool) -> Answer {
        match (denies, allows) {
            (true, _) => Answer::ExplicitDeny,
            (false, true) => Answer::Allow,
            (false, false) => Answer::ImplicitDeny,
        }
    }
}

/// One request.
#[derive(Clone, Debug)]
pub struct Request {
    /// The caller's ARN.
    pub principal: String,
    /// `service:Name`.
    pub action: String,
    /// The target's ARN.
    pub resource: String,
    /// Context keys and their values.
    pub context: Vec<(String, Vec<String>)>,
    /// True where the values were written as a list.
    pub is_list: Vec<bool>,
}

/// A workload.
#[derive(Debug)]
pub struct Workload {
    /// Its name.
    pub name: String,
    /// Policy documents as JSON text, by layer. A layer may have several.
    pub policies: Vec<(Layer, String)>,
    /// Which of the policies each role has, by their place; empty if the caller has all.
    pub attached: Vec<(String, Vec<usize>)>,
    /// The requests.
    pub requests: Vec<Request>,
}

impl Workload {
    /// Reads a scenario file.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn read(text: &str) -> Result<Workload, String> {
        // The documents stay text: some engines read AWS JSON themselves, and a tree of a million
        // statements would only be in the way.
        let fail = |error: serde_json::Error| error.to_string();
        let parts: std::collections::BTreeMap<&str, &RawValue> =
            serde_json::from_str(text).map_err(fail)?;
        let get = |name: &str| {
            parts
                .get(name)
                .map(|raw| raw.get())
                .ok_or(format!("no {name}"))
        };
        let name = serde_json::from_str(get("name")?).map_err(fail)?;
        let sets: std::collections::BTreeMap<&str, &RawValue> =
            serde_json::from_str(get("policies")?).map_err(fail)?;
        let mut policies = Vec::new();
        let list = |raw: &str| -> Result<Vec<Box<RawValue>>, String> {
            serde_json::from_str(raw).map_err(fail)
        };
        for (set, raw) in sets {
            let layer = match set {
                "identity" => Layer::Identity,
                "boundary" => Layer::Boundary,
                "session" => Layer::Session,
                "resource" => {
                    policies.push((Layer::Resource, raw.get().to_string()));
                    continue;
                }
                "scps" => {
                    for (level, documents) in list(raw.get())?.iter().enumerate() {
                        for document in list(documents.get())? {
                            policies.push((Layer::Scp(level), document.get().to_string()));
                        }
                    }
                    continue;
                }
                other => return Err(format!("a policy set that no adapter knows: {other}")),
            };
            for document in list(raw.get())? {
                policies.push((layer.clone(), document.get().to_string()));
            }
        }
        let attached: std::collections::BTreeMap<String, Vec<usize>> = match parts.get("attached") {
            Some(raw) => serde_json::from_str(raw.get()).map_err(fail)?,
            None => Default::default(),
        };
        let requests: Vec<Value> = serde_json::from_str(get("requests")?).map_err(fail)?;
        let requests = requests.iter().map(request).collect::<Option<Vec<_>>>();
        Ok(Workload {
            name,
            policies,
            attached: attached.into_iter().collect(),
            requests: requests
                .filter(|all| !all.is_empty())
                .ok_or("a request is not understood")?,
        })
    }

    /// For each request the place of its caller in `attached`.
    ///
    /// # Errors
    /// A caller without policies.
    pub fn callers(&self) -> Result<Vec<usize>, String> {
        let place = |request: &Request| {
            let found = self
                .attached
                .binary_search_by(|(role, _)| role.cmp(&request.principal));
            found.map_err(|_| format!("{} has no policies", request.principal))
        };
        self.requests.iter().map(place).collect()
    }

    /// The layers that are present, in order.
    pub fn layers(&self) -> Vec<Layer> {
        let mut layers: Vec<_> = self
            .policies
            .iter()
            .map(|(layer, _)| layer.clone())
            .collect();
        layers.sort();
        layers.dedup();
        layers
    }

    /// The statements of a layer, as JSON.
    ///
    /// # Errors
    /// A document that is not JSON.
    pub fn statements(&self, layer: &Layer) -> Result<Vec<Statement>, String> {
        let mut found = Vec::new();
        for (_, text) in self.policies.iter().filter(|(other, _)| other == layer) {
            let mut document: Value =
                serde_json::from_str(text).map_err(|error| error.to_string())?;
            match document["Statement"].take() {
                Value::Array(list) => found.extend(list.into_iter().map(Statement)),
                one => found.push(Statement(one)),
            }
        }
        Ok(found)
    }
}

fn request(value: &Value) -> Option<Request> {
    let text = |name: &str| Some(value[name].as_str()?.to_string());
    let mut context = Vec::new();
    let mut is_list = Vec::new();
    for (key, given) in value["context"].as_object()? {
        let values = texts(given);
        context.push((key.clone(), values));
        is_list.push(given.is_array());
    }
    Some(Request {
        principal: text("principal")?,
        action: text("action")?,
        resource: text("resource")?,
        context,
        is_list,
    })
}

/// A string, or a list of strings, as a list.
pub fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(list) => list.iter().flat_map(texts).collect(),
        Value::String(text) => vec![text.clone()],
        Value::Null => Vec::new(),
        other => vec![other.to_string()],
    }
}

/// One statement of the AWS language, for adapters that must translate it.
#[derive(Clone, Debug)]
pub struct Statement(pub Value);

/// One condition: operator, key and values.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The operator, without quantifier and `IfExists`.
    pub operator: String,
    /// `ForAllValues` or `ForAnyValue`.
    pub quantifier: Option<String>,
    /// True with `IfExists`.
    pub if_exists: bool,
    /// The key.
    pub key: String,
    /// The values.
    pub values: Vec<String>,
}

impl Statement {
    /// True for a Deny.
    pub fn denies(&self) -> bool {
        self.0["Effect"] == "Deny"
    }

    /// The action patterns.
    pub fn actions(&self) -> Vec<String> {
        texts(&self.0["Action"])
    }

    /// The resource patterns.
    pub fn resources(&self) -> Vec<String> {
        texts(&self.0["Resource"])
    }

    /// The ARNs of the principals; `*` for everyone; none if there is no principal element.
    pub fn principals(&self) -> Option<Vec<String>> {
        match &self.0["Principal"] {
            Value::Null => None,
            Value::Object(kinds) => Some(kinds.values().flat_map(texts).collect()),
            other => Some(texts(other)),
        }
    }

    /// The conditions.
    pub fn conditions(&self) -> Vec<Condition> {
        let mut found = Vec::new();
        let operators = self.0["Condition"].as_object();
        for (operator, keys) in operators.into_iter().flatten() {
            let (quantifier, operator) = match operator.split_once(':') {
                Some((quantifier, operator)) => (Some(quantifier.to_string()), operator),
                None => (None, operator.as_str()),
            };
            let plain = operator.strip_suffix("IfExists");
            for (key, values) in keys.as_object().into_iter().flatten() {
                found.push(Condition {
                    operator: plain.unwrap_or(operator).to_string(),
                    quantifier: quantifier.clone(),
                    if_exists: plain.is_some(),
                    key: key.clone(),
                    values: texts(values),
                });
            }
        }
        found
    }
}

/// What kind of value a condition key holds, by the operators that look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text, binary values and ARNs too.
    Text,
    /// A number.
    Number,
    /// A point in time.
    Date,
    /// True or false.
    Bool,
    /// An IP address.
    Ip,
}

/// The kind of an operator's operands.
pub fn kind(operator: &str) -> Kind {
    match operator {
        "Bool" => Kind::Bool,
        _ if operator.starts_with("Numeric") => Kind::Number,
        _ if operator.starts_with("Date") => Kind::Date,
        _ if operator.ends_with("IpAddress") => Kind::Ip,
        _ => Kind::Text,
    }
}

impl Workload {
    /// The kinds of the condition keys that are not text, for engines whose requests are typed.
    ///
    /// # Errors
    /// A document that is not JSON.
    pub fn kinds(&self) -> Result<std::collections::HashMap<String, Kind>, String> {
        let mut kinds = std::collections::HashMap::new();
        for layer in self.layers() {
            for statement in self.statements(&layer)? {
                for condition in statement.conditions() {
                    let kind = kind(&condition.operator);
                    if kind != Kind::Text {
                        kinds.insert(condition.key, kind);
                    }
                }
            }
        }
        Ok(kinds)
    }
}

/// Seconds since 1970 of a time in the form `2026-06-01T12:00:00Z`.
pub fn seconds(text: &str) -> Option<i64> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    // Days by the civil calendar, with the year begun in March so that leap days come last.
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let of_era = shifted.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some(days * 86_400 + hour * 3_600 + minute * 60 + second)
}

/// True if an AWS pattern matches; `*` and `?` as usual. For translations made before the clock
/// starts, such as the expansion of action wildcards to groups.
pub fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                back = Some((p, t));
                p += 1;
            }
            Some(b'?') => {
                p += 1;
                t += 1;
            }
            Some(byte) if byte == &text[t] => {
                p += 1;
                t += 1;
            }
            _ => match back {
                Some((star, from)) => {
                    back = Some((star, from + 1));
                    p = star + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

/// How several layers make one decision, for engines that know only one policy set. This is the
/// glue that a host would have to write; it covers what the workloads need: caller and target in one
/// account, so that the target's policy adds to the caller's.
pub fn join(layers: &[Layer], mut of: impl FnMut(usize) -> Answer) -> Answer {
    let mut grants = None;
    let mut missing = false;
    for (index, layer) in layers.iter().enumerate() {
        match (of(index), layer) {
            (Answer::ExplicitDeny, _) => return Answer::ExplicitDeny,
            (answer, Layer::Identity | Layer::Resource) => {
                let allows = answer == Answer::Allow;
                grants = Some(grants.unwrap_or(false) || allows);
            }
            (answer, _) => missing |= answer != Answer::Allow,
        }
    }
    Answer::of(false, !missing && grants.unwrap_or(true))
}
