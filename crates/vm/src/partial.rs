//! A decision of which the host names the parts: first as far as no key of the context is needed, which is
//! mostly all the way, then the rest.

use alloc::vec::Vec;

use portcullis_image::index::{Candidate, Group, Segments, WHOLE_HEAD};
use portcullis_image::{StatementRef, View};

use crate::caller::{Kind as CallerKind, Strength};
use crate::combine::{Outcome, WITHIN};
use crate::entries::Entry;
use crate::facts::{Basis, Facts, Ownership};
use crate::given::KeyValues;
use crate::matcher::{Asked, Matcher};
use crate::named::Named;
use crate::slots::Keys;
use crate::typed::{Action, Known, Resource};
use crate::walk::{AtOnce, Judge, Walk};

/// A request of which all names were resolved before. Its keys come later.
#[derive(Clone, Copy, Debug)]
pub struct Resolved<'a> {
    /// What kind of caller asks.
    pub caller: CallerKind,
    /// Its account is the organization's management account.
    pub management_account: bool,
    /// What the images know of the caller.
    pub known: &'a Known,
    /// The action.
    pub action: &'a Action,
    /// The resource.
    pub resource: &'a Resource,
    /// Whose that is.
    pub ownership: Ownership,
    /// The caller's session is one of AssumeRoot (`EVAL-50`).
    pub assumed_root: bool,
    /// The caller has the credentials of GetSessionToken, and whether a multi-factor device was used (`STS-4`).
    pub session_token: Option<bool>,
    /// `RestrictPublicBuckets` is in force (`S3-4`).
    pub restrict_public_buckets: bool,
    /// Something outside the policy language grants the request (`EVAL-75`).
    pub external_grant: bool,
}

/// What a host knows of parts that take part, all together.
#[derive(Clone, Copy, Debug, Default)]
pub struct KnownParts {
    /// The layers that are present: those of the parts where they take part.
    pub present: u32,
    /// A resource policy among them is public (`S3-5`).
    pub public: bool,
    /// The layers, but for the resource policy's, in which some statement allows everything without condition.
    /// A part of which nothing else can be said need not be looked at.
    pub allowed: u32,
}

/// A resolved request and what follows from it.
#[derive(Clone, Debug)]
pub struct Settled<'a> {
    resolved: &'a Resolved<'a>,
    facts: Facts,
    parts: KnownParts,
}

impl<'a> Settled<'a> {
    /// Works out what follows, for parts of which as much is known.
    pub fn new(resolved: &'a Resolved<'a>, parts: KnownParts) -> Settled<'a> {
        let (is_key, is_role) = resolved.resource.is_key_or_role();
        let facts = Facts::of(&Basis {
            caller: resolved.caller,
            management_account: resolved.management_account,
            assumed_root: resolved.assumed_root,
            action: resolved.action,
            refused: resolved.action.facts.refuses(
                resolved.caller,
                resolved.session_token.is_some(),
                || resolved.session_token == Some(true),
            ),
            ownership: resolved.ownership,
            needs_resource_policy: resolved.action.facts.needs_resource_policy(is_key, is_role),
            restrict_public_buckets: resolved.restrict_public_buckets,
            external_grant: resolved.external_grant,
            present: parts.present,
        });
        Settled {
            resolved,
            facts,
            parts,
        }
    }
}

/// A statement that cannot be judged without the keys.
#[derive(Clone, Copy, Debug)]
struct Leftover {
    image: u32,
    candidate: Candidate,
    /// The layers that it stands for.
    layers: u32,
    is_deny: bool,
    /// How it names the caller, if all of it matches but for the condition; none if nothing is known yet.
    strength: Option<Strength>,
}

/// Memory for statements that cannot be judged without the keys, to be used in many decisions.
#[derive(Clone, Debug, Default)]
pub struct Leftovers(Vec<Leftover>);

/// A decision in the making, for a stack of images.
///
/// The host names the parts that take part ([`Partial::look`]) and asks for the decision
/// ([`Partial::decide`]). If that depends on statements that cannot be judged yet, the host fills a request with
/// the keys that these look at. What it says wrongly is decided wrongly.
///
/// Neither step allocates, once the memory has held as many statements.
pub struct Partial<'a> {
    settled: &'a Settled<'a>,
    walk: Walk,
    left: &'a mut Leftovers,
    /// A Deny is among what is left.
    denies: bool,
}

