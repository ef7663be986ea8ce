//! Every small language against enumeration.

use super::*;
use crate::pattern::{Class, VariableId, glob, push};

/// Every text over the letters, up to a length.
fn texts(letters: &str, length: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut from = 0;
    for _ in 0..length {
        let to = all.len();
        for at in from..to {
            for letter in letters.chars() {
                all.push(format!("{}{letter}", all[at]));
            }
        }
        from = to;
    }
    all
}

fn pattern(text: &str, wild: Class) -> Pattern {
    let mut tokens = Pattern::new();
    for token in glob(text, wild) {
        push(&mut tokens, token);
    }
    tokens
}

fn any(text: &str) -> Language {
    Language::from_iter([pattern(text, Class::Any)])
}

fn union(texts: &[&str]) -> Language {
    texts.iter().map(|text| pattern(text, Class::Any)).collect()
}

fn ask(within: &[&Language], without: &[&Language]) -> Search {
    search(within, without, &mut Work::new(10_000_000)).unwrap()
}

/// What enumeration says of a question: no text that it finds may be missed, and what was found must be right.
fn check(within: &[&Language], without: &[&Language], world: &[String]) -> bool {
    let lies = |text: &str| {
        within.iter().all(|language| language.contains(text))
            && !without.iter().any(|language| language.contains(text))
    };
    let exists = world.iter().find(|text| lies(text));
    match ask(within, without) {
        Search::Found(text) => {
            assert!(lies(&text), "{text:?} for {within:?} without {without:?}");
            true
        }
        Search::Empty => {
            assert_eq!(exists, None, "{within:?} without {without:?}");
            false
        }
        Search::Open => panic!("no variables: {within:?} without {without:?}"),
    }
}

/// All pairs and all unions of two, over patterns of up to three tokens.
#[test]
fn small_patterns_against_enumeration() {
    let world = texts("abx", 6);
    let all: Vec<Language> = texts("ab*?", 3).iter().map(|text| any(text)).collect();
    let mut found = 0;
    let mut count = 0;
    for one in &all {
        for other in &all {
            found += u64::from(check(&[one], &[other], &world));
            found += u64::from(check(&[one, other], &[], &world));
            count += 2;
        }
    }
    assert!(found > 1000 && count - found > 1000, "{found} of {count}");
}

/// Three languages at a time, of two entries each: coverage by unions that no entry gives alone.
#[test]
fn small_unions_against_enumeration() {
    let world = texts("abx", 5);
    let parts = ["a", "b*", "*a", "a?", "?*", "*ab*", "a*b", "??", "", "*"];
    let mut all = Vec::new();
    for (at, one) in parts.iter().enumerate() {
        for other in &parts[at..] {
            all.push(union(&[one, other]));
        }
    }
    let mut found = [0, 0];
    for (at, one) in all.iter().enumerate() {
        for (other_at, other) in all.iter().enumerate() {
            let third = &all[(at * 31 + other_at * 17) % all.len()];
            for (within, without) in [
                (vec![one], vec![other, third]),
                (vec![one, third], vec![other]),
                (vec![one, other, third], vec![]),
            ] {
                found[usize::from(check(&within, &without, &world))] += 1;
            }
        }
    }
    assert!(found[0] > 500 && found[1] > 500, "{found:?}");
}

/// Every class against every other, with the characters that tell them apart.
#[test]
fn classes_against_enumeration() {
    let classes = [
        Class::Any,
        Class::NotColon,
        Class::Name,
        Class::Action,
        Class::Digit,
        Class::Char('k'),
        Class::Char('K'),
        Class::Char(':'),
        Class::Ascii('k'),
        Class::Fold('k'),
        Class::Char('\u{212a}'),
        Class::Char('1'),
        Class::Fold('σ'),
        Class::Char('ς'),
    ];
    let letters = "kK\u{212a}1x:/X_σςΣ";
    let world = texts(letters, 2);
    let mut all: Vec<Language> = Vec::new();
    for one in classes {
        for many in [false, true] {
            // No policy has a run of one character.
            if many && matches!(one, Class::Char(_)) {
                continue;
            }
            let token = Token { class: one, many };
            all.push(Language::from_iter([vec![token]]));
            all.push(Language::from_iter([vec![
                token,
                Token::one(Class::Char('k')),
            ]]));
        }
    }
    for one in &all {
        for other in &all {
            check(&[one], &[other], &world);
            check(&[one, other], &[], &world);
            for third in all.iter().step_by(5) {
                check(&[one], &[other, third], &world);
                check(&[one, other], &[third], &world);
            }
        }
    }
}

#[test]
fn classes_cover_and_meet_as_their_characters_do() {
    let world: Vec<char> = "kK\u{212a}sSſ1x:/X_-é".chars().collect();
    let classes = [
        Class::Any,
        Class::NotColon,
        Class::Name,
        Class::Action,
        Class::Digit,
        Class::Char('s'),
        Class::Ascii('s'),
        Class::Fold('s'),
        Class::Char('é'),
        Class::Fold('é'),
        Class::Char('-'),
    ];
    for one in classes {
        for other in classes {
            let both = |own: &&char| one.contains(**own) && other.contains(**own);
            if one.covers(other) {
                let outside = world
                    .iter()
                    .find(|own| other.contains(**own) && !one.contains(**own));
                assert_eq!(outside, None, "{one:?} {other:?}");
            }
            if !one.meets(other) {
                assert_eq!(world.iter().find(both), None, "{one:?} {other:?}");
            }
        }
    }
}

