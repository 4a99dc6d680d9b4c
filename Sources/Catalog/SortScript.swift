import Markup

/// Makes the first table of a page sortable by its headers, with the mouse and with the keyboard.
enum SortScript {
  static let script = Document.Script(
    """
    "use strict";
    (() => {
      const table = document.querySelector("main table");
      const headers = [...table.tHead.rows[0].cells];
      const key = (row, column) => row.cells[column].dataset.key ?? row.cells[column].textContent;
      const sort = (header, column) => {
        const sign = header.getAttribute("aria-sort") === "ascending" ? -1 : 1;
        const numeric = header.classList.contains("number");
        const compare = (a, b) => {
          const [x, y] = [key(a, column), key(b, column)];
          if (x === "" || y === "") return (x === "") - (y === "");
          return sign * (numeric ? x - y : x.localeCompare(y, "en", { numeric: true }));
        };
        headers.forEach((other) => other.removeAttribute("aria-sort"));
        header.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
        table.tBodies[0].append(...[...table.tBodies[0].rows].sort(compare));
      };
      headers.forEach((header, column) => {
        const button = document.createElement("button");
        button.type = "button";
        button.append(...header.childNodes);
        button.addEventListener("click", () => sort(header, column));
        header.append(button);
      });
    })();
    """)
}
