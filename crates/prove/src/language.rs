//! Languages: what a list of entries says of one text, and whether a text lies in some of them and in none of others.
//!
//! A language is a union of patterns. That a text exists is shown by the text; that none exists, for each pattern of one
//! required language, by an excluded pattern that holds it as a whole or by the [product of automata](crate::product).
//! The first is linear and decides nearly everything, but is no proof of the contrary: `a*` lies in `a` and `a?*`
//! together and in neither of them.

use crate::pattern::{
    Class, Pattern, Token, VariableId, has_variable, literal, matches, may_meet, subsumes,
};
use crate::product::Product;
use crate::work::{UsedUp, Work};

/// A union of patterns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Language {
    /// Texts, sorted, each once.
    texts: Vec<String>,
    /// Patterns with wildcards or variables, sorted, each once.
    patterns: Vec<Pattern>,
}

/// An entry of a list.
pub(crate) enum Entry {
    /// A text, of which no pattern need be made.
    Text(String),
    /// Anything else, which may turn out to be a text too.
    Pattern(Pattern),
}

impl FromIterator<Pattern> for Language {
    fn from_iter<I: IntoIterator<Item = Pattern>>(patterns: I) -> Language {
        Language::of(patterns.into_iter().map(Entry::Pattern))
    }
}

/// Whether a text exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Search {
    /// It does.
    Found(String),
    /// There is none, whatever the variables stand for.
    Empty,
    /// There may be one, depending on what variables stand for.
    Open,
}

impl Language {
    /// The language of a list.
    pub(crate) fn of(entries: impl Iterator<Item = Entry>) -> Language {
        let mut found = Language::default();
        for entry in entries {
            match entry {
                Entry::Text(text) => found.texts.push(text),
                Entry::Pattern(pattern) => match literal(&pattern) {
                    Some(text) => found.texts.push(text),
                    None => found.patterns.push(pattern),
                },
            }
        }
        found.texts.sort_unstable();
        found.texts.dedup();
        found.patterns.sort_unstable();
        found.patterns.dedup();
        found
    }

    /// The language of one text.
    pub(crate) fn text(text: &str) -> Language {
        Language {
            texts: vec![text.to_owned()],
            patterns: Vec::new(),
        }
    }

    /// The language of all texts.
    pub(crate) fn any() -> Language {
        Language {
            texts: Vec::new(),
            patterns: vec![vec![Token::many(Class::Any)]],
        }
    }

    /// The texts of the language that are no patterns.
    pub(crate) fn texts(&self) -> &[String] {
        &self.texts
    }

    /// The patterns of the language that are no texts.
    pub(crate) fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    /// All of the language as patterns.
    pub(crate) fn all_patterns(&self) -> Vec<Pattern> {
        let texts = self.texts.iter().map(|own| crate::pattern::text(own));
        texts.chain(self.patterns.iter().cloned()).collect()
    }

    /// True if the language is a finite list of texts.
    pub(crate) fn is_texts(&self) -> bool {
        self.patterns.is_empty()
    }

    /// True if the language is one pattern.
    pub(crate) fn is_one_pattern(&self) -> bool {
        self.texts.is_empty() && self.patterns.len() == 1
    }

    /// The language of tests of a text in whose patterns the text itself stands: it is in such a pattern if all else there can be
    /// empty, and not if some character must stand there too. Other variables are left alone.
    pub(crate) fn resolved(&self, is_itself: impl Fn(VariableId) -> bool) -> Language {
        let is_own = |token: &Token| matches!(token.class, Class::Variable(id) if is_itself(id));
        let resolve = |pattern: &Pattern| -> Option<Pattern> {
            let count = pattern.iter().filter(|token| is_own(token)).count();
            let others = || pattern.iter().filter(|token| !is_own(token));
            if count == 0 || others().any(|token| matches!(token.class, Class::Variable(_))) {
                return Some(pattern.clone());
            }
            match (others().all(|token| token.many), count) {
                (false, _) => None,
                (true, 1) => Some(vec![Token::many(Class::Any)]),
                // Twice itself is only the empty text.
                (true, _) => Some(Pattern::new()),
            }
        };
        let texts = self.texts.iter().map(|own| crate::pattern::text(own));
        texts
            .chain(self.patterns.iter().filter_map(resolve))
            .collect()
    }

    /// True if a pattern has a variable.
    pub(crate) fn has_variable(&self) -> bool {
        self.patterns.iter().any(|pattern| has_variable(pattern))
    }

    /// True if the text belongs to the language. Patterns with variables hold no text: substitute first.
    pub(crate) fn contains(&self, text: &str) -> bool {
        let matches = |own: &&Pattern| !has_variable(own) && matches(own, text);
        self.has_text(text)
            || !self.patterns.is_empty()
                && self
                    .sharing(&crate::pattern::text(text))
                    .iter()
                    .any(matches)
    }

