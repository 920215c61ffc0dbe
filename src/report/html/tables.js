"use strict";
// Sorting and filtering of tables, and the choice between light and dark.
(() => {
  // The first number in a cell; none sorts behind all numbers.
  const numberIn = (cell) => {
    const found = cell.textContent.replaceAll(",", "").match(/-?\d+(\.\d+)?/);
    return found ? Number(found[0]) : null;
  };
  const texts = new Intl.Collator("en", { numeric: true });

  const sort = (table, heading) => {
    const column = heading.cellIndex;
    const numeric = !heading.classList.contains("t");
    // Who sorts by a number wants the largest first.
    const first = numeric ? "descending" : "ascending";
    const second = numeric ? "ascending" : "descending";
    const order = heading.getAttribute("aria-sort") === first ? second : first;
    for (const other of heading.parentElement.cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", order);
    const sign = order === "ascending" ? 1 : -1;
    const rows = [...table.tBodies[0].rows].map((row) => {
      const cell = row.cells[column];
      return { row, key: numeric ? numberIn(cell) : cell.textContent };
    });
    rows.sort((a, b) => {
      if (!numeric) return sign * texts.compare(a.key, b.key);
      if (a.key === null || b.key === null) return (a.key === null) - (b.key === null);
      return sign * (a.key - b.key);
    });
    table.tBodies[0].append(...rows.map(({ row }) => row));
  };

  for (const table of document.querySelectorAll("table[data-sortable]")) {
    for (const heading of table.tHead.rows[0].cells) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = heading.textContent;
      button.addEventListener("click", () => sort(table, heading));
      heading.replaceChildren(button);
    }
  }

  const filter = document.getElementById("filter");
  filter?.addEventListener("input", () => {
    const wanted = filter.value.trim().toLowerCase();
    const rows = [...document.querySelectorAll("table.requests tbody tr")];
    const fits = (row) => [0, 1].some((column) => row.cells[column].textContent.toLowerCase().includes(wanted));
    for (const row of rows) row.hidden = !fits(row);
    const left = rows.filter((row) => !row.hidden).length;
    document.getElementById("filtered").textContent = wanted ? `${left} of ${rows.length}` : "";
  });

  const theme = document.getElementById("theme");
  const dark = () => getComputedStyle(document.documentElement).colorScheme === "dark";
  const label = () => { theme.textContent = dark() ? "Light" : "Dark"; };
  theme.hidden = false;
  label();
  const changed = () => {
    label();
    document.dispatchEvent(new Event("theme"));
  };
  theme.addEventListener("click", () => {
    document.documentElement.dataset.theme = dark() ? "light" : "dark";
    changed();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
})();
