//! A request, ready to be decided: names are numbers, values are read.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;
use core::ops::Range;

use portcullis_image::index::Segments;
use portcullis_image::value::instant;
use portcullis_image::value::network::Address;
use portcullis_image::value::number::Number;
use portcullis_image::{PrincipalForm, Section, Slot, View, layer_mask, reserved};
use portcullis_model::{self as model, Caller, Layer, is_account_id, is_rcp_service};

use crate::caller::{Kind, Strength, chain, identity};
use crate::glob::Matcher;
use crate::lookup;

/// A request that is filled for a stack of images and can be decided against it any number of times.
///
/// It owns its texts. Filling it again reuses its memory, so that a long-lived request does not
/// allocate once it has seen its largest content.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// All texts, one after the other.
    text: String,
    pub(crate) facts: Facts,
    service: Range<u32>,
    name: Range<u32>,
    resource: Range<u32>,
    images: Vec<PerImage>,
    slots: Vec<SlotRange>,
    touched: Vec<u32>,
    values: Vec<Value>,
    named: Vec<Named>,
    /// The groups of candidates of the action, image by image.
    groups: Vec<u32>,
    /// The resource in segments, if an image hashes resources.
    pub(crate) segments: Segments,
}

/// What the decision needs to know beside the statements.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Facts {
    pub(crate) caller: Kind,
    /// The layers that take part if they are present (`EVAL-70`).
    pub(crate) layers: u32,
    /// Layers whose Deny statements do not count (`EVAL-52`).
    pub(crate) undeniable: u32,
    /// The action needs no permission (`EVAL-90`).
    pub(crate) exempt: bool,
    /// The root user, whose identity side allows everything (`EVAL-50`).
    pub(crate) root_allows: bool,
    pub(crate) same_account: bool,
    pub(crate) other_partition: bool,
    /// A KMS key, or a role for STS: nothing is allowed without its policy (`KMS-1`, `TRUST-1`).
    pub(crate) needs_resource_policy: bool,
    /// The endpoint is taken as a gateway endpoint (`VPCE-2`).
    pub(crate) gateway: bool,
    /// The caller can have a boundary, which `NotPrincipal` looks at (`GRAM-52`).
    pub(crate) boundable: bool,
    pub(crate) external_grant: bool,
    pub(crate) restrict_public_buckets: bool,
    /// The owner of the resource is an assumption (`EVAL-12`).
    pub(crate) owner_assumed: bool,
}

/// The part of a request that depends on an image.
#[derive(Clone, Debug)]
struct PerImage {
    slots: Range<u32>,
    named: Range<u32>,
    groups: Range<u32>,
}

/// The values of a slot.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SlotRange {
    start: u32,
    pub(crate) count: u32,
    /// The context has the key, perhaps without a value.
    given: bool,
}

/// A value of the request, read as its slot's class says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value {
    offset: u32,
    pub(crate) len: u32,
    pub(crate) typed: Typed,
}

/// What a value is under the class of its slot.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Typed {
    /// The first 16 bytes, padded with zeros.
    Text(u64, u64),
    /// Millionths.
    Millionths(i64),
    /// A number that only its text can tell.
    Number,
    Instant(i128),
    Address(Address),
    /// Not what the class asks for (`COND-87`).
    Unusable,
}

/// A principal of an image that names the caller.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named {
    pub(crate) principal: u32,
    pub(crate) strength: Strength,
    /// The identities that it lists (`GRAM-51`).
    pub(crate) identities: u8,
}

/// The keys that follow from a request (`KEY-5`), with their values.
type Derived<'a> = [(&'static str, Option<&'a str>); 8];

impl Request {
    /// An empty request.
    pub fn new() -> Request {
        Request::default()
    }

