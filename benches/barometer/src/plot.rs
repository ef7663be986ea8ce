//! Line plots on log axes, as SVG that reads well in light and dark.

use std::fmt::Write;

use crate::stats::{grouped, time};

/// A line of a plot.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// What it is called.
    pub(crate) name: String,
    /// Points; both numbers above 0.
    pub(crate) points: Vec<(f64, f64)>,
    /// Drawn stronger than the others.
    pub(crate) is_ours: bool,
}

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 460.0;
const LEFT: f64 = 76.0;
const RIGHT: f64 = 150.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = 52.0;
/// Colours that are told apart on white and on black, also without full colour vision (after Okabe
/// and Ito, with the yellow darkened).
const COLOURS: [&str; 8] = [
    "#0072b2", "#56b4e9", "#009e73", "#d55e00", "#cc79a7", "#b8860b", "#8a6fdf", "#888888",
];

/// The decades that hold some values: exponents of ten, at least one apart.
fn decades(values: impl Iterator<Item = f64>) -> Option<(i32, i32)> {
    let (mut low, mut high) = (f64::INFINITY, 0.0_f64);
    for value in values.filter(|value| *value > 0.0) {
        low = low.min(value);
        high = high.max(value);
    }
    if !low.is_finite() {
        return None;
    }
    let from = low.log10().floor() as i32;
    Some((from, (high.log10().ceil() as i32).max(from + 1)))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Draws lines; none if there is no point.
pub(crate) fn plot(title: &str, x_title: &str, lines: &[Line]) -> Option<String> {
    let points = || lines.iter().flat_map(|line| line.points.iter());
    let (x0, x1) = decades(points().map(|point| point.0))?;
    let (y0, y1) = decades(points().map(|point| point.1))?;
    let scale =
        |value: f64, from: i32, to: i32| (value.log10() - f64::from(from)) / f64::from(to - from);
    let x = |value: f64| LEFT + scale(value, x0, x1) * (WIDTH - LEFT - RIGHT);
    let y = |value: f64| HEIGHT - BOTTOM - scale(value, y0, y1) * (HEIGHT - TOP - BOTTOM);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         font-family=\"system-ui, sans-serif\" font-size=\"12\">\n<title>{0}</title>\n<style>\n\
         .paper{{fill:#fff}} text{{fill:#222}} .grid{{stroke:#ddd}}\n\
         @media (prefers-color-scheme: dark){{.paper{{fill:#14171c}} text{{fill:#dde1e6}} \
         .grid{{stroke:#333a44}}}}\n</style>\n\
         <rect class=\"paper\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"6\"/>\n\
         <text x=\"{LEFT}\" y=\"24\" font-size=\"15\" font-weight=\"600\">{0}</text>\n",
        escape(title)
    );
    // Writing to a string does not fail.
    for exponent in x0..=x1 {
        let value = 10_f64.powi(exponent);
        let at = x(value);
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{TOP}\" y2=\"{:.1}\"/>\
             <text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            HEIGHT - BOTTOM,
            HEIGHT - BOTTOM + 18.0,
            grouped(value)
        );
    }
    for exponent in y0..=y1 {
        let value = 10_f64.powi(exponent);
        let at = y(value);
        let label = time(value).replace(".0 ", " ").replace(".00 ", " ");
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
            WIDTH - RIGHT,
            LEFT - 8.0,
            at + 4.0
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
        (LEFT + WIDTH - RIGHT) / 2.0,
        HEIGHT - 12.0,
        escape(x_title)
    );
    let mut labels: Vec<(f64, f64, String)> = Vec::new();
    for (line, colour) in lines.iter().zip(COLOURS.iter().cycle()) {
        let Some(last) = line.points.last() else {
            continue;
        };
        let path: Vec<_> = line
            .points
            .iter()
            .map(|point| format!("{:.1},{:.1}", x(point.0), y(point.1)))
            .collect();
        let width = if line.is_ours { 3.0 } else { 1.6 };
        let _ = writeln!(
            svg,
            "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\" points=\"{}\"/>",
            path.join(" ")
        );
        for point in &line.points {
            let _ = write!(
                svg,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"{:.1}\" fill=\"{colour}\"/>",
                x(point.0),
                y(point.1),
                width + 0.8
            );
        }
        let weight = if line.is_ours {
            " font-weight=\"600\""
        } else {
            ""
        };
        labels.push((
            x(last.0) + 8.0,
            y(last.1) + 4.0,
            format!("style=\"fill:{colour}\"{weight}>{}", escape(&line.name)),
        ));
    }
    // Labels that would lie upon each other are pushed down, those of one place on the x axis only.
    labels.sort_by(|one, other| one.1.total_cmp(&other.1));
    let mut placed: Vec<(f64, f64)> = Vec::new();
    for (across, mut down, text) in labels {
        while let Some(other) = placed
            .iter()
            .find(|other| (other.0 - across).abs() < 130.0 && (other.1 - down).abs() < 13.0)
        {
            down = other.1 + 13.0;
        }
        placed.push((across, down));
        let _ = writeln!(svg, "<text x=\"{across:.1}\" y=\"{down:.1}\" {text}</text>");
    }
    svg += "</svg>\n";
    Some(svg)
}

#[cfg(test)]
mod tests {
    use super::{Line, decades, plot};

    #[test]
    fn axes_hold_every_value() {
        assert_eq!(decades([12.0, 900.0].into_iter()), Some((1, 3)));
        assert_eq!(decades([10.0].into_iter()), Some((1, 2)));
        assert_eq!(decades([0.0].into_iter()), None);
    }

    #[test]
    fn names_are_escaped_and_lines_drawn() {
        let line = Line {
            name: "a<b".into(),
            points: vec![(10.0, 5.0), (100.0, 50.0)],
            is_ours: true,
        };
        let svg = plot("t", "x", &[line]).unwrap();
        assert!(
            svg.contains("a&lt;b")
                && svg.contains("<polyline")
                && svg.contains("prefers-color-scheme")
        );
        assert_eq!(plot("t", "x", &[]), None);
    }
}
