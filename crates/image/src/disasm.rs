//! The disassembler: an image as text.
//!
//! For people, and for tests that hold what the compiler makes. It shows statements with their heads and instructions and
//! leaves out the index, which says nothing that they do not. The text is no format: nothing reads it back, and it may change
//! in any version.

use core::fmt::{self, Write};

use crate::entries::{Entries, Principals};
use crate::field::Item;
use crate::id::Id;
use crate::insn::{flag, ordering, span};
use crate::kinds::PatternKind;
use crate::op::{Op, Operands};
use crate::operand::Operand;
use crate::record::{
    ArnPattern, ConditionText, Insn, InstantRecord, NetworkRecord, NumberRecord, Pattern,
    ShortText, Statement,
};
use crate::text::Str;
use crate::token::Token;
use crate::value::network::{Network, v4_text, v6_text};
use crate::view::View;

/// Writes an image as text, statement by statement. Names, lines and `Sid`s are there if the image has what explanations
/// print. Takes time linear in what it writes.
///
/// ```
/// use portcullis_image::{Image, disassemble};
///
/// # let file = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/images/v1/example.pcl"));
/// let image = Image::from_bytes(&file[..])?;
/// let mut text = String::new();
/// disassemble(image.view(), &mut text)?;
/// assert!(text.contains("bool.not") || text.contains("ret deny"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Only those of the writer.
pub fn disassemble(view: View<'_>, out: &mut impl Write) -> fmt::Result {
    for id in view.ids::<Statement>() {
        let statement = view.get(id);
        write_head(view, id, &statement, out)?;
        for id in view.guard(statement.guard) {
            write!(out, "  {id:>6}  ")?;
            write_insn(view, &view.get(id), out)?;
        }
        let effect = if statement.flags.deny {
            "deny"
        } else {
            "allow"
        };
        writeln!(out, "          ret {effect}")?;
    }
    Ok(())
}

/// The line of a statement, then layers, principals, actions and resources.
fn write_head(
    view: View<'_>,
    id: Id<Statement>,
    statement: &Statement,
    out: &mut impl Write,
) -> fmt::Result {
    write!(out, "statement {id}")?;
    if let Some((origin, source)) = view.statement_source(id) {
        write!(out, "  ; {}", view.text(source.name))?;
        write!(out, " statement {}", origin.index)?;
        if !origin.sid.is_empty() {
            write!(out, " {:?}", view.text(origin.sid))?;
        }
        write!(out, " line {}", origin.line)?;
    }
    write!(out, "\n          layer")?;
    for layer in statement.layers.iter() {
        write!(out, " [{layer}]")?;
    }
    writeln!(out)?;
    let flags = &statement.flags;
    let entries = match statement.principals {
        Principals::Unsaid => None,
        Principals::Everyone => Some(Entries::Any),
        Principals::Listed(list) => Some(Entries::Listed(list)),
    };
    if let Some(entries) = entries {
        let head = ("principal", entries, flags.not_principal);
        write_entries(view, head, out, |out, item| {
            write!(out, "{:?}", view.text(view.get(item).text))
        })?;
    }
    let head = ("action", statement.actions, flags.not_action);
    write_entries(view, head, out, |out, item| {
        let action = view.get(item);
        write_pattern(view, action.service, out)?;
        out.write_char(':')?;
        write_pattern(view, action.name, out)
    })?;
    let head = ("resource", statement.resources, flags.not_resource);
    write_entries(view, head, out, |out, item| write_pattern(view, item, out))
}

fn write_entries<T: Item>(
    view: View<'_>,
    (name, entries, negated): (&str, Entries<T>, bool),
    out: &mut impl Write,
    write_item: impl Fn(&mut dyn Write, Id<T>) -> fmt::Result,
) -> fmt::Result {
    write!(out, "          {name}{}", if negated { ".not" } else { "" })?;
    let Entries::Listed(list) = entries else {
        return writeln!(out, " *");
    };
    for item in view.list(list).iter() {
        out.write_char(' ')?;
        write_item(out, item)?;
    }
    writeln!(out)
}

/// A pattern in the notation of the policy language; a literal wildcard as its escape.
fn write_pattern(view: View<'_>, id: Id<Pattern>, out: &mut dyn Write) -> fmt::Result {
    let pattern = view.get(id);
    write_literal(view, pattern.literal, out)?;
    match pattern.kind {
        PatternKind::Exact => Ok(()),
        PatternKind::Prefix => out.write_char('*'),
        PatternKind::Tokens => {
            for token in view.tokens(pattern.tokens) {
                match token {
                    Token::End => break,
                    Token::Text(text) => write_literal(view, text, out)?,
                    Token::Star => out.write_char('*')?,
                    Token::Field => out.write_str("[^:]*")?,
                    Token::Chars(count) => (0..count).try_for_each(|_| out.write_char('?'))?,
                    Token::Variable { slot, default } => {
                        write!(out, "${{{}", view.text(view.get(slot).name))?;
                        if let Some(default) = default {
                            write!(out, ", '{}'", view.text(default))?;
                        }
                        out.write_char('}')?;
                    }
                }
            }
            Ok(())
        }
    }
}

