// The board of visits due: cards that are dropped on a worker are chosen for that worker, and the bar asks for the reason.

const board = () => document.querySelector(".board");

document.addEventListener("dragstart", (event) => {
  const card = event.target.closest?.(".board-card");
  if (!card) return;
  const box = card.querySelector("[data-check]");
  if (!box.checked) {
    for (const other of board().querySelectorAll("[data-check]:checked")) other.checked = false;
    box.checked = true;
  }
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", box.value);
  box.dispatchEvent(new Event("change", { bubbles: true }));
});

document.addEventListener("dragover", (event) => {
  const column = event.target.closest?.("[data-column]");
  if (!column?.dataset.column) return;
  event.preventDefault();
  for (const other of board().querySelectorAll(".over")) other.classList.remove("over");
  column.classList.add("over");
});

document.addEventListener("dragend", () => {
  for (const column of board()?.querySelectorAll(".over") ?? []) column.classList.remove("over");
});

document.addEventListener("drop", (event) => {
  const column = event.target.closest?.("[data-column]");
  if (!column?.dataset.column) return;
  event.preventDefault();
  document.querySelector("[data-hand-over-worker]").value = column.dataset.column;
  const cards = board().querySelectorAll(".board-card:has([data-check]:checked)");
  for (const card of cards) {
    const list = column.querySelector("ul") ?? column.appendChild(document.createElement("ul"));
    list.prepend(card);
  }
  document.getElementById("hand-over-reason").focus();
});
