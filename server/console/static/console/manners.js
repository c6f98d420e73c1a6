// How every page behaves while somebody works: notices that end, one post at a time, a network that is
// slow or away, typed text that survives, the field that failed, keys. Its words stand in base.html (#words).

const words = document.getElementById("words")?.dataset ?? {};
const notice = document.getElementById("notice");

function tell(text, kind, button) {
  if (!notice) return;
  const box = document.createElement("div");
  box.className = `notice ${kind}`;
  box.textContent = `${text} `;
  if (button) {
    const again = document.createElement("button");
    again.type = "button";
    again.textContent = button.label;
    again.addEventListener("click", () => { notice.replaceChildren(); button.act(); });
    box.append(again);
  }
  notice.replaceChildren(box);
}

// What just happened, at the foot of the page, with the button that undoes it; the server sends it as the event "toast".
function toast({ text, undo }) {
  const box = document.createElement("div");
  box.className = "toast";
  box.setAttribute("role", "status");
  box.textContent = `${text} `;
  if (undo) {
    const form = document.createElement("form");
    form.method = "post";
    form.action = undo.url;
    for (const [name, value] of Object.entries({ csrfmiddlewaretoken: csrf(), ...undo.values })) {
      for (const each of [value].flat()) form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value: each }));
    }
    form.append(Object.assign(document.createElement("button"), { textContent: words.undo }));
    box.append(form);
  }
  document.body.append(box);
  setTimeout(() => box.remove(), undo ? 20000 : 6000);
}
const csrf = () => JSON.parse(document.body.getAttribute("hx-headers") ?? "{}")["X-CSRFToken"];
document.body.addEventListener("toast", (event) => toast(event.detail));
for (const sent of document.querySelectorAll("[data-toast]")) toast(JSON.parse(sent.dataset.toast));

// One post at a time: a form that is being sent takes no second click.
function setBusy(form, isBusy) {
  form.toggleAttribute("data-busy", isBusy);
  form.setAttribute("aria-busy", String(isBusy));
  for (const button of form.querySelectorAll("button:not([type=button])")) button.toggleAttribute("disabled", isBusy);
}
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.hasAttribute("data-busy")) return event.preventDefault();
  if (!navigator.onLine) {
    event.preventDefault();
    return tell(words.offline, "error", { label: words.retry, act: () => form.requestSubmit() });
  }
  setTimeout(() => {
    setBusy(form, true);
    if (form.hasAttribute("data-download")) setTimeout(() => setBusy(form, false), 4000);
  });
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-busy]")) setBusy(form, false);
});

// Requests of parts of pages: the last notice ends, slow and dead networks are said in words.
let waits;
function retry(detail) {
  const { elt } = detail;
  return { label: words.retry, act: () => (elt.matches("form") ? elt.requestSubmit() : elt.click()) };
}
document.addEventListener("htmx:beforeRequest", (event) => {
  const { elt } = event.detail;
  const changes = elt.hasAttribute("hx-post") || elt.method === "post";
  if (changes && elt.hasAttribute("data-busy") && !elt.closest("[role=search]")) return event.preventDefault();
  notice?.replaceChildren();
  clearTimeout(waits);
  waits = setTimeout(() => tell(words.slow, "warning"), 5000);
});
document.addEventListener("htmx:afterRequest", (event) => {
  clearTimeout(waits);
  const { elt } = event.detail;
  if (elt.matches?.("form[data-busy]")) setBusy(elt, false);
  if (notice?.querySelector(".warning") && event.detail.successful) notice.replaceChildren();
});
document.addEventListener("htmx:sendError", (event) => tell(words.offline, "error", retry(event.detail)));
document.addEventListener("htmx:timeout", (event) => tell(words.offline, "error", retry(event.detail)));

// Typed text stays in this tab until it has been taken: through a lost session, the log-in and an error page.
const user = document.body.dataset.user;
const isTaken = user && !document.querySelector(".notice.error, .error, [data-problem]");
const keeps = (field) => field.form?.method === "post" && field.name
  && (field.matches("textarea") || (field.type === "text" && field.autocomplete !== "off"));
