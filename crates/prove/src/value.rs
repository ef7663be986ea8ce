//! What a test of a condition asks of one value: a language, or an order among typed constants.

use portcullis_image::value::instant;
use portcullis_image::value::network::{Address, Network};
use portcullis_image::value::number::Number;

use crate::joint::numbers_and_dates;
use crate::language::{Language, Search, search};
use crate::pattern::{Class, Pattern};
use crate::reading::{Reading, Texts, by_readings};
use crate::typed::{Cells, Orders, addresses, dates, numbers};
use crate::work::{UsedUp, Work};

/// The values that a test accepts, negation left aside: those of a list of policy values (`COND-2`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Values {
    /// Texts (`COND-50`, `COND-60`, `COND-70`, `COND-71`).
    Text(Language),
    /// Numbers in some order to one of the constants, which are numbers (`COND-55`).
    Number(Orders, Vec<String>),
    /// Dates in some order to one of the constants (`COND-67`).
    Date(Orders, Vec<i128>),
    /// Addresses in one of the networks (`COND-75`).
    Address(Vec<Network>),
}

impl Values {
    /// True if the value is accepted.
    pub(crate) fn contains(&self, text: &str) -> bool {
        match self {
            Values::Text(language) => language.contains(text),
            Values::Number(orders, constants) => Number::parse(text).is_some_and(|number| {
                constants.iter().any(|constant| {
                    let constant = Number::parse(constant);
                    constant.is_some_and(|constant| orders.has(number.compare(&constant)))
                })
            }),
            Values::Date(orders, constants) => instant::parse(text).is_some_and(|own| {
                constants
                    .iter()
                    .any(|constant| orders.has(own.cmp(constant)))
            }),
            Values::Address(networks) => Address::parse(text)
                .is_some_and(|own| networks.iter().any(|network| network.contains(own))),
        }
    }

    /// The same; no value of a type is the same as no text.
    pub(crate) fn or_no_text(self) -> Values {
        let is_empty = match &self {
            Values::Text(_) => false,
            Values::Number(_, constants) => constants.is_empty(),
            Values::Date(_, constants) => constants.is_empty(),
            Values::Address(networks) => networks.is_empty(),
        };
        match is_empty {
            true => Values::Text(Language::default()),
            false => self,
        }
    }

    /// A few patterns of which each value matches one; none if they would be many.
    pub(crate) fn outline(&self) -> Option<Vec<Pattern>> {
        let reading = Reading {
            number: matches!(self, Values::Number(..)),
            date: matches!(self, Values::Date(..)),
            v4: matches!(self, Values::Address(_)),
            v6: matches!(self, Values::Address(_)),
        };
        match self {
            Values::Text(own) if own.len() > MOST_PATTERNS => None,
            Values::Text(own) => Some(own.all_patterns()),
            _ => {
                let mut outline = reading.outline();
                outline.retain(|own| self.may_have(own));
                Some(outline)
            }
        }
    }

    /// False only if no text of a pattern of one digit is a value.
    fn may_have(&self, pattern: &Pattern) -> bool {
        let is_short = pattern.iter().all(|token| !token.many);
        let with = |digit: char| -> String {
            let letters = pattern.iter().map(|token| match token.class {
                Class::Char(own) => own,
                _ => digit,
            });
            letters.collect()
        };
        !is_short || matches!(self, Values::Address(_)) || {
            let mut digits = '0'..='9';
            digits.any(|digit| self.contains(&with(digit)))
        }
    }

    /// The language, if the values are texts.
    pub(crate) fn language(&self) -> Option<&Language> {
        match self {
            Values::Text(language) => Some(language),
            _ => None,
        }
    }
}

/// How many patterns an outline has.
const MOST_PATTERNS: usize = 16;
/// How many patterns of a list are asked about one by one.
const MOST_SPLIT: usize = 4;
/// Of how many lists they are.
const MOST_LISTS: usize = 2;
/// How many texts may be excluded one by one before the cells of typed values are called incomplete.
const MOST_SPELLINGS: usize = 200;

/// Looks for a value that all of `within` accept and none of `without`.
///
/// Exact where all tests are texts, or typed beside plain texts. Where typed tests meet patterns, a value that is found is one,
/// and "empty" is said if each kind of texts that the typed tests leave has no text of its shape
/// ([`by_readings`]).
///
/// # Errors
/// [`UsedUp`] if the work is.
pub(crate) fn find(
    within: &[&Values],
    without: &[&Values],
    work: &mut Work,
) -> Result<Search, UsedUp> {
    find_by_patterns(within, without, MOST_LISTS, work)
}

