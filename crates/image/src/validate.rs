//! The validator: what every record must be for a decision to be the one that the policies say.
//!
//! One pass over each section, in an order in which each section only refers to sections that are
//! checked by the same pass or were checked before. The time is linear in the image: also the texts
//! that records share are bounded ([`Checker::may_read`]).

mod index;

use core::cell::Cell;

use crate::header::ImageError;
use crate::leaf::{Leaf, flag, ordering, span};
use crate::op::{Op, Operands};
use crate::record::{
    ANY, MAX_CHARS, MAX_INLINE_NUMBER, NONE, PatternKind, ShortText, Slot, Str, reserved,
};
use crate::section::{LIST_HEAD, LIST_LEN, ListKind, Section};
use crate::statement::StatementFlags;
use crate::token::Token;
use crate::value::fold::fold_char;
use crate::value::number::Number;
use crate::view::View;
use crate::wire::{name_hash, u32_at, u64_at};

pub(crate) type Checked = Result<(), ImageError>;

pub(crate) fn validate(view: View<'_>) -> Checked {
    let checker = Checker {
        view,
        strings: view.section(Section::Strings),
        looked_at: Cell::new(0),
    };
    checker.strings()?;
    checker.slots()?;
    checker.lists()?;
    checker.patterns()?;
    checker.tokens()?;
    checker.principals()?;
    checker.values()?;
    checker.statements()?;
    checker.parts()?;
    checker.code()?;
    checker.index()?;
    checker.debug()
}

pub(crate) struct Checker<'a> {
    pub(crate) view: View<'a>,
    strings: (usize, usize),
    /// Bytes of text that were looked at, counted again for each record that has them.
    looked_at: Cell<usize>,
}

