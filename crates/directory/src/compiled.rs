//! The image of all policies of a directory, and what is worked out from it once so that no decision has
//! to.

use portcullis_image::{
    Id, Image, LayerSet, Part, PrincipalForm, PrincipalRecord, Section, StatementFlags, View,
};
use portcullis_vm::{ImageIdx, KnownParts, Plan, part_filter};

use crate::callers::Callers;
use crate::deed::PreparedDeeds;
use crate::documents::SetsId;
use crate::model::{Run, Tables};
use crate::profiles::Profile;
use crate::reads::{self, Reads};
use crate::slots::Slots;
use crate::texts::Index;

/// Policy sets that take part together, with what follows from them: what a decision needs, in one place of
/// the memory.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(crate) struct Row {
    /// The layers that are present.
    pub(crate) present: u32,
    /// The layers in which a statement without condition allows everything.
    pub(crate) allowed: u32,
    /// A bit for each pattern for actions in them.
    pub(crate) filter: u64,
    /// A resource policy among them is public.
    pub(crate) public: bool,
    /// Some statement lists principals.
    pub(crate) lists_principals: bool,
    count: u8,
    /// The layers of the parts, if all have the same.
    layers: u32,
    /// The parts. If they are more, or their layers differ: where they begin in a list, and how many there are.
    parts: [u32; INLINE],
}

impl Row {
    /// Of no policies at all.
    pub(crate) const NONE: Row = Row {
        present: 0,
        allowed: 0,
        filter: 0,
        public: false,
        lists_principals: false,
        count: 0,
        layers: 0,
        parts: [0; INLINE],
    };

    /// Adds what the machine need not work out.
    pub(crate) fn add_to(&self, known: &mut KnownParts) {
        known.present |= LayerSet::from_bits(self.present);
        known.public |= self.public;
        known.allowed |= LayerSet::from_bits(self.allowed);
    }
}

/// The most images of a directory.
pub(crate) const MAX_IMAGES: usize = 8;
const INLINE: usize = 7;
const SPILLED: u8 = u8::MAX;

/// An image, ready to be asked.
#[derive(Debug)]
pub(crate) struct Compiled {
    /// What was compiled at once, and then what changes added.
    images: Vec<Image<Vec<u8>>>,
    /// The number of the first part of each image; parts are numbered through.
    starts: Vec<u32>,
    /// What each part looks at.
    reads: Vec<Reads>,
    /// The slots of the images.
    pub(crate) slots: Slots,
    plan: Plan,
    /// See [`Compiled::id`].
    id: u64,
    /// Policy sets, by their numbers.
    sets: Vec<Row>,
    /// Layers and parts of the sets that have many, see [`Row`].
    uses: Vec<(u32, u32)>,
    /// The principals of each image by form and text.
    principals: Vec<Index>,
    /// What the policies know of users and roles.
    pub(crate) callers: Callers,
    /// Users and roles, by their numbers.
    profiles: Vec<Profile>,
    /// Actions that requests will name.
    pub(crate) prepared: PreparedDeeds,
}

impl Compiled {
    /// Works out what decisions need. Takes time linear in the images and the tables.
    pub(crate) fn new(images: Vec<Image<Vec<u8>>>, tables: &Tables, id: u64) -> Compiled {
        let mut compiled = Compiled {
            images: Vec::new(),
            starts: vec![0],
            reads: Vec::new(),
            slots: Slots::default(),
            plan: Plan::default(),
            id,
            sets: Vec::new(),
            uses: Vec::new(),
            principals: Vec::new(),
            callers: Callers::default(),
            profiles: Vec::new(),
            prepared: PreparedDeeds::default(),
        };
        compiled.add(images, tables, None, id);
        compiled
    }