/// Literal text, in which what would be a wildcard or a variable is escaped (`VAR-8`).
fn write_literal(view: View<'_>, text: Str, out: &mut dyn Write) -> fmt::Result {
    for c in view.text(text).chars() {
        match c {
            '*' | '?' | '$' => write!(out, "${{{c}}}")?,
            c if c.is_control() => write!(out, "{}", c.escape_default())?,
            c => out.write_char(c)?,
        }
    }
    Ok(())
}

/// Mnemonic, flags, key, and the operands by their kind ([`Operands`]). A kind that is added does not compile until it is here.
fn write_insn(view: View<'_>, insn: &Insn, out: &mut impl Write) -> fmt::Result {
    let info = insn.op.info();
    write!(out, "{}", info.mnemonic)?;
    let flags = [
        (flag::ANY, ".any"),
        (flag::ALL, ".all"),
        (flag::NEGATED, ".not"),
        (flag::ABSENT, ".absent"),
    ];
    for (bit, name) in flags {
        if insn.flags & bit != 0 {
            out.write_str(name)?;
        }
    }
    if insn.op != Op::Const {
        write!(out, " {}", view.text(view.get(insn.slot).name))?;
    }
    let Insn { x, y, z, .. } = *insn;
    match info.operands {
        Operands::None => {}
        Operands::Truth => write!(out, " {}", x.bits())?,
        Operands::Truths => {
            for (bit, name) in [(1, "false"), (2, "true")] {
                if x.bits() & bit != 0 {
                    write!(out, " {name}")?;
                }
            }
        }
        Operands::Inline => write_short(insn.short_text(), out)?,
        Operands::Span => {
            let shape = z.bits();
            out.write_char(' ')?;
            write_literal(view, x.text(), out)?;
            if shape & span::STAR != 0 {
                out.write_char('*')?;
            } else if shape & span::FIELD != 0 {
                out.write_str("[^:]*")?;
            }
            write_literal(view, y.text(), out)?;
            if shape & span::OPEN != 0 {
                out.write_char('*')?;
            }
        }
        Operands::ShortTexts => {
            for text in view.run::<ShortText>(x.run()) {
                write_short(text, out)?;
            }
        }
        Operands::Number => {
            write_orders(z, out)?;
            write!(out, " {}", view.text(y.text()))?;
        }
        Operands::Instant => {
            write_orders(z, out)?;
            write!(out, " {}e-18", insn.instant())?;
        }
        Operands::V4 => {
            let mut last = None;
            for packed in [x, y, z] {
                if last != Some(packed) {
                    let (base, mask) = packed.v4();
                    write!(out, " {}/{}", v4_text(base), mask.count_ones())?;
                }
                last = Some(packed);
            }
        }
        Operands::Texts => write_items::<ConditionText>(view, x, out, |out, item| {
            write!(out, "{:?}", view.text(view.get(item).text))
        })?,
        Operands::Patterns => {
            write_items::<Pattern>(view, x, out, |out, item| write_pattern(view, item, out))?;
        }
        Operands::Numbers => {
            write_orders(z, out)?;
            write_items::<NumberRecord>(view, x, out, |out, item| {
                out.write_str(view.text(view.get(item).text))
            })?;
        }
        Operands::Instants => {
            write_orders(z, out)?;
            write_items::<InstantRecord>(view, x, out, |out, item| {
                write!(out, "{}e-18", view.get(item).instant)
            })?;
        }
        Operands::Networks => {
            write_items::<NetworkRecord>(view, x, out, |out, item| match view.get(item).network {
                Network::V4 { base, mask } => {
                    write!(out, "{}/{}", v4_text(base), mask.count_ones())
                }
                Network::V6 { base, mask } => {
                    write!(out, "{}/{}", v6_text(base), mask.count_ones())
                }
            })?
        }
        Operands::Arns => write_items::<ArnPattern>(view, x, out, |out, item| {
            let arn = view.get(item).parts;
            if arn.patterns().is_empty() {
                return out.write_char('*');
            }
            for (index, part) in arn.patterns().iter().enumerate() {
                if index > 0 {
                    out.write_char(':')?;
                }
                write_pattern(view, *part, out)?;
            }
            Ok(())
        })?,
    }
    writeln!(out)
}

fn write_short(text: ShortText, out: &mut impl Write) -> fmt::Result {
    write!(out, " {:?}", text.write(&mut [0; 16]).unwrap_or(""))
}

/// A set of orders as the signs of comparison: `<=` for less or equal.
fn write_orders(orders: Operand, out: &mut impl Write) -> fmt::Result {
    out.write_char(' ')?;
    for (bit, sign) in [
        (ordering::LESS, '<'),
        (ordering::GREATER, '>'),
        (ordering::EQUAL, '='),
    ] {
        if orders.bits() & bit != 0 {
            out.write_char(sign)?;
        }
    }
    Ok(())
}

fn write_items<T: Item>(
    view: View<'_>,
    list: Operand,
    out: &mut impl Write,
    write_item: impl Fn(&mut dyn Write, Id<T>) -> fmt::Result,
) -> fmt::Result {
    for item in view.list::<T>(list.list()).iter() {
        out.write_char(' ')?;
        write_item(out, item)?;
    }
    Ok(())
}
