//! The ways to be an administrator, drawn: whoever has the most steps before it on the left, administrators on the right.

use std::collections::{BTreeSet, HashMap};

use portcullis_explain::{Card, Chart, Layout, Mark};
use portcullis_findings::{Escalation, Escalations};

/// More paths of one principal are more than anybody reads.
const MOST_PATHS: usize = 6;

/// The picture of what was found; none if more principals than this are in it.
pub(super) fn chart(all: &Escalations, principals: usize, most: usize) -> Option<Chart> {
    let last = all.found.iter().map(|own| own.steps).max().unwrap_or(0);
    let mut cards: Vec<Card> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut paths: HashMap<&str, Vec<&Escalation>> = HashMap::new();
    for one in &all.found {
        paths.entry(&one.arn).or_default().push(one);
    }
    let mut add = |arn, card| {
        let place = cards.len();
        let known = *places.entry(arn).or_insert(place);
        if known == place {
            cards.push(card);
        }
    };
    // The furthest first, so that cards stand from left to right.
    for one in all.found.iter().rev() {
        let own = paths.get(one.arn.as_str()).map_or(&[][..], Vec::as_slice);
        add(
            one.arn.as_str(),
            Card {
                column: last - one.steps.min(last),
                title: one.arn.clone(),
                lines: lines(own),
                mark: Mark::Plain,
            },
        );
    }
    for one in &all.found {
        let (arn, line) = match one.reached == one.arn {
            true => (ITSELF, "by a policy of its own choice"),
            false if all.administrators.contains(&one.reached) => {
                (one.reached.as_str(), "is an administrator")
            }
            false => (one.reached.as_str(), "can be given every permission"),
        };
        add(
            arn,
            Card {
                column: last,
                title: arn.to_owned(),
                lines: vec![line.to_owned()],
                mark: Mark::Strong,
            },
        );
    }
    if cards.len() > most {
        return None;
    }
    let links: BTreeSet<(usize, usize)> = all
        .found
        .iter()
        .filter_map(|one| {
            let to = if one.reached == one.arn {
                ITSELF
            } else {
                &one.reached
            };
            Some((*places.get(one.arn.as_str())?, *places.get(to)?))
        })
        .collect();
    let found = paths.len();
    let steps = match last {
        1 => "one step".to_owned(),
        _ => format!("at most {last} steps"),
    };
    let mut notes = vec![format!(
        "{found} of {principals} users and roles are no administrators and can become one, in {steps}"
    )];
    if !all.unknown.is_empty() {
        notes.push(format!(
            "of {} ways it is not known whether they are open: see `portcullis escalate`",
            all.unknown.len()
        ));
    }
    Some(Chart {
        title: "Who can become an administrator".to_owned(),
        notes,
        cards,
        links: links.into_iter().collect(),
        layout: Layout::Columns,
    })
}

/// Where those end who give themselves what they like.
const ITSELF: &str = "every permission";

/// The paths of one principal: what each is called, the permissions that it takes, and whom it reaches.
fn lines(all: &[&Escalation]) -> Vec<String> {
    let shown = all.iter().take(MOST_PATHS).map(|one| {
        let mut actions: Vec<&str> = one.requests.iter().map(|own| own.action.as_str()).collect();
        actions.dedup();
        let mut text = format!("{}: {}", one.path, actions.join(", "));
        if one.reached != one.arn {
            let name = one.reached.splitn(6, ':').last().unwrap_or_default();
            text.push_str(&format!(" to be {name}"));
        }
        if one.is_conditional {
            text.push_str(", on condition");
        }
        text
    });
    let mut lines: Vec<String> = shown.collect();
    if let Some(more) = all.len().checked_sub(MOST_PATHS + 1) {
        lines.push(format!("and {} more", more + 1));
    }
    lines
}
