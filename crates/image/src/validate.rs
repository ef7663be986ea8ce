//! The validator: what every record must be for a decision to be the one that the policies say.
//!
//! One pass over each section, in an order in which each section only refers to sections that are checked by the same pass
//! or were checked before. What a record alone must be follows from the table of records ([`crate::record`]): its
//! references are in range and its bytes are those that it would be written as. Here is what is about several records:
//! runs that end, lists that are sorted, guards that begin where no other goes on.
//!
//! Nothing here trusts the bytes, and nothing allocates. The time is linear in the image, also where records share a text
//! ([`Checker::may_read`]) or buckets a candidate; it was measured at 1.7 GB/s (`docs/benchmarks/targets.md`). A validator that
//! works statement by statement was rejected: what statements share would be checked again for each.
//!
//! What the validator does not promise: that the index knows every candidate. An image whose index was forged decides as if
//! statements were missing, as one whose statements were forged does.

mod index;

use core::cell::Cell;

use crate::field::{Item, Limits};
use crate::header::ImageError;
use crate::id::{Id, ListId, Run};
use crate::insn::{flag, ordering, span};
use crate::kinds::{Class, PatternKind, StatementFlags};
use crate::layers::LayerSet;
use crate::op::Operands;
use crate::record::{
    ActionPattern, ArnPattern, Checked, ConditionText, Insn, InsnSource, InstantRecord,
    MAX_INLINE_NUMBER, NetworkRecord, NumberRecord, Pattern, PolicySource, PrincipalRecord,
    ShortText, Slot, SlotEntry, SlotStart, Statement, StatementSource, TokenRecord, Unit,
};
use crate::reserved::Reserved;
use crate::section::{LIST_HEAD, LIST_LEN, ListKind, Section};
use crate::text::Str;
use crate::token::{MAX_CHARS, Token};
use crate::value::fold::fold_char;
use crate::value::number::Number;
use crate::view::View;
use crate::wire::{count, index, name_hash, u32_at};

/// What a check gives.
pub(crate) type Validated = Result<(), ImageError>;

/// Checks what statements share and what explanations print, in this order. The header and the table of sections were checked
/// before.
pub(crate) fn validate_shared(view: View<'_>) -> Validated {
    let checker = Checker::new(view);
    checker.strings()?;
    checker.slots()?;
    checker.lists()?;
    checker.patterns()?;
    checker.tokens()?;
    checker.principals()?;
    checker.values()?;
    checker.debug()
}

/// Checks statements, and what decisions find them by. It stands on nothing that [`validate_shared`] finds out: both may run at once.
pub(crate) fn validate_statements(view: View<'_>) -> Validated {
    let checker = Checker::new(view);
    checker.statements()?;
    checker.units()?;
    checker.code()?;
    checker.index()
}

/// What the checks of one image share.
pub(crate) struct Checker<'a> {
    pub(crate) view: View<'a>,
    strings: (usize, usize),
    /// Bytes of text that were looked at, counted again for each record that has them.
    looked_at: Cell<usize>,
}

impl Limits for Checker<'_> {
    fn count(&self, section: Section) -> u32 {
        self.view.count(section)
    }

    fn layers(&self) -> LayerSet {
        self.view.layers()
    }

    fn is_text(&self, text: Str) -> bool {
        let (offset, len) = self.strings;
        let start = index(text.offset);
        let end = start + index(text.len);
        let between = |at: usize| {
            at == offset + len
                || self
                    .view
                    .bytes
                    .get(at)
                    .is_some_and(|byte| byte & 0xc0 != 0x80)
        };
        start >= offset && end <= offset + len && between(start) && between(end)
    }

    fn is_list(&self, list: u32, kind: ListKind) -> bool {
        if list >= self.view.count(Section::Lists) {
            return false;
        }
        let head = u32_at(self.view.bytes, self.view.at(Section::Lists, list));
        head & !LIST_LEN == kind.head(0)
    }
}

impl<'a> Checker<'a> {
    fn new(view: View<'a>) -> Checker<'a> {
        Checker {
            view,
            strings: view.section(Section::Strings),
            looked_at: Cell::new(0),
        }
    }
}

impl Checker<'_> {
    /// Refuses the image for a record of a section, by the record's number.
    pub(crate) fn fail(&self, section: Section, number: u32, what: &'static str) -> Validated {
        Err(ImageError {
            offset: self.view.at(section, number),
            what,
        })
    }