impl<'a> Partial<'a> {
    /// Begins a decision.
    pub fn new(settled: &'a Settled<'a>, left: &'a mut Leftovers) -> Partial<'a> {
        let facts = &settled.facts;
        let mut walk = Walk::new(facts.layers, facts.undeniable);
        walk.say(settled.parts.allowed, 0);
        Partial::with(settled, walk, left)
    }

    /// Begins to find out what single parts say ([`Partial::says`]), in whatever layer.
    pub fn of_part(settled: &'a Settled<'a>, left: &'a mut Leftovers) -> Partial<'a> {
        Partial::with(settled, Walk::new(!WITHIN, 0), left)
    }

    fn with(settled: &'a Settled<'a>, walk: Walk, left: &'a mut Leftovers) -> Partial<'a> {
        left.0.clear();
        Partial {
            settled,
            walk,
            left,
            denies: false,
        }
    }

    /// Adds layers of which it is known that some statement allows the request, and that some denies it. Not
    /// the resource policy's, whose Allow is by more or less.
    pub fn say(&mut self, allowed: u32, denied: u32) {
        self.walk.say(allowed, denied);
    }

    /// Looks at a part of an image, by the image's place in the stack, for the layers that it stands for.
    /// `groups` are those that [`Action::groups`] gives.
    #[inline]
    pub fn look(&mut self, image: usize, view: View<'_>, part: u32, groups: &[Group], layers: u32) {
        let (matcher, mut later, walk) = self.in_image(image, view);
        if !(view.has_index() && walk.candidates(&matcher, groups, layers, &mut later)) {
            let part = view.part(part);
            let statements = part.statements..part.statements.saturating_add(part.statement_count);
            for statement in statements {
                let candidate = Candidate {
                    mask: 0,
                    statement,
                    pattern: WHOLE_HEAD,
                };
                walk.candidate(&matcher, &candidate, layers & walk.layers(), &mut later);
            }
        }
    }

    /// The same by what [`Action::entries`] gives for the part.
    #[inline]
    pub fn look_at(&mut self, image: usize, view: View<'_>, entries: &[Entry], layers: u32) {
        let (matcher, mut later, walk) = self.in_image(image, view);
        let layers = layers & walk.layers();
        let mask = matcher.asked.segments().mask();
        for entry in entries {
            let layers = layers & entry.layers;
            if entry.mask & !mask == 0 && !walk.is_settled(entry.is_deny, layers) {
                later.judge(walk, &matcher, entry, layers);
            }
        }
    }

    #[inline(always)]
    fn in_image<'v>(
        &'v mut self,
        image: usize,
        view: View<'v>,
    ) -> (Matcher<'v, OfImage<'v>>, Later<'v>, &'v mut Walk) {
        let matcher = Matcher {
            view,
            asked: OfImage {
                settled: self.settled,
                image,
                keys: const { &Keys::NONE },
            },
        };
        let later = Later {
            image: image as u32,
            left: &mut self.left.0,
            denies: &mut self.denies,
        };
        (matcher, later, &mut self.walk)
    }

    /// The statements without which the decision is not known, each by the place of its image and its number.
    #[inline]
    pub fn left(&self) -> impl Iterator<Item = (usize, u32)> + '_ {
        // A further Allow does not matter then.
        let left = match !self.denies && self.walk.suffices(&self.settled.facts) {
            true => &[],
            false => self.left.0.as_slice(),
        };
        left.iter()
            .filter(|left| !self.walk.is_settled(left.is_deny, left.layers))
            .map(|left| (left.image as usize, left.candidate.statement))
    }

    /// The decision. `fill` is called if it is not known yet; it gives the keys that the statements look at that are
    /// left ([`Partial::left`]).
    #[inline]
    pub fn decide<'i, 'r>(
        mut self,
        images: impl Iterator<Item = View<'i>>,
        fill: impl FnOnce(&Self) -> KeyValues<'r>,
    ) -> Outcome {
        self.judge(images, fill);
        let parts = &self.settled.parts;
        let present = (parts.present, parts.public);
        self.walk.outcome(&self.settled.facts, present)
    }

    /// Whether some statement of what was looked at allows the request, and whether some denies it. `fill` is
    /// as for [`Partial::decide`].
    pub fn says<'i, 'r>(
        mut self,
        images: impl Iterator<Item = View<'i>>,
        fill: impl FnOnce(&Self) -> KeyValues<'r>,
    ) -> (bool, bool) {
        self.judge(images, fill);
        let verdicts = self.walk.verdicts((0, false));
        (verdicts.allow != 0, verdicts.deny != 0)
    }

    /// Judges what is left.
    fn judge<'i, 'r>(
        &mut self,
        images: impl Iterator<Item = View<'i>>,
        fill: impl FnOnce(&Self) -> KeyValues<'r>,
    ) {
        if self.left().next().is_none() {
            return;
        }
        let values = fill(self);
        let source = values.source();
        for (image, view) in images.enumerate() {
            let keys = values.of(&source, image);
            let matcher = Matcher {
                view,
                asked: OfImage {
                    settled: self.settled,
                    image,
                    keys: &keys,
                },
            };
            self.walk.enter_image();
            let of_image = |left: &&Leftover| left.image as usize == image;
            for left in self.left.0.iter().filter(of_image) {
                let statement = view.statement_ref(left.candidate.statement);
                let Some(strength) = left.strength else {
                    let walk = &mut self.walk;
                    walk.candidate(&matcher, &left.candidate, left.layers, &mut AtOnce);
                    continue;
                };
                if !self.walk.is_settled(left.is_deny, left.layers) {
                    let walk = &mut self.walk;
                    walk.condition(&matcher, statement, left.layers, strength);
                }
            }
        }
    }
}

/// A settled request, asked of an image of the stack.
#[derive(Clone, Copy)]
struct OfImage<'a> {
    settled: &'a Settled<'a>,
    image: usize,
    keys: &'a Keys<'a>,
}

