//! Patterns of texts: what an entry of a policy says of one text, as a list of tokens.
//!
//! A token is a class of characters and whether one character or any run of them stands there. The wildcards of policies
//! are two of them (`MATCH-1`); the others come from how elements read them: `*` in the first five parts of an ARN stops
//! at a colon (`COND-60`), actions have their own characters (`GRAM-18`), names too (`QUO-21`), and a letter may stand for
//! itself in either case (`COND-50`).
//!
//! A policy variable in a pattern is a token of its own, which stands for one unknown text, the same at every place.
//!
//! Rejected: regular expressions, in which nothing that follows would be linear.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::OnceLock;

use portcullis_image::value::fold::fold_char;

/// The number of a policy variable: a key with its default text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct VariableId(pub(crate) u32);

/// Which characters may stand at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Class {
    /// Every character.
    Any,
    /// Every character but the colon (`COND-60`).
    NotColon,
    /// A character of the name of a user, role or session (`QUO-21`).
    Name,
    /// A character of an action, in lower case (`GRAM-18`, `MATCH-10`).
    Action,
    /// A digit.
    Digit,
    /// A character of an address: a digit of base sixteen in either case, a point or a colon.
    Address,
    /// A character of the time of a date and of its zone.
    Time,
    /// This character.
    Char(char),
    /// This ASCII letter, in either case (`COND-70`).
    Ascii(char),
    /// Every character that folds to this one (`COND-50`).
    Fold(char),
    /// No character: the text of a policy variable (`VAR-1`).
    Variable(VariableId),
}

/// The characters of names beside letters and digits.
const NAME: &str = "+=,.@_-";

impl Class {
    /// The class of the characters that are equal to this one but for case.
    pub(crate) fn folded(character: char) -> Class {
        let folded = fold_char(character);
        match orbit(folded).len() {
            0 | 1 => Class::Char(character),
            _ => Class::Fold(folded),
        }
    }

    /// True if the character belongs to the class.
    pub(crate) fn contains(self, character: char) -> bool {
        match self {
            Class::Any => true,
            Class::NotColon => character != ':',
            Class::Name => character.is_ascii_alphanumeric() || NAME.contains(character),
            Class::Action => {
                character.is_ascii_lowercase()
                    || character.is_ascii_digit()
                    || matches!(character, '-' | '_')
            }
            Class::Digit => character.is_ascii_digit(),
            Class::Address => character.is_ascii_hexdigit() || matches!(character, '.' | ':'),
            Class::Time => character.is_ascii_digit() || "+-.:Zz".contains(character),
            Class::Char(own) => own == character,
            Class::Ascii(own) => own.eq_ignore_ascii_case(&character),
            Class::Fold(own) => own == fold_char(character),
            Class::Variable(_) => false,
        }
    }

    /// The characters of a class that has few; none for the others.
    pub(crate) fn characters(self) -> Option<Vec<char>> {
        match self {
            Class::Char(own) => Some(vec![own]),
            Class::Ascii(own) => Some(vec![own.to_ascii_lowercase(), own.to_ascii_uppercase()]),
            Class::Fold(own) => Some(orbit(own)),
            _ => None,
        }
    }

    /// True if everything that may stand for `other` may stand for this class. False says nothing.
    pub(crate) fn covers(self, other: Class) -> bool {
        if self == other {
            return true;
        }
        match (self, other) {
            (Class::Any, _) => true,
            (_, Class::Any | Class::Variable(_)) | (Class::Variable(_), _) => false,
            (Class::NotColon, Class::Name | Class::Action | Class::Digit) => true,
            (Class::Name, Class::Action | Class::Digit) => true,
            (Class::Action, Class::Digit) => true,
            _ => match other.characters() {
                Some(all) => all.into_iter().all(|one| self.contains(one)),
                None => false,
            },
        }
    }

    /// False only if no character belongs to both classes.
    pub(crate) fn meets(self, other: Class) -> bool {
        if matches!(self, Class::Variable(_)) || matches!(other, Class::Variable(_)) {
            return true;
        }
        match (self.characters(), other.characters()) {
            (Some(own), _) => own.into_iter().any(|one| other.contains(one)),
            (_, Some(others)) => others.into_iter().any(|one| self.contains(one)),
            _ => true,
        }
    }
}

