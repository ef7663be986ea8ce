//! The words of the language.
//!
//! The longest match wins, so that a keyword never splits a word. Texts that no token begins with
//! become [`Token::Bad`], because the parser can only recover from what it is shown.

use logos::Logos;

/// A token. Texts are slices of the source, quotes and all.
#[derive(Logos, Clone, Copy, Debug, PartialEq, Eq)]
#[logos(skip r"[ \t\r\n]+")]
#[logos(subpattern char = r"[A-Za-z0-9*?:/._+@\-]")]
#[logos(subpattern hole = r"<[A-Za-z][A-Za-z0-9_.\-]*>")]
#[logos(subpattern key = r##"(?:[!-~&&[^}'",<>]]|(?&hole))+"##)]
#[logos(subpattern default = r"(?:[ -~&&[^'<>]]|(?&hole))*")]
#[logos(subpattern variable = r"\$\{(?&key)(?:, *'(?&default)')?\}")]
#[logos(subpattern string = r#"(?:[^"\\\x00-\x1f]|\\[^\r\n])*"#)]
pub(crate) enum Token<'s> {
    #[token("{")]
    BraceOpen,
    #[token("}")]
    BraceClose,
    #[token("[")]
    BracketOpen,
    #[token("]")]
    BracketClose,
    #[token("(")]
    ParenOpen,
    #[token(")")]
    ParenClose,
    #[token(",")]
    Comma,
    #[token("=")]
    Equal,
    #[token("!=")]
    NotEqual,
    #[token("<", |lex| lex.slice())]
    #[token("<=", |lex| lex.slice())]
    #[token(">", |lex| lex.slice())]
    #[token(">=", |lex| lex.slice())]
    Compare(&'s str),

    #[token("allow")]
    Allow,
    #[token("deny")]
    Deny,
    #[token("on")]
    On,
    #[token("to")]
    To,
    #[token("when")]
    When,
    #[token("unless")]
    Unless,
    #[token("and")]
    And,
    #[token("or")]
    Or,
    #[token("not")]
    Not,
    #[token("in")]
    In,
    #[token("like", |lex| lex.slice())]
    #[token("matches", |lex| lex.slice())]
    #[token("within", |lex| lex.slice())]
    Match(&'s str),
    #[token("is")]
    Is,
    #[token("any")]
    Any,
    #[token("all")]
    All,
    #[token("except")]
    Except,
    #[token("present")]
    Present,
    #[token("absent")]
    Absent,
    #[token("before")]
    Before,
    #[token("after")]
    After,
    #[token("at")]
    At,
    #[token("ignoring")]
    Ignoring,
    #[token("ArnEquals", |lex| lex.slice())]
    #[token("ArnNotEquals", |lex| lex.slice())]
    #[token("NumericEquals", |lex| lex.slice())]
    #[token("NumericNotEquals", |lex| lex.slice())]
    #[token("DateEquals", |lex| lex.slice())]
    #[token("DateNotEquals", |lex| lex.slice())]
    #[token("BinaryEquals", |lex| lex.slice())]
    #[token("Null", |lex| lex.slice())]
    Kept(&'s str),

    #[token("policy", |lex| lex.slice())]
    Policy(&'s str),
    #[token("let", |lex| lex.slice())]
    Let(&'s str),
    #[token("use", |lex| lex.slice())]
    Use(&'s str),
    #[token("from", |lex| lex.slice())]
    From(&'s str),
    #[token("template", |lex| lex.slice())]
    Template(&'s str),
    #[token("apply", |lex| lex.slice())]
    Apply(&'s str),
    #[token("version", |lex| lex.slice())]
    Version(&'s str),
    #[token("id", |lex| lex.slice())]
    Id(&'s str),
    #[token("test", |lex| lex.slice())]
    Test(&'s str),
    #[token("expect", |lex| lex.slice())]
    Expect(&'s str),
    #[token("nothing", |lex| lex.slice())]
    Nothing(&'s str),
    #[token("with", |lex| lex.slice())]
    With(&'s str),
    #[token("by", |lex| lex.slice())]
    By(&'s str),
    #[token("case", |lex| lex.slice())]
    Case(&'s str),
    #[token("service", |lex| lex.slice())]
    #[token("federated", |lex| lex.slice())]
    #[token("canonical", |lex| lex.slice())]
    PrincipalKind(&'s str),
    #[token("identity", |lex| lex.slice())]
    #[token("boundary", |lex| lex.slice())]
    #[token("session", |lex| lex.slice())]
    #[token("resource", |lex| lex.slice())]
    #[token("trust", |lex| lex.slice())]
    #[token("scp", |lex| lex.slice())]
    #[token("rcp", |lex| lex.slice())]
    #[token("endpoint", |lex| lex.slice())]
    Type(&'s str),

    /// A word; holes and variables may stand in it.
    #[regex(r"(?:(?&char)|!(?&char)|(?&variable)|(?&hole))+", |lex| lex.slice(), priority = 3)]
    Word(&'s str),
    /// A name in angle brackets, alone.
    #[regex(r"(?&hole)", |lex| lex.slice(), priority = 20)]
    Reference(&'s str),
    /// A word and a colon, or a string and a colon.
    #[regex(r"[A-Za-z0-9_.\-]+:", |lex| lex.slice(), priority = 20)]
    Label(&'s str),
    #[regex(r#""(?&string)":"#, |lex| lex.slice(), priority = 20)]
    QuotedLabel(&'s str),
    #[regex(r#""(?&string)""#, |lex| lex.slice(), priority = 10)]
    String(&'s str),

    /// A comment up to the end of its line.
    #[regex(r"#[^\n]*", |lex| lex.slice(), allow_greedy = true)]
    Comment(&'s str),

    /// What is no part of the language: a string without its end, a comment of another language, a
    /// character that must be quoted. The parser takes it nowhere.
    #[regex(r#""(?&string)"#, |lex| lex.slice(), priority = 5)]
    #[regex(r"//[^\n]*", |lex| lex.slice(), allow_greedy = true, priority = 30)]
    #[token("==", |lex| lex.slice())]
    #[token("&&", |lex| lex.slice())]
    #[token("||", |lex| lex.slice())]
    #[token("!", |lex| lex.slice())]
    Bad(&'s str),

    /// `or absent`, joined by [`crate::tokens`]: the parser looks ahead by one token only.
    OrAbsent,
}

impl Token<'_> {
    /// True for words that cannot stand for themselves anywhere.
    pub(crate) fn is_hard_keyword(self) -> bool {
        use Token::{
            Absent, After, All, Allow, And, Any, At, Before, Deny, Except, Ignoring, In, Is, Kept,
            Match, Not, On, Or, Present, To, Unless, When,
        };
        matches!(
            self,
            Allow | Deny | On | To | When | Unless | And | Or | Not | In | Match(_) | Is | Any
        ) || matches!(
            self,
            All | Except | Present | Absent | Before | After | At | Ignoring | Kept(_)
        )
    }

    /// The text of a word that is a keyword in some places only.
    pub(crate) fn soft_keyword(&self) -> Option<&str> {
        use Token::{
            Apply, By, Case, Expect, From, Id, Let, Nothing, Policy, PrincipalKind, Template, Test,
            Type, Use, Version, With,
        };
        match self {
            Policy(text) | Let(text) | Use(text) | From(text) | Template(text) | Apply(text)
            | Version(text) | Id(text) | Test(text) | Expect(text) | Nothing(text) | With(text)
            | By(text) | Case(text) | PrincipalKind(text) | Type(text) => Some(text),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<(Token<'_>, &str)> {
        Token::lexer(text)
            .spanned()
            .map(|(token, span)| (token.unwrap_or(Token::Bad("?")), &text[span]))
            .collect()
    }

    #[test]
    fn the_longest_match_wins() {
        use Token::{Allow, Bad, Compare, Equal, Label, NotEqual, QuotedLabel, Reference, Word};
        for (text, expected) in [
            ("key!=v", vec![Word("key"), NotEqual, Word("v")]),
            ("key=v", vec![Word("key"), Equal, Word("v")]),
            ("a!", vec![Word("a"), Bad("!")]),
            ("a!b", vec![Word("a!b")]),
            ("a!!b", vec![Word("a"), Bad("!"), Word("!b")]),
            ("x<y", vec![Word("x"), Compare("<"), Word("y")]),
            ("x<=10", vec![Word("x"), Compare("<="), Word("10")]),
            ("<a>b", vec![Word("<a>b")]),
            ("<a>", vec![Reference("<a>")]),
            ("allow-x", vec![Word("allow-x")]),
            ("allow", vec![Allow]),
            ("allow:", vec![Label("allow:")]),
            ("Read:", vec![Label("Read:")]),
            ("s3:Get*", vec![Word("s3:Get*")]),
            ("\"a b\":", vec![QuotedLabel("\"a b\":")]),
            ("\"a", vec![Bad("\"a")]),
            ("a//b", vec![Word("a//b")]),
            ("// b", vec![Bad("// b")]),
            ("a#b", vec![Word("a"), Token::Comment("#b")]),
            ("x${a:b}y", vec![Word("x${a:b}y")]),
            ("${a:b, 'c d'}", vec![Word("${a:b, 'c d'}")]),
            ("${a:<x>}", vec![Word("${a:<x>}")]),
            ("${*}", vec![Word("${*}")]),
        ] {
            let found: Vec<_> = tokens(text).into_iter().map(|(token, _)| token).collect();
            assert_eq!(found, expected, "{text}");
        }
        for text in ["${unclosed", "${ a }", "${a,b}", "ü", "$", "%"] {
            let found = tokens(text);
            assert!(matches!(found.first(), Some((Token::Bad(_), _))), "{text}");
        }
    }
}
