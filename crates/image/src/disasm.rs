//! The disassembler: an image as text.

use core::fmt::{self, Write};

use crate::leaf::{Leaf, flag, ordering, span};
use crate::op::{Op, Operands};
use crate::record::{ANY, NONE, PatternKind, ShortText, Str, layers};
use crate::section::Section;
use crate::statement::Statement;
use crate::token::Token;
use crate::value::network::{Network, v4_text, v6_text};
use crate::view::{List, View, instant_of};

/// Writes an image as text, statement by statement.
///
/// # Errors
/// Only those of the writer.
pub fn disassemble(view: View<'_>, out: &mut impl Write) -> fmt::Result {
    for index in 0..view.count(Section::Statements) {
        let statement = view.statement(index);
        write_head(view, index, &statement, out)?;
        let mut at = statement.guard;
        while at != NONE {
            let leaf = view.leaf(at);
            write!(out, "  {at:>6}  ")?;
            write_leaf(view, &leaf, out)?;
            if leaf.flags & flag::END != 0 || at + 1 >= view.count(Section::Code) {
                break;
            }
            at += 1;
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

fn write_head(
    view: View<'_>,
    index: u32,
    statement: &Statement,
    out: &mut impl Write,
) -> fmt::Result {
    write!(out, "statement {index}")?;
    if let Some(origin) = view.origin(index) {
        if let Some(source) = view.source(origin.source) {
            write!(out, "  ; {}", view.text(source.name))?;
            write!(out, " statement {}", origin.index)?;
            if origin.sid.len > 0 {
                write!(out, " {:?}", view.text(origin.sid))?;
            }
            write!(out, " line {}", origin.line)?;
        }
    }
    write!(out, "\n          layer")?;
    for layer in layers(statement.layers) {
        write!(out, " [{layer}]")?;
    }
    writeln!(out)?;
    if statement.principals != NONE {
        let items = |out: &mut dyn Write, item| match view.principal(item) {
            Some(principal) => write!(out, "{:?}", view.text(principal.text)),
            None => Ok(()),
        };
        let head = (
            "principal",
            statement.principals,
            statement.flags.not_principal,
        );
        write_list(view, head, out, items)?;
    }
    let head = ("action", statement.actions, statement.flags.not_action);
    write_list(view, head, out, |out, item| {
        let action = view.action(item);
        write_pattern(view, action.service, out)?;
        out.write_char(':')?;
        write_pattern(view, action.name, out)
    })?;
    let head = (
        "resource",
        statement.resources,
        statement.flags.not_resource,
    );
    write_list(view, head, out, |out, item| write_pattern(view, item, out))
}

fn write_list(
    view: View<'_>,
    (name, list, negated): (&str, u32, bool),
    out: &mut impl Write,
    write_item: impl Fn(&mut dyn Write, u32) -> fmt::Result,
) -> fmt::Result {
    write!(out, "          {name}{}", if negated { ".not" } else { "" })?;
    if list == ANY {
        return writeln!(out, " *");
    }
    for item in view.list(list).iter() {
        out.write_char(' ')?;
        write_item(out, item)?;
    }
    writeln!(out)
}

/// A pattern in the notation of the policy language; a literal wildcard as its escape.
fn write_pattern(view: View<'_>, index: u32, out: &mut dyn Write) -> fmt::Result {
    let pattern = view.pattern(index);
    write_literal(view, pattern.literal, out)?;
    match pattern.kind {
        PatternKind::Exact => Ok(()),
        PatternKind::Prefix => out.write_char('*'),
        PatternKind::Tokens => {
            for at in pattern.tokens..view.count(Section::Tokens) {
                match view.token(at) {
                    Token::End => break,
                    Token::Text(text) => write_literal(view, text, out)?,
                    Token::Star => out.write_char('*')?,
                    Token::Field => out.write_str("[^:]*")?,
                    Token::Chars(count) => (0..count).try_for_each(|_| out.write_char('?'))?,
                    Token::Variable { slot, default } => {
                        write!(out, "${{{}", view.text(view.slot(slot).name))?;
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

fn write_leaf(view: View<'_>, leaf: &Leaf, out: &mut impl Write) -> fmt::Result {
    let Some(op) = Op::from_code(leaf.op) else {
        return writeln!(out, "unknown {}", leaf.op);
    };
    let info = op.info();
    write!(out, "{}", info.mnemonic)?;
    let flags = [
        (flag::ANY, ".any"),
        (flag::ALL, ".all"),
        (flag::NEGATED, ".not"),
        (flag::ABSENT, ".absent"),
    ];
    for (bit, name) in flags {
        if leaf.flags & bit != 0 {
            out.write_str(name)?;
        }
    }
    if op != Op::Const {
        write!(out, " {}", view.text(view.slot(leaf.slot).name))?;
    }
    let list = || view.list(leaf.x as u32);
    match info.operands {
        Operands::None => {}
        Operands::Truth => write!(out, " {}", leaf.x)?,
        Operands::Truths => {
            for (bit, name) in [(1, "false"), (2, "true")] {
                if leaf.x & bit != 0 {
                    write!(out, " {name}")?;
                }
            }
        }
        Operands::Inline => {
            let text = ShortText {
                low: leaf.x,
                high: leaf.y,
                len: leaf.z,
            };
            write_short(text, out)?;
        }
        Operands::Span => {
            out.write_char(' ')?;
            write_literal(view, Str::unpack(leaf.x), out)?;
            if leaf.z & span::STAR != 0 {
                out.write_char('*')?;
            } else if leaf.z & span::FIELD != 0 {
                out.write_str("[^:]*")?;
            }
            write_literal(view, Str::unpack(leaf.y), out)?;
            if leaf.z & span::OPEN != 0 {
                out.write_char('*')?;
            }
        }
        Operands::ShortTexts => {
            for text in view.short_texts(leaf.x as u32, (leaf.x >> 32) as u32) {
                write_short(text, out)?;
            }
        }
        Operands::Number => {
            write_orders(leaf.z, out)?;
            write!(out, " {}", view.text(Str::unpack(leaf.y)))?;
        }
        Operands::Instant => {
            write_orders(leaf.z, out)?;
            write!(out, " {}e-18", instant_of(leaf.x, leaf.y))?;
        }
        Operands::V4 => {
            let mut last = None;
            for packed in [leaf.x, leaf.y, leaf.z] {
                if last != Some(packed) {
                    let (base, mask) = (packed as u32, (packed >> 32) as u32);
                    write!(out, " {}/{}", v4_text(base), mask.count_ones())?;
                }
                last = Some(packed);
            }
        }
        Operands::Texts => write_items(list(), out, |out, item| {
            write!(out, "{:?}", view.text(view.condition_text(item)))
        })?,
        Operands::Patterns => {
            write_items(list(), out, |out, item| write_pattern(view, item, out))?;
        }
        Operands::Numbers => {
            write_orders(leaf.z, out)?;
            write_items(list(), out, |out, item| {
                out.write_str(view.text(view.number(item).text))
            })?;
        }
        Operands::Instants => {
            write_orders(leaf.z, out)?;
            write_items(list(), out, |out, item| {
                write!(out, "{}e-18", view.instant(item))
            })?;
        }
        Operands::Networks => write_items(list(), out, |out, item| match view.network(item) {
            Network::V4 { base, mask } => {
                write!(out, "{}/{}", v4_text(base), mask.count_ones())
            }
            Network::V6 { base, mask } => {
                write!(out, "{}/{}", v6_text(base), mask.count_ones())
            }
        })?,
        Operands::Arns => write_items(list(), out, |out, item| {
            let parts = view.arn(item).parts;
            if parts.first() == Some(&ANY) {
                return out.write_char('*');
            }
            for (index, part) in parts.iter().enumerate() {
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

fn write_orders(orders: u64, out: &mut impl Write) -> fmt::Result {
    out.write_char(' ')?;
    for (bit, sign) in [
        (ordering::LESS, '<'),
        (ordering::GREATER, '>'),
        (ordering::EQUAL, '='),
    ] {
        if orders & bit != 0 {
            out.write_char(sign)?;
        }
    }
    Ok(())
}

fn write_items(
    list: List<'_>,
    out: &mut impl Write,
    write_item: impl Fn(&mut dyn Write, u32) -> fmt::Result,
) -> fmt::Result {
    for item in list.iter() {
        out.write_char(' ')?;
        write_item(out, item)?;
    }
    Ok(())
}