/// `a*` lies in `a` and `a?*` together and in neither of them.
#[test]
fn a_union_can_cover_what_no_entry_does() {
    let whole = any("a*");
    assert_eq!(ask(&[&whole], &[&union(&["a", "a?*"])]), Search::Empty);
    assert_eq!(ask(&[&whole], &[&any("a?*")]), Search::Found("a".into()));
    assert_eq!(ask(&[&any("?*")], &[&any("*?")]), Search::Empty);
    assert_eq!(
        ask(&[&any("ab*"), &any("*bc")], &[&union(&["ab*bc", "abc"])]),
        Search::Empty
    );
    let shortest = ask(&[&any("ab*"), &any("*bc")], &[&any("ab*bc")]);
    assert_eq!(shortest, Search::Found("abc".into()));
}

fn with_variable(text: &str) -> Language {
    let mut tokens = Pattern::new();
    for token in glob(text, Class::Any) {
        let variable = Token::one(Class::Variable(VariableId(0)));
        push(
            &mut tokens,
            match token.class {
                Class::Char('$') => variable,
                _ => token,
            },
        );
    }
    Language::from_iter([tokens])
}

/// The language with its variable replaced.
fn substituted(text: &str, value: &str) -> Language {
    let mut tokens = Pattern::new();
    for token in glob(text, Class::Any) {
        match token.class {
            Class::Char('$') => tokens.extend(crate::pattern::text(value)),
            _ => push(&mut tokens, token),
        }
    }
    Language::from_iter([tokens])
}

/// With a variable, "empty" is a proof for each of its values, and nothing is said to be found that depends on it.
#[test]
fn variables_against_every_value() {
    let world = texts("ab", 5);
    let values = texts("ab", 2);
    let parts: Vec<String> = texts("a*?$", 3)
        .into_iter()
        .filter(|text| text.matches('$').count() <= 2)
        .collect();
    let mut proofs = 0;
    let mut with_proofs = 0;
    for one in &parts {
        for other in &parts {
            let (a, b) = (with_variable(one), with_variable(other));
            for (within, without) in [(vec![&a], vec![&b]), (vec![&a, &b], vec![])] {
                let excluded = !without.is_empty();
                match ask(&within, &without) {
                    Search::Empty => {
                        proofs += 1;
                        with_proofs += u64::from(one.contains('$') || other.contains('$'));
                        for value in &values {
                            let (a, b) = (substituted(one, value), substituted(other, value));
                            let found = world
                                .iter()
                                .find(|text| a.contains(text) && b.contains(text) != excluded);
                            assert_eq!(found, None, "{one} {other} {excluded} {value}");
                        }
                    }
                    Search::Found(text) => {
                        for value in &values {
                            let (a, b) = (substituted(one, value), substituted(other, value));
                            let lies = a.contains(&text) && b.contains(&text) != excluded;
                            assert!(lies, "{one} {other} {text} {value}");
                        }
                    }
                    Search::Open => {}
                }
            }
        }
    }
    assert!(proofs > 1000 && with_proofs > 300, "{proofs} {with_proofs}");
}

/// A text in a pattern in which it stands itself, against putting it there; a pattern with another variable stays as it is.
#[test]
fn texts_in_patterns_of_themselves() {
    let is_own = |id: VariableId| id == VariableId(0);
    let world = texts("ab", 3);
    let mut counts = [0, 0];
    for one in texts("a*?$", 3) {
        let language = with_variable(&one);
        let resolved = language.resolved(is_own);
        assert!(!resolved.has_variable(), "{one}");
        for text in &world {
            let holds = substituted(&one, text).contains(text);
            assert_eq!(resolved.contains(text), holds, "{one} {text}");
            counts[usize::from(holds)] += 1;
        }
        assert_eq!(language.resolved(|_| false), language, "{one}");
        let mut with_other = language.all_patterns();
        for pattern in &mut with_other {
            pattern.push(Token::one(Class::Variable(VariableId(1))));
        }
        let with_other: Language = with_other.into_iter().collect();
        assert_eq!(with_other.resolved(is_own), with_other, "{one}");
    }
    assert!(counts[0] > 500 && counts[1] > 100, "{counts:?}");
}

/// Patterns that meet in exponentially many ways end by the work, never by time.
#[test]
fn hostile_patterns_use_up_their_work() {
    let patterns: Vec<Language> = (0..24)
        .map(|n| any(&format!("*{0}*{0}*", char::from(b'a' + n))))
        .collect();
    let all: Vec<&Language> = patterns.iter().collect();
    let mut work = Work::new(100_000);
    assert_eq!(search(&all, &[], &mut work), Err(UsedUp));
    assert!(work.spent() < 200_000, "{}", work.spent());
    assert_eq!(ask(&all, &[&any("*")]), Search::Empty);
}
