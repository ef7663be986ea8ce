//! Tables for people: with headers, aligned, and cut to the terminal.

use crate::failure::Failure;
use crate::output::{Output, printable};

/// Between two columns.
const GAP: &str = "  ";

/// A table in the making.
pub(crate) struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(head: &[&str]) -> Table {
        Table {
            head: head.iter().map(|text| text.to_uppercase()).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row, of as many cells as the header has.
    pub(crate) fn row(&mut self, cells: &[&str]) {
        let cells = cells.iter().map(|cell| printable(cell).replace('\n', " "));
        self.rows.push(cells.collect());
    }

    /// Prints the header and the rows, in the order of their cells. On a terminal, lines are cut to its width unless
    /// `wide` says otherwise; what is cut ends in `…`.
    pub(crate) fn print(mut self, output: &mut Output, wide: bool) -> Result<(), Failure> {
        if self.rows.is_empty() {
            return Ok(());
        }
        self.rows.sort();
        let count = |text: &String| text.chars().count();
        let mut widths: Vec<usize> = self.head.iter().map(count).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(count(cell));
            }
        }
        let most = output.width().filter(|_| !wide);
        let head = std::iter::once(&self.head);
        for (number, row) in head.chain(&self.rows).enumerate() {
            let mut line = String::new();
            for (place, (width, cell)) in widths.iter().zip(row).enumerate() {
                line += if place > 0 { GAP } else { "" };
                line += cell;
                line.extend(std::iter::repeat_n(' ', width - count(cell)));
            }
            let mut line = line.trim_end().to_string();
            if let Some(most) = most.filter(|most| line.chars().count() > *most) {
                line = line.chars().take(most.saturating_sub(1)).collect();
                line.push('…');
            }
            let (bold, reset) = match output.color() && number == 0 {
                true => ("\x1b[1m", "\x1b[0m"),
                false => ("", ""),
            };
            output.line(&format!("{bold}{line}{reset}"))?;
        }
        Ok(())
    }
}