/// The same; what is not decided is asked of the patterns of so many lists one by one.
fn find_by_patterns(
    within: &[&Values],
    without: &[&Values],
    lists: usize,
    work: &mut Work,
) -> Result<Search, UsedUp> {
    let found = find_among(within, without, work)?;
    if found != Search::Open || lists == 0 {
        return Ok(found);
    }
    // Patterns one by one may be decided where all of them together are not.
    let all = within.iter().enumerate();
    let mut all = all.filter_map(|(place, own)| Some((place, own.language()?)));
    let list = all.find(|(_, own)| (2..=MOST_SPLIT).contains(&own.len()));
    let Some((place, list)) = list else {
        return Ok(Search::Open);
    };
    let mut is_open = false;
    for pattern in list.all_patterns() {
        let one = Values::Text([pattern].into_iter().collect());
        let mut within = within.to_vec();
        if let Some(own) = within.get_mut(place) {
            *own = &one;
        }
        match find_by_patterns(&within, without, lists - 1, work)? {
            Search::Empty => {}
            Search::Open => is_open = true,
            Search::Found(text) => return Ok(Search::Found(text)),
        }
    }
    Ok(match is_open {
        true => Search::Open,
        false => Search::Empty,
    })
}

/// The same, of all patterns of each list together.
fn find_among(within: &[&Values], without: &[&Values], work: &mut Work) -> Result<Search, UsedUp> {
    let (in_texts, out_texts) = (languages_of(within), languages_of(without));
    let all_texts = in_texts.len() + out_texts.len();
    let by_text = search(&in_texts, &out_texts, work)?;
    if all_texts == within.len() + without.len() || by_text == Search::Empty {
        return Ok(by_text);
    }
    let fits = |text: &str| {
        within.iter().all(|values| values.contains(text))
            && !without.iter().any(|values| values.contains(text))
    };
    let languages = || in_texts.iter().chain(&out_texts).copied();
    let has_variables = languages().any(Language::has_variable);
    // A finite list is tried as it is.
    let finite = in_texts.iter().find(|language| language.is_texts());
    if let (Some(finite), false) = (finite, has_variables) {
        work.spend(finite.len() * (within.len() + without.len()))?;
        let found = finite.texts().iter().find(|text| fits(text));
        return Ok(found.map_or(Search::Empty, |text| Search::Found(text.clone())));
    }
    let named: Vec<&str> = languages()
        .flat_map(|language| language.texts().iter().map(String::as_str))
        .collect();
    // A pattern may tell apart how a value is written.
    let has_patterns = !languages().all(Language::is_texts);
    let spellings = named.len().min(MOST_SPELLINGS) + usize::from(has_patterns);
    let kinds = Kinds::of(within.iter().chain(without).copied(), &named, spellings);
    // Each text is put together and read again.
    work.spend(48 * kinds.all().map(|cells| cells.texts.len()).sum::<usize>())?;
    let mut candidates: Vec<String> = kinds.all().flat_map(|cells| cells.texts.clone()).collect();
    candidates.extend(named.iter().map(|text| (*text).to_owned()));
    if let Search::Found(text) = by_text {
        candidates.push(text);
    }
    if !has_variables {
        for text in &candidates {
            work.spend(within.len() + without.len())?;
            if fits(text) {
                return Ok(Search::Found(text.clone()));
            }
        }
    }
    let only_texts = languages().all(Language::is_texts);
    let exact = only_texts && named.len() <= MOST_SPELLINGS && kinds.are_complete();
    if exact && !has_variables {
        return Ok(Search::Empty);
    }
    let holds = |text: &str| {
        let typed = |values: &&&Values| values.language().is_none();
        within.iter().filter(typed).all(|own| own.contains(text))
            && !without.iter().filter(typed).any(|own| own.contains(text))
    };
    if kinds.are_complete() {
        let looked = kinds.looked_at();
        work.spend(8 * candidates.len())?;
        let fine = candidates.iter().filter(|text| holds(text));
        let mut possible: Vec<Reading> = fine.map(|text| Reading::of(text, looked)).collect();
        possible.sort_unstable();
        possible.dedup();
        let texts = Texts {
            within: &in_texts,
            without: &out_texts,
            has_variables,
        };
        return by_readings(&possible, looked, &texts, &fits, work);
    }
    // One kind of test alone may exclude everything.
    for (cells, is_of_kind) in kinds.apart() {
        let fits = |text: &String| {
            let all = |list: &[&Values], wanted: bool| {
                let mut own = list.iter().filter(|values| is_of_kind(values));
                own.all(|values| values.contains(text) == wanted)
            };
            all(within, true) && all(without, false)
        };
        work.spend(cells.texts.len() * (within.len() + without.len()))?;
        if cells.complete && !cells.texts.iter().any(fits) {
            return Ok(Search::Empty);
        }
    }
    // So may texts that are none of what a typed test accepts, whatever that is.
    let typed = within.iter().filter(|values| values.language().is_none());
    let outlines: Vec<Language> = typed
        .filter_map(|values| Some(values.outline()?.into_iter().collect()))
        .collect();
    let also: Vec<&Language> = in_texts.iter().copied().chain(&outlines).collect();
    if also.len() > in_texts.len() && search(&also, &out_texts, work)? == Search::Empty {
        return Ok(Search::Empty);
    }
    Ok(Search::Open)
}