    /// The patterns that may meet a pattern, by the characters before its first wildcard and theirs. Patterns are sorted,
    /// so those that share a beginning stand together.
    fn sharing(&self, pattern: &[Token]) -> Vec<&Pattern> {
        let mut found: Vec<&Pattern> = Vec::new();
        let mut range: &[Pattern] = &self.patterns;
        for (at, token) in pattern.iter().enumerate() {
            if range.is_empty() || token.many || !matches!(token.class, Class::Char(_)) {
                break;
            }
            let class = |own: &Pattern| own.get(at).map(|token| token.class);
            let start = range.partition_point(|own| class(own) < Some(Class::Char('\0')));
            let end = range.partition_point(|own| class(own) <= Some(Class::Char(char::MAX)));
            let (before, rest) = range.split_at(start);
            let (literal, behind) = rest.split_at(end - start);
            found.extend(before.iter().chain(behind));
            let start = literal.partition_point(|own| class(own) < Some(token.class));
            let end = literal.partition_point(|own| class(own) <= Some(token.class));
            let same = literal.get(start..end).unwrap_or_default();
            let is_one = |own: &Pattern| own.get(at).is_some_and(|token| !token.many);
            let (one, runs) = same.split_at(same.partition_point(is_one));
            found.extend(runs);
            range = one;
        }
        found.extend(range);
        found
    }

    /// The texts that begin with these characters.
    fn beginning(&self, start: &str) -> &[String] {
        let from = self.texts.partition_point(|own| own.as_str() < start);
        let rest = self.texts.get(from..).unwrap_or_default();
        let count = rest.partition_point(|own| own.starts_with(start));
        rest.get(..count).unwrap_or_default()
    }

    /// True if the text belongs to the language under some value of a variable, for all that its ends say.
    pub(crate) fn may_contain(&self, text: &str) -> bool {
        if !self.has_variable() {
            return false;
        }
        let tokens = crate::pattern::text(text);
        self.sharing(&tokens)
            .iter()
            .filter(|own| has_variable(own))
            .any(|own| may_meet(own, &tokens))
    }

    fn has_text(&self, text: &str) -> bool {
        self.texts
            .binary_search_by(|own| own.as_str().cmp(text))
            .is_ok()
    }

    /// The number of entries.
    pub(crate) fn len(&self) -> usize {
        self.texts.len() + self.patterns.len()
    }

    /// How little the language says: the fewer, the better to start with.
    fn vagueness(&self) -> (usize, usize) {
        let known = |pattern: &Pattern| {
            pattern
                .iter()
                .filter(|token| token.class.characters().is_some())
                .count()
        };
        let least = self.patterns.iter().map(known).min();
        (
            usize::MAX - least.unwrap_or(usize::MAX).min(usize::MAX - 1),
            self.len(),
        )
    }
}

/// Looks for a text that is in all of `within` and in none of `without`: a short one of the first pattern that has one.
///
/// # Errors
/// [`UsedUp`] if the work is.
pub(crate) fn search(
    within: &[&Language],
    without: &[&Language],
    work: &mut Work,
) -> Result<Search, UsedUp> {
    let any = Language::any();
    let all = [&any];
    let within = if within.is_empty() { &all } else { within };
    let Some((at, base)) = within
        .iter()
        .enumerate()
        .rev()
        .min_by_key(|(_, language)| language.vagueness())
    else {
        return Ok(Search::Empty);
    };
    let mut found = search_of(at, base, within, without, work)?;
    // What a pattern without variables makes of those of another is not known; what that makes of it is.
    let with_variables = within.iter().enumerate();
    for (place, other) in with_variables.filter(|(place, own)| *place != at && own.has_variable()) {
        if found != Search::Open {
            break;
        }
        found = search_of(place, other, within, without, work)?;
    }
    Ok(found)
}

/// The same among the texts of one of the languages, which has a place in the list.
fn search_of(
    place: usize,
    base: &Language,
    within: &[&Language],
    without: &[&Language],
    work: &mut Work,
) -> Result<Search, UsedUp> {
    let mut others: Vec<&Language> = within.to_vec();
    others.remove(place);
    let mut open = false;
    for text in &base.texts {
        match place_of(text, &others, without, work)? {
            Place::In => return Ok(Search::Found(text.clone())),
            Place::Open => open = true,
            Place::Out => {}
        }
    }
    for pattern in &base.patterns {
        match entry(pattern, &others, without, work)? {
            Search::Empty => {}
            Search::Open => open = true,
            found => return Ok(found),
        }
    }
    Ok(if open { Search::Open } else { Search::Empty })
}

/// Where a text lies.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In all that are required and in none that is excluded.
    In,
    Out,
    /// That depends on variables.
    Open,
}

/// Where a text lies.
fn place_of(
    text: &str,
    within: &[&Language],
    without: &[&Language],
    work: &mut Work,
) -> Result<Place, UsedUp> {
    let mut place = Place::In;
    for (languages, is_required) in [(within, true), (without, false)] {
        for language in languages {
            work.spend(8 + text.len())?;
            if language.contains(text) == is_required {
                continue;
            }
            // A text that is contained is so under every value of the variables.
            if is_required && language.may_contain(text) {
                place = Place::Open;
            } else {
                return Ok(Place::Out);
            }
        }
        if !is_required && languages.iter().any(|language| language.may_contain(text)) {
            place = Place::Open;
        }
    }
    Ok(place)
}

