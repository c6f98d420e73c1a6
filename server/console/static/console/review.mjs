// Review from the keyboard: a letter presses the button or link that bears it; photos open in a viewer; only what differs.

const viewer = document.querySelector("#viewer");
const keys = document.querySelector("#keys");

function isTyping(target) {
  return target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]") !== null;
}

// A decision that needs a reason asks for it first; Enter in the field then takes that decision.
let pending = null;
function askReason(button) {
  const field = button.form.elements.reason;
  pending = button;
  button.form.classList.add("asks-reason");
  field.setAttribute("aria-invalid", "true");
  field.focus();
}
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-needs-reason]");
  if (button && !button.form.elements.reason.value.trim()) {
    event.preventDefault();
    event.stopPropagation();
    askReason(button);
  }
}, true);

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (viewer?.open) return viewerKey(event);
  if (document.querySelector("dialog[open]")) return;
  if (event.target.id === "reason" && event.key === "Enter") {
    event.preventDefault();
    const written = event.target.value.trim();
    if (pending?.isConnected && written) pending.click();
    return;
  }
  if (event.target.id === "reason" && event.key === "Escape") {
    pending = null;
    event.target.form.classList.remove("asks-reason");
    event.target.removeAttribute("aria-invalid");
    event.target.blur();
    return;
  }
  if (isTyping(event.target)) return;
  const key = event.key.toLowerCase();
  const act = {
    "?": () => keys?.showModal(),
    c: () => document.querySelector("#comment")?.focus(),
    p: () => document.querySelector("[data-photo]")?.click(),
    d: () => document.querySelector("[data-only-changed]")?.click(),
  }[key] ?? (/^[a-z]$/.test(key) && (() => document.querySelector(`[data-key="${key}"]`)?.click()));
  if (!act) return;
  event.preventDefault();
  act();
});

// A decision is sent once, however often the key is struck.
let isSent = false;
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method !== "post" || event.target.hasAttribute("hx-post")) return;
  if (isSent) event.preventDefault();
  isSent = true;
  document.body.setAttribute("aria-busy", "true");
});
window.addEventListener("pageshow", () => {
  isSent = false;
  document.body.removeAttribute("aria-busy");
});

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-only-changed]")) return;
  document.querySelector("#answers").classList.toggle("showing-changed", event.target.checked);
});
for (const button of document.querySelectorAll("[data-keys]")) button.addEventListener("click", () => keys.showModal());

// The queue scrolls to the record, and the page stays where it is.
const queue = document.querySelector(".queue");
const here = queue?.querySelector("[aria-current]");
if (here) queue.scrollTop = here.offsetTop - queue.clientHeight / 2;

// The viewer: photos one after the other, turned by quarters.
const photos = Array.from(document.querySelectorAll("[data-photo]"));
let at = 0;
let turned = 0;
function show(number) {
  at = (number + photos.length) % photos.length;
  turned = 0;
  const small = photos[at].querySelector("img");
  const large = viewer.querySelector("img");
  large.src = small.src;
  large.alt = small.alt;
  large.style.transform = "";
  viewer.querySelector("[data-viewer-name]").textContent = `${small.alt} · ${at + 1} / ${photos.length}`;
}
function turn() {
  turned = (turned + 90) % 360;
  viewer.querySelector("img").style.transform = `rotate(${turned}deg)`;
}
function viewerKey(event) {
  const step = { ArrowRight: 1, j: 1, ArrowLeft: -1, k: -1 }[event.key];
  if (step) show(at + step);
  else if (event.key === "r") turn();
  else return;
  event.preventDefault();
}
for (const [number, photo] of photos.entries()) {
  photo.addEventListener("click", (event) => {
    if (!viewer || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    show(number);
    viewer.showModal();
  });
}
viewer?.addEventListener("click", (event) => {
  const what = event.target.closest("[data-viewer]")?.dataset.viewer;
  if (what === "close" || event.target === viewer) viewer.close();
  else if (what === "turn") turn();
  else if (what) show(at + Number(what));
});
