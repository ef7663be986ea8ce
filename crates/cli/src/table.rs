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

    /// Prints the header and the rows, in the order of their cells. On a terminal, the widest columns are cut until lines
    /// fit, unless `wide` says otherwise: `…` stands in the middle of a cell, whose end mostly tells the most.
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
        if let Some(most) = most {
            fit(&mut widths, most);
        }
        let head = std::iter::once(&self.head);
        for (number, row) in head.chain(&self.rows).enumerate() {
            let mut line = String::new();
            for (place, (width, cell)) in widths.iter().zip(row).enumerate() {
                line += if place > 0 { GAP } else { "" };
                let cell = cut(cell, *width);
                line.extend(cell.chars().chain(std::iter::repeat(' ')).take(*width));
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

/// No column gets narrower.
const NARROWEST: usize = 12;

/// Makes the widest columns narrower until a line fits, if that is possible.
fn fit(widths: &mut [usize], most: usize) {
    let gaps = GAP.len() * widths.len().saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > most {
        match widths.iter_mut().max() {
            Some(widest) if *widest > NARROWEST => *widest -= 1,
            _ => return,
        }
    }
}

/// A cell that is too long without its middle.
fn cut(cell: &str, width: usize) -> std::borrow::Cow<'_, str> {
    let count = cell.chars().count();
    if count <= width {
        return cell.into();
    }
    let left = width.saturating_sub(1);
    let start = cell.chars().take(left / 3);
    let end = cell.chars().skip(count - (left - left / 3));
    start.chain(['…']).chain(end).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_columns_are_cut() {
        let mut widths = [40, 5, 20];
        fit(&mut widths, 50);
        assert_eq!(widths, [21, 5, 20]);
        fit(&mut widths, 10);
        assert_eq!(widths, [NARROWEST, 5, NARROWEST]);
        assert_eq!(cut("arn:aws:iam::1:role/Deploy", 13), "arn:…e/Deploy");
        assert_eq!(cut("äöü", 3), "äöü");
    }
}
