//! What the linter asks of services, answered by the catalog and, first, by what is kept by hand.

use std::borrow::Cow;
use std::cell::RefCell;

use portcullis_catalog::{
    Action, ActionResource, Catalog as Facts, Date, Key, KeyType, Level, ResourceType,
    ResourceTypeId,
};
use portcullis_lint::{Answer, ByHand, Catalog, KeyFacts, KeyUse, Meeting};
use portcullis_source::hash::{Map, Set};
use portcullis_syntax::glob::covers;
use portcullis_syntax::lint::keys::Type;

/// What left the references before is forgotten by Access Analyzer, as far as its answers tell (`AA-51`).
const FORGOTTEN_BEFORE: &str = "2025-06-01";

/// How many answers are remembered before all are forgotten.
const REMEMBERED: usize = 1 << 16;

/// The same for each resource type: as many as a long document has resources.
const REMEMBERED_OF_A_TYPE: usize = 1 << 13;

/// Longer questions are asked again, and so are longer patterns.
const LONGEST: usize = 1 << 12;
const LONGEST_PATTERN: usize = 1 << 8;

/// A catalog, for the linter. Documents ask the same again and again.
pub(crate) struct FromPack<'c> {
    facts: &'c Facts,
    met: RefCell<Map<ResourceTypeId, Map<String, bool>>>,
    uses: RefCell<Map<String, Option<KeyUse>>>,
    tags: RefCell<Map<String, Answer>>,
    services: RefCell<Map<String, Answer>>,
    keys: RefCell<Map<String, Option<KeyFacts>>>,
    actions: RefCell<Map<String, Answer>>,
}

impl<'c> FromPack<'c> {
    pub(crate) fn new(facts: &'c Facts) -> FromPack<'c> {
        FromPack {
            facts,
            met: RefCell::default(),
            uses: RefCell::default(),
            tags: RefCell::default(),
            services: RefCell::default(),
            keys: RefCell::default(),
            actions: RefCell::default(),
        }
    }

    /// Whether a pattern of resources matches one of a type.
    fn is_of(&self, kind: ResourceType<'c>, pattern: &str) -> bool {
        if pattern == "*" {
            return true;
        }
        let known = self.met.borrow();
        if let Some(known) = known.get(&kind.id()).and_then(|own| own.get(pattern)) {
            return *known;
        }
        drop(known);
        let is_met = Self::find_whether_met(kind, pattern);
        if pattern.len() > LONGEST_PATTERN {
            return is_met;
        }
        let mut met = self.met.borrow_mut();
        let own = met.entry(kind.id()).or_default();
        if own.len() >= REMEMBERED_OF_A_TYPE {
            own.clear();
        }
        own.insert(pattern.to_owned(), is_met);
        is_met
    }

    fn find_whether_met(kind: ResourceType<'c>, pattern: &str) -> bool {
        let is_plain = |name: &str| !name.contains(['*', '?', '$']);
        if let Some(own) = service(pattern).filter(|own| is_plain(own)) {
            let mut formats = kind.arn_formats();
            let could =
                |format: &str| service(format).is_none_or(|name| name == own || !is_plain(name));
            if !formats.any(could) {
                return false;
            }
        }
        kind.meets(pattern)
    }

    fn is_of_any(&self, kind: ResourceType<'c>, patterns: &[Cow<'_, str>]) -> bool {
        patterns.iter().any(|pattern| self.is_of(kind, pattern))
    }