    /// Refuses the image unless something holds, for a record by its number.
    pub(crate) fn ensure(
        &self,
        holds: bool,
        section: Section,
        number: u32,
        what: &'static str,
    ) -> Validated {
        if holds {
            Ok(())
        } else {
            self.fail(section, number, what)
        }
    }

    /// Every record of a section is as the table of records has it, and as it must be beyond that.
    pub(crate) fn all<R: Checked>(
        &self,
        what: &'static str,
        mut is_fine: impl FnMut(Id<R>, R) -> bool,
    ) -> Validated {
        for id in self.view.ids::<R>() {
            self.only(what, id, |record| is_fine(id, record))?;
        }
        Ok(())
    }

    /// The same for one record.
    pub(crate) fn only<R: Checked>(
        &self,
        what: &'static str,
        id: Id<R>,
        is_fine: impl FnOnce(R) -> bool,
    ) -> Validated {
        let bytes = R::bytes_or_zero(self.view.bytes, self.view.offset(id));
        let record = R::read(bytes);
        let fine = record.is_written(bytes) && record.is_sound(self) && is_fine(record);
        self.ensure(fine, R::SECTION, id.number(), what)
    }

    /// All strings are one UTF-8 text, so that a string of the image only has to begin and end between characters.
    fn strings(&self) -> Validated {
        let (offset, len) = self.strings;
        let bytes = self.view.bytes.get(offset..offset + len).unwrap_or(&[]);
        match core::str::from_utf8(bytes) {
            Ok(_) => Ok(()),
            Err(error) => self.fail(
                Section::Strings,
                count(error.valid_up_to()),
                "text that is not UTF-8",
            ),
        }
    }

    /// A text, and there is still leave to look at as much of it.
    ///
    /// What a compiler writes has few records for a text: four slots, a principal of each form, a
    /// number. An image in which all records share one long text would take the product of both to
    /// check. So the bytes that are looked at, counted again for each record, may be sixteen times the image at most.
    fn may_read(&self, text: Str) -> bool {
        let looked_at = self.looked_at.get().saturating_add(index(text.len));
        self.looked_at.set(looked_at);
        self.is_text(text) && looked_at / 16 <= self.view.bytes.len()
    }

    /// Slots have folded names, the reserved ones stand first, and the index of slots finds each of them.
    fn slots(&self) -> Validated {
        let view = &self.view;
        let slots = view.count(Section::Slots);
        self.all("a slot that is not well-formed", |_, slot: Slot| {
            self.may_read(slot.name) && view.text(slot.name).chars().all(|c| fold_char(c) == c)
        })?;
        // A key that is looked at must be derived.
        self.all(
            "a slot that the header does not know of",
            |_, slot: Slot| {
                let other = slot.class != Reserved::CLASS;
                let key = Reserved::of_name(view.text(slot.name)).filter(|_| other);
                key.is_none_or(|key| view.wanted().otherwise(key))
            },
        )?;
        self.all("a reserved slot with another key", |id, slot: Slot| {
            Reserved::of_slot(id).is_none_or(|key| {
                view.text(slot.name) == key.name() && slot.class == Reserved::CLASS
            })
        })?;
        self.ensure(
            index(slots) >= Reserved::ALL.len(),
            Section::Slots,
            0,
            "reserved slots are missing",
        )?;

        // Rising pairs with the right hash, as many as there are slots: every slot stands there once.
        let entries = view.count(Section::SlotIndex);
        self.ensure(
            entries == slots,
            Section::SlotIndex,
            0,
            "an index of some slots only",
        )?;
        let starts = view.count(Section::SlotStarts);
        let ranges = starts.wrapping_sub(1);
        self.ensure(
            starts > 2 && ranges.is_power_of_two(),
            Section::SlotStarts,
            0,
            "an index of slots without places",
        )?;
        self.all("a place out of range", |id: Id<SlotStart>, _| {
            let (first, end) = view.slot_starts(id);
            id.number() == ranges || first <= end && end <= entries
        })?;
        let mut previous = None;
        self.all(
            "an index that does not find its slot",
            |id, entry: SlotEntry| {
                let SlotEntry { hash, slot } = entry;
                let name = view.get(slot).name;
                let (first, end) = view.slot_starts(view.slot_range(hash));
                let rising = previous.is_none_or(|previous| previous < (hash, slot));
                previous = Some((hash, slot));
                self.may_read(name)
                    && name_hash(name.bytes(view.bytes)) == hash
                    && rising
                    && (first..end).contains(&id.number())
            },
        )
    }

