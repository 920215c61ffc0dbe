//! Tables: their columns are sorted by the page's script, and read aloud as tables without it.

use super::markup::Html;

/// A column.
pub(super) struct Column {
    pub(super) title: &'static str,
    pub(super) kind: Kind,
}

/// What is in a column, and so where it stands in its cells.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// What the row is about.
    Name,
    Text,
    Number,
}

/// A column of names.
pub(super) const fn name(title: &'static str) -> Column {
    Column { title, kind: Kind::Name }
}

/// A column of texts.
pub(super) const fn text(title: &'static str) -> Column {
    Column { title, kind: Kind::Text }
}

/// A column of numbers.
pub(super) const fn number(title: &'static str) -> Column {
    Column { title, kind: Kind::Number }
}

/// A table under construction.
pub(super) struct Table<'a> {
    columns: &'a [Column],
    body: Html,
    foot: Html,
    rows: usize,
}

impl<'a> Table<'a> {
    pub(super) fn new(columns: &'a [Column]) -> Self {
        Self { columns, body: Html::default(), foot: Html::default(), rows: 0 }
    }

    /// Adds a row.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = Html>) {
        self.body.push("<tr>");
        push_cells(&mut self.body, self.columns, cells);
        self.rows += 1;
    }

    /// Adds a row that stays below the others however they are sorted.
    pub(super) fn sum(&mut self, cells: impl IntoIterator<Item = Html>) {
        self.foot.push("<tr>");
        push_cells(&mut self.foot, self.columns, cells);
    }

    /// Says below the rows what is not in them.
    pub(super) fn note(&mut self, note: &str) {
        self.foot
            .push("<tr class=note><td colspan=\"")
            .push_text(&self.columns.len().to_string())
            .push("\">");
        self.foot.push_text(note);
    }

    /// Its bytes so far.
    pub(super) fn len(&self) -> usize {
        self.body.len()
    }

    /// Its rows so far.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// The table in a frame that scrolls where the window is narrower, with a caption that is read and not shown.
    pub(super) fn finish(self, class: &'static str, caption: &str) -> Html {
        let mut html = Html::of("<div class=frame role=region tabindex=0 aria-label=\"");
        html.push_text(caption).push("\"><table class=\"").push(class).push("\"");
        if self.rows > 1 {
            html.push(" data-sortable");
        }
        html.push("><caption>").push_text(caption).push("</caption><thead><tr>");
        for column in self.columns {
            html.push("<th scope=col").push(alignment(column.kind)).push(">").push(column.title);
        }
        html.push("<tbody>").push_html(&self.body);
        if !self.foot.is_empty() {
            html.push("<tfoot>").push_html(&self.foot);
        }
        html.push("</table></div>\n");
        html
    }
}

fn push_cells(html: &mut Html, columns: &[Column], cells: impl IntoIterator<Item = Html>) {
    for (column, cell) in columns.iter().zip(cells) {
        match column.kind {
            Kind::Name => html.push("<th scope=row>"),
            // The class is the column's; a cell of a large table has no bytes to spare.
            Kind::Text => html.push("<td class=t>"),
            Kind::Number => html.push("<td>"),
        };
        html.push_html(&cell);
    }
}

fn alignment(kind: Kind) -> &'static str {
    match kind {
        Kind::Name | Kind::Text => " class=t",
        Kind::Number => "",
    }
}
