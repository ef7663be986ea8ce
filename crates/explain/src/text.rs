//! A story on a terminal.

use crate::page::{Block, Page, Tone};
use crate::words::printable;

/// What switches a color on.
fn color_of(tone: Tone) -> Option<&'static str> {
    match tone {
        Tone::Plain => None,
        Tone::Allows => Some("\x1b[32m"),
        Tone::Denies => Some("\x1b[31m"),
        Tone::Lacks => Some("\x1b[33m"),
        Tone::Faint => Some("\x1b[2m"),
    }
}

struct Text {
    out: String,
    color: bool,
}

impl Text {
    fn line(&mut self, tone: Tone, depth: usize, is_bold: bool, text: &str) {
        let before = self.out.len();
        if self.color {
            self.out.push_str(if is_bold { "\x1b[1m" } else { "" });
            self.out.push_str(color_of(tone).unwrap_or_default());
        }
        let is_colored = self.out.len() > before;
        self.out.extend(std::iter::repeat_n("  ", depth));
        self.out.push_str(&printable(text));
        if is_colored {
            self.out.push_str("\x1b[0m");
        }
        self.out.push('\n');
    }

    fn block(&mut self, block: &Block) {
        self.out.push('\n');
        self.line(block.tone, 0, false, &block.title);
        for line in block.lines.iter().filter(|line| !line.is_code) {
            self.line(line.tone, line.depth, false, &line.text);
        }
    }
}

pub(crate) fn render(page: &Page, color: bool) -> String {
    let mut text = Text {
        out: String::new(),
        color,
    };
    text.line(page.tone, 0, true, page.decision);
    if let Some(message) = &page.message {
        text.line(Tone::Plain, 0, false, message);
    }
    for block in page.cards.iter().chain(&page.layers).chain(&page.rest) {
        text.block(block);
    }
    if let Some(warning) = page.warning {
        text.out.push('\n');
        text.line(Tone::Lacks, 0, false, warning);
    }
    text.out
}