impl<'a> Asked<'a> for OfImage<'a> {
    #[inline]
    fn facts(self) -> &'a Facts {
        &self.settled.facts
    }

    #[inline]
    fn action(self) -> &'a Action {
        self.settled.resolved.action
    }

    #[inline]
    fn resource(self) -> &'a [u8] {
        self.settled.resolved.resource.text().as_bytes()
    }

    #[inline]
    fn segments(self) -> &'a Segments {
        &self.settled.resolved.resource.segments
    }

    #[inline]
    fn present(self) -> u32 {
        self.settled.parts.present
    }

    #[inline]
    fn named(self) -> &'a [Named] {
        self.settled.resolved.known.named(self.image)
    }

    #[inline]
    fn keys(self) -> Keys<'a> {
        *self.keys
    }
}

/// Leaves for later what needs keys.
struct Later<'l> {
    image: u32,
    left: &'l mut Vec<Leftover>,
    denies: &'l mut bool,
}

impl Later<'_> {
    /// Judges a statement as far as that can be done without keys.
    #[inline(always)]
    fn judge<'a>(
        &mut self,
        walk: &mut Walk,
        matcher: &Matcher<'a, impl Asked<'a>>,
        entry: &Entry,
        layers: u32,
    ) {
        let strength = match entry.resource(matcher) {
            Some(false) => return,
            Some(true) if entry.has_principals => {
                let statement = matcher.view.statement_ref(entry.statement);
                match matcher.principal(statement, layers) {
                    Some(strength) => Some(strength),
                    None => return,
                }
            }
            Some(true) => Some(Strength::Direct),
            None => None,
        };
        match strength {
            Some(strength) if !entry.is_guarded => walk.count(entry.is_deny, layers, strength),
            _ => {
                *self.denies |= entry.is_deny;
                self.left.push(Leftover {
                    image: self.image,
                    candidate: entry.candidate(),
                    layers,
                    is_deny: entry.is_deny,
                    strength,
                });
            }
        }
    }
}

impl Judge for Later<'_> {
    #[inline(always)]
    fn candidate<'a>(
        &mut self,
        walk: &mut Walk,
        matcher: &Matcher<'a, impl Asked<'a>>,
        candidate: &Candidate,
        _: StatementRef<'_>,
        layers: u32,
    ) {
        if let Some(entry) = Entry::read(matcher, candidate) {
            self.judge(walk, matcher, &entry, layers);
        }
    }
}
