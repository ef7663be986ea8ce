//! The principals of an image that name a caller (`GRAM-34` to `GRAM-44`).
//!
//! A caller has few names: its ARN, its role's, its account's, its unique id. Each is looked for among the principals of
//! the image, which are sorted, instead of comparing every entry of every statement with the caller. A statement then asks
//! whether its list has one of the found numbers.
//!
//! That takes time logarithmic in the different principals of the policies, for at most six names. Where the policies name
//! nobody, as identity policies do not, nothing is looked for.

use alloc::string::String;
use alloc::vec::Vec;

use portcullis_image::value::fold::eq_folded;
use portcullis_image::{Id, PrincipalForm, PrincipalRecord, Reserved, Section, View};
use portcullis_model::{Caller, Principal};

use crate::combine::caller::{Strength, identity};
use crate::combine::ownership::HomeAccount;
use crate::stack::per_image::PerImage;
use crate::stack::{ImageIdx, StackId};

/// A principal of an image that names the caller.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NamingPrincipal {
    pub(crate) principal: Id<PrincipalRecord>,
    /// What its being listed gives (`EVAL-20`).
    pub(crate) strength: Strength,
    /// The identities that it lists (`GRAM-51`).
    pub(crate) identities: u8,
}

/// Names of a caller that a context says ([`crate::is_name_of_caller`]). A key with several values says nothing where one is
/// meant.
#[derive(Clone, Copy, Debug, Default)]
pub struct ContextNames<'a> {
    /// The only value of `aws:userid`.
    pub user_id: Option<&'a str>,
    /// The only value of `aws:FederatedProvider`.
    pub provider: Option<&'a str>,
    /// The values of `aws:PrincipalServiceNamesList`.
    pub services: &'a [&'a str],
}

/// Names of a calling service that a context gives (`EVAL-53`). A trait, so that they need not be gathered.
pub(crate) trait ServiceNames {
    /// Calls back with each of them.
    fn for_each(&self, found: &mut dyn FnMut(&str));
}

/// Names of the caller by the context of a request, asked for one image, like everything of a context.
#[derive(Clone, Copy, Default)]
pub(crate) struct FromContext<'a> {
    pub(crate) names: ContextNames<'a>,
    /// The names of a calling service, if the context has them.
    pub(crate) services: Option<&'a dyn ServiceNames>,
}

impl<'a> From<ContextNames<'a>> for FromContext<'a> {
    fn from(names: ContextNames<'a>) -> Self {
        FromContext {
            names,
            services: None,
        }
    }
}

/// What the images of a stack know of a principal, and its home account: for hosts that know their callers beforehand.
///
/// It holds numbers and two short texts, not the principal: a request has both, and that they are of the same principal is
/// believed. What the context of a request says of the caller is looked for beside it, each time.
///
/// ```
/// use portcullis_image::Image;
/// use portcullis_model::{Caller, Request};
/// use portcullis_vm::PrincipalHandle;
///
/// # let file = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/images/v1/example.pcl"));
/// let image = Image::from_bytes(&file[..])?;
/// let role = Caller::from_arn("arn:aws:iam::111122223333:role/reports").unwrap();
/// let principal = Request::new(role, "s3:GetObject", "*").principal;
/// let handle = PrincipalHandle::resolve(core::iter::once(image.view()), &principal);
/// assert_eq!(handle.home().account, Some("111122223333"));
/// # Ok::<(), portcullis_image::ImageError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct PrincipalHandle {
    /// The images that the names are of; none if the host found them its own way.
    pub(crate) of: StackId,
    /// The principals of each image that name it.
    pub(crate) named: PerImage<NamingPrincipal>,
    /// Where it is at home, unless its caller has no ARN.
    partition: String,
    account: String,
    /// There are partition and account.
    has_home: bool,
}