    /// A slot that is looked at: if it is a reserved one, the header says so.
    fn is_slot(&self, slot: Id<Slot>, class: Class) -> bool {
        let key = Reserved::of_slot(slot);
        slot.number() < self.view.count(Section::Slots)
            && key.is_none_or(|key| self.view.wanted().as_text(key))
            && self.view.get(slot).class == class
    }

    /// The words of the section are lists, one after the other, whose items are in range; those of principals are sorted.
    fn lists(&self) -> Validated {
        let view = &self.view;
        let words = view.count(Section::Lists);
        let mut number = 0;
        while number < words {
            let head = u32_at(view.bytes, view.at(Section::Lists, number));
            let kind = ListKind::ALL.get(index(head >> 27 & 15));
            let (Some((_, section)), true) = (kind, head & LIST_HEAD != 0) else {
                return self.fail(Section::Lists, number, "a list without a head");
            };
            let limit = view.count(*section);
            // The items of any list are numbers of records.
            let items = view.list::<Pattern>(Id::new(number));
            self.ensure(
                items.len() < words - number,
                Section::Lists,
                number,
                "a list that does not end",
            )?;
            let fine = items.iter().all(|item| item.number() < limit);
            self.ensure(
                fine,
                Section::Lists,
                number,
                "a list with an item out of range",
            )?;
            if *section == Section::Principals {
                let mut pairs = items.iter().zip(items.iter().skip(1));
                let rising = pairs.all(|(a, b)| a <= b);
                self.ensure(rising, Section::Lists, number, "a list that is not sorted")?;
            }
            number += 1 + items.len();
        }
        Ok(())
    }

    /// Patterns of tokens begin a run, and others have none.
    fn patterns(&self) -> Validated {
        let tokens = self.view.count(Section::Tokens);
        self.all(
            "a pattern that is not well-formed",
            |_, pattern: Pattern| match pattern.kind {
                PatternKind::Tokens => self.starts_run(pattern.tokens.0, tokens),
                PatternKind::Exact | PatternKind::Prefix => pattern.tokens.0 == Id::FIRST,
            },
        )?;
        self.all(
            "an action with a pattern out of range",
            |_, _: ActionPattern| true,
        )?;
        self.all("an ARN with a pattern out of range", |_, _: ArnPattern| {
            true
        })
    }

    /// A run of tokens begins at the section's start or after the end of another run, so that no
    /// token belongs to two runs.
    fn starts_run(&self, first: Id<TokenRecord>, tokens: u32) -> bool {
        let before = first.number().checked_sub(1).map(Id::new);
        first.number() < tokens && before.is_none_or(|before| self.is_end(before))
    }

    /// True for the last token of a run.
    fn is_end(&self, token: Id<TokenRecord>) -> bool {
        Token::from(self.view.get(token)) == Token::End
    }

    /// Tokens are such as a compiler writes, their variables are slots, and the last run ends.
    fn tokens(&self) -> Validated {
        self.all(
            "a token that is not well-formed",
            |_, record: TokenRecord| {
                let token = Token::from(record);
                let fine = match token {
                    Token::Text(_) => record.text.is_some(),
                    Token::Variable { slot, default } => {
                        self.is_slot(slot, Class::Text)
                            && default.is_some() == record.text.is_some()
                    }
                    Token::Chars(count) => (1..=MAX_CHARS).contains(&count),
                    Token::End | Token::Star | Token::Field => true,
                };
                fine && TokenRecord::from(token) == record
            },
        )?;
        let last = self.view.count(Section::Tokens).checked_sub(1);
        let closed = last.is_none_or(|last| self.is_end(Id::new(last)));
        self.ensure(
            closed,
            Section::Tokens,
            last.unwrap_or(0),
            "tokens that do not end",
        )
    }

