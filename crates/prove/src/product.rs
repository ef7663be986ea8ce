//! The product of patterns: whether a text is read by one pattern, by one of each required list, and by none that is
//! excluded.
//!
//! A breadth-first search over the sets of live positions. Its letters are the characters that the live tokens name and
//! one for each kind of character that none of them tells apart, so it is complete: it ends with the shortest text, or
//! with the proof that there is none. Exponential at worst in the number of patterns with inner runs, hence bounded by
//! the work.
//!
//! A variable of the first pattern is a letter too. What a required pattern without it does with its text is not known:
//! it may go on anywhere behind. An excluded pattern surely goes on only where it takes any text, or the same variable.
//! So "empty" is a proof for every value; a text that was found with a variable in it is not one.

use std::collections::VecDeque;

use crate::language::Search;
use crate::pattern::{Class, Pattern, Token, VariableId};
use crate::work::{UsedUp, Work};
use portcullis_source::hash::Map;

/// What a pattern of the product is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// A text must match one of the patterns of the list.
    Required,
    /// A text must match none.
    Excluded,
}

/// Lists of patterns to be read together.
pub(crate) struct Product {
    lists: Vec<(Role, Vec<Pattern>)>,
    /// How many lists are required.
    required: usize,
}

/// A position: number of the list, of the pattern in it, of the token in that.
type Place = (u32, u32, u32);

/// A letter: a character, or the text of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Letter {
    Char(char),
    Variable(VariableId),
}

/// The live positions, sorted.
type State = Vec<Place>;

/// The positions of each list that has any.
fn of_lists(state: &State) -> impl Iterator<Item = &[Place]> {
    state.chunk_by(|one, other| one.0 == other.0)
}

/// Where a state came from.
struct Step {
    before: usize,
    letter: Option<Letter>,
}

impl Product {
    /// The product of one pattern alone.
    pub(crate) fn new(pattern: &Pattern) -> Product {
        Product {
            lists: vec![(Role::Required, vec![pattern.clone()])],
            required: 1,
        }
    }

    /// One of these patterns must match. What their variables stand for is not known: it may be anything.
    pub(crate) fn require(&mut self, mut patterns: Vec<Pattern>) {
        for token in patterns.iter_mut().flatten() {
            if matches!(token.class, Class::Variable(_)) {
                *token = Token::many(Class::Any);
            }
        }
        self.lists.push((Role::Required, patterns));
        self.required += 1;
    }

    /// None of these patterns may match.
    pub(crate) fn exclude(&mut self, patterns: Vec<Pattern>) {
        self.lists.push((Role::Excluded, patterns));
    }

    /// Looks for the shortest text.
    ///
    /// # Errors
    /// [`UsedUp`] if the work is.
    pub(crate) fn search(&self, work: &mut Work) -> Result<Search, UsedUp> {
        let mut start = State::new();
        for (list, (_, patterns)) in self.lists.iter().enumerate() {
            for pattern in 0..patterns.len() {
                self.add(&mut start, (list as u32, pattern as u32, 0));
            }
        }
        let Some(start) = self.reduced(start) else {
            return Ok(Search::Empty);
        };
        let mut steps = vec![Step {
            before: 0,
            letter: None,
        }];
        let mut known: Map<State, ()> = Map::default();
        known.insert(start.clone(), ());
        let mut states = VecDeque::from([start]);
        let mut at = 0;
        while let Some(state) = states.pop_front() {
            work.spend(2 * state.len() + 1)?;
            if self.accepts(&state) {
                return Ok(found(&steps, at));
            }
            for letter in self.letters(&state) {
                // The positions are read, sorted, compared with what is known and kept.
                work.spend(4 * state.len() + 8)?;
                let Some(next) = self.read(&state, letter) else {
                    continue;
                };
                if known.insert(next.clone(), ()).is_none() {
                    steps.push(Step {
                        before: at,
                        letter: Some(letter),
                    });
                    states.push_back(next);
                }
            }
            at += 1;
        }
        Ok(Search::Empty)
    }

    fn pattern(&self, place: Place) -> &[Token] {
        let list = self.lists.get(place.0 as usize);
        let pattern = list.and_then(|(_, patterns)| patterns.get(place.1 as usize));
        pattern.map_or(&[], Vec::as_slice)
    }

    /// The role of the list that positions are of.
    fn role(&self, places: &[Place]) -> Role {
        let list = places
            .first()
            .and_then(|place| self.lists.get(place.0 as usize));
        list.map_or(Role::Required, |(role, _)| *role)
    }

    /// Adds a position and those behind runs that may be empty.
    fn add(&self, state: &mut State, place: Place) {
        let (list, pattern, mut at) = place;
        let tokens = self.pattern(place);
        loop {
            state.push((list, pattern, at));
            match tokens.get(at as usize) {
                Some(token) if token.many => at += 1,
                _ => return,
            }
        }
    }

    /// True if the pattern takes any text from here on.
    fn takes_all(&self, place: Place) -> bool {
        let rest = self.pattern(place).get(place.2 as usize..);
        rest == Some(&[Token::many(Class::Any)])
    }

    /// The state sorted and as small as it can be; none if no text can be found from here on.
    fn reduced(&self, mut state: State) -> Option<State> {
        state.sort_unstable();
        state.dedup();
        let mut reduced = State::with_capacity(state.len());
        let mut alive = 0;
        for places in of_lists(&state) {
            let full = places.iter().find(|place| self.takes_all(**place));
            let role = self.role(places);
            alive += usize::from(role == Role::Required);
            match (role, full) {
                (Role::Excluded, Some(_)) => return None,
                (Role::Required, Some(full)) => {
                    reduced.push(*full);
                    reduced.push((full.0, full.1, full.2 + 1));
                }
                _ => reduced.extend_from_slice(places),
            }
        }
        (alive == self.required).then_some(reduced)
    }