/// The characters that fold to this one, which is folded.
fn orbit(folded: char) -> Vec<char> {
    static OTHERS: OnceLock<BTreeMap<char, Vec<char>>> = OnceLock::new();
    if folded.is_ascii() && !folded.is_ascii_alphabetic() {
        return vec![folded];
    }
    let others = OTHERS.get_or_init(|| {
        let mut all: BTreeMap<char, Vec<char>> = BTreeMap::new();
        for character in '\0'..='\u{1ffff}' {
            let folded = fold_char(character);
            if folded != character {
                all.entry(folded).or_default().push(character);
            }
        }
        all
    });
    let mut found = vec![folded];
    found.extend(others.get(&folded).into_iter().flatten());
    found
}

/// One place of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Token {
    /// What may stand there.
    pub(crate) class: Class,
    /// True for any run of such characters, also none; false for one. Never a run of one [`Class::Char`].
    pub(crate) many: bool,
}

/// As one number: as fields, hashing tokens took a tenth of a question over an organization.
impl Hash for Token {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let (kind, of) = match self.class {
            Class::Any => (0, 0),
            Class::NotColon => (1, 0),
            Class::Name => (2, 0),
            Class::Action => (3, 0),
            Class::Digit => (4, 0),
            Class::Address => (5, 0),
            Class::Time => (6, 0),
            Class::Char(own) => (7, u32::from(own)),
            Class::Ascii(own) => (8, u32::from(own)),
            Class::Fold(own) => (9, u32::from(own)),
            Class::Variable(id) => (10, id.0),
        };
        let kind: u32 = kind << 1 | u32::from(self.many);
        state.write_u64(u64::from(kind) << 32 | u64::from(of));
    }
}

impl Token {
    /// One character of the class.
    pub(crate) const fn one(class: Class) -> Token {
        Token { class, many: false }
    }

    /// A run of characters of the class.
    pub(crate) const fn many(class: Class) -> Token {
        Token { class, many: true }
    }
}

/// A list of tokens that a text matches as a whole (`MATCH-4`).
pub(crate) type Pattern = Vec<Token>;

/// A pattern without tokens, with room for those of a text: growing patterns took a seventh of the time of a proof.
pub(crate) fn with_room_for(text: &str) -> Pattern {
    Pattern::with_capacity(text.len())
}

/// The pattern of a text that is matched as it stands.
pub(crate) fn text(text: &str) -> Pattern {
    let mut pattern = with_room_for(text);
    pattern.extend(text.chars().map(|own| Token::one(Class::Char(own))));
    pattern
}

/// The tokens of a text in which `*` and `?` are wildcards, over a class of characters.
pub(crate) fn glob(text: &str, wild: Class) -> impl Iterator<Item = Token> + '_ {
    text.chars().map(move |own| match own {
        '*' => Token::many(wild),
        '?' => Token::one(wild),
        own => Token::one(Class::Char(own)),
    })
}

/// Puts a token behind a pattern; of two equal runs behind each other one is enough (`MATCH-3`).
pub(crate) fn push(pattern: &mut Pattern, token: Token) {
    if !(token.many && pattern.last() == Some(&token)) {
        pattern.push(token);
    }
}

/// The ARNs that match a pattern part by part: its wildcards stop at colons, but for those of the last part (`COND-60`).
pub(crate) fn arn_glob(arn: &str) -> Pattern {
    let mut pattern = Pattern::new();
    for (at, part) in arn.splitn(6, ':').enumerate() {
        if at > 0 {
            pattern.push(Token::one(Class::Char(':')));
        }
        let class = if at < 5 { Class::NotColon } else { Class::Any };
        for token in glob(part, class) {
            push(&mut pattern, token);
        }
    }
    pattern
}

/// True if a text matches a pattern without variables. Takes at most the product of both lengths.
pub(crate) fn matches(pattern: &[Token], text: &str) -> bool {
    // As for globs: only the last run has to be tried again.
    let mut state = Positions::start(pattern);
    for character in text.chars() {
        if state.is_dead() {
            return false;
        }
        state.read(pattern, character);
    }
    state.accepts(pattern)
}

/// The live positions of a pattern while a text is read.
#[derive(Default)]
struct Positions {
    live: Vec<usize>,
    /// Those before the last character: its memory serves for the next.
    before: Vec<usize>,
}

impl Positions {
    fn start(pattern: &[Token]) -> Positions {
        let mut positions = Positions::default();
        positions.add(pattern, 0);
        positions
    }

    /// The next position that was live before the letter at hand, from a number on.
    fn next_before(&self, number: &mut usize) -> Option<usize> {
        let at = self.before.get(*number).copied();
        *number += 1;
        at
    }

    /// Goes on to a letter: what was live was so before it.
    fn go_on(&mut self) {
        std::mem::swap(&mut self.live, &mut self.before);
        self.live.clear();
    }