    /// Principals rise by form and text, so that the machine can search them.
    fn principals(&self) -> Validated {
        self.all(
            "a principal that is not well-formed",
            |_, record: PrincipalRecord| self.may_read(record.text),
        )?;
        let mut previous = None;
        self.all("principals out of order", |_, record: PrincipalRecord| {
            let key = (record.form, self.view.text(record.text));
            let rising = previous.is_none_or(|previous| previous < key);
            previous = Some(key);
            rising
        })
    }

    /// Values of conditions are what their texts say.
    fn values(&self) -> Validated {
        let view = &self.view;
        self.all("a text out of range", |_, _: ConditionText| true)?;
        self.all("a text that is not one", |_, text: ShortText| {
            text.write(&mut [0; 16]).is_some()
        })?;
        self.all(
            "a number that is not its text",
            |_, record: NumberRecord| {
                let number = self.may_read(record.text).then(|| view.text(record.text));
                let number = number.and_then(Number::parse);
                number.is_some_and(|number| number.millionths() == record.millionths)
            },
        )?;
        self.all("an instant that is none", |_, _: InstantRecord| true)?;
        self.all("a network without family", |_, _: NetworkRecord| true)
    }

    /// Statements stand for some layer and begin a guard, and a shared guard has one number.
    fn statements(&self) -> Validated {
        let code = self.view.count(Section::Code);
        // Whoever has a number's guard has the number: what one gave is taken for the other.
        let mut guards = [None; 1 + StatementFlags::MAX_SHARED as usize];
        self.all(
            "a statement that is not well-formed",
            |_, statement: Statement| {
                let numbered = match (statement.flags.shared, statement.guard) {
                    (0, _) => true,
                    (_, None) => false,
                    (number, Some(guard)) => {
                        let shared = guards.get_mut(usize::from(number));
                        shared.is_some_and(|shared| *shared.get_or_insert(guard) == guard)
                    }
                };
                let guard = statement.guard;
                numbered
                    && !statement.layers.is_empty()
                    && guard.is_none_or(|guard| self.starts_guard(guard, code))
            },
        )
    }

    /// Units are all statements, one unit after the other.
    fn units(&self) -> Validated {
        let view = &self.view;
        let mut next = Id::FIRST;
        let mut layers = LayerSet::EMPTY;
        self.all("a unit that is not well-formed", |_, unit: Unit| {
            let fine = unit.statements.first == next;
            next = unit.statements.end();
            layers |= unit.layers;
            fine
        })?;
        for unit in view.ids::<Unit>().map(|id| view.get(id)) {
            let mut allow_seen = false;
            for id in unit.statements.iter() {
                let statement = view.get(id);
                let sorted = !(allow_seen && statement.flags.deny)
                    && unit.layers.contains_all(statement.layers);
                self.ensure(
                    sorted,
                    Section::Statements,
                    id.number(),
                    "a Deny after an Allow, or a layer that its unit does not have",
                )?;
                allow_seen |= !statement.flags.deny;
            }
        }
        let whole = next.number() == view.count(Section::Statements) && layers == view.layers();
        self.ensure(
            whole,
            Section::Units,
            view.count(Section::Units),
            "statements of no unit",
        )
    }

    /// A guard begins at the section's start or after the end of another, so that no instruction belongs to two guards.
    fn starts_guard(&self, first: Id<Insn>, code: u32) -> bool {
        let before = first.number().checked_sub(1).map(Id::new);
        first.number() < code && before.is_none_or(|before| self.is_last(before))
    }

    /// True for the last instruction of a guard.
    fn is_last(&self, insn: Id<Insn>) -> bool {
        self.view.read(insn).flags() & flag::END != 0
    }

