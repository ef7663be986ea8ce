//! A story as a picture: the request goes down through the policy sets, in the order in which reasons are
//! named. Text is text, whatever it says is escaped, and both light and dark readers are thought of.

use std::fmt::Write;

use crate::page::{Block, Line, Page, Tone};
use crate::words::printable;

/// All lengths are in user units, which a viewer shows as pixels if it does not scale.
const WIDTH: usize = 1000;
const MARGIN: usize = 24;
const PADDING: usize = 14;
/// Left of the policy sets, where the way of the request is drawn.
const GUTTER: usize = 36;
const LINE: usize = 17;
/// A hundredth of the width of a character of 12 units in a typeface whose characters are equally wide.
pub(crate) const CHARACTER: usize = 724;
/// More is cut: a picture is for looking at.
const MOST_LINES: usize = 80;
const MOST_LINES_OF_A_TEXT: usize = 8;

pub(crate) const STYLE: &str = "\
text{font:12px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;fill:#1f2328;white-space:pre}\
.big{font-size:24px;font-weight:bold}.title{font-weight:bold}\
.bg{fill:#fff}.card{fill:#f6f8fa;stroke:#d0d7de}.way{stroke:#8c959f;stroke-width:2;fill:none}\
.allows{fill:#116329}.denies{fill:#a40e26}.lacks{fill:#7d4e00}.faint{fill:#57606a}\
.s-plain,.s-faint{stroke:#8c959f}.s-allows{stroke:#1a7f37}.s-denies{stroke:#cf222e}.s-lacks{stroke:#bf8700}\
.mark{fill:#fff;stroke-width:2}.sign{fill:none;stroke-width:2}.decides{stroke-width:3}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.bg{fill:#0d1117}.card{fill:#161b22;stroke:#30363d}\
.allows{fill:#56d364}.denies{fill:#ff7b72}.lacks{fill:#e3b341}.faint{fill:#9da7b1}.mark{fill:#0d1117}\
.card.s-allows{stroke:#2ea043}.card.s-denies{stroke:#f85149}.card.s-lacks{stroke:#bb8009}}";

/// Text that cannot be taken for markup, whatever a policy is called.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in printable(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' => out.push(' '),
            // No characters of XML.
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// How many cells a character takes.
fn cells(c: char) -> usize {
    match c {
        '\u{1100}'.. => 2,
        _ => 1,
    }
}

/// A text in lines of at most so many cells, broken at blanks where there are any near the end.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let text = printable(text).replace('\n', " ");
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for c in text.chars() {
        if used + cells(c) > width {
            let is_late = |at: &usize| at * 2 > line.len();
            let blank = line.rfind(' ').filter(is_late);
            // Behind a part of an ARN or of a path.
            let part = line.rfind([':', '/', ',']).map(|at| at + 1).filter(is_late);
            let part = part.filter(|at| *at < line.len());
            let rest = blank
                .or(part)
                .map_or_else(String::new, |at| line.split_off(at));
            lines.push(std::mem::take(&mut line));
            if lines.len() == MOST_LINES_OF_A_TEXT {
                lines.push("…".to_string());
                return lines;
            }
            line = rest.trim_start().to_string();
            used = line.chars().map(cells).sum();
        }
        line.push(c);
        used += cells(c);
    }
    lines.push(line);
    lines
}

/// A line that fits, and how far right it begins.
struct Row {
    tone: Tone,
    offset: usize,
    is_title: bool,
    text: String,
}

/// The lines of a block, wrapped for a width.
fn rows(block: &Block, width: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut add = |tone: Tone, depth: usize, is_title: bool, text: &str| {
        let offset = 14 * depth;
        let room = (width.saturating_sub(offset) * 100 / CHARACTER).max(16);
        for (index, text) in wrapped(text, room).into_iter().enumerate() {
            let offset = offset + if index > 0 { 14 } else { 0 };
            rows.push(Row {
                tone,
                offset,
                is_title,
                text,
            });
        }
    };
    add(block.tone, 0, true, &block.title);
    if block.is_decisive {
        add(block.tone, 1, true, "this makes the decision");
    }
    for Line {
        tone, depth, text, ..
    } in &block.lines
    {
        add(*tone, *depth, false, text);
    }
    if rows.len() > MOST_LINES {
        let more = rows.len() - MOST_LINES;
        rows.truncate(MOST_LINES);
        rows.push(Row {
            tone: Tone::Faint,
            offset: 0,
            is_title: false,
            text: format!("… and {more} more lines"),
        });
    }
    rows
}

fn height(rows: &[Row]) -> usize {
    rows.len() * LINE + 2 * PADDING - 6
}

struct Picture {
    body: String,
    y: usize,
}

impl Picture {
    // Writing to a string cannot fail.
    fn text(&mut self, x: usize, y: usize, class: &str, text: &str) {
        let text = escaped(text);
        let _ = writeln!(
            self.body,
            "<text x=\"{x}\" y=\"{y}\" class=\"{class}\">{text}</text>"
        );
    }

    /// A box with lines, whose upper left corner is given.
    fn card(&mut self, x: usize, y: usize, width: usize, height: usize, style: &str, rows: &[Row]) {
        let _ = writeln!(
            self.body,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"6\" class=\"card {style}\"/>"
        );
        for (index, row) in rows.iter().enumerate() {
            let title = if row.is_title { " title" } else { "" };
            let class = format!("{}{title}", row.tone.class());
            let y = y + PADDING + 10 + index * LINE;
            self.text(x + PADDING + row.offset, y, &class, &row.text);
        }
    }