    /// Adds a position and those behind runs that may be empty.
    fn add(&mut self, pattern: &[Token], mut at: usize) {
        loop {
            if self.live.last().is_none_or(|last| *last < at) {
                self.live.push(at);
            }
            match pattern.get(at) {
                Some(token) if token.many => at += 1,
                _ => return,
            }
        }
    }

    fn read(&mut self, pattern: &[Token], character: char) {
        self.go_on();
        let mut number = 0;
        while let Some(at) = self.next_before(&mut number) {
            let Some(token) = pattern.get(at) else {
                continue;
            };
            if token.class.contains(character) {
                self.add(pattern, if token.many { at } else { at + 1 });
            }
        }
    }

    fn is_dead(&self) -> bool {
        self.live.is_empty()
    }

    fn accepts(&self, pattern: &[Token]) -> bool {
        self.live.last() == Some(&pattern.len())
    }
}

/// True if every text of the pattern `inner` is one of `outer`, whatever its variables stand for. False says nothing: a
/// pattern can lie in another without that its tokens do.
pub(crate) fn subsumes(outer: &[Token], inner: &[Token]) -> bool {
    // The tokens of `inner` are read as if they were letters.
    let mut state = Positions::start(outer);
    for letter in inner {
        state.go_on();
        let mut number = 0;
        while let Some(at) = state.next_before(&mut number) {
            let Some(token) = outer.get(at) else { continue };
            if !token.class.covers(letter.class) {
                continue;
            }
            if token.many {
                state.add(outer, at);
            } else if !letter.many && is_one_for(token.class, letter.class) {
                state.add(outer, at + 1);
            }
        }
        if state.is_dead() {
            return false;
        }
    }
    state.accepts(outer)
}

/// True if one place of the outer pattern stands for one of the inner: a variable is no single character.
fn is_one_for(outer: Class, inner: Class) -> bool {
    !matches!(inner, Class::Variable(_)) || outer == inner
}

/// False only if no text matches both patterns, by what they begin and end with, and by their lengths.
pub(crate) fn may_meet(a: &[Token], b: &[Token]) -> bool {
    fn ends_meet<'t>(
        a: impl Iterator<Item = &'t Token>,
        b: impl Iterator<Item = &'t Token>,
    ) -> Option<bool> {
        let open = |token: &Token| token.many || matches!(token.class, Class::Variable(_));
        let (mut a, mut b) = (a, b);
        loop {
            match (a.next(), b.next()) {
                (None, None) => return Some(true),
                (Some(x), Some(y)) if open(x) || open(y) => return None,
                (Some(x), Some(y)) if x.class.meets(y.class) => {}
                (None, Some(open_end)) | (Some(open_end), None) if open(open_end) => return None,
                _ => return Some(false),
            }
        }
    }
    match ends_meet(a.iter(), b.iter()) {
        Some(answer) => answer,
        None => {
            ends_meet(a.iter().rev(), b.iter().rev()) != Some(false)
                && !is_longer(a, b)
                && !is_longer(b, a)
        }
    }
}

/// True if every text of the first pattern is longer than every text of the second, whatever their variables are: the second
/// has no runs, and the first has its variables and more characters.
fn is_longer(a: &[Token], b: &[Token]) -> bool {
    let is_variable = |token: &&Token| matches!(token.class, Class::Variable(_));
    if b.iter().any(|token| token.many) || !a.iter().chain(b).any(|own| is_variable(&own)) {
        return false;
    }
    let mut variables: Vec<Class> = a.iter().filter(is_variable).map(|own| own.class).collect();
    for own in b.iter().filter(is_variable) {
        match variables.iter().position(|class| *class == own.class) {
            Some(at) => variables.swap_remove(at),
            None => return false,
        };
    }
    let characters = |pattern: &[Token]| {
        let own = pattern.iter().filter(|own| !own.many && !is_variable(own));
        own.count()
    };
    characters(a) > characters(b)
}

/// True if the pattern has a variable.
pub(crate) fn has_variable(pattern: &[Token]) -> bool {
    pattern
        .iter()
        .any(|token| matches!(token.class, Class::Variable(_)))
}

/// The text of a pattern that is one text.
pub(crate) fn literal(pattern: &[Token]) -> Option<String> {
    let character = |token: &Token| match *token {
        Token {
            class: Class::Char(own),
            many: false,
        } => Some(own),
        _ => None,
    };
    // Most patterns that are none say so at their end.
    if pattern.iter().rev().any(|own| character(own).is_none()) {
        return None;
    }
    let mut text = String::with_capacity(pattern.len());
    text.extend(pattern.iter().filter_map(character));
    Some(text)
}
