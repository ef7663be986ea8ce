//! A catalog of two services that are made up, for what no real one is needed.

use std::borrow::Cow;

use portcullis_lint::{Answer, ByHand, Catalog, KeyFacts, KeyUse, Meeting};
use portcullis_syntax::lint::keys::Type;

/// `sample` has the actions `Get` and `Delete` for things, `ListAll` for none, the key `sample:Size` of `Get`, tags, and things in one region;
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

    fn action(&self, action: &str) -> Answer {
        match action.split_once(':') {
            Some(("sample", name)) => ["Get", "Delete", "ListAll"].contains(&name).into(),
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

    fn meets(&self, pattern: &str, resources: &[Cow<'_, str>]) -> Meeting {
        match pattern.split_once(':') {
            Some(("sample", "ListAll")) => Meeting::OnlyEverything,
            Some(("sample", _)) => {
                let of_thing = |text: &Cow<'_, str>| {
                    let rest = text.splitn(6, ':').nth(5).unwrap_or("*");
                    rest == "*" || rest.starts_with("thing/")
                };
                match resources.iter().any(of_thing) {
                    true => Meeting::Some,
                    false => Meeting::None,
                }
            }
            _ => Meeting::Unknown,
        }
    }

    fn is_restrictable(&self, action: &str) -> Answer {
        match action.split_once(':') {
            Some(("sample", name)) => (name == "Delete").into(),
            _ => Answer::Unknown,
        }
    }

    fn is_reading(&self, action: &str) -> Answer {
        (action == "sample:ListAll").into()
    }

    fn uses_of_key(&self, pattern: &str, _: &[Cow<'_, str>], key: &str) -> Option<KeyUse> {
        let (_, name) = pattern
            .split_once(':')
            .filter(|(prefix, _)| *prefix == "sample")?;
        let has = name == "Get" && key == "sample:Size";
        Some(KeyUse {
            total: 1,
            without: usize::from(!has),
            examples: vec![pattern.to_owned()],
            is_known: has,
        })
    }

    fn in_region(&self, service: &str, region: &str) -> Answer {
        match service {
            "sample" => (region == "us-east-1").into(),
            _ => Answer::Unknown,
        }
    }
}
