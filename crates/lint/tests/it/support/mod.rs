//! A catalog of two services that are made up, for what no real one is needed.

use portcullis_lint::{Answer, ByHand, Catalog, KeyFacts};
use portcullis_syntax::lint::keys::Type;

/// `sample` has the actions `Get` and `Delete`, the key `sample:Size`, tags, and things in one region;
/// `untagged` has no tags.
#[derive(Clone, Copy)]
pub(crate) struct Sample;

impl Catalog for Sample {
    fn service(&self, prefix: &str) -> Answer {
        match prefix {
            "sample" | "untagged" => Answer::Yes,
            _ => ByHand.service(prefix),
        }
    }

    fn key(&self, key: &str) -> Option<KeyFacts> {
        match key {
            "sample:Size" => Some(KeyFacts {
                kind: Type::Text,
                is_many: Answer::No,
                is_family: false,
            }),
            _ => ByHand.key(key),
        }
    }

    fn action(&self, prefix: &str, name: &str) -> Answer {
        match prefix {
            "sample" => ["Get", "Delete"].contains(&name).into(),
            _ => Answer::Unknown,
        }
    }

    fn service_key(&self, prefix: &str, key: &str) -> Answer {
        match prefix {
            "sample" => (key == "sample:Size").into(),
            _ => Answer::Unknown,
        }
    }

    fn knows_tags(&self, pattern: &str) -> Answer {
        match pattern.split(':').next() {
            Some("sample") => Answer::Yes,
            Some("untagged") => Answer::No,
            _ => Answer::Unknown,
        }
    }

    fn resource(&self, service: &str, rest: &str) -> Answer {
        match service {
            "sample" => rest.starts_with("thing/").into(),
            _ => Answer::Unknown,
        }
    }

    fn in_region(&self, service: &str, region: &str) -> Answer {
        match service {
            "sample" => (region == "us-east-1").into(),
            _ => Answer::Unknown,
        }
    }
}