/// The same for the texts of one pattern.
fn entry(
    pattern: &Pattern,
    within: &[&Language],
    without: &[&Language],
    work: &mut Work,
) -> Result<Search, UsedUp> {
    let size = pattern.len();
    let has_variables = has_variable(pattern);
    let mut product = Product::new(pattern);
    let mut unsure = has_variables;
    // Most questions end here: with an entry that is the same, or that holds all of this one.
    for language in without {
        work.spend(8)?;
        if language.patterns.binary_search(pattern).is_ok() {
            return Ok(Search::Empty);
        }
    }
    for (languages, is_required) in [(without, false), (within, true)] {
        for language in languages {
            work.spend(8)?;
            if is_required && language.patterns.binary_search(pattern).is_ok() {
                continue;
            }
            let meeting: Vec<Pattern> = relevant(language, pattern, has_variables).collect();
            let tokens: usize = meeting.iter().map(Vec::len).sum();
            work.spend(tokens * size / 8)?;
            let is_held = meeting.iter().any(|other| subsumes(other, pattern));
            match (is_required, is_held) {
                (true, true) => continue,
                (true, false) if meeting.is_empty() => return Ok(Search::Empty),
                (false, true) => return Ok(Search::Empty),
                _ => {}
            }
            unsure |= meeting.iter().any(|other| has_variable(other));
            match is_required {
                true => product.require(meeting),
                false if meeting.is_empty() => {}
                false => product.exclude(meeting),
            }
        }
    }
    if !unsure {
        for text in instances(pattern) {
            if place_of(&text, within, without, work)? == Place::In {
                return Ok(Search::Found(text));
            }
        }
    }
    match product.search(work)? {
        Search::Found(_) if unsure => match has_variables {
            true => relaxed(pattern, within, without, work),
            false => Ok(Search::Open),
        },
        found => Ok(found),
    }
}

/// Whether a pattern with variables is excluded even if these stand for anything each time.
fn relaxed(
    pattern: &Pattern,
    within: &[&Language],
    without: &[&Language],
    work: &mut Work,
) -> Result<Search, UsedUp> {
    let relaxed = pattern.iter().map(|token| match token.class {
        Class::Variable(_) => Token::many(Class::Any),
        _ => *token,
    });
    let wide: Pattern = relaxed.collect();
    let mut product = Product::new(&wide);
    let mut meeting = |language| -> Result<Vec<Pattern>, UsedUp> {
        let all: Vec<Pattern> = relevant(language, pattern, true).collect();
        let tokens: usize = all.iter().map(Vec::len).sum();
        work.spend(8 + tokens * wide.len() / 8)?;
        Ok(all)
    };
    for language in without {
        let mut all = meeting(language)?;
        // What depends on a variable may exclude nothing.
        all.retain(|own| !has_variable(own));
        product.exclude(all);
    }
    for language in within {
        product.require(meeting(language)?);
    }
    Ok(match product.search(work)? {
        Search::Empty => Search::Empty,
        Search::Found(_) | Search::Open => Search::Open,
    })
}

/// The entries of a language that a text of the pattern may be in.
fn relevant<'l>(
    language: &'l Language,
    pattern: &'l Pattern,
    has_variables: bool,
) -> impl Iterator<Item = Pattern> + 'l {
    let known = |token: &&Token| !token.many && matches!(token.class, Class::Char(_));
    let start: String = pattern
        .iter()
        .take_while(known)
        .filter_map(|token| match token.class {
            Class::Char(own) => Some(own),
            _ => None,
        })
        .collect();
    let texts = language.beginning(&start).iter().filter_map(move |own| {
        let tokens = crate::pattern::text(own);
        let meets = match has_variables {
            true => may_meet(pattern, &tokens),
            false => matches(pattern, own),
        };
        meets.then_some(tokens)
    });
    let patterns = language.sharing(pattern).into_iter();
    let patterns = patterns.filter(|other| may_meet(pattern, other)).cloned();
    texts.chain(patterns)
}

/// Some texts of a pattern without variables: every run empty, and every run with a word in it.
fn instances(pattern: &[Token]) -> impl Iterator<Item = String> + '_ {
    ["", "x", "zq7", "7"].into_iter().map(move |word| {
        let mut text = String::new();
        for token in pattern {
            let characters = token.class.characters();
            let own = characters.and_then(|all| all.first().copied());
            match (token.many, own) {
                (false, Some(own)) => text.push(own),
                (false, None) => text.push(if token.class.contains('x') { 'x' } else { '1' }),
                (true, Some(own)) => text.extend(word.chars().map(|_| own)),
                (true, None) => {
                    let fits = |one: &char| token.class.contains(*one);
                    text.extend(word.chars().filter(fits));
                }
            }
        }
        text
    })
}

#[cfg(test)]
mod tests;