    /// Actions that a pattern matches, if references know the service.
    fn actions(&self, pattern: &str) -> Vec<Action<'c>> {
        match pattern.contains(['*', '?']) {
            true => self.facts.expand(pattern).collect(),
            false => self.facts.action(pattern).into_iter().collect(),
        }
    }

    fn find_uses(&self, pattern: &str, resources: &[Cow<'_, str>], key: &str) -> Option<KeyUse> {
        let key = self.facts.key(key)?.id();
        let actions = self.actions(pattern);
        let is_retired =
            |action: &Action<'_>| action.service().is_none_or(|service| service.is_retired());
        if actions.is_empty() || actions.iter().all(is_retired) {
            return None;
        }
        let mut found = KeyUse {
            total: actions.len(),
            ..KeyUse::default()
        };
        for action in actions {
            let is = |own: Key<'c>| own.id() == key;
            let has =
                |one: &ActionResource<'c>| one.keys().any(is) || one.resource_type().keys().any(is);
            let reached: Vec<ActionResource<'c>> = action
                .resources()
                .filter(|one| self.is_of_any(one.resource_type(), resources))
                .collect();
            let is_own = action.own_keys().any(is);
            found.is_known |= is_own || action.resources().any(|one| has(&one));
            let mut required = reached
                .iter()
                .filter(|one| one.is_required() && surely(one.resource_type(), resources));
            let is_missing = !is_own && (!reached.iter().any(has) || required.any(|one| !has(one)));
            if is_missing {
                found.without += 1;
                if found.examples.len() < 3 {
                    found.examples.push(action.to_string());
                }
            }
        }
        Some(found)
    }

    fn find_service(&self, prefix: &str) -> Answer {
        match ByHand.service(prefix) {
            // AA-40: gone, though references list it.
            Answer::No if prefix.eq_ignore_ascii_case("elastic-inference") => Answer::No,
            Answer::Yes => Answer::Yes,
            _ => self.facts.service(prefix).is_some().into(),
        }
    }

    fn find_key(&self, key: &str) -> Option<KeyFacts> {
        ByHand.key(key).or_else(|| {
            let found = self.facts.key(key)?;
            let kind = match found.kind() {
                KeyType::String => Type::Text,
                KeyType::Arn => Type::Arn,
                KeyType::Bool => Type::Bool,
                KeyType::Numeric => Type::Number,
                KeyType::Date => Type::Date,
                KeyType::IpAddress => Type::Address,
                _ => return None,
            };
            // That a key has one value references do not say for sure.
            let is_many = if found.is_multivalued() {
                Answer::Yes
            } else {
                Answer::Unknown
            };
            Some(KeyFacts {
                kind,
                is_many,
                is_family: found.name().contains("${"),
            })
        })
    }

    fn find_action(&self, action: &str) -> Answer {
        let Some((prefix, name)) = action.split_once(':') else {
            return Answer::Unknown;
        };
        let Some(service) = self.facts.service(prefix) else {
            return Answer::Unknown;
        };
        if service.is_retired() || service.actions().len() == 0 {
            return Answer::Unknown;
        }
        match service.action(name) {
            Some(action) => {
                let is_remembered =
                    || Some(action.last_seen().date) >= Date::parse(FORGOTTEN_BEFORE);
                (action.is_current() || is_remembered()).into()
            }
            None => Answer::No,
        }
    }

    fn find_tags(&self, pattern: &str) -> Answer {
        let is_tag = |name: &str| {
            name.starts_with("aws:ResourceTag/")
                || name.starts_with("aws:RequestTag/")
                || name == "aws:TagKeys"
        };
        let mut any = false;
        for action in self.actions(pattern) {
            any = true;
            if action.keys().iter().any(|key| is_tag(key.name()))
                || action
                    .resources()
                    .any(|one| one.resource_type().keys().any(|key| is_tag(key.name())))
            {
                return Answer::Yes;
            }
        }
        if any { Answer::No } else { Answer::Unknown }
    }
}

/// The service of an ARN.
fn service(arn: &str) -> Option<&str> {
    arn.split(':').nth(2)
}

/// True if a pattern matches ordinary resources of a type, and not just one that is called as if it were of another.
fn surely(kind: ResourceType<'_>, patterns: &[Cow<'_, str>]) -> bool {
    let Some(format) = kind.arn_formats().next() else {
        return false;
    };
    let mut sample = String::new();
    let mut rest = format;
    while let Some((before, behind)) = rest.split_once("${") {
        sample.push_str(before);
        let (name, after) = behind.split_once('}').unwrap_or((behind, ""));
        sample.push_str(match name {
            "Partition" => "aws",
            "Region" => "us-east-1",
            "Account" => "111122223333",
            _ => "x",
        });
        rest = after;
    }
    sample.push_str(rest);
    let mut all = patterns.iter();
    all.any(|pattern| covers(pattern, &sample, false, &mut 100_000) == Some(true))
}

