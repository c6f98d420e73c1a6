// How this computer shows the console: colours, size of text, height of rows. Run before the page is drawn,
// so that nothing flickers; what was chosen stays in this browser.
(() => {
  const root = document.documentElement;
  const kinds = { theme: ["light", "dark"], type: ["normal", "large"], density: ["normal", "dense", "loose"] };
  const read = (kind) => {
    try { return localStorage.getItem(`ruhu-${kind}`); } catch { return null; }
  };
  for (const [kind, values] of Object.entries(kinds)) {
    const value = read(kind);
    if (values.includes(value)) root.dataset[kind] = value;
  }
  addEventListener("DOMContentLoaded", () => {
    for (const choice of document.querySelectorAll("[data-display]")) {
      const kind = choice.dataset.display;
      choice.value = root.dataset[kind] ?? kinds[kind][0];
      choice.addEventListener("change", () => {
        root.dataset[kind] = choice.value;
        try { localStorage.setItem(`ruhu-${kind}`, choice.value); } catch { /* the choice holds for this page */ }
      });
    }
  });
})();