    /// Goes on with more images, and with the policy sets that the tables have more. `origins` are the numbers
    /// that users and roles had before.
    pub(crate) fn add(
        &mut self,
        images: Vec<Image<Vec<u8>>>,
        tables: &Tables,
        origins: Option<&[u32]>,
        id: u64,
    ) {
        self.id = id;
        let first = self.images.len();
        self.images.extend(images);
        let views: Vec<View<'_>> = self.images.iter().map(Image::view).collect();
        self.slots = Slots::new(&views, tables);
        self.plan = Plan::of(views.iter().copied());
        for (image, view) in views.iter().enumerate().skip(first) {
            self.reads
                .extend(reads::of_image(*view, self.slots.of(image)));
            let count = view.count(Section::Principals);
            let mut principals = Index::with_capacity(count as usize);
            for id in view.ids::<PrincipalRecord>() {
                let record = view.get(id);
                let text = record.text.bytes(view.bytes());
                principals.insert(principals.hash((record.form as u8, text)), id.number());
            }
            self.principals.push(principals);
            self.starts.push(self.reads.len() as u32);
        }
        let mut rows = Rows {
            reads: &self.reads,
            known: views
                .iter()
                .flat_map(|view| {
                    (0..view.count(Section::Parts)).map(|part| PartFacts::of(*view, part))
                })
                .collect(),
            uses: std::mem::take(&mut self.uses),
            own: Vec::new(),
        };
        let new = tables.sets.get(self.sets.len()..).unwrap_or(&[]);
        let sets = new.iter().map(|run| rows.row(run.of(&tables.uses)));
        self.sets.extend(sets);
        self.uses = rows.uses;
        let before = origins.map(|origins| (&self.callers, origins));
        let callers = Callers::new(self, tables, first, before);
        let mut profiles = std::mem::take(&mut self.profiles);
        profiles.clear();
        profiles.reserve_exact(tables.principals.len());
        profiles.extend((0..).zip(&tables.principals).map(|(number, own)| {
            let tags = own.tags.of(&tables.pairs);
            Profile::new(self, &callers, (number, own), tags)
        }));
        self.profiles = profiles;
        self.callers = callers;
        let mut prepared = std::mem::take(&mut self.prepared);
        prepared.extend(self);
        self.prepared = prepared;
    }

    /// A user or role.
    #[inline]
    pub(crate) fn profile(&self, number: usize) -> Option<&Profile> {
        self.profiles.get(number)
    }

    /// The images, in the order of their parts.
    pub(crate) fn images(&self) -> &[Image<Vec<u8>>] {
        &self.images
    }

    /// The images alone.
    pub(crate) fn into_images(self) -> Vec<Image<Vec<u8>>> {
        self.images
    }

    /// What follows from the images.
    #[inline]
    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What readers use of them.
    pub(crate) fn views(&self) -> impl Iterator<Item = View<'_>> + Clone {
        self.images.iter().map(Image::view)
    }

    /// The directory's ([`Store::id`]).
    ///
    /// [`Store::id`]: crate::engine::Store::id
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// The image that a part is in, and its number there.
    #[inline]
    pub(crate) fn home(&self, part: u32) -> (u32, u32) {
        match self.starts.as_slice() {
            [_, _] => (0, part),
            starts => {
                let image = starts.partition_point(|start| *start <= part);
                let image = image.saturating_sub(1);
                let start = starts.get(image).copied().unwrap_or(0);
                (image as u32, part - start)
            }
        }
    }

    /// What a part looks at.
    pub(crate) fn reads(&self, part: u32) -> Reads {
        self.reads.get(part as usize).copied().unwrap_or(reads::ALL)
    }

    /// How many parts there are.
    pub(crate) fn part_count(&self) -> usize {
        self.reads.len()
    }

    /// Policy sets.
    #[inline]
    pub(crate) fn sets(&self, sets: SetsId) -> &Row {
        self.sets.get(sets.0 as usize).unwrap_or(&Row::NONE)
    }

    /// Calls back with the parts of policy sets, and the layers that each stands for.
    #[inline]
    pub(crate) fn for_parts(&self, row: &Row, mut found: impl FnMut(u32, u32)) {
        match row.count {
            SPILLED => {
                let [start, count, ..] = row.parts;
                let parts = Run { start, count }.of(&self.uses);
                parts
                    .iter()
                    .for_each(|(layers, part)| found(*layers, *part));
            }
            count => {
                let parts = row.parts.get(..usize::from(count)).unwrap_or(&[]);
                parts.iter().for_each(|part| found(row.layers, *part));
            }
        }
    }

    /// The principal of an image of a form with a text, which comes in parts.
    pub(crate) fn principal(
        &self,
        image: ImageIdx,
        form: PrincipalForm,
        parts: &[&str],
    ) -> Option<Id<PrincipalRecord>> {
        let mut buffer = [0; 96];
        let mut rest = &mut buffer[..];
        let mut len = 0;
        for part in parts.iter().filter(|_| parts.len() > 1) {
            let Some((place, behind)) = rest.split_at_mut_checked(part.len()) else {
                return self.whole_principal(image, form, parts.concat().as_bytes());
            };
            place.copy_from_slice(part.as_bytes());
            len += part.len();
            rest = behind;
        }
        match parts {
            [text] => self.whole_principal(image, form, text.as_bytes()),
            _ => self.whole_principal(image, form, buffer.get(..len)?),
        }
    }

    fn whole_principal(
        &self,
        image: ImageIdx,
        form: PrincipalForm,
        text: &[u8],
    ) -> Option<Id<PrincipalRecord>> {
        let view = self.images.get(image.index())?.view();
        let principals = self.principals.get(image.index())?;
        let is_right = |number| {
            let own: PrincipalRecord = view.get(Id::new(number));
            own.form == form && own.text.bytes(view.bytes()) == text
        };
        let found = principals.find(principals.hash((form as u8, text)), is_right);
        found.map(Id::new)
    }
}