impl PrincipalHandle {
    /// Finds the entries of policies that name the principal, in all images of the stack. Allocates.
    pub fn resolve<'i>(
        images: impl Iterator<Item = View<'i>>,
        principal: &Principal<'_>,
    ) -> PrincipalHandle {
        let mut handle = PrincipalHandle::default();
        handle.set(images, principal);
        handle
    }

    /// Becomes that of a principal. Reuses its memory.
    pub(crate) fn set<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>>,
        principal: &Principal<'_>,
    ) {
        let home = HomeAccount::of(&principal.caller);
        self.named.clear();
        self.set_home(home);
        self.of = StackId::EMPTY;
        for view in images {
            self.of = self.of.with(view);
            let context = FromContext::default();
            find(view, principal, home, context, self.named.open());
            self.named.close();
        }
    }

    /// Finds the entries of the policies of some images that name the principal, by the host's own way from
    /// the index of an image, a form and a text, which comes in parts, to the number of a principal of the
    /// image. The host says where the caller is at home: its ARN is not looked at for that.
    ///
    /// Forgets what it held, and reuses its memory.
    pub fn set_by(
        &mut self,
        images: usize,
        look_up: impl Fn(ImageIdx, PrincipalForm, &[&str]) -> Option<Id<PrincipalRecord>>,
        principal: &Principal<'_>,
        home: HomeAccount<'_>,
        names: ContextNames<'_>,
    ) {
        self.of = StackId::NONE;
        self.named.clear();
        self.set_home(home);
        for (image, ()) in ImageIdx::of(core::iter::repeat_n((), images)) {
            let look_up = |form, text: &[&str]| look_up(image, form, text);
            find_by(look_up, principal, home, names.into(), self.named.open());
            self.named.close();
        }
    }

    /// The principals of an image that name the caller.
    #[inline]
    pub(crate) fn named(&self, image: ImageIdx) -> &[NamingPrincipal] {
        self.named.of(image)
    }

    /// Keeps the home account, in the memory of the one before.
    fn set_home(&mut self, home: HomeAccount<'_>) {
        self.partition.clear();
        self.account.clear();
        let both = home.partition.zip(home.account);
        self.has_home = both.is_some();
        if let Some((partition, account)) = both {
            self.partition.push_str(partition);
            self.account.push_str(account);
        }
    }

    /// Where the principal is at home.
    #[inline]
    pub fn home(&self) -> HomeAccount<'_> {
        match self.has_home {
            true => HomeAccount {
                partition: Some(&self.partition),
                account: Some(&self.account),
            },
            false => HomeAccount::default(),
        }
    }
}

/// Appends the principals of an image that name the caller.
pub(crate) fn find(
    view: View<'_>,
    principal: &Principal<'_>,
    home: HomeAccount<'_>,
    context: FromContext<'_>,
    all: &mut Vec<NamingPrincipal>,
) {
    if view.count(Section::Principals) > 0 {
        let look_up = |form, text: &[&str]| find_principal(view, form, text);
        find_by(look_up, principal, home, context, all);
    }
}

/// The same, with another way from a form and a text in parts to the image's principal. Which names a caller has, how strongly
/// each names it and whom it lists is here and nowhere else.
pub(crate) fn find_by(
    look_up: impl Fn(PrincipalForm, &[&str]) -> Option<Id<PrincipalRecord>>,
    principal: &Principal<'_>,
    home: HomeAccount<'_>,
    context: FromContext<'_>,
    all: &mut Vec<NamingPrincipal>,
) {
    use PrincipalForm as Form;
    use Strength::{Account, Direct, RoleLike};
    let mut add = |form, text: &[&str], strength, identities| {
        if let Some(principal) = look_up(form, text) {
            all.push(NamingPrincipal {
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
                (Some(services), _) => services.for_each(&mut add),
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

/// The principal of a form whose text is the parts together, by bisection.
fn find_principal(
    view: View<'_>,
    form: PrincipalForm,
    parts: &[&str],
) -> Option<Id<PrincipalRecord>> {
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
        let id: Id<PrincipalRecord> = Id::new(middle);
        let record = view.find(id)?;
        let text = record.text().bytes(view.bytes());
        let order = record.form().cmp(&form).then_with(|| match joined {
            Some(joined) => text.cmp(joined),
            None => text
                .iter()
                .copied()
                .cmp(parts.iter().flat_map(|part| part.bytes())),
        });
        match order {
            core::cmp::Ordering::Less => low = middle + 1,
            core::cmp::Ordering::Greater => high = middle,
            core::cmp::Ordering::Equal => return Some(id),
        }
    }
    None
}

/// The reserved slots of keys that say by which names policies may know the caller.
pub(crate) const KEYS_OF_CALLER: [Reserved; 3] = [
    Reserved::UserId,
    Reserved::FederatedProvider,
    Reserved::ServiceNames,
];

/// True if a key, whose name may be in any case, says by which names policies may know the caller (`GRAM-40`,
/// `GRAM-43`, `EVAL-53`).
pub fn is_name_of_caller(key: &str) -> bool {
    let is_it = |own: Reserved| eq_folded(key, own.name().as_bytes());
    KEYS_OF_CALLER.into_iter().any(is_it)
}