    /// Fills the request for a stack of images, in time linear in the request and logarithmic in
    /// each image, and forgets what it held before.
    ///
    /// Every request can be filled; a text that is no number, date or address where one is asked for
    /// is a value that compares to nothing (`COND-87`).
    pub fn fill<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>> + Clone,
        request: &model::Request<'_>,
    ) {
        self.clear();
        for view in images.clone() {
            let start = self.slots.len() as u32;
            let end = start + view.count(Section::Slots);
            self.slots.resize(end as usize, SlotRange::default());
            self.images.push(PerImage {
                slots: start..end,
                named: 0..0,
                groups: 0..0,
            });
        }
        for entry in request.context {
            self.push_key(images.clone(), entry.key, entry.values);
        }
        self.push_derived(images.clone(), request);
        self.set_action(request.action);
        self.resource = self.push_text(request.resource);
        self.set_facts(request);
        self.set_groups(images.clone());
        self.set_named(images, request);
    }

    /// Finds the groups of candidates of the action in each image that has an index.
    fn set_groups<'i>(&mut self, images: impl Iterator<Item = View<'i>>) {
        let mut groups = core::mem::take(&mut self.groups);
        let mut hashed = false;
        for (image, view) in images.enumerate() {
            let start = groups.len() as u32;
            if view.has_index() {
                hashed |= view.count(Section::Probes) > 0;
                let matcher = Matcher {
                    view,
                    request: self,
                    image,
                };
                lookup::nodes(&matcher, |node| groups.push(view.node(node)));
            }
            if let Some(image) = self.images.get_mut(image) {
                image.groups = start..groups.len() as u32;
            }
        }
        self.groups = groups;
        if hashed {
            let range = self.resource.start as usize..self.resource.end as usize;
            if let Some(resource) = self.text.as_bytes().get(range) {
                self.segments.set(resource);
            }
        }
    }

    fn clear(&mut self) {
        self.text.clear();
        for slot in self.touched.drain(..) {
            if let Some(slot) = self.slots.get_mut(slot as usize) {
                *slot = SlotRange::default();
            }
        }
        self.slots.clear();
        self.values.clear();
        self.images.clear();
        self.named.clear();
        self.groups.clear();
    }

    fn push_text(&mut self, text: &str) -> Range<u32> {
        let start = self.text.len() as u32;
        self.text.push_str(text);
        start..self.text.len() as u32
    }

    /// Adds values to the slots of a key.
    fn push_key<'i>(&mut self, images: impl Iterator<Item = View<'i>>, key: &str, values: &[&str]) {
        let mut texts: Option<Range<u32>> = None;
        for (image, view) in images.enumerate() {
            let Some(base) = self.images.get(image).map(|image| image.slots.start) else {
                continue;
            };
            for slot in view.find_slots(key) {
                // The texts of a key are stored once, when the first image asks for it.
                let stored = texts.get_or_insert_with(|| {
                    let start = self.text.len() as u32;
                    values.iter().for_each(|value| self.text.push_str(value));
                    start..self.text.len() as u32
                });
                let class = view.slot(slot).class;
                push_values(
                    &mut self.values,
                    self.slots.get_mut((base + slot) as usize),
                    values,
                    stored.start,
                    class,
                );
                self.touched.push(base + slot);
            }
        }
    }

    fn push_derived<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>> + Clone,
        request: &model::Request<'_>,
    ) {
        let caller = &request.principal.caller;
        let derived: Derived<'_> = [
            ("aws:principalarn", principal_arn(caller)),
            ("aws:principalaccount", principal_account(caller)),
            ("aws:principaltype", principal_type(caller)),
            ("aws:username", user_name(caller)),
            ("aws:principalisawsservice", is_service(caller)),
            ("aws:principalservicename", service_name(caller)),
            ("aws:resourceaccount", resource_account(request)),
            ("aws:userid", request.principal.user_id),
        ];
        for (key, value) in derived {
            if let Some(value) = value {
                self.push_unless_given(images.clone(), key, &[value]);
            }
        }
        if request.principal.user_id.is_none() {
            // VAR-13.
            match caller {
                Caller::Anonymous => self.push_unless_given(images, "aws:userid", &["anonymous"]),
                Caller::Root { .. } => {
                    let account = caller.account().unwrap_or("");
                    self.push_unless_given(images, "aws:userid", &[account]);
                }
                Caller::FederatedUser { arn, .. } => {
                    let account = caller.account().unwrap_or("");
                    let name = arn
                        .rsplit_once("federated-user/")
                        .map_or("", |(_, name)| name);
                    let mut id = String::new();
                    // Rare enough to allocate: federated users with a policy on `aws:userid`.
                    let _ = write!(id, "{account}:{name}");
                    self.push_unless_given(images, "aws:userid", &[&id]);
                }
                _ => {}
            }
        }
    }

    fn push_unless_given<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>> + Clone,
        key: &str,
        values: &[&str],
    ) {
        let given = images.clone().enumerate().any(|(image, view)| {
            view.find_slots(key)
                .any(|slot| self.slot(image, slot).given)
        });
        if !given {
            self.push_key(images, key, values);
        }
    }

    /// Service and name in lower case (`MATCH-10`, `MATCH-12`).
    fn set_action(&mut self, action: &str) {
        let (service, name) = action.split_once(':').unwrap_or((action, ""));
        self.service = self.push_text(service);
        self.name = self.push_text(name);
        for range in [self.service.clone(), self.name.clone()] {
            if let Some(text) = self.text.get_mut(range.start as usize..range.end as usize) {
                text.make_ascii_lowercase();
            }
        }
    }

    fn set_facts(&mut self, request: &model::Request<'_>) {
        let caller = Kind::of(&request.principal.caller);
        let service = self.action_service();
        let name = self.action_name();
        let resource = ResourceParts::of(request.resource);
        let account = request.principal.caller.account();
        // EVAL-12, EVAL-13.
        let owner = match resource.is_star {
            true => None,
            false => request.resource_account.or(resource.account),
        };
        let same_account = owner.is_none() || owner == account;
        let partition = request.principal.caller.partition();
        let assumed_root = caller == Kind::Root && self.is_assumed_root();

        let mut layers = caller.layers(assumed_root);
        if request.principal.management_account {
            layers &= !chain(Layer::Scp); // SCP-3
        }
        let own_resource = caller.has_account() && same_account;
        let rcp = is_rcp_service(service)
            && (service, name) != ("kms", "retiregrant")
            && !(request.principal.management_account && own_resource);
        if !rcp {
            layers &= !chain(Layer::Rcp); // RCP-3, RCP-4, RCP-5
        }
        let bucket_policy = service == "s3"
            && matches!(
                name,
                "getbucketpolicy" | "putbucketpolicy" | "deletebucketpolicy"
            );
        let signed = !matches!(caller, Kind::Anonymous | Kind::Federated);
        self.facts = Facts {
            caller,
            layers,
            undeniable: if caller == Kind::Root && same_account && bucket_policy {
                layer_mask(Layer::Resource)
            } else {
                0
            },
            exempt: signed
                && service == "sts"
                && matches!(name, "getcalleridentity" | "getsessiontoken"),
            root_allows: caller == Kind::Root && !assumed_root,
            same_account,
            other_partition: matches!(
                (partition, resource.partition),
                (Some(caller), Some(resource)) if caller != resource
            ),
            needs_resource_policy: (service == "kms" && resource.is_key)
                || (service == "sts" && resource.is_role),
            gateway: matches!(service, "s3" | "dynamodb"),
            boundable: caller.can_be_bounded(),
            external_grant: request.external_grant,
            restrict_public_buckets: request.restrict_public_buckets && service == "s3",
            owner_assumed: owner.is_none() && !resource.is_star,
        };
    }

    /// `EVAL-50`: the session is one of AssumeRoot. Every image has the key's slot.
    fn is_assumed_root(&self) -> bool {
        self.single(0, reserved::ASSUMED_ROOT)
            .is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }

    /// Finds the principals of each image that name the caller (`GRAM-34` to `GRAM-44`).
    fn set_named<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>>,
        request: &model::Request<'_>,
    ) {
        let caller = &request.principal.caller;
        for (image, view) in images.enumerate() {
            let start = self.named.len() as u32;
            if view.count(Section::Principals) > 0 {
                self.set_named_of(image, view, caller, request.principal.user_id);
            }
            let end = self.named.len() as u32;
            if let Some(image) = self.images.get_mut(image) {
                image.named = start..end;
            }
        }
    }

    fn set_named_of(
        &mut self,
        image: usize,
        view: View<'_>,
        caller: &Caller<'_>,
        user_id: Option<&str>,
    ) {
        use PrincipalForm as Form;
        use Strength::{Account, Direct, RoleLike};
        let mut named = core::mem::take(&mut self.named);
        let mut add = |form, text: &str, strength, identities| {
            if let Some(principal) = find_principal(view, form, |stored| stored.cmp(text)) {
                named.push(Named {
                    principal,
                    strength,
                    identities,
                });
            }
        };
        let unique_id = user_id.or_else(|| self.single(image, reserved::USER_ID));
        match *caller {
            Caller::Root { .. } | Caller::Anonymous => {}
            Caller::User { arn } => {
                add(Form::Arn, arn, Direct, identity::ENTITY);
                if let Some(id) = unique_id {
                    add(Form::UniqueId, id, Direct, identity::ENTITY);
                }
            }
            Caller::Role {
                session_arn,
                role_arn,
                ..
            } => {
                add(Form::Arn, role_arn, RoleLike, identity::ENTITY);
                if let Some(session) = session_arn {
                    add(Form::Arn, session, Direct, identity::SESSION);
                }
                if let Some(id) = unique_id {
                    let id = id.split_once(':').map_or(id, |(id, _)| id);
                    add(Form::UniqueId, id, RoleLike, identity::ENTITY);
                }
                if let Some(provider) = self.single(image, reserved::FEDERATED_PROVIDER) {
                    add(Form::Federated, provider, Direct, 0);
                }
            }
            Caller::FederatedUser { arn, federated_by } => {
                add(Form::Arn, arn, Direct, identity::ENTITY);
                // EVAL-25: a user; what a root user makes is named by its account.
                let user = federated_by
                    .filter(|by| matches!(Caller::from_arn(by), Ok(Caller::User { .. })));
                if let Some(user) = user {
                    add(Form::Arn, user, RoleLike, 0);
                }
            }
            Caller::Service { name } => {
                let names = self.slot_values(image, reserved::SERVICE_NAMES);
                if names.is_empty() {
                    add(Form::Service, name, Direct, identity::FIRST);
                }
                for name in names {
                    add(
                        Form::Service,
                        self.value_text(name),
                        Direct,
                        identity::FIRST,
                    );
                }
            }
            Caller::Federated { provider } => {
                add(Form::Federated, provider, Direct, identity::FIRST);
            }
            Caller::CanonicalUser { id } => {
                add(Form::CanonicalUser, id, Direct, identity::FIRST);
            }
        }
        if let (Some(account), Some(partition)) = (caller.account(), caller.partition()) {
            // An account principal names the root user directly (EVAL-51).
            let strength = match caller {
                Caller::Root { .. } => Direct,
                _ => Account,
            };
            add(Form::Account, account, strength, identity::FIRST);
            let arn = ["arn:", partition, ":iam::", account, ":root"];
            let whole = |stored: &str| compare_with_parts(stored, &arn);
            if let Some(principal) = find_principal(view, Form::AccountArn, whole) {
                named.push(Named {
                    principal,
                    strength,
                    identities: identity::FIRST,
                });
            }
        }
        self.named = named;
    }

    // What the walk reads.

    /// The action's service, in lower case.
    #[inline]
    pub(crate) fn action_service(&self) -> &str {
        self.at(&self.service)
    }

    /// The action's name, in lower case.
    #[inline]
    pub(crate) fn action_name(&self) -> &str {
        self.at(&self.name)
    }

    /// The resource.
    #[inline]
    pub(crate) fn resource(&self) -> &str {
        self.at(&self.resource)
    }

    #[inline]
    fn at(&self, range: &Range<u32>) -> &str {
        self.text
            .get(range.start as usize..range.end as usize)
            .unwrap_or("")
    }

    /// The principals of an image that name the caller.
    #[inline]
    pub(crate) fn named(&self, image: usize) -> &[Named] {
        self.images
            .get(image)
            .and_then(|image| {
                self.named
                    .get(image.named.start as usize..image.named.end as usize)
            })
            .unwrap_or(&[])
    }

    /// The groups of candidates of an image.
    #[inline]
    pub(crate) fn groups(&self, image: usize) -> &[u32] {
        self.images
            .get(image)
            .and_then(|image| {
                self.groups
                    .get(image.groups.start as usize..image.groups.end as usize)
            })
            .unwrap_or(&[])
    }

    #[inline]
    pub(crate) fn slot(&self, image: usize, slot: u32) -> SlotRange {
        self.images
            .get(image)
            .and_then(|image| self.slots.get((image.slots.start + slot) as usize))
            .copied()
            .unwrap_or_default()
    }

    /// The values of a slot.
    #[inline]
    pub(crate) fn slot_values(&self, image: usize, slot: u32) -> &[Value] {
        let range = self.slot(image, slot);
        self.values
            .get(range.start as usize..(range.start + range.count) as usize)
            .unwrap_or(&[])
    }

    /// The only value of a slot.
    pub(crate) fn single(&self, image: usize, slot: u32) -> Option<&str> {
        match self.slot_values(image, slot) {
            [value] => Some(self.value_text(value)),
            _ => None,
        }
    }

    /// The text of a value.
    #[inline]
    pub(crate) fn value_text(&self, value: &Value) -> &str {
        let start = value.offset as usize;
        self.text
            .get(start..start + value.len as usize)
            .unwrap_or("")
    }
}

