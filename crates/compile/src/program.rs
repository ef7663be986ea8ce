//! Everything that an image will hold, while it is made.

use bumpalo::Bump;
use portcullis_image::value::network::Network;
use portcullis_image::{
    ActionPattern, ArnPattern, Header, Leaf, LeafSource, ListKind, NumberRecord, Origin, Part,
    Pattern, PrincipalForm, Section, ShortText, Source, Statement, Str, Token, reserved,
};
use smallvec::SmallVec;

use crate::Options;
use crate::fold::fold_in;
use crate::intern::{Interner, Memo, Runs, Strings, memo};

/// Everything that an image will hold.
pub(crate) struct Program<'a> {
    pub(crate) arena: &'a Bump,
    pub(crate) options: Options,
    /// The layers of all parts.
    pub(crate) layers: u32,
    pub(crate) public: bool,
    /// Bits of reserved slots in use, as the header has them.
    pub(crate) wanted: u32,
    pub(crate) strings: Strings,
    /// Folded names with the class of the values.
    pub(crate) slots: Interner<(&'a str, u8)>,
    /// Statements with their origins, part by part; in a part Deny comes first.
    pub(crate) statements: Vec<(Statement, Origin)>,
    pub(crate) parts: Vec<Part>,
    pub(crate) lists: Runs<u32>,
    /// The lists of principals: their items get new numbers when principals are sorted.
    pub(crate) principal_lists: Vec<u32>,
    pub(crate) actions: Interner<ActionPattern>,
    /// The patterns for actions by their entries.
    pub(crate) known_actions: Memo<&'a str, u32>,
    /// The slots by key as written, and class.
    known_slots: Memo<(&'a str, u8), u32>,
    pub(crate) patterns: Interner<Pattern>,
    pub(crate) tokens: Runs<Token>,
    pub(crate) principals: Interner<(PrincipalForm, &'a str)>,
    pub(crate) code: Runs<Leaf>,
    /// Guards that were written in another way than an equal one, by that and how they were.
    pub(crate) guards: Memo<(u32, SmallVec<[LeafSource; 4]>), u32>,
    pub(crate) texts: Interner<Str>,
    pub(crate) short_texts: Runs<ShortText>,
    pub(crate) numbers: Interner<NumberRecord>,
    pub(crate) instants: Interner<i128>,
    pub(crate) networks: Interner<Network>,
    /// The networks of values, none for what is no network.
    pub(crate) known_networks: Memo<&'a str, Option<Network>>,
    pub(crate) arns: Interner<ArnPattern>,
    pub(crate) sources: Vec<Source>,
    pub(crate) leaf_sources: Vec<LeafSource>,
}

/// Sections that an image of these options has.
pub(crate) fn sections(options: Options) -> impl Iterator<Item = Section> {
    let all = Section::ALL.iter().copied();
    all.filter(move |section| match section.is_index() {
        true => options.index,
        false => options.debug || !section.is_optional(),
    })
}

impl<'a> Program<'a> {
    /// A program without statements.
    pub(crate) fn new(options: Options, arena: &'a Bump) -> Program<'a> {
        let table = Header::SIZE + Header::ENTRY * sections(options).count();
        let mut program = Program {
            arena,
            options,
            layers: 0,
            public: false,
            wanted: 0,
            strings: Strings::new(table.next_multiple_of(8) as u32),
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
            leaf_sources: Vec::new(),
        };
        // They have their numbers, whether a policy looks at them or not.
        for name in reserved::NAMES {
            program.strings.intern(name);
            program.slots.intern((name, reserved::CLASS));
        }
        // The evaluation itself looks at these.
        program.wanted = 1 << reserved::ASSUMED_ROOT
            | 1 << reserved::FEDERATED_PROVIDER
            | 1 << reserved::SERVICE_NAMES;
        program
    }

    /// The slot of a key and class.
    pub(crate) fn slot(&mut self, key: &'a str, class: u8) -> u32 {
        if let Some(slot) = self.known_slots.get(&(key, class)) {
            return *slot;
        }
        let name = fold_in(self.arena, key);
        self.strings.intern(name);
        let reserved = reserved::NAMES.iter().position(|other| *other == name);
        if let Some(reserved) = reserved {
            self.wanted |= match class {
                reserved::CLASS => 1 << reserved,
                _ => 1 << (16 + reserved),
            };
        }
        let slot = self.slots.intern((name, class));
        self.known_slots.insert((key, class), slot);
        slot
    }

    /// The list with these items.
    pub(crate) fn list(&mut self, kind: ListKind, items: &[u32]) -> u32 {
        let mut words: SmallVec<[u32; 8]> = SmallVec::new();
        words.push(kind.head(items.len() as u32));
        words.extend_from_slice(items);
        let (list, new) = self.lists.intern(&words);
        if new && kind == ListKind::Principals {
            self.principal_lists.push(list);
        }
        list
    }
}