    /// A box over the whole width.
    fn wide(&mut self, block: &Block) {
        let width = WIDTH - 2 * MARGIN;
        let rows = rows(block, width - 2 * PADDING);
        let height = height(&rows);
        self.card(MARGIN, self.y, width, height, "", &rows);
        self.y += height + 12;
    }

    /// Caller and target side by side.
    fn pair(&mut self, one: &Block, other: &Block) {
        let width = (WIDTH - 2 * MARGIN - 12) / 2;
        let (one, other) = (
            rows(one, width - 2 * PADDING),
            rows(other, width - 2 * PADDING),
        );
        let height = height(&one).max(height(&other));
        self.card(MARGIN, self.y, width, height, "", &one);
        self.card(MARGIN + width + 12, self.y, width, height, "", &other);
        self.y += height + 12;
    }

    /// A policy set, with its sign on the way of the request.
    fn layer(&mut self, block: &Block) {
        let x = MARGIN + GUTTER;
        let width = WIDTH - MARGIN - x;
        let rows = rows(block, width - 2 * PADDING);
        let height = height(&rows);
        let tone = block.tone.class();
        let decides = if block.is_decisive { " decides" } else { "" };
        let style = format!("s-{tone}{decides}");
        self.card(x, self.y, width, height, &style, &rows);
        let (cx, cy) = (MARGIN + 12, self.y + PADDING + 6);
        let (left, right, up, down) = (cx - 5, cx + 5, cy - 5, cy + 5);
        let sign = match block.tone {
            Tone::Allows => format!("M{left} {cy}L{} {}L{} {up}", cx - 1, cy + 4, cx + 6),
            Tone::Denies => format!("M{left} {up}L{right} {down}M{right} {up}L{left} {down}"),
            Tone::Lacks => format!("M{cx} {up}L{cx} {}M{cx} {}L{cx} {}", cy + 1, cy + 4, cy + 6),
            Tone::Plain | Tone::Faint => format!("M{left} {cy}L{right} {cy}"),
        };
        let _ = writeln!(
            self.body,
            "<circle cx=\"{cx}\" cy=\"{cy}\" r=\"11\" class=\"mark s-{tone}\"/><path d=\"{sign}\" class=\"sign s-{tone}\"/>"
        );
        self.y += height + 12;
    }
}

pub(crate) fn render(page: &Page) -> String {
    let mut picture = Picture {
        body: String::new(),
        y: MARGIN + 22,
    };
    let tone = page.tone.class();
    picture.text(MARGIN, picture.y, &format!("big {tone}"), page.decision);
    picture.y += 10;
    let width = (WIDTH - 2 * MARGIN) * 100 / CHARACTER;
    let head = [Some(&page.request), page.message.as_ref()];
    for text in head.into_iter().flatten() {
        for line in wrapped(text, width) {
            picture.y += LINE;
            picture.text(MARGIN, picture.y, "plain", &line);
        }
    }
    if let Some(warning) = page.warning {
        picture.y += LINE;
        picture.text(MARGIN, picture.y, "lacks title", warning);
    }
    picture.y += 16;
    let cards = match page.cards.as_slice() {
        [caller, target, rest @ ..] => {
            picture.pair(caller, target);
            rest
        }
        other => other,
    };
    cards.iter().for_each(|block| picture.wide(block));
    if !page.layers.is_empty() {
        // Below the boxes, which are drawn over it.
        let (way, from) = (picture.body.len(), picture.y);
        let layers = page.folded_layers();
        layers.iter().for_each(|block| picture.layer(block));
        let x = MARGIN + 12;
        let line = format!(
            "<path d=\"M{x} {from}V{}\" class=\"way\"/>\n",
            picture.y - 12
        );
        picture.body.insert_str(way, &line);
    }
    page.rest.iter().for_each(|block| picture.wide(block));
    let height = picture.y + MARGIN - 12;
    let (title, description) = (
        escaped(&format!("{}: {}", page.decision, page.request)),
        escaped(&description(page)),
    );
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\" xml:space=\"preserve\" role=\"graphics-document document\" \
         aria-labelledby=\"portcullis-title portcullis-description\">\n\
         <title id=\"portcullis-title\">{title}</title>\n\
         <desc id=\"portcullis-description\">{description}</desc>\n\
         <style>{STYLE}</style>\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" class=\"bg\"/>\n{}</svg>\n",
        picture.body
    )
}

/// The picture in words: what each set says.
fn description(page: &Page) -> String {
    let titles: Vec<&str> = page.layers.iter().map(|own| own.title.as_str()).collect();
    let message = page.message.as_deref().unwrap_or("The request is allowed");
    format!("{message}. {}.", titles.join(". "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_wrapped_and_cut() {
        assert_eq!(wrapped("", 4), [""]);
        assert_eq!(wrapped("abcdefgh", 4), ["abcd", "efgh"]);
        assert_eq!(wrapped("abc defg", 5), ["abc", "defg"]);
        assert_eq!(wrapped("日本語", 4), ["日本", "語"]);
        let arn = "arn:aws:iam::111122223333:role/App";
        assert_eq!(wrapped(arn, 28), ["arn:aws:iam::111122223333:", "role/App"]);
        let long = wrapped(&"x".repeat(10_000), 10);
        assert_eq!(long.len(), MOST_LINES_OF_A_TEXT + 1);
    }

    #[test]
    fn markup_is_escaped() {
        let text = escaped("</text><script>alert('&\"')</script>\u{202e}\u{0}\u{ffff}\n");
        assert_eq!(
            text,
            "&lt;/text&gt;&lt;script&gt;alert(&#39;&amp;&quot;&#39;)&lt;/script&gt;\\u{202e}\\u{0}\u{fffd} "
        );
    }
}