/// Appends values to a slot. A key that came before in another case is the same key (`COND-41`).
fn push_values(
    all: &mut Vec<Value>,
    slot: Option<&mut SlotRange>,
    texts: &[&str],
    offset: u32,
    class: u8,
) {
    let Some(slot) = slot else {
        return;
    };
    let start = all.len() as u32;
    let before = slot.start as usize..(slot.start + slot.count) as usize;
    all.extend_from_within(before);
    let mut offset = offset;
    for text in texts {
        all.push(Value {
            offset,
            len: text.len() as u32,
            typed: typed(text, class),
        });
        offset += text.len() as u32;
    }
    *slot = SlotRange {
        start,
        count: all.len() as u32 - start,
        given: true,
    };
}

fn typed(text: &str, class: u8) -> Typed {
    match class {
        Slot::NUMBER => match Number::parse(text) {
            Some(number) => number.millionths().map_or(Typed::Number, Typed::Millionths),
            None => Typed::Unusable,
        },
        Slot::DATE => instant::parse(text).map_or(Typed::Unusable, Typed::Instant),
        Slot::ADDRESS => Address::parse(text).map_or(Typed::Unusable, Typed::Address),
        _ => {
            let mut bytes = [0; 16];
            for (to, from) in bytes.iter_mut().zip(text.bytes()) {
                *to = from;
            }
            let both = u128::from_le_bytes(bytes);
            Typed::Text(both as u64, (both >> 64) as u64)
        }
    }
}

