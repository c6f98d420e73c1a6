// The few things the pages do beyond htmx: rows that open on click, printing, the menu and tables on
// a narrow screen, a second question before what cannot be undone, notes that close.

document.addEventListener("click", (event) => {
  const printer = event.target.closest("[data-print]");
  if (printer) window.print();
  const menu = event.target.closest("[data-menu]");
  if (menu) menu.setAttribute("aria-expanded", String(menu.getAttribute("aria-expanded") !== "true"));
  if (event.target.closest("a, button, input, select, textarea, label, summary")) return;
  const row = event.target.closest("tr[data-href]");
  if (row && !window.getSelection().toString()) window.location.assign(row.dataset.href);
});

// Rows that are chosen: the bar below the list says how many, and loads what may be done with them.
document.addEventListener("change", (event) => {
  const boxes = Array.from(document.querySelectorAll("[data-check]"));
  const bar = document.querySelector("[data-bulk]");
  if (event.target.matches("[data-check-all]")) for (const box of boxes) box.checked = event.target.checked;
  if (bar && event.target.matches("[data-check], [data-check-all]")) {
    const number = boxes.filter((box) => box.checked).length;
    bar.hidden = number === 0;
    bar.querySelector("[data-bulk-count]").textContent = String(number);
    if (number) htmx.trigger(bar, "chosen");
  }
  if (event.target.matches("[data-bulk-act]")) {
    const worker = document.querySelector("[data-bulk-worker]");
    if (worker) worker.required = !(worker.hidden = event.target.value !== "assign");
  }
});

// A choice that sends its form at once.
document.addEventListener("change", (event) => {
  if (event.target.closest("[data-submits]")) event.target.form.requestSubmit();
});

// What ends something for somebody asks once more.
document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});

// On a narrow screen a row stands upright: each cell under the name of its column.
function nameCells(root) {
  for (const table of root.querySelectorAll("table:has(> thead)")) {
    const names = Array.from(table.tHead.rows[0].cells, (cell) => cell.textContent.trim());
    for (const row of table.tBodies[0]?.rows ?? []) {
      if (row.cells.length !== names.length) continue;
      for (const [place, cell] of Array.from(row.cells).entries()) cell.dataset.name = names[place];
    }
  }
}
// A table with more columns than fit scrolls in its own box; others keep their head in view on the page.
function fitTables() {
  for (const box of document.querySelectorAll(".table-box.tall")) {
    box.classList.remove("wide");
    box.classList.toggle("wide", box.scrollWidth > box.clientWidth + 1);
  }
  for (const box of document.querySelectorAll(".table-box, .sheet-box, .panel:has(> table)")) reachByKeys(box);
}
// A box that scrolls sideways and holds nothing to stop at is a stop itself, so that the arrow keys scroll it.
function reachByKeys(box) {
  const stops = box.scrollWidth > box.clientWidth + 1 && !box.querySelector("a[href], button, input, select, textarea, summary");
  const heading = box.closest("section")?.querySelector("h2, h3") ?? document.querySelector("h1");
  if (stops === box.hasAttribute("data-scrolls") || (stops && box.hasAttribute("tabindex"))) return;
  box.toggleAttribute("data-scrolls", stops);
  for (const [name, value] of [["tabindex", "0"], ["role", "group"], ["aria-label", heading?.textContent.trim() ?? ""]]) {
    if (stops) box.setAttribute(name, value);
    else box.removeAttribute(name);
  }
}
function arrange() {
  nameCells(document);
  fitTables();
}
arrange();
document.addEventListener("htmx:afterSwap", arrange);
window.addEventListener("resize", fitTables);

// Escape closes an open "where from" note and gives the focus back.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.activeElement?.closest("details.origin[open]");
  if (open) {
    open.open = false;
    open.querySelector("summary").focus();
  }
});
document.addEventListener("toggle", (event) => {
  if (!event.target.matches?.("details.origin[open]")) return;
  for (const other of document.querySelectorAll("details.origin[open]")) {
    if (other !== event.target) other.open = false;
  }
}, true);

// The small picture of a photo is drawn by the worker: ask until it is there, for a minute at most.
async function awaitPicture(image) {
  const address = image.src;
  for (let tries = 0; tries < 30; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 2000));
    const response = await fetch(address);
    if (!response.ok) return;
    if (response.headers.has("Retry-After")) continue;
    image.src = `${address}?drawn`; // the page may show no blob
    return;
  }
}
for (const image of document.querySelectorAll("img[data-undrawn]")) awaitPicture(image);
