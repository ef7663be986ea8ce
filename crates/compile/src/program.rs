//! Everything that an image will hold, while it is made.
//!
//! Each section is a table that gives equal things one number, in the order of their first use: policies of an
//! organization repeat themselves. The order makes the same policies the same
//! bytes; the hash tables only answer whether something was seen.

use portcullis_image::value::network::Network;
use portcullis_image::wire::count;
use portcullis_image::{
    ActionPattern, ArnPattern, Class, ConditionText, Header, Id, Insn, InsnSource, InstantRecord,
    Item, LayerSet, ListId, ListKind, NetworkRecord, NumberRecord, Origin, Part, Pattern,
    PrincipalRecord, Reserved, Section, ShortText, Slot, Source, Statement, TokenRecord,
    WantedKeys,
};
use smallvec::SmallVec;

use crate::Options;
use crate::fold::fold;
use crate::intern::{Interner, Lists, Memo, Runs, Strings, memo};

/// How the instructions of a guard were written.
pub(crate) type WrittenGuard = SmallVec<[InsnSource; 4]>;

/// The slots of a key: most are looked at with one class.
type OfClasses = SmallVec<[(Class, Id<Slot>); 2]>;

/// Everything that an image will hold.
pub(crate) struct Program {
    pub(crate) options: Options,
    /// The layers of all parts.
    pub(crate) layers: LayerSet,
    pub(crate) public: bool,
    /// The reserved keys that policies look at.
    pub(crate) wanted: WantedKeys,
    pub(crate) strings: Strings,
    /// With folded names.
    pub(crate) slots: Interner<Slot>,
    /// Statements with their origins, part by part; in a part Deny comes first.
    pub(crate) statements: Vec<(Statement, Origin)>,
    pub(crate) parts: Vec<Part>,
    pub(crate) lists: Lists,
    /// The lists of principals: their items get new numbers when principals are sorted.
    pub(crate) principal_lists: Vec<ListId<PrincipalRecord>>,
    pub(crate) actions: Interner<ActionPattern>,
    /// The patterns for actions by their entries.
    pub(crate) known_actions: Memo<Box<str>, Id<ActionPattern>>,
    /// The slots by key as written, for each class.
    known_slots: Memo<Box<str>, OfClasses>,
    pub(crate) patterns: Interner<Pattern>,
    pub(crate) tokens: Runs<TokenRecord>,
    pub(crate) principals: Interner<PrincipalRecord>,
    pub(crate) code: Runs<Insn>,
    /// Guards that were written in another way than an equal one, by that and how they were.
    pub(crate) guards: Memo<(Id<Insn>, WrittenGuard), Id<Insn>>,
    pub(crate) texts: Interner<ConditionText>,
    pub(crate) short_texts: Runs<ShortText>,
    pub(crate) numbers: Interner<NumberRecord>,
    pub(crate) instants: Interner<InstantRecord>,
    pub(crate) networks: Interner<NetworkRecord>,
    /// The networks of values, none for what is no network.
    pub(crate) known_networks: Memo<Box<str>, Option<Network>>,
    pub(crate) arns: Interner<ArnPattern>,
    pub(crate) sources: Vec<Source>,
    pub(crate) insn_sources: Vec<InsnSource>,
}

/// Sections that an image of these options has.
pub(crate) fn sections(options: Options) -> impl Iterator<Item = Section> {
    let all = Section::ALL.iter().copied();
    all.filter(move |section| match section.is_index() {
        true => options.index,
        false => options.debug || !section.is_optional(),
    })
}

impl Program {
    /// A program without statements.
    pub(crate) fn new(options: Options) -> Program {
        let table = Header::SIZE + Header::ENTRY * sections(options).count();
        let mut program = Program {
            options,
            layers: LayerSet::EMPTY,
            public: false,
            wanted: WantedKeys::default(),
            strings: Strings::new(count(table.next_multiple_of(8))),
            slots: Interner::new(),
            statements: Vec::new(),
            parts: Vec::new(),
            lists: Runs::new(),
            principal_lists: Vec::new(),
            actions: Interner::new(),
            known_actions: memo(),
            known_slots: memo(),
            patterns: Interner::new(),
            tokens: Runs::new(),
            principals: Interner::new(),
            code: Runs::new(),
            guards: memo(),
            texts: Interner::new(),
            short_texts: Runs::new(),
            numbers: Interner::new(),
            instants: Interner::new(),
            networks: Interner::new(),
            known_networks: memo(),
            arns: Interner::new(),
            sources: Vec::new(),
            insn_sources: Vec::new(),
        };
        // They have their numbers, whether a policy looks at them or not.
        for key in Reserved::ALL {
            let name = program.strings.intern(key.name());
            program.slots.intern(Slot {
                name,
                class: Reserved::CLASS,
            });
        }
        // The evaluation itself looks at these.
        for key in [
            Reserved::AssumedRoot,
            Reserved::FederatedProvider,
            Reserved::ServiceNames,
        ] {
            program.wanted.add(key, Reserved::CLASS);
        }
        program
    }

    /// The slot of a key and class.
    pub(crate) fn slot(&mut self, key: &str, class: Class) -> Id<Slot> {
        let known = self.known_slots.get(key).into_iter().flatten();
        if let Some((_, slot)) = known.copied().find(|(own, _)| *own == class) {
            return slot;
        }
        let folded = fold(key);
        let name = self.strings.intern(&folded);
        if let Some(reserved) = Reserved::of_name(&folded) {
            self.wanted.add(reserved, class);
        }
        let slot = self.slots.intern(Slot { name, class });
        let known = self.known_slots.entry_ref(key).or_default();
        known.push((class, slot));
        slot
    }

    /// Forgets how to find what is there: nothing is added from now on.
    pub(crate) fn close(&mut self) {
        self.strings.close();
        self.slots.close();
        self.lists.close();
        self.actions.close();
        self.patterns.close();
        self.tokens.close();
        self.code.close();
        self.texts.close();
        self.known_actions = memo();
        self.guards = memo();
    }

    /// A text of conditions.
    pub(crate) fn text(&mut self, text: &str) -> Id<ConditionText> {
        let text = self.strings.intern(text);
        self.texts.intern(ConditionText { text })
    }

    /// The list with these items.
    pub(crate) fn list<T: Item>(&mut self, items: &[Id<T>]) -> ListId<T> {
        let mut words: SmallVec<[u32; 8]> = SmallVec::new();
        words.push(T::KIND.head(count(items.len())));
        words.extend(items.iter().map(|item| item.number()));
        let (list, new) = self.lists.intern(&words);
        if new && T::KIND == ListKind::Principals {
            self.principal_lists.push(Id::new(list.first.number()));
        }
        Id::new(list.first.number())
    }
}
