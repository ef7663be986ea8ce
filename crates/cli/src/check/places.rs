//! Where problems are, to find them again by code and place: documents may have a hundred thousand.

use std::collections::HashMap;

use portcullis_syntax::ast::Span;

/// Problems by their codes and places.
#[derive(Default)]
pub(crate) struct Places(HashMap<&'static str, Vec<Place>>);

/// Where a problem is.
struct Place {
    span: Span,
    /// Where the furthest ends of those that start no later.
    furthest: u32,
    /// The number of the problem.
    number: usize,
}

impl Places {
    /// Codes and places, which have numbers in this order.
    pub(crate) fn of(all: impl Iterator<Item = (&'static str, Span)>) -> Places {
        let mut places: HashMap<&'static str, Vec<Place>> = HashMap::new();
        for (number, (code, span)) in all.enumerate() {
            places.entry(code).or_default().push(Place {
                span,
                furthest: span.end,
                number,
            });
        }
        for own in places.values_mut() {
            own.sort_by_key(|place| place.span.start);
            let mut furthest = 0;
            for place in own {
                furthest = furthest.max(place.span.end);
                place.furthest = furthest;
            }
        }
        Places(places)
    }

    /// The numbers of the problems of a code that overlap or touch a place, in the order of where they start.
    pub(crate) fn at(&self, code: &str, span: Span) -> impl Iterator<Item = usize> + '_ {
        let own = self.0.get(code).map(Vec::as_slice).unwrap_or_default();
        let first = own.partition_point(|place| place.furthest < span.start);
        let near = own.iter().skip(first);
        near.take_while(move |place| place.span.start <= span.end)
            .filter(move |place| span.start <= place.span.end)
            .map(|place| place.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_at_a_place_is_what_meets_it() {
        // Nested, disjoint, equal, touching, and empty ones.
        let spans: Vec<Span> = (0..8)
            .flat_map(|start| (start..8).step_by(2).map(move |end| Span { start, end }))
            .collect();
        let places = Places::of(spans.iter().map(|span| ("CODE", *span)));
        for span in &spans {
            let meets = |own: &Span| own.start <= span.end && span.start <= own.end;
            let numbers = (0..spans.len()).filter(|number| meets(&spans[*number]));
            let found: Vec<usize> = places.at("CODE", *span).collect();
            assert_eq!(found, numbers.collect::<Vec<_>>(), "{span:?}");
            assert_eq!(places.at("OTHER", *span).count(), 0);
        }
    }
}
