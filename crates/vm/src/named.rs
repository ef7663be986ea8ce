//! The principals of an image that name a caller (`GRAM-34` to `GRAM-44`).

use alloc::vec::Vec;
use core::ops::Range;

use portcullis_image::{PrincipalForm, Section, View, reserved};
use portcullis_model::{Caller, Principal};

use crate::caller::{Strength, identity};
use crate::facts::Home;
use crate::slots::Keys;

/// A principal of an image that names the caller.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named {
    pub(crate) principal: u32,
    pub(crate) strength: Strength,
    /// The identities that it lists (`GRAM-51`).
    pub(crate) identities: u8,
}

/// Names of a caller that a context says ([`crate::is_name_of_caller`]).
#[derive(Clone, Copy, Debug, Default)]
pub struct ContextNames<'a> {
    /// The only value of `aws:userid`.
    pub user_id: Option<&'a str>,
    /// The only value of `aws:FederatedProvider`.
    pub provider: Option<&'a str>,
    /// The values of `aws:PrincipalServiceNamesList`.
    pub services: &'a [&'a str],
}

/// The same of a request; it is asked for one image, like everything of a context.
#[derive(Clone, Copy, Default)]
pub(crate) struct FromContext<'a> {
    names: ContextNames<'a>,
    /// The keys, if they have the names of a calling service.
    services: Option<Keys<'a>>,
}

impl<'a> FromContext<'a> {
    pub(crate) fn of(keys: Keys<'a>) -> Self {
        FromContext {
            names: ContextNames {
                user_id: keys.only_given(reserved::USER_ID),
                provider: keys.only_given(reserved::FEDERATED_PROVIDER),
                services: &[],
            },
            services: keys.has_given(reserved::SERVICE_NAMES).then_some(keys),
        }
    }
}

impl<'a> From<ContextNames<'a>> for FromContext<'a> {
    fn from(names: ContextNames<'a>) -> Self {
        FromContext {
            names,
            services: None,
        }
    }
}

/// The principals of the images that name a caller.
#[derive(Debug)]
pub(crate) struct AllNamed {
    named: Vec<Named>,
    /// Where those of each image are.
    ranges: Vec<Range<u32>>,
}

impl AllNamed {
    pub(crate) const fn new() -> AllNamed {
        AllNamed {
            named: Vec::new(),
            ranges: Vec::new(),
        }
    }

    /// Finds them. `keys` gives the keys of a request in terms of an image, if they may say names of the caller.
    pub(crate) fn find<'i, 'k>(
        &mut self,
        images: impl Iterator<Item = View<'i>>,
        principal: &Principal<'_>,
        home: Home<'_>,
        keys: Option<impl Fn(usize) -> Keys<'k>>,
    ) {
        self.named.clear();
        self.ranges.clear();
        for (image, view) in images.enumerate() {
            let start = self.named.len() as u32;
            let context = match &keys {
                Some(keys) => FromContext::of(keys(image)),
                None => FromContext::default(),
            };
            find(view, principal, home, context, &mut self.named);
            self.ranges.push(start..self.named.len() as u32);
        }
    }

    /// All of them, and where those of each image are.
    #[inline(always)]
    pub(crate) fn all(&self) -> (&[Named], &[Range<u32>]) {
        (&self.named, &self.ranges)
    }
}

/// Appends the principals of an image that name the caller.
pub(crate) fn find(
    view: View<'_>,
    principal: &Principal<'_>,
    home: Home<'_>,
    context: FromContext<'_>,
    all: &mut Vec<Named>,
) {
    if view.count(Section::Principals) > 0 {
        let look_up = |form, text: &[&str]| find_principal(view, form, text);
        find_by(look_up, principal, home, context, all);
    }
}