/// Whether a part has a statement that allows everything.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Allows {
    /// None that does so without condition.
    Some,
    /// One that does, and others.
    AllAndMore,
    /// Such alone: it says nothing that [`Row`] does not hold.
    All,
    /// No statement at all, nor does it say more.
    Nothing,
}

impl Allows {
    fn of(view: View<'_>, part: &Part) -> Allows {
        let mut found = Allows::Nothing;
        for statement in part.statements.iter() {
            let own = view.get(statement);
            let is_all = own.flags == StatementFlags::default()
                && (own.actions.is_any() && own.resources.is_any())
                && (own.principals.is_unsaid() && own.guard.is_none());
            found = match (found, is_all) {
                (Allows::Nothing | Allows::All, true) => Allows::All,
                (Allows::Nothing | Allows::Some, false) => Allows::Some,
                _ => Allows::AllAndMore,
            };
        }
        found
    }
}

/// What follows from a part alone.
struct PartFacts {
    record: Part,
    filter: u64,
    allows: Allows,
}

impl PartFacts {
    fn of(view: View<'_>, number: u32) -> PartFacts {
        let number = Id::new(number);
        let record = view.get(number);
        PartFacts {
            record,
            filter: part_filter(view, number),
            allows: Allows::of(view, &record),
        }
    }
}

/// Makes rows of sets.
struct Rows<'v> {
    reads: &'v [Reads],
    known: Vec<PartFacts>,
    uses: Vec<(u32, u32)>,
    /// The parts of one row.
    own: Vec<(u32, u32)>,
}

impl Rows<'_> {
    fn row(&mut self, uses: &[(u32, u32)]) -> Row {
        let mut row = Row::NONE;
        self.own.clear();
        for (layers, part) in uses {
            let Some(known) = self.known.get(*part as usize) else {
                continue;
            };
            let layers = LayerSet::from_bits(*layers);
            let stands_for = (known.record.layers & layers).bits();
            row.present |= stands_for;
            row.public |= known.record.public && layers.meets(LayerSet::RESOURCE);
            if matches!(known.allows, Allows::All | Allows::AllAndMore) {
                row.allowed |= stands_for;
            }
            if matches!(known.allows, Allows::All | Allows::Nothing) {
                continue;
            }
            let reads = self.reads.get(*part as usize);
            row.lists_principals |= reads.copied().unwrap_or(reads::ALL) & reads::NAMES != 0;
            row.filter |= known.filter;
            self.own.push((layers.bits(), *part));
        }
        // A policy that is attached at several levels is looked at once.
        self.own.sort_unstable_by_key(|(_, part)| *part);
        self.own.dedup_by(|next, own| {
            let is_same = next.1 == own.1;
            if is_same {
                own.0 |= next.0;
            }
            is_same
        });
        let layers = self.own.first().map_or(0, |(layers, _)| *layers);
        let is_even = self.own.iter().all(|(own, _)| *own == layers);
        if is_even && self.own.len() <= INLINE {
            row.layers = layers;
            row.count = self.own.len() as u8;
            for (place, (_, part)) in row.parts.iter_mut().zip(&self.own) {
                *place = *part;
            }
        } else {
            row.count = SPILLED;
            let [first, count, ..] = &mut row.parts;
            (*first, *count) = (self.uses.len() as u32, self.own.len() as u32);
            self.uses.append(&mut self.own);
        }
        row
    }
}