/// Texts that typed tests tell apart, one digit first: none if no test is typed.
pub(crate) fn samples<'v>(tests: impl Iterator<Item = &'v Values>) -> Vec<String> {
    let kinds = Kinds::of(tests, &[], 1);
    let cells: Vec<String> = kinds.all().flat_map(|own| own.texts.clone()).collect();
    let mut texts: Vec<String> = Vec::new();
    if !cells.is_empty() {
        texts.extend(["0", "9", "10"].map(str::to_owned));
    }
    texts.extend(cells);
    texts
}

/// The tests that are about texts.
fn languages_of<'v>(list: &[&'v Values]) -> Vec<&'v Language> {
    list.iter().filter_map(|own| own.language()).collect()
}

/// The cells of each kind of typed values that tests look at.
struct Kinds {
    numbers: Option<Cells>,
    dates: Option<Cells>,
    /// Of both, where there are both: a number may be a date too.
    joint: Option<Cells>,
    addresses: Option<Cells>,
}

impl Kinds {
    fn of<'v>(
        tests: impl Iterator<Item = &'v Values>,
        named: &[&'v str],
        spellings: usize,
    ) -> Kinds {
        let mut number: Option<Vec<&str>> = None;
        let mut date: Option<Vec<i128>> = None;
        let mut address: Option<Vec<Network>> = None;
        for values in tests {
            match values {
                Values::Text(_) => {}
                Values::Number(_, own) => {
                    let all = number.get_or_insert_default();
                    all.extend(own.iter().map(String::as_str));
                }
                Values::Date(_, own) => date.get_or_insert_default().extend(own),
                Values::Address(own) => address.get_or_insert_default().extend(own),
            }
        }
        // What texts name are places of their own.
        if let Some(all) = &mut number {
            all.extend(named.iter().filter(|text| Number::parse(text).is_some()));
        }
        if let Some(all) = &mut date {
            all.extend(named.iter().filter_map(|text| instant::parse(text)));
        }
        if let Some(all) = &mut address {
            let is_one = |text: &&&str| Address::parse(text).is_some();
            let single = named.iter().filter(is_one);
            all.extend(single.filter_map(|text| Network::parse(text)));
        }
        let joint = number.as_deref().zip(date.as_deref());
        Kinds {
            joint: joint.map(|(all, dates)| numbers_and_dates(all, dates, named, spellings)),
            numbers: number.map(|all| numbers(&all, spellings)),
            dates: date.map(|all| dates(&all, spellings)),
            addresses: address.map(|all| addresses(&all, spellings)),
        }
    }

    /// The cells of all texts together.
    fn all(&self) -> impl Iterator<Item = &Cells> {
        let apart = self.numbers.iter().chain(&self.dates);
        let apart = apart.filter(|_| self.joint.is_none());
        self.addresses.iter().chain(&self.joint).chain(apart)
    }

    /// True if the cells together stand for all texts. No address is a number or a date.
    fn are_complete(&self) -> bool {
        self.all().all(|cells| cells.complete)
    }

    /// What typed tests look at.
    fn looked_at(&self) -> Reading {
        Reading {
            number: self.numbers.is_some(),
            date: self.dates.is_some(),
            v4: self.addresses.is_some(),
            v6: self.addresses.is_some(),
        }
    }

    fn apart(&self) -> impl Iterator<Item = (&Cells, fn(&Values) -> bool)> {
        let numbers = self.numbers.iter().map(|cells| {
            let is_own: fn(&Values) -> bool = |values| matches!(values, Values::Number(..));
            (cells, is_own)
        });
        let dates = self.dates.iter().map(|cells| {
            let is_own: fn(&Values) -> bool = |values| matches!(values, Values::Date(..));
            (cells, is_own)
        });
        let addresses = self.addresses.iter().map(|cells| {
            let is_own: fn(&Values) -> bool = |values| matches!(values, Values::Address(..));
            (cells, is_own)
        });
        numbers.chain(dates).chain(addresses)
    }
}