/// The principal of a form for whose text the comparison says equal.
fn find_principal(
    view: View<'_>,
    form: PrincipalForm,
    compare: impl Fn(&str) -> core::cmp::Ordering,
) -> Option<u32> {
    let (mut low, mut high) = (0, view.count(Section::Principals));
    while low < high {
        let middle = low.midpoint(high);
        let record = view.principal(middle)?;
        let order = record
            .form
            .cmp(&form)
            .then_with(|| compare(view.text(record.text)));
        match order {
            core::cmp::Ordering::Less => low = middle + 1,
            core::cmp::Ordering::Greater => high = middle,
            core::cmp::Ordering::Equal => return Some(middle),
        }
    }
    None
}

/// Orders a text and the text that the parts are together.
fn compare_with_parts(text: &str, parts: &[&str]) -> core::cmp::Ordering {
    text.bytes().cmp(parts.iter().flat_map(|part| part.bytes()))
}

/// What the decision needs to know of the resource.
struct ResourceParts<'a> {
    is_star: bool,
    partition: Option<&'a str>,
    /// The owner's account, if the ARN tells it (`EVAL-12`).
    account: Option<&'a str>,
    is_key: bool,
    is_role: bool,
}

impl<'a> ResourceParts<'a> {
    fn of(resource: &'a str) -> Self {
        let mut split = resource.splitn(6, ':');
        let mut parts = [""; 6];
        let filled = parts.iter_mut().all(|part| {
            let next = split.next();
            *part = next.unwrap_or("");
            next.is_some()
        });
        let [scheme, partition, service, _, account, rest] = parts;
        let is_arn = filled && scheme == "arn";
        ResourceParts {
            is_star: resource == "*",
            partition: is_arn.then_some(partition),
            account: Some(account).filter(|account| is_arn && is_account_id(account)),
            is_key: is_arn && service == "kms" && rest.starts_with("key/"),
            is_role: is_arn && service == "iam" && rest.starts_with("role/"),
        }
    }
}

