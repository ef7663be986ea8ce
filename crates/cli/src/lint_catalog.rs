//! What the linter asks of services, answered by the catalog and, first, by what is kept by hand.

use portcullis_catalog::{Catalog as Facts, Date, KeyType};
use portcullis_lint::{Answer, ByHand, Catalog, KeyFacts};
use portcullis_syntax::lint::keys::Type;

/// What left the references before is forgotten by Access Analyzer, as far as its answers tell (`AA-51`).
const FORGOTTEN_BEFORE: &str = "2025-06-01";

/// A catalog, for the linter.
pub(crate) struct FromPack<'c>(pub(crate) &'c Facts);

impl Catalog for FromPack<'_> {
    fn service(&self, prefix: &str) -> Answer {
        match ByHand.service(prefix) {
            // AA-40: gone, though references list it.
            Answer::No if prefix.eq_ignore_ascii_case("elastic-inference") => Answer::No,
            Answer::Yes => Answer::Yes,
            _ => self.0.service(prefix).is_some().into(),
        }
    }
    fn key(&self, key: &str) -> Option<KeyFacts> {
        ByHand.key(key).or_else(|| {
            let found = self.0.key(key)?;
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
    fn action(&self, prefix: &str, name: &str) -> Answer {
        let Some(service) = self.0.service(prefix) else {
            return Answer::Unknown;
        };
        if service.is_retired() || service.actions().len() == 0 {
            return Answer::Unknown;
        }
        match self.0.action(&format!("{prefix}:{name}")) {
            Some(action) => {
                let since = Date::parse(FORGOTTEN_BEFORE);
                (action.is_current() || Some(action.last_seen().date) >= since).into()
            }
            None => Answer::No,
        }
    }
    fn service_key(&self, prefix: &str, key: &str) -> Answer {
        if self.key(key).is_some() || self.0.key(key).is_some() {
            return Answer::Yes;
        }
        let Some(service) = self.0.service(prefix) else {
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
        let is_tag = |name: &str| {
            name.starts_with("aws:ResourceTag/")
                || name.starts_with("aws:RequestTag/")
                || name == "aws:TagKeys"
        };
        let mut any = false;
        for action in self.0.expand(pattern) {
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
