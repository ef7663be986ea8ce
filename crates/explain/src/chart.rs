//! Pictures of many things and what leads from one to the other: cards in a tree, or in columns.

use std::fmt::Write;

use crate::svg::{CHARACTER, STYLE, escaped, wrapped};

/// What a card says at first sight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Nothing special.
    Plain,
    /// It limits others, or can do much.
    Strong,
}

/// Something in a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// How deep in the tree it is, or in which column, from 0.
    pub column: usize,
    /// What it is called.
    pub title: String,
    /// What is said of it.
    pub lines: Vec<String>,
    /// What it says at first sight.
    pub mark: Mark,
}

/// How the cards lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Below each other, in the order in which they are given, as deep as they are.
    Tree,
    /// In columns, from left to right.
    Columns,
}

/// Cards, and what leads from one to another.
///
/// ```
/// use portcullis_explain::{Card, Chart, Layout, Mark};
/// let card = |column, title: &str| Card { column, title: title.to_string(), lines: Vec::new(), mark: Mark::Plain };
/// let chart = Chart {
///     title: "who assumes what".to_string(),
///     notes: Vec::new(),
///     cards: vec![card(0, "user/ann"), card(1, "role/<App>")],
///     links: vec![(0, 1)],
///     layout: Layout::Columns,
/// };
/// assert!(chart.svg().contains("role/&lt;App&gt;") && chart.html().starts_with("<!doctype html>"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// What it does not.
    pub notes: Vec<String>,
    /// Its cards.
    pub cards: Vec<Card>,
    /// Pairs of their numbers: from, and to.
    pub links: Vec<(usize, usize)>,
    /// How they lie.
    pub layout: Layout,
}

const MARGIN: usize = 20;
const PADDING: usize = 10;
const LINE: usize = 16;
const CARD: usize = 300;
/// Between two columns, where the links are.
const BETWEEN: usize = 90;
const DEEPER: usize = 34;
const SMALLEST: usize = 600;
const TREE_CARD: usize = 760;

const MORE: &str = ".link{fill:none;stroke:#8c959f;stroke-width:1.4}.strong{stroke:#cf222e;stroke-width:2}\
@media(prefers-color-scheme:dark){.strong{stroke:#f85149}}";

const PAGE: &str = "body{margin:0;font:14px system-ui,sans-serif;background:#fff}div{overflow:auto}\
svg{display:block}@media(prefers-color-scheme:dark){body{background:#0d1117}}";

/// Where a card is.
struct Place {
    x: usize,
    y: usize,
    height: usize,
    rows: Vec<String>,
    titles: usize,
}

impl Chart {
    fn width_of_card(&self) -> usize {
        match self.layout {
            Layout::Tree => TREE_CARD,
            Layout::Columns => CARD,
        }
    }

    /// Where every card is, from this height on, and how far down they reach.
    fn places(&self, top: usize) -> (Vec<Place>, usize) {
        let room = (self.width_of_card() - 2 * PADDING) * 100 / CHARACTER;
        let columns = self
            .cards
            .iter()
            .map(|card| card.column + 1)
            .max()
            .unwrap_or(0);
        let mut ends = vec![top; columns.max(1)];
        let mut places = Vec::with_capacity(self.cards.len());
        for card in &self.cards {
            let mut rows = wrapped(&card.title, room);
            let titles = rows.len();
            rows.extend(card.lines.iter().flat_map(|line| wrapped(line, room)));
            let height = rows.len() * LINE + 2 * PADDING - 4;
            let (x, column) = match self.layout {
                Layout::Tree => (MARGIN + card.column * DEEPER, 0),
                Layout::Columns => (MARGIN + card.column * (CARD + BETWEEN), card.column),
            };
            let end = ends.get_mut(column);
            let y = end.as_deref().copied().unwrap_or(top);
            if let Some(end) = end {
                *end = y + height + 10;
            }
            places.push(Place {
                x,
                y,
                height,
                rows,
                titles,
            });
        }
        (places, ends.into_iter().max().unwrap_or(top))
    }

    /// The picture, in a file of its own.
    pub fn svg(&self) -> String {
        let card_width = self.width_of_card();
        let mut body = String::new();
        let mut y = MARGIN + 18;
        let text = |body: &mut String, y: usize, class: &str, text: &str| {
            let text = escaped(text);
            // Writing to a string cannot fail.
            let _ = writeln!(
                body,
                "<text x=\"{MARGIN}\" y=\"{y}\" class=\"{class}\">{text}</text>"
            );
        };
        text(&mut body, y, "big", &self.title);
        // As wide as what is drawn at least is.
        let room = (SMALLEST - 2 * MARGIN) * 100 / CHARACTER;
        for line in self.notes.iter().flat_map(|note| wrapped(note, room)) {
            y += LINE;
            text(&mut body, y, "faint", &line);
        }
        let (places, bottom) = self.places(y + 20);
        for (from, to) in &self.links {
            let (Some(from), Some(to)) = (places.get(*from), places.get(*to)) else {
                continue;
            };
            let path = match self.layout {
                Layout::Tree => {
                    let x = from.x + 14;
                    format!("M{x} {}V{}H{}", from.y + from.height, to.y + 16, to.x)
                }
                Layout::Columns => {
                    let (y1, y2) = (from.y + from.height / 2, to.y + to.height / 2);
                    let (x1, x2) = match to.x > from.x {
                        true => (from.x + card_width, to.x),
                        // Back, or within a column: around the right side of both.
                        false => (from.x + card_width, to.x + card_width),
                    };
                    let bend = BETWEEN / 2;
                    let end = if to.x > from.x {
                        x2.saturating_sub(bend)
                    } else {
                        x2 + bend
                    };
                    format!("M{x1} {y1}C{} {y1} {end} {y2} {x2} {y2}", x1 + bend)
                }
            };
            let _ = writeln!(body, "<path d=\"{path}\" class=\"link\"/>");
        }
        for (card, place) in self.cards.iter().zip(&places) {
            let strong = if card.mark == Mark::Strong {
                " strong"
            } else {
                ""
            };
            let _ = writeln!(
                body,
                "<rect x=\"{}\" y=\"{}\" width=\"{card_width}\" height=\"{}\" rx=\"6\" class=\"card{strong}\"/>",
                place.x, place.y, place.height
            );
            for (index, row) in place.rows.iter().enumerate() {
                let class = if index < place.titles {
                    "title"
                } else {
                    "faint"
                };
                let (x, y) = (place.x + PADDING, place.y + PADDING + 10 + index * LINE);
                let row = escaped(row);
                let _ = writeln!(
                    body,
                    "<text x=\"{x}\" y=\"{y}\" class=\"{class}\">{row}</text>"
                );
            }
        }
        let right = places.iter().map(|place| place.x + card_width).max();
        let width = right.unwrap_or(0).max(SMALLEST) + MARGIN + BETWEEN / 2;
        let height = bottom + MARGIN;
        let title = escaped(&self.title);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" xml:space=\"preserve\" role=\"graphics-document document\">\n\
             <title>{title}</title>\n<style>{STYLE}{MORE}</style>\n\
             <rect width=\"{width}\" height=\"{height}\" class=\"bg\"/>\n{body}</svg>\n"
        )
    }

    /// A page with the picture; it loads and runs nothing.
    pub fn html(&self) -> String {
        let title = escaped(&self.title);
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>{title}</title>\n<style>{PAGE}</style>\n</head>\n<body>\n<div>\n{}</div>\n</body>\n</html>\n",
            self.svg()
        )
    }
}
