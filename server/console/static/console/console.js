// The few things the pages do beyond htmx: rows that open on click, printing, notes that close.

document.addEventListener("click", (event) => {
  const printer = event.target.closest("[data-print]");
  if (printer) window.print();
  if (event.target.closest("a, button, input, select, textarea, label, summary")) return;
  const row = event.target.closest("tr[data-href]");
  if (row && !window.getSelection().toString()) window.location.assign(row.dataset.href);
});

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