/// The same, with another way from a form and a text in parts to the image's principal.
pub(crate) fn find_by(
    look_up: impl Fn(PrincipalForm, &[&str]) -> Option<u32>,
    principal: &Principal<'_>,
    home: Home<'_>,
    context: FromContext<'_>,
    all: &mut Vec<Named>,
) {
    use PrincipalForm as Form;
    use Strength::{Account, Direct, RoleLike};
    let mut add = |form, text: &[&str], strength, identities| {
        if let Some(principal) = look_up(form, text) {
            all.push(Named {
                principal,
                strength,
                identities,
            });
        }
    };
    let caller = &principal.caller;
    let names = context.names;
    let unique_id = principal.user_id.or(names.user_id);
    match *caller {
        Caller::Root { .. } | Caller::Anonymous => {}
        Caller::User { arn } => {
            add(Form::Arn, &[arn], Direct, identity::ENTITY);
            if let Some(id) = unique_id {
                add(Form::UniqueId, &[id], Direct, identity::ENTITY);
            }
        }
        Caller::Role {
            session_arn,
            role_arn,
            ..
        } => {
            add(Form::Arn, &[role_arn], RoleLike, identity::ENTITY);
            if let Some(session) = session_arn {
                add(Form::Arn, &[session], Direct, identity::SESSION);
            }
            if let Some(id) = unique_id {
                let id = id.split_once(':').map_or(id, |(id, _)| id);
                add(Form::UniqueId, &[id], RoleLike, identity::ENTITY);
            }
            if let Some(provider) = names.provider {
                add(Form::Federated, &[provider], Direct, 0);
            }
        }
        Caller::FederatedUser { arn, federated_by } => {
            add(Form::Arn, &[arn], Direct, identity::ENTITY);
            // EVAL-25: a user; what a root user makes is named by its account.
            let user =
                federated_by.filter(|by| matches!(Caller::from_arn(by), Ok(Caller::User { .. })));
            if let Some(user) = user {
                add(Form::Arn, &[user], RoleLike, 0);
            }
        }
        Caller::Service { name } => {
            let mut add = |name: &str| add(Form::Service, &[name], Direct, identity::FIRST);
            match (context.services, names.services) {
                (Some(keys), _) => keys.for_each_text(reserved::SERVICE_NAMES, add),
                (None, []) => add(name),
                (None, services) => services.iter().copied().for_each(add),
            }
        }
        Caller::Federated { provider } => {
            add(Form::Federated, &[provider], Direct, identity::FIRST);
        }
        Caller::OriginAccessIdentity { arn } => {
            add(Form::Arn, &[arn], Direct, identity::ENTITY);
        }
        Caller::CanonicalUser { id } => {
            add(Form::CanonicalUser, &[id], Direct, identity::FIRST);
        }
    }
    if let (Some(account), Some(partition)) = (home.account, home.partition) {
        // An account principal names the root user directly (EVAL-51).
        let strength = match caller {
            Caller::Root { .. } => Direct,
            _ => Account,
        };
        add(Form::Account, &[account], strength, identity::FIRST);
        let arn = ["arn:", partition, ":iam::", account, ":root"];
        add(Form::AccountArn, &arn, strength, identity::FIRST);
    }
}

/// The principal of a form whose text is the parts together.
fn find_principal(view: View<'_>, form: PrincipalForm, parts: &[&str]) -> Option<u32> {
    // Joined on the stack; what is longer than that is compared part by part.
    let mut buffer = [0; 64];
    let mut len = 0;
    for part in parts {
        if let Some(place) = buffer.get_mut(len..len + part.len()) {
            place.copy_from_slice(part.as_bytes());
        }
        len += part.len();
    }
    let joined = match parts {
        [text] => Some(text.as_bytes()),
        _ => buffer.get(..len),
    };
    let (mut low, mut high) = (0, view.count(Section::Principals));
    while low < high {
        let middle = low.midpoint(high);
        let record = view.principal(middle)?;
        let text = record.text.bytes(view.bytes());
        let order = record.form.cmp(&form).then_with(|| match joined {
            Some(joined) => text.cmp(joined),
            None => text
                .iter()
                .copied()
                .cmp(parts.iter().flat_map(|part| part.bytes())),
        });
        match order {
            core::cmp::Ordering::Less => low = middle + 1,
            core::cmp::Ordering::Greater => high = middle,
            core::cmp::Ordering::Equal => return Some(middle),
        }
    }
    None
}