const keyOf = (field) => `draft ${user} ${location.pathname} ${new URL(field.form.action, location).pathname} ${field.name}`;
function drafts(prefix) {
  return Object.keys(sessionStorage).filter((key) => key.startsWith(prefix));
}
try {
  if (user) {
    for (const key of drafts("draft ")) if (!key.startsWith(`draft ${user} `)) sessionStorage.removeItem(key);
    if (isTaken) for (const key of drafts("sent ")) {
      sessionStorage.removeItem(key.slice(5));
      sessionStorage.removeItem(key);
    }
    for (const field of document.querySelectorAll("form textarea, form input")) {
      const kept = keeps(field) && !field.value && sessionStorage.getItem(keyOf(field));
      if (kept) field.value = kept;
    }
  }
  document.addEventListener("input", ({ target }) => {
    if (user && keeps(target)) sessionStorage.setItem(keyOf(target), target.value);
  });
  document.addEventListener("submit", ({ target }) => {
    for (const field of target.elements) {
      if (user && keeps(field) && sessionStorage.getItem(keyOf(field))) sessionStorage.setItem(`sent ${keyOf(field)}`, "");
    }
    if (target.action.endsWith("/logout")) sessionStorage.clear();
  });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (!detail.successful || !detail.elt.matches?.("form")) return;
    for (const field of detail.elt.elements) if (keeps(field)) sessionStorage.removeItem(keyOf(field));
  });
} catch { /* a browser without storage keeps no drafts */ }

// The field that failed is named to screen readers, and the first has the focus.
function markFaults(root) {
  let first;
  for (const fault of root.querySelectorAll(".field .error")) {
    const control = fault.closest(".field").querySelector("input:not([type=hidden]), select, textarea");
    if (!control) continue;
    fault.id ||= `${control.id}-error`;
    control.setAttribute("aria-invalid", "true");
    control.setAttribute("aria-describedby", fault.id);
    first ??= control;
  }
  first?.focus();
}
markFaults(document);
document.addEventListener("htmx:afterSwap", ({ detail }) => markFaults(detail.target));

// Keys. A control with data-key is clicked by it; ? lists those of the page.
const search = document.getElementById("search");
const sheet = document.getElementById("key-sheet");
function openSearch() {
  if (!search || search.open) return;
  search.showModal();
  search.querySelector("input[type=search]").select();
}
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-search]") && search?.showModal) {
    event.preventDefault();
    openSearch();
  }
  if (event.target.closest("[data-keys]")) showKeys();
  const dialog = event.target.closest("dialog");
  if (dialog && (event.target === dialog || event.target.closest("[data-close]"))) dialog.close();
  for (const menu of document.querySelectorAll("details.menu[open], details.display[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
function showKeys() {
  const list = sheet?.querySelector("[data-page-keys]");
  if (!list || document.getElementById("keys") || sheet.open) return; // a page with a sheet of its own shows that
  const rows = Array.from(document.querySelectorAll("[data-key]"), (control) => {
    const row = document.createElement("tr");
    row.innerHTML = "<td><kbd></kbd></td><td></td>";
    row.querySelector("kbd").textContent = control.dataset.key;
    row.lastChild.textContent = control.title || control.getAttribute("aria-label") || control.textContent.trim();
    return row;
  });
  list.replaceChildren(...rows);
  sheet.showModal();
}
document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented) return;
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    return openSearch();
  }
  if (search?.open && ["ArrowDown", "ArrowUp"].includes(event.key)) {
    const stops = [search.querySelector("input[type=search]"), ...search.querySelectorAll(".hits a")];
    const next = stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    stops[Math.max(0, Math.min(next, stops.length - 1))].focus();
    return event.preventDefault();
  }
  if (event.key === "Escape") {
    for (const menu of document.querySelectorAll("details.menu[open], details.display[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  }
  const isTyping = event.target.matches("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.key === "?") return showKeys();
  if (event.key === "/") {
    const field = document.querySelector("main input[type=search]");
    if (field) { event.preventDefault(); field.focus(); }
    return;
  }
  const control = document.querySelector(`[data-key="${CSS.escape(event.key)}"]:not([disabled])`);
  if (control) { event.preventDefault(); control.click(); }
});
