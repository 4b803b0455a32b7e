//! Plain tables for terminals.

use super::printable::one_line;

/// Rows under their headings, in columns as wide as they need to be.
pub(crate) fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    let headings = headings.map(str::to_owned);
    let rows: Vec<[String; N]> =
        rows.iter().map(|row| std::array::from_fn(|i| one_line(&row[i]))).collect();
    let mut widths = [0; N];
    for row in std::iter::once(&headings).chain(&rows) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    std::iter::once(&headings).chain(&rows).map(|row| line(row, &widths)).collect()
}

/// Names and what they are, one a line.
pub(crate) fn list(rows: &[(&str, String)]) -> String {
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let pairs = rows.iter().filter(|(_, value)| !value.is_empty());
    pairs.map(|(name, value)| line(&[(*name).to_owned(), one_line(value)], &[width, 0])).collect()
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        line.push_str(cell);
        line.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.chars().count()) + 2));
    }
    format!("{}\n", line.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["é".to_owned(), "done".to_owned()], ["longer".to_owned(), String::new()]];
        assert_eq!(table(["id", "state"], &rows), "id      state\né       done\nlonger\n");
    }

    #[test]
    fn a_cell_stays_in_its_place() {
        let rows = [["a\nb\u{1b}[2J".to_owned(), "c".to_owned()]];
        assert_eq!(table(["id", "x"], &rows), "id             x\na\\nb\\u{1b}[2J  c\n");
    }

    #[test]
    fn a_list_leaves_out_what_is_not_known() {
        let rows = [("a", "1".to_owned()), ("bb", String::new()), ("cc", "2".to_owned())];
        assert_eq!(list(&rows), "a   1\ncc  2\n");
    }
}
