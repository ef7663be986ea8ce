//! Everything that an image will hold, while it is made.
//!
//! Each section is a table that gives equal things one number, in the order of their first use: policies of an
//! organization repeat themselves. The order makes the same policies the same
//! bytes; the hash tables only answer whether something was seen.
//!
//! Memory is that of the image and its tables, linear in the policies. Texts are borrowed from the documents or lie in an
//! arena that is freed with the program. A tree of statements that is optimized before it is laid out was rejected: it would
//! be as large as the image, and there is nothing to optimize that keeps statements apart.

use portcullis_image::value::network::Network;
use portcullis_image::wire::count;
use portcullis_image::{
    ActionPattern, ArnPattern, Class, ConditionText, Entries, Header, Id, Insn, InsnSource,
    InstantRecord, Item, LayerSet, ListId, ListKind, NetworkRecord, NumberRecord, Pattern,
    PolicySource, PrincipalRecord, Reserved, Section, ShortText, Slot, Statement, StatementSource,
    TokenRecord, Unit, WantedKeys,
};
use smallvec::SmallVec;

use crate::Options;
use crate::fold::fold;
use crate::intern::{Interner, Lists, Memo, Recent, Runs, Strings, memo};

/// How the instructions of a guard were written.
pub(crate) type WrittenGuard = SmallVec<[InsnSource; 4]>;

/// What is matched, and the entries as written: what explanations print.
pub(crate) type ListOfEntries<T> = (Entries<T>, ListId<ConditionText>);

/// The slots of a key: most are looked at with one class.
type OfClasses = SmallVec<[(Class, Id<Slot>); 2]>;

/// Everything that an image will hold. Filled by lowering, laid out by `emit`.
pub(crate) struct Program {
    /// What is to be compiled beside the policies.
    pub(crate) options: Options,
    /// The layers of all units.
    pub(crate) layers: LayerSet,
    /// Some resource policy is public (`S3-5`).
    pub(crate) public: bool,
    /// The reserved keys that policies look at.
    pub(crate) wanted: WantedKeys,
    /// All texts, each once.
    pub(crate) strings: Strings,
    /// Folded names with the class of the values.
    pub(crate) slots: Interner<Slot>,
    /// Statements, unit by unit; in a unit Deny comes first.
    pub(crate) statements: Vec<Statement>,
    /// Where each statement was written, if explanations are to print it. Apart from the statements, because their section is laid out
    /// long after that of the statements, which can then go.
    pub(crate) origins: Vec<StatementSource>,
    /// Units in their order; where their postings are is known when the index is built.
    pub(crate) units: Vec<Unit>,
    /// Lists of numbers of records, each with its head.
    pub(crate) lists: Lists,
    /// The lists of principals: their items get new numbers when principals are sorted.
    pub(crate) principal_lists: Vec<ListId<PrincipalRecord>>,
    /// Patterns for actions.
    pub(crate) actions: Interner<ActionPattern>,
    /// The patterns for actions by their entries.
    pub(crate) known_actions: Memo<Box<str>, Id<ActionPattern>>,
    /// Lists of actions by their entries.
    pub(crate) recent_actions: Recent<ListOfEntries<ActionPattern>>,
    /// Lists of resources, likewise.
    pub(crate) recent_resources: Recent<ListOfEntries<Pattern>>,
    /// Guards by their conditions.
    pub(crate) recent_guards: Recent<Id<Insn>>,
    /// The slots by key as written, and class.
    known_slots: Memo<Box<str>, OfClasses>,
    /// Patterns of actions, resources and conditions.
    pub(crate) patterns: Interner<Pattern>,
    /// Runs of tokens, each with its end.
    pub(crate) tokens: Runs<TokenRecord>,
    /// Principals by form and text; sorted when the image is laid out.
    pub(crate) principals: Interner<PrincipalRecord>,
    /// Guards, each a run whose last instruction says so.
    pub(crate) code: Runs<Insn>,
    /// Guards that were written in another way than an equal one, by that and how they were.
    pub(crate) guards: Memo<(Id<Insn>, WrittenGuard), Id<Insn>>,
    /// Texts of conditions, and of entries as they are written.
    pub(crate) texts: Interner<ConditionText>,
    /// Runs of texts of at most 16 bytes.
    pub(crate) short_texts: Runs<ShortText>,
    /// Numbers of conditions.
    pub(crate) numbers: Interner<NumberRecord>,
    /// Dates of conditions.
    pub(crate) instants: Interner<InstantRecord>,
    /// Blocks of addresses of conditions.
    pub(crate) networks: Interner<NetworkRecord>,
    /// The networks of values, none for what is no network.
    pub(crate) known_networks: Memo<Box<str>, Option<Network>>,
    pub(crate) arns: Interner<ArnPattern>,
    /// Policies by name and file, for explanations.
    pub(crate) sources: Vec<PolicySource>,
    /// Conditions as they are written, for explanations: one for each instruction.
    pub(crate) insn_sources: Vec<InsnSource>,
}

/// Sections that an image of these options has, in the order of the file. Without the index or without what explanations print
/// their sections are not there at all, not empty: a reader sees which it has.
pub(crate) fn sections(options: Options) -> impl Iterator<Item = Section> {
    let all = Section::ALL.iter().copied();
    all.filter(move |section| match section.is_index() {
        true => options.index,
        false => options.debug || !section.is_optional(),
    })
}

impl Program {
    /// A program without statements. It has the reserved slots already, with their numbers, and knows at which offset its strings
    /// will begin: behind the header and the table of sections, whose length follows from the options.
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
            origins: Vec::new(),
            units: Vec::new(),
            lists: Runs::new(),
            principal_lists: Vec::new(),
            actions: Interner::new(),
            known_actions: memo(),
            recent_actions: Recent::new(),
            recent_resources: Recent::new(),
            recent_guards: Recent::new(),
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

    /// The slot of a key, in any case (`COND-40`), and a class; a new one if no policy has tested it before.
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
        self.recent_actions = Recent::new();
        self.recent_resources = Recent::new();
        self.recent_guards = Recent::new();
        self.guards = memo();
    }

    /// A text of conditions, as lists refer to it.
    pub(crate) fn text(&mut self, text: &str) -> Id<ConditionText> {
        let text = self.strings.intern(text);
        self.texts.intern(ConditionText { text })
    }

    /// The list with these items, in this order; equal lists are one.
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