    /// Instructions have an operation, flags that go together, a slot of its class, and its operands; the last guard ends.
    fn code(&self) -> Validated {
        self.all("an unknown operation", |id: Id<Insn>, insn: Insn| {
            self.view.read(id).code() == insn.op.code()
        })?;
        self.all("an instruction that is not well-formed", |_, insn: Insn| {
            let both = flag::ANY | flag::ALL;
            insn.flags < 32
                && insn.flags & both != both
                && self.is_slot(insn.slot, insn.op.info().class)
                && self.are_operands(&insn)
        })?;
        let last = self.view.count(Section::Code).checked_sub(1);
        let closed = last.is_none_or(|last| self.is_last(Id::new(last)));
        self.ensure(
            closed,
            Section::Code,
            last.unwrap_or(0),
            "a guard that does not end",
        )
    }

    /// The operands are such as the operation has. A kind of operands that is added does not compile until it is here, and what is
    /// not used must be zero, so that an instruction has one form.
    fn are_operands(&self, insn: &Insn) -> bool {
        let view = &self.view;
        let (x, y, z) = (insn.x.bits(), insn.y.bits(), insn.z.bits());
        let orders = ordering::LESS | ordering::EQUAL | ordering::GREATER;
        match insn.op.info().operands {
            Operands::None => (x, y, z) == (0, 0, 0),
            Operands::Truth => {
                let bare = insn.flags & (flag::NEGATED | flag::ANY | flag::ALL) == 0;
                bare && x <= 1 && (y, z) == (0, 0)
            }
            Operands::Truths => x <= 3 && (y, z) == (0, 0),
            Operands::Inline => insn.short_text().write(&mut [0; 16]).is_some(),
            Operands::Span => self.is_span(insn),
            Operands::ShortTexts => {
                let texts: Run<ShortText> = insn.x.run();
                texts.fits(view.count(Section::ShortTexts)) && (y, z) == (0, 0)
            }
            Operands::Number => {
                let text = insn.y.text();
                z <= orders
                    && text.len <= MAX_INLINE_NUMBER
                    && self.is_text(text)
                    && Number::parse(view.text(text))
                        .is_some_and(|number| number.millionths() == Some(insn.x.signed()))
            }
            Operands::Instant => z <= orders,
            Operands::V4 => true,
            Operands::Texts => self.is_operand::<ConditionText>(insn) && z == 0,
            Operands::Patterns => self.is_operand::<Pattern>(insn) && z == 0,
            Operands::Networks => self.is_operand::<NetworkRecord>(insn) && z == 0,
            Operands::Arns => self.is_operand::<ArnPattern>(insn) && z == 0,
            Operands::Numbers => self.is_operand::<NumberRecord>(insn) && z <= orders,
            Operands::Instants => self.is_operand::<InstantRecord>(insn) && z <= orders,
        }
    }

    /// A pattern of at most two literals, whose second begins with a colon where a part of an ARN ends.
    fn is_span(&self, insn: &Insn) -> bool {
        let (first, second) = (insn.x.text(), insn.y.text());
        let shape = match insn.z.bits() & !span::OPEN {
            0 => second == Str::default(),
            span::STAR => true,
            span::FIELD => second.bytes(self.view.bytes).first() == Some(&b':'),
            _ => false,
        };
        shape && self.is_text(first) && (second == Str::default() || self.is_text(second))
    }

    /// `x` is a list, and `y` its digest.
    fn is_operand<T: Item>(&self, insn: &Insn) -> bool {
        let list: ListId<T> = insn.x.list();
        u64::from(list.number()) == insn.x.bits()
            && self.is_list(list.number(), T::KIND)
            && insn.y == self.view.list(list).digest().into()
    }

    /// What explanations print is there for all statements and instructions or for none.
    fn debug(&self) -> Validated {
        let view = &self.view;
        self.all("a source that is not well-formed", |_, _: PolicySource| {
            true
        })?;
        let origins = view.count(Section::StatementSources);
        let whole = origins == 0 || origins == view.count(Section::Statements);
        self.ensure(
            whole,
            Section::StatementSources,
            0,
            "origins of some statements only",
        )?;
        self.all(
            "an origin that is not well-formed",
            |_, _: StatementSource| true,
        )?;
        let insns = view.count(Section::InsnSources);
        let whole = insns == 0 || insns == view.count(Section::Code);
        self.ensure(
            whole,
            Section::InsnSources,
            0,
            "sources of some instructions only",
        )?;
        self.all(
            "an instruction's source that is not well-formed",
            |_, _: InsnSource| true,
        )
    }
}
