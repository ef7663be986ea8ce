//! Where the keys that policies look at come from.
//!
//! | key | values |
//! |---|---|
//! | `aws:PrincipalArn` and others that follow from caller and target | derived as the machine does (`KEY-5`) |
//! | `aws:PrincipalOrgID`, `aws:PrincipalOrgPaths` | of the caller's account |
//! | `aws:ResourceOrgID`, `aws:ResourceOrgPaths` | of the owner's account, if it is known |
//! | `aws:PrincipalTag/…` | a tag of the caller |
//! | `aws:ResourceTag/…`, `iam:ResourceTag/…`, `s3:ExistingObjectTag/…` | a tag of the target |
//! | every other | the request, or absent |
//!
//! For each slot of an image this is worked out once from the slot's name, so that a decision compares no names of keys.
//!
//! Tags whose names differ by case alone are one key (`COND-40`): they get one [`TagClass`], and only classes that some policy
//! reads are kept.

use std::collections::HashMap;

use portcullis_image::value::fold::{folded, strip_ignoring_case};
use portcullis_image::{Reserved, Slot, View};
use portcullis_vm::StackSlot;

use crate::store::ids::{Symbol, number};
use crate::store::tables::Tables;

/// Where the values of a slot come from, if the request does not give them. What the request gives always counts (`KEY-2`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SlotOrigin {
    /// From nowhere else.
    Request,
    /// From caller and target, as the machine derives it: the number of a reserved slot.
    Derived(Reserved),
    /// The organization of the caller's account (`KEY-12`).
    PrincipalOrgId,
    /// Where the caller's account is in it (`KEY-13`).
    PrincipalOrgPaths,
    /// The organization of the owner's account (`KEY-51`).
    ResourceOrgId,
    /// Where the owner's account is in it (`KEY-52`).
    ResourceOrgPaths,
    /// A tag of the caller (`KEY-14`).
    PrincipalTag(TagClass),
    /// A tag of the resource (`KEY-53`).
    ResourceTag(TagClass),
    /// The same by IAM's own key, of users and roles (`KEY-85`).
    IamResourceTag(TagClass),
    /// A tag of an object of S3 (`KEY-113`).
    ObjectTag(TagClass),
}

/// The names of tags that are the same key: they differ by case alone (`COND-40`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TagClass(u32);

impl TagClass {
    /// A class by its number, as summaries keep it.
    #[inline]
    pub(crate) const fn new(number: u32) -> TagClass {
        TagClass(number)
    }

    /// The number.
    #[inline]
    pub(crate) const fn get(self) -> u32 {
        self.0
    }
}

/// A slot of an image.
#[derive(Clone, Debug)]
pub(crate) struct PlannedSlot {
    /// The key's name, folded.
    pub(crate) name: Box<str>,
    /// Who has its values if the request does not.
    pub(crate) origin: SlotOrigin,
}

/// The slots of a stack of images.
#[derive(Debug, Default)]
pub(crate) struct PlannedSlots {
    /// Those of all images, one after the other.
    all: Vec<PlannedSlot>,
    /// Where those of each image begin.
    starts: Vec<usize>,
    /// The names of tags that some slot looks at, sorted.
    tags: Vec<(Symbol, TagClass)>,
}

impl PlannedSlots {
    /// Takes time linear in the slots and in the tags.
    pub(crate) fn new(views: &[View<'_>], tables: &Tables) -> PlannedSlots {
        let mut classes = HashMap::new();
        let (mut all, mut starts) = (Vec::new(), Vec::new());
        for view in views {
            starts.push(all.len());
            all.extend(view.ids::<Slot>().map(|slot| {
                let name = view.text(view.get(slot).name);
                PlannedSlot {
                    name: name.into(),
                    origin: origin_of(name, &mut classes),
                }
            }));
        }
        let mut names: Vec<Symbol> = tables.pair_names().collect();
        names.sort_unstable();
        names.dedup();
        let class = |name: Symbol| {
            let text: String = folded(tables.str(name)).collect();
            Some((name, *classes.get(&text)?))
        };
        PlannedSlots {
            all,
            starts,
            tags: names.into_iter().filter_map(class).collect(),
        }
    }

    /// A slot, by its number among those of all images.
    #[inline]
    pub(crate) fn get(&self, slot: StackSlot) -> Option<&PlannedSlot> {
        self.all.get(slot.index())
    }

    /// The slots of an image.
    pub(crate) fn of(&self, image: usize) -> &[PlannedSlot] {
        let start = self.starts.get(image).copied().unwrap_or(self.all.len());
        let end = self.starts.get(image + 1).copied();
        let end = end.unwrap_or(self.all.len());
        self.all.get(start..end).unwrap_or(&[])
    }

    /// The class of a tag's name; none if no slot looks at it.
    pub(crate) fn class(&self, name: Symbol) -> Option<TagClass> {
        let found = self.tags.binary_search_by_key(&name, |(symbol, _)| *symbol);
        self.tags.get(found.ok()?).map(|(_, class)| *class)
    }
}

/// Where the values of a key with this name, which is folded, come from.
fn origin_of(name: &str, classes: &mut HashMap<String, TagClass>) -> SlotOrigin {
    if let Some(key) = Reserved::of_name(name) {
        return SlotOrigin::Derived(key);
    }
    let fixed = [
        ("aws:PrincipalOrgID", SlotOrigin::PrincipalOrgId),
        ("aws:PrincipalOrgPaths", SlotOrigin::PrincipalOrgPaths),
        ("aws:ResourceOrgID", SlotOrigin::ResourceOrgId),
        ("aws:ResourceOrgPaths", SlotOrigin::ResourceOrgPaths),
    ];
    let is = |key| strip_ignoring_case(name, key) == Some("");
    if let Some((_, origin)) = fixed.into_iter().find(|(key, _)| is(key)) {
        return origin;
    }
    let mut class = |start| {
        let tag = strip_ignoring_case(name, start)?;
        let next = TagClass(number(classes.len()));
        Some(*classes.entry(tag.to_string()).or_insert(next))
    };
    if let Some(tag) = class("aws:PrincipalTag/") {
        return SlotOrigin::PrincipalTag(tag);
    }
    if let Some(tag) = class("aws:ResourceTag/") {
        return SlotOrigin::ResourceTag(tag);
    }
    if let Some(tag) = class("s3:ExistingObjectTag/") {
        return SlotOrigin::ObjectTag(tag);
    }
    class("iam:ResourceTag/").map_or(SlotOrigin::Request, SlotOrigin::IamResourceTag)
}