/// `KEY-10`: of a role session the role's ARN.
fn principal_arn<'a>(caller: &Caller<'a>) -> Option<&'a str> {
    match *caller {
        Caller::Role { role_arn, .. } => Some(role_arn),
        _ => caller.arn(),
    }
}

/// `KEY-11`.
fn principal_account<'a>(caller: &Caller<'a>) -> Option<&'a str> {
    match caller {
        Caller::Anonymous => Some("anonymous"),
        _ => caller.account(),
    }
}

/// `KEY-18`.
fn principal_type(caller: &Caller<'_>) -> Option<&'static str> {
    match caller {
        Caller::Anonymous => Some("Anonymous"),
        Caller::Root { .. } => Some("Account"),
        Caller::User { .. } => Some("User"),
        Caller::Role { .. } => Some("AssumedRole"),
        Caller::FederatedUser { .. } => Some("FederatedUser"),
        Caller::Service { .. } | Caller::Federated { .. } | Caller::CanonicalUser { .. } => None,
    }
}

/// `KEY-20`.
fn user_name<'a>(caller: &Caller<'a>) -> Option<&'a str> {
    match *caller {
        Caller::User { arn } => arn.rsplit('/').next(),
        _ => None,
    }
}

/// `KEY-15`.
fn is_service(caller: &Caller<'_>) -> Option<&'static str> {
    match caller {
        Caller::Service { .. } => Some("true"),
        Caller::Anonymous | Caller::Federated { .. } => None,
        _ => Some("false"),
    }
}

/// `KEY-16`.
fn service_name<'a>(caller: &Caller<'a>) -> Option<&'a str> {
    match *caller {
        Caller::Service { name } => Some(name),
        _ => None,
    }
}

/// `KEY-50`, `EVAL-12`: never the assumed owner.
fn resource_account<'a>(request: &model::Request<'a>) -> Option<&'a str> {
    request
        .resource_account
        .or_else(|| ResourceParts::of(request.resource).account)
}