impl Checker<'_> {
    pub(crate) fn fail(&self, section: Section, index: u32, what: &'static str) -> Checked {
        Err(ImageError {
            offset: self.view.at(section, index),
            what,
        })
    }

    pub(crate) fn ensure(
        &self,
        holds: bool,
        section: Section,
        index: u32,
        what: &'static str,
    ) -> Checked {
        if holds {
            Ok(())
        } else {
            self.fail(section, index, what)
        }
    }

    fn strings(&self) -> Checked {
        let (offset, len) = self.strings;
        let bytes = self.view.bytes.get(offset..offset + len).unwrap_or(&[]);
        match core::str::from_utf8(bytes) {
            Ok(_) => Ok(()),
            Err(error) => self.fail(
                Section::Strings,
                error.valid_up_to() as u32,
                "text that is not UTF-8",
            ),
        }
    }

    /// A text lies in the strings and begins and ends between characters.
    pub(crate) fn is_text(&self, text: Str) -> bool {
        let (offset, len) = self.strings;
        let start = text.offset as usize;
        let end = start + text.len as usize;
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

    /// A text, and there is still leave to look at as much of it.
    ///
    /// What a compiler writes has few records for a text: four slots, a principal of each form, a
    /// number. An image in which all records share one long text would take the product of both to
    /// check.
    fn may_read(&self, text: Str) -> bool {
        let looked_at = self.looked_at.get().saturating_add(text.len as usize);
        self.looked_at.set(looked_at);
        self.is_text(text) && looked_at / 16 <= self.view.bytes.len()
    }

    fn slots(&self) -> Checked {
        let view = &self.view;
        let count = view.count(Section::Slots);
        for index in 0..count {
            let slot = view.slot(index);
            let fine = self.may_read(slot.name)
                && u64_at(view.bytes, view.at(Section::Slots, index) + 8)
                    <= u64::from(Slot::ADDRESS)
                && view.text(slot.name).chars().all(|c| fold_char(c) == c);
            self.ensure(
                fine,
                Section::Slots,
                index,
                "a slot that is not well-formed",
            )?;
            // A key that is looked at must be derived.
            let otherwise = reserved::NAMES
                .iter()
                .position(|name| slot.class != reserved::CLASS && view.text(slot.name) == *name);
            let fine = otherwise.is_none_or(|reserved| view.wanted(reserved as u32).otherwise);
            self.ensure(
                fine,
                Section::Slots,
                index,
                "a slot that the header does not know of",
            )?;
            if let Some(name) = reserved::NAMES.get(index as usize) {
                let fine = view.text(slot.name) == *name && slot.class == Slot::TEXT;
                self.ensure(
                    fine,
                    Section::Slots,
                    index,
                    "a reserved slot with another key",
                )?;
            }
        }
        self.ensure(
            count as usize >= reserved::NAMES.len(),
            Section::Slots,
            0,
            "reserved slots are missing",
        )?;

        // Rising pairs with the right hash, as many as there are slots: every slot stands there once.
        let entries = view.count(Section::SlotIndex);
        self.ensure(
            entries == count,
            Section::SlotIndex,
            0,
            "an index of some slots only",
        )?;
        let starts = view.count(Section::SlotStarts);
        let places = starts.wrapping_sub(1);
        self.ensure(
            starts > 2 && places.is_power_of_two(),
            Section::SlotStarts,
            0,
            "an index of slots without places",
        )?;
        for place in 0..places {
            let (first, end) = view.slot_starts(place);
            let fine = first <= end && end <= entries;
            self.ensure(fine, Section::SlotStarts, place, "a place out of range")?;
        }
        let mut previous = None;
        for index in 0..entries {
            let (hash, slot) = view.slot_index(index);
            let (first, end) = view.slot_starts(view.slot_place(hash));
            let fine = slot < count
                && self.may_read(view.slot(slot).name)
                && name_hash(view.slot(slot).name.bytes(view.bytes)) == hash
                && previous.is_none_or(|previous| previous < (hash, slot))
                && (first..end).contains(&index);
            self.ensure(
                fine,
                Section::SlotIndex,
                index,
                "an index that does not find its slot",
            )?;
            previous = Some((hash, slot));
        }
        Ok(())
    }

    /// A slot that is looked at: if it is a reserved one, the header says so.
    fn is_slot(&self, slot: u32) -> bool {
        let reserved = reserved::NAMES.len() as u32;
        slot < self.view.count(Section::Slots)
            && (slot >= reserved || self.view.wanted(slot).as_text)
    }

    fn lists(&self) -> Checked {
        let view = &self.view;
        let count = view.count(Section::Lists);
        let mut index = 0;
        while index < count {
            let head = u32_at(view.bytes, view.at(Section::Lists, index));
            let kind = ListKind::ALL.get((head >> 27 & 15) as usize);
            let (Some((_, section)), true) = (kind, head & LIST_HEAD != 0) else {
                return self.fail(Section::Lists, index, "a list without a head");
            };
            let limit = view.count(*section);
            let items = view.list(index);
            self.ensure(
                items.len() < count - index,
                Section::Lists,
                index,
                "a list that does not end",
            )?;
            let fine = items.iter().all(|item| item < limit);
            self.ensure(
                fine,
                Section::Lists,
                index,
                "a list with an item out of range",
            )?;
            if *section == Section::Principals {
                let mut pairs = items.iter().zip(items.iter().skip(1));
                let rising = pairs.all(|(a, b)| a <= b);
                self.ensure(rising, Section::Lists, index, "a list that is not sorted")?;
            }
            index += 1 + items.len();
        }
        Ok(())
    }

    /// The number is that of a list of this kind.
    fn is_list(&self, index: u64, kind: ListKind) -> bool {
        let Ok(index) = u32::try_from(index) else {
            return false;
        };
        if index >= self.view.count(Section::Lists) {
            return false;
        }
        let head = u32_at(self.view.bytes, self.view.at(Section::Lists, index));
        head & !LIST_LEN == LIST_HEAD | (kind as u32) << 27
    }

    fn patterns(&self) -> Checked {
        let view = &self.view;
        let tokens = view.count(Section::Tokens);
        for index in 0..view.count(Section::Patterns) {
            let pattern = view.pattern(index);
            let code = u32_at(view.bytes, view.at(Section::Patterns, index) + 12);
            let run = match pattern.kind {
                PatternKind::Tokens => self.starts_run(pattern.tokens, tokens),
                PatternKind::Exact | PatternKind::Prefix => pattern.tokens == 0,
            };
            let fine = code <= 2 && run && self.is_text(pattern.literal);
            self.ensure(
                fine,
                Section::Patterns,
                index,
                "a pattern that is not well-formed",
            )?;
        }
        let patterns = view.count(Section::Patterns);
        for index in 0..view.count(Section::Actions) {
            let action = view.action(index);
            let fine = action.service < patterns && action.name < patterns;
            self.ensure(
                fine,
                Section::Actions,
                index,
                "an action with a pattern out of range",
            )?;
        }
        for index in 0..view.count(Section::Arns) {
            let parts = view.arn(index).parts;
            let fine = parts.first() == Some(&ANY) || parts.iter().all(|part| *part < patterns);
            self.ensure(
                fine,
                Section::Arns,
                index,
                "an ARN with a pattern out of range",
            )?;
        }
        Ok(())
    }

    /// A run of tokens begins at the section's start or after the end of another run, so that no
    /// token belongs to two runs.
    fn starts_run(&self, start: u32, count: u32) -> bool {
        start < count
            && start
                .checked_sub(1)
                .is_none_or(|before| self.view.token(before) == Token::End)
    }

    fn tokens(&self) -> Checked {
        let view = &self.view;
        let count = view.count(Section::Tokens);
        for index in 0..count {
            let at = view.at(Section::Tokens, index);
            let fine = Token::is_known(view.bytes, at)
                && match view.token(index) {
                    Token::Text(text) => self.is_text(text),
                    Token::Variable { slot, default } => {
                        self.is_slot(slot)
                            && view.slot(slot).class == Slot::TEXT
                            && default.is_none_or(|text| self.is_text(text))
                    }
                    Token::Chars(count) => (1..=MAX_CHARS).contains(&count),
                    Token::End | Token::Star | Token::Field => true,
                };
            self.ensure(
                fine,
                Section::Tokens,
                index,
                "a token that is not well-formed",
            )?;
        }
        let closed = count == 0 || view.token(count - 1) == Token::End;
        self.ensure(
            closed,
            Section::Tokens,
            count.saturating_sub(1),
            "tokens that do not end",
        )
    }

    fn principals(&self) -> Checked {
        let view = &self.view;
        let mut previous = None;
        for index in 0..view.count(Section::Principals) {
            let known = u64_at(view.bytes, view.at(Section::Principals, index) + 8) < 7;
            let Some(principal) = view
                .principal(index)
                .filter(|record| known && self.may_read(record.text))
            else {
                return self.fail(
                    Section::Principals,
                    index,
                    "a principal that is not well-formed",
                );
            };
            let key = (principal.form, view.text(principal.text));
            let rising = previous.is_none_or(|previous| previous < key);
            self.ensure(
                rising,
                Section::Principals,
                index,
                "principals out of order",
            )?;
            previous = Some(key);
        }
        Ok(())
    }

    fn values(&self) -> Checked {
        let view = &self.view;
        for index in 0..view.count(Section::Texts) {
            let fine = self.is_text(view.condition_text(index));
            self.ensure(fine, Section::Texts, index, "a text out of range")?;
        }
        for (index, text) in (0..).zip(view.short_texts(0, view.count(Section::ShortTexts))) {
            let fine = text.write(&mut [0; 16]).is_some();
            self.ensure(fine, Section::ShortTexts, index, "a text that is not one")?;
        }
        for index in 0..view.count(Section::Numbers) {
            let record = view.number(index);
            let fine = self.may_read(record.text)
                && Number::parse(view.text(record.text)).is_some_and(|number| {
                    number.millionths().unwrap_or(i64::MIN) == record.millionths
                });
            self.ensure(
                fine,
                Section::Numbers,
                index,
                "a number that is not its text",
            )?;
        }
        for index in 0..view.count(Section::Networks) {
            let family = u64_at(view.bytes, view.at(Section::Networks, index));
            let fine = matches!(family, 4 | 6);
            self.ensure(fine, Section::Networks, index, "a network of no family")?;
        }
        Ok(())
    }

    fn statements(&self) -> Checked {
        let view = &self.view;
        let code = view.count(Section::Code);
        // The guards with a number, by number.
        let mut shared = [None; 1 + StatementFlags::MAX_SHARED as usize];
        for index in 0..view.count(Section::Statements) {
            let statement = view.statement(index);
            let numbered = match (statement.flags.shared, statement.guard) {
                (0, _) => true,
                (_, NONE) => false,
                (number, guard) => shared
                    .get_mut(usize::from(number))
                    .is_some_and(|shared| *shared.get_or_insert(guard) == guard),
            };
            let raw_flags = u32_at(view.bytes, view.at(Section::Statements, index));
            let list = |list, kind| list == ANY || self.is_list(u64::from(list), kind);
            let fine = raw_flags & !0xff0f == 0
                && numbered
                && statement.layers != 0
                && statement.layers & !view.layers() == 0
                && list(statement.actions, ListKind::Actions)
                && list(statement.resources, ListKind::Patterns)
                && (statement.principals == NONE
                    || list(statement.principals, ListKind::Principals))
                && (statement.guard == NONE || self.starts_guard(statement.guard, code));
            self.ensure(
                fine,
                Section::Statements,
                index,
                "a statement that is not well-formed",
            )?;
        }
        Ok(())
    }

    /// Parts are all statements, one part after the other.
    fn parts(&self) -> Checked {
        let view = &self.view;
        let parts = view.count(Section::Parts);
        let mut next = 0;
        let mut layers = 0;
        for index in 0..parts {
            let part = view.part(index);
            let public = u32_at(view.bytes, view.at(Section::Parts, index) + 12);
            let fine = part.statements == next
                && in_range(next, part.statement_count, view.count(Section::Statements))
                && public <= 1
                && part.layers & !view.layers() == 0
                && in_range(part.nodes, part.node_count, view.count(Section::Nodes))
                && in_range(part.rest, part.rest_count, view.count(Section::NodeGroups));
            self.ensure(
                fine,
                Section::Parts,
                index,
                "a part that is not well-formed",
            )?;
            let mut allow_seen = false;
            for number in next..next + part.statement_count {
                let statement = view.statement(number);
                let sorted =
                    !(allow_seen && statement.flags.deny) && statement.layers & !part.layers == 0;
                self.ensure(
                    sorted,
                    Section::Statements,
                    number,
                    "a Deny after an Allow, or a layer that its part does not have",
                )?;
                allow_seen |= !statement.flags.deny;
            }
            next += part.statement_count;
            layers |= part.layers;
        }
        let whole = next == view.count(Section::Statements) && layers == view.layers();
        self.ensure(whole, Section::Parts, parts, "statements of no part")
    }

    fn starts_guard(&self, start: u32, count: u32) -> bool {
        start < count
            && start
                .checked_sub(1)
                .is_none_or(|before| self.view.leaf(before).flags & flag::END != 0)
    }

    fn code(&self) -> Checked {
        let view = &self.view;
        let count = view.count(Section::Code);
        for index in 0..count {
            let leaf = view.leaf(index);
            let padding = u32_at(view.bytes, view.at(Section::Code, index)) >> 16;
            let Some(op) = Op::from_code(leaf.op).filter(|op| *op != Op::Fault) else {
                return self.fail(Section::Code, index, "an unknown operation");
            };
            let info = op.info();
            let both = flag::ANY | flag::ALL;
            let orders = ordering::LESS | ordering::EQUAL | ordering::GREATER;
            let operands = match info.operands {
                Operands::None => (leaf.x, leaf.y, leaf.z) == (0, 0, 0),
                Operands::Truth => {
                    let bare = leaf.flags & (flag::NEGATED | both) == 0;
                    bare && leaf.x <= 1 && (leaf.y, leaf.z) == (0, 0)
                }
                Operands::Truths => leaf.x <= 3 && (leaf.y, leaf.z) == (0, 0),
                Operands::Inline => {
                    let text = ShortText {
                        low: leaf.x,
                        high: leaf.y,
                        len: leaf.z,
                    };
                    text.write(&mut [0; 16]).is_some()
                }
                Operands::Span => self.is_span(&leaf),
                Operands::ShortTexts => {
                    let texts = view.count(Section::ShortTexts);
                    in_range(leaf.x as u32, (leaf.x >> 32) as u32, texts)
                        && (leaf.y, leaf.z) == (0, 0)
                }
                Operands::Number => {
                    let text = Str::unpack(leaf.y);
                    leaf.z <= orders
                        && text.len <= MAX_INLINE_NUMBER
                        && self.is_text(text)
                        && Number::parse(view.text(text))
                            .is_some_and(|number| number.millionths() == Some(leaf.x as i64))
                }
                Operands::Instant => leaf.z <= orders,
                Operands::V4 => true,
                Operands::Texts => self.operand_list(&leaf, ListKind::Texts) && leaf.z == 0,
                Operands::Patterns => self.operand_list(&leaf, ListKind::Patterns) && leaf.z == 0,
                Operands::Networks => self.operand_list(&leaf, ListKind::Networks) && leaf.z == 0,
                Operands::Arns => self.operand_list(&leaf, ListKind::Arns) && leaf.z == 0,
                Operands::Numbers => {
                    self.operand_list(&leaf, ListKind::Numbers) && leaf.z <= orders
                }
                Operands::Instants => {
                    self.operand_list(&leaf, ListKind::Instants) && leaf.z <= orders
                }
            };
            let fine = padding == 0
                && leaf.flags < 32
                && leaf.flags & both != both
                && self.is_slot(leaf.slot)
                && view.slot(leaf.slot).class == info.class
                && operands;
            self.ensure(
                fine,
                Section::Code,
                index,
                "an instruction that is not well-formed",
            )?;
        }
        let closed = count == 0 || view.leaf(count - 1).flags & flag::END != 0;
        self.ensure(
            closed,
            Section::Code,
            count.saturating_sub(1),
            "a guard that does not end",
        )
    }

    fn is_span(&self, leaf: &Leaf) -> bool {
        let (first, second) = (Str::unpack(leaf.x), Str::unpack(leaf.y));
        let shape = match leaf.z & !span::OPEN {
            0 => second == Str::default(),
            span::STAR => true,
            span::FIELD => second.bytes(self.view.bytes).first() == Some(&b':'),
            _ => false,
        };
        shape && self.is_text(first) && (second == Str::default() || self.is_text(second))
    }

    fn operand_list(&self, leaf: &Leaf, kind: ListKind) -> bool {
        self.is_list(leaf.x, kind) && leaf.y == self.view.list(leaf.x as u32).digest()
    }

    fn debug(&self) -> Checked {
        let view = &self.view;
        let sources = view.count(Section::Sources);
        for index in 0..sources {
            let fine = view
                .source(index)
                .is_some_and(|source| self.is_text(source.name) && self.is_text(source.file));
            self.ensure(
                fine,
                Section::Sources,
                index,
                "a source that is not well-formed",
            )?;
        }
        let origins = view.count(Section::Origins);
        let whole = origins == 0 || origins == view.count(Section::Statements);
        self.ensure(
            whole,
            Section::Origins,
            0,
            "origins of some statements only",
        )?;
        for index in 0..origins {
            let fine = view.origin(index).is_some_and(|origin| {
                origin.source < sources
                    && self.is_text(origin.sid)
                    && self.is_list(u64::from(origin.actions), ListKind::Texts)
                    && self.is_list(u64::from(origin.resources), ListKind::Texts)
            });
            self.ensure(
                fine,
                Section::Origins,
                index,
                "an origin that is not well-formed",
            )?;
        }
        let leaves = view.count(Section::LeafSources);
        let whole = leaves == 0 || leaves == view.count(Section::Code);
        self.ensure(
            whole,
            Section::LeafSources,
            0,
            "sources of some instructions only",
        )?;
        for index in 0..leaves {
            let fine = view.leaf_source(index).is_some_and(|leaf| {
                self.is_text(leaf.operator)
                    && self.is_text(leaf.key)
                    && self.is_list(u64::from(leaf.values), ListKind::Texts)
            });
            self.ensure(
                fine,
                Section::LeafSources,
                index,
                "an instruction's source that is not well-formed",
            )?;
        }
        Ok(())
    }
}

pub(crate) fn in_range(start: u32, count: u32, limit: u32) -> bool {
    start.checked_add(count).is_some_and(|end| end <= limit)
}
