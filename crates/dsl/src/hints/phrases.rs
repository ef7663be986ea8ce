//! What could stand at a place, in at most three phrases.

use super::Scene;
use crate::lexer::Token;

pub(super) const OPERATORS: &str =
    "the operators are `=`, `!=`, `in`, `like`, `matches`, `within`, `is`, `<`, `before` and so on";

/// Tokens that are worth naming, the most helpful ones first.
const NAMED: [&str; 17] = [
    "{", "]", ")", "(", "=", "from", "by", "case", "except", "or", "before", "on", "to", "when",
    "and", ",", "}",
];

impl Scene<'_, '_> {
    /// What should stand here.
    pub(super) fn wanted(&self) -> String {
        let mut phrases: Vec<String> = Vec::new();
        if self.expects("template") && self.expects("use") && !self.expects_text() {
            phrases.push("a policy, `let`, `use`, `template` or `test`".into());
        }
        if self.expects_statement() {
            phrases.push("a statement".into());
        }
        if self.expects("expect") && !self.expects_text() {
            phrases.push("`expect`".into());
        }
        if self.expects_operator() {
            phrases.push("an operator".into());
        } else if self.expects("nothing") && self.expects("allow") {
            phrases.push("`allow`, `deny` or `nothing`".into());
        }
        if self.expects_text() {
            phrases.push(self.text_phrase().into());
        }
        for name in NAMED {
            if phrases.len() < 3 && self.expects(name) {
                phrases.push(format!("`{name}`"));
            }
        }
        phrases.truncate(3);
        match phrases.as_slice() {
            [] => "something else".into(),
            [one] => one.clone(),
            [rest @ .., last] => format!("{} or {last}", rest.join(", ")),
        }
    }

    /// What a text would be here.
    fn text_phrase(&self) -> &'static str {
        match self.before() {
            Some(Token::Allow | Token::Deny) => "an action",
            Some(Token::On) => "a resource",
            Some(Token::To) => "a principal",
            Some(Token::When | Token::Unless | Token::And | Token::Any | Token::All) => {
                "a condition key"
            }
            Some(Token::Or | Token::ParenOpen) => "a condition",
            Some(
                Token::Policy(_)
                | Token::Let(_)
                | Token::Use(_)
                | Token::Template(_)
                | Token::Apply(_)
                | Token::Test(_),
            ) => "a name",
            Some(Token::From(_)) => "a path in quotes",
            Some(Token::Comma) => "another entry",
            _ => "a value",
        }
    }
}