/// The answer of last time, or a new one.
fn remembered<V: Clone>(
    memory: &RefCell<Map<String, V>>,
    key: &str,
    find: impl FnOnce() -> V,
) -> V {
    if let Some(found) = memory.borrow().get(key) {
        return found.clone();
    }
    let found = find();
    if key.len() > LONGEST {
        return found;
    }
    let mut memory = memory.borrow_mut();
    if memory.len() >= REMEMBERED {
        memory.clear();
    }
    memory.insert(key.to_owned(), found.clone());
    found
}

impl Catalog for FromPack<'_> {
    fn service(&self, prefix: &str) -> Answer {
        remembered(&self.services, prefix, || self.find_service(prefix))
    }

    fn key(&self, key: &str) -> Option<KeyFacts> {
        remembered(&self.keys, key, || self.find_key(key))
    }

    fn action(&self, action: &str) -> Answer {
        remembered(&self.actions, action, || self.find_action(action))
    }

    fn service_key(&self, prefix: &str, key: &str) -> Answer {
        if self.key(key).is_some() || self.facts.key(key).is_some() {
            return Answer::Yes;
        }
        let Some(service) = self.facts.service(prefix) else {
            return Answer::Unknown;
        };
        // A service without keys of its own in any reference says nothing.
        let own = format!("{}:", service.prefix());
        let has = service
            .actions()
            .any(|action| action.keys().iter().any(|key| key.name().starts_with(&own)));
        if has && !service.is_retired() {
            Answer::No
        } else {
            Answer::Unknown
        }
    }
    fn knows_tags(&self, pattern: &str) -> Answer {
        remembered(&self.tags, &pattern.to_ascii_lowercase(), || {
            self.find_tags(pattern)
        })
    }

    fn meets(&self, pattern: &str, resources: &[Cow<'_, str>]) -> Meeting {
        // What takes in whole services is about something of one of them.
        let prefix = pattern.split(':').next().unwrap_or_default();
        if prefix.contains(['*', '?']) {
            return Meeting::Unknown;
        }
        let actions = self.actions(pattern);
        if actions.is_empty() || !actions.iter().all(|action| action.is_current()) {
            return Meeting::Unknown;
        }
        let mut is_about_none = false;
        let mut seen = Set::default();
        for action in actions {
            let mut is_any = false;
            for one in action.resources() {
                is_any = true;
                let kind = one.resource_type();
                if seen.insert(kind.id()) && self.is_of_any(kind, resources) {
                    return Meeting::Some;
                }
            }
            is_about_none |= !is_any;
        }
        match is_about_none {
            true => Meeting::OnlyEverything,
            false => Meeting::None,
        }
    }

    fn is_restrictable(&self, action: &str) -> Answer {
        let Some(action) = self.facts.action(action) else {
            return Answer::Unknown;
        };
        let changes = !matches!(action.level(), Level::List | Level::Read);
        (changes && action.resources().any(|one| one.is_required())).into()
    }

    fn is_reading(&self, action: &str) -> Answer {
        match self.facts.action(action) {
            Some(action) => matches!(action.level(), Level::List | Level::Read).into(),
            None => Answer::Unknown,
        }
    }

    fn uses_of_key(&self, pattern: &str, resources: &[Cow<'_, str>], key: &str) -> Option<KeyUse> {
        let mut asked = String::with_capacity(pattern.len() + key.len() + 64);
        asked.extend([pattern, "\n", key]);
        asked.make_ascii_lowercase();
        for resource in resources {
            asked.extend(["\n", resource]);
        }
        remembered(&self.uses, &asked, || {
            self.find_uses(pattern, resources, key)
        })
    }
}