    fn accepts(&self, state: &State) -> bool {
        let is_end = |place: &Place| place.2 as usize == self.pattern(*place).len();
        let mut accepted = 0;
        for places in of_lists(state) {
            match (self.role(places), places.iter().any(is_end)) {
                (Role::Excluded, true) => return false,
                (Role::Required, true) => accepted += 1,
                (_, false) => {}
            }
        }
        accepted == self.required
    }

    /// The letters after which something can be read, each kind of character once.
    fn letters(&self, state: &State) -> Vec<Letter> {
        let mut named: Vec<char> = Vec::new();
        let mut classes: Vec<Class> = Vec::new();
        let mut letters: Vec<Letter> = Vec::new();
        for place in state {
            let Some(token) = self.pattern(*place).get(place.2 as usize) else {
                continue;
            };
            match (token.class, token.class.characters()) {
                (Class::Variable(variable), _) => {
                    // Only the first pattern says what is read.
                    let letter = Letter::Variable(variable);
                    let is_new = place.0 == 0 && !letters.contains(&letter);
                    letters.extend(is_new.then_some(letter));
                }
                (_, Some(characters)) => named.extend(characters),
                (class, None) if !classes.contains(&class) => classes.push(class),
                _ => {}
            }
        }
        named.sort_unstable();
        named.dedup();
        let mut characters = Vec::new();
        let mut kinds: Vec<Vec<bool>> = Vec::new();
        let is_fine = classes
            .iter()
            .any(|class| matches!(class, Class::Address | Class::Time));
        let all: &[&str] = if is_fine { &FINE_KINDS } else { &KINDS };
        for candidates in all.iter().copied() {
            let fresh = candidates
                .chars()
                .find(|own| named.binary_search(own).is_err());
            // Only "everything else" has more characters than a list can hold.
            let fresh = fresh.or_else(|| {
                let mut all = '\u{100}'..=char::MAX;
                let unnamed = |own: &char| named.binary_search(own).is_err();
                (candidates == REST).then(|| all.find(unnamed)).flatten()
            });
            let Some(fresh) = fresh else { continue };
            let kind: Vec<bool> = classes.iter().map(|class| class.contains(fresh)).collect();
            if !kinds.contains(&kind) {
                kinds.push(kind);
                characters.push(fresh);
            }
        }
        characters.extend(named);
        let mine = |letter: &char| {
            state.iter().take_while(|place| place.0 == 0).any(|place| {
                let token = self.pattern(*place).get(place.2 as usize);
                token.is_some_and(|token| token.class.contains(*letter))
            })
        };
        letters.extend(characters.into_iter().filter(mine).map(Letter::Char));
        letters
    }

    /// The state after a letter; none if no text can be found from there on.
    fn read(&self, state: &State, letter: Letter) -> Option<State> {
        let mut next = State::new();
        for place in state {
            let tokens = self.pattern(*place);
            let Some(token) = tokens.get(place.2 as usize) else {
                if let Letter::Variable(_) = letter {
                    self.read_unknown(&mut next, *place);
                }
                continue;
            };
            let behind = (place.0, place.1, place.2 + 1);
            match letter {
                Letter::Char(character) if token.class.contains(character) => {
                    self.add(&mut next, if token.many { *place } else { behind });
                }
                Letter::Char(_) => {}
                Letter::Variable(variable) if token.class == Class::Variable(variable) => {
                    self.add(&mut next, behind);
                }
                Letter::Variable(_) => {
                    if place.0 > 0 && token.many && token.class == Class::Any {
                        self.add(&mut next, *place);
                    }
                    self.read_unknown(&mut next, *place);
                }
            }
        }
        self.reduced(next)
    }

    /// After an unknown text, a required pattern may be anywhere behind.
    fn read_unknown(&self, next: &mut State, place: Place) {
        if place.0 > 0 && self.role(&[place]) == Role::Required {
            for at in place.2..=self.pattern(place).len() as u32 {
                self.add(next, (place.0, place.1, at));
            }
        }
    }
}

/// Kinds of characters that a class can tell apart, those first that people read best.
const KINDS: [&str; 6] = [
    "xyzabcdefghijklmnopqrstuvw",
    "1203456789",
    "-_",
    "XYZABCDEFGHIJKLMNOPQRSTUVW+=,.@",
    ":",
    REST,
];

/// The same where classes of typed values are there.
const FINE_KINDS: [&str; 13] = [
    "xyghijklmnopqrstuvw",
    "abcdef",
    "z",
    "1203456789",
    "-",
    "_",
    "XYGHIJKLMNOPQRSTUVW=,@",
    "ABCDEF",
    "Z",
    "+",
    ".",
    ":",
    REST,
];

/// What no class tells apart.
const REST: &str = "/~!#%&$*?;|";

/// The text of a state.
fn found(steps: &[Step], mut at: usize) -> Search {
    let mut text: Vec<char> = Vec::new();
    while let Some(Step {
        before,
        letter: Some(letter),
    }) = steps.get(at)
    {
        match letter {
            Letter::Char(character) => text.push(*character),
            Letter::Variable(_) => return Search::Open,
        }
        at = *before;
    }
    Search::Found(text.into_iter().rev().collect())
}
