// Fills in a form at the desk with ODK Web Forms. That component is young: what is said to people, the button
// that sends, drafts and failures are this file's (decision 0354). Its words stand in the page (#enter-words).

import { createApp, h, OdkWebForm, webFormsPlugin } from "../vendor/web-forms/web-forms.mjs";

const settings = JSON.parse(document.getElementById("enter-settings").textContent);
const words = document.getElementById("enter-words").dataset;
const [place, busy, actions, button, sending, notice] = ["enter-form", "enter-busy", "enter-actions", "enter-send", "enter-sending", "notice"]
  .map((id) => document.getElementById(id));
const draftKey = `draft ${document.body.dataset.user} enter ${location.pathname}${location.search} ${settings.version}`;
const isForSomebody = settings.answers.length > 0;
let token = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
let root; // the engine's instance
let waiting; // what was sent and has no answer yet: it is sent again as it was, so that it is stored once
let isTouched = false;
let isStored = false;

function tell(text, kind, ...buttons) {
  const box = Object.assign(document.createElement("div"), { className: `notice ${kind}`, textContent: `${text} ` });
  box.append(...buttons);
  notice.replaceChildren(box);
  notice.scrollIntoView({ block: "center" });
}

function press(label, act) {
  const made = Object.assign(document.createElement("button"), { type: "button", textContent: label });
  made.addEventListener("click", act);
  return made;
}

// --- the component ---------------------------------------------------------

async function fetched(address) {
  const response = await fetch(address, { headers: { Accept: "*/*" } });
  if (response.redirected) throw new Error(words.login);
  return response;
}

// jr://file-csv/persons.csv and the like name the form's files.
const fetchFormAttachment = (resource) => fetched(settings.files + encodeURIComponent(decodeURIComponent(new URL(resource).pathname.split("/").pop())));

// The component hands nothing out but what is sent; the instance is the `form` of its head.
function instanceIn(vnode) {
  if (!vnode || typeof vnode !== "object") return undefined;
  const inner = vnode.component;
  if (inner?.props?.form?.prepareInstancePayload) return inner.props.form;
  const below = inner ? [inner.subTree] : Array.isArray(vnode.children) ? vnode.children : [];
  for (const each of below) {
    const seen = instanceIn(each);
    if (seen) return seen;
  }
  return undefined;
}

function show(xform, draft) {
  const properties = {
    formXml: xform,
    fetchFormAttachment,
    missingResourceBehavior: "BLANK",
    preloadProperties: { deviceID: "ruhu-desk", username: settings.username },
    onSubmit: (payload) => send(payload.data[0]),
  };
  if (draft) {
    properties.editInstance = {
      resolveInstance: () => draft,
      attachmentFileNames: [],
      resolveAttachment: () => new Response(null, { status: 404 }),
    };
  }
  const app = createApp({ render: () => h(OdkWebForm, properties) });
  app.use(webFormsPlugin);
  place.replaceChildren();
  const mounted = app.mount(place);
  return new Promise((resolve, reject) => {
    const began = Date.now();
    const look = setInterval(() => {
      const state = place.querySelector(".form-initialization-status");
      if (state?.classList.contains("ready")) {
        root = instanceIn(mounted.$.subTree);
        clearInterval(look);
        resolve(app);
      } else if (state?.classList.contains("error") || Date.now() - began > 90000) {
        clearInterval(look);
        reject(new Error("the form did not open"));
      }
    }, 50);
  });
}

// A map of the component draws tiles from elsewhere, which no page of this server may: entries are chosen from a list instead.
function withoutMaps(xform) {
  const document_ = new DOMParser().parseFromString(xform, "text/xml");
  for (const control of document_.querySelectorAll("[appearance]")) {
    const all = control.getAttribute("appearance").split(/\s+/);
    const rest = all.filter((each) => !["map", "maps", "placement-map"].includes(each));
    if (rest.length < all.length) control.setAttribute("appearance", control.localName === "select1" ? "minimal autocomplete" : rest.join(" "));
  }
  return new XMLSerializer().serializeToString(document_);
}

// The component speaks English only; what it says in a form is said in the page's language.
function translate(node) {
  const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
  for (let text = walker.currentNode; text; text = walker.nextNode()) {
    const own = settings.phrases[text.nodeValue?.trim()];
    if (own && own !== text.nodeValue.trim()) text.nodeValue = own;
  }
}
new MutationObserver((changes) => {
  for (const { target, addedNodes } of changes) {
    if (target.nodeType === Node.TEXT_NODE) translate(target);
    for (const node of addedNodes) translate(node);
  }
}).observe(place, { childList: true, subtree: true, characterData: true });

// --- first answers ---------------------------------------------------------

function nodeAt(path, node = root) {
  for (const child of node.currentState.children ?? []) {
    const reference = child.currentState.reference;
    if (reference === path) return child;
    if (path.startsWith(`${reference}/`)) return nodeAt(path, child);
  }
  return undefined;
}

function answer([path, value]) {
  const node = nodeAt(path);
  if (node?.selectValue) node.selectValue(value);
  else node?.setValue?.(value);
}

function inConsoleLanguage() {
  const wanted = settings.language.slice(0, 2);
  const language = root?.languages?.find((each) => each.language?.includes(`(${wanted}`));
  if (language) root.setLanguage(language);
}

// --- drafts: what was answered stays in this tab until it is stored ----------

let drafted;
function keepDraft() {
  isTouched = true;
  if (isForSomebody) return;
  clearTimeout(drafted);
  drafted = setTimeout(() => {
    try {
      if (root && !isStored) sessionStorage.setItem(draftKey, root.instanceState.instanceXML);
    } catch { /* no room, or no storage: then there is no draft */ }
  }, 700);
}

function storedDraft() {
  try { return sessionStorage.getItem(draftKey); } catch { return null; }
}

function forgetDraft() {
  clearTimeout(drafted);
  try { sessionStorage.removeItem(draftKey); } catch { /* there is none */ }
}

// A draft is opened as an edit of itself, which would name a version that the server never got.
async function asNew(form) {
  const name = "xml_submission_file";
  const text = await form.get(name).text();
  const sent = new FormData();
  for (const [key, file] of form.entries()) if (key !== name) sent.append(key, file, file.name);
  const plain = text.replace(/<((?:\w+:)?deprecatedID)>[^<]*<\/\1>/, "");
  sent.append(name, new File([plain], `${name}.xml`, { type: "text/xml" }));
  return sent;
}

// --- sending ---------------------------------------------------------------

function setSending(isSending) {
  button.disabled = isSending;
  sending.hidden = !isSending;
  place.inert = isSending;
}

async function freshToken() {
  const page = new DOMParser().parseFromString(await (await fetched(location.pathname)).text(), "text/html");
  token = JSON.parse(page.body.getAttribute("hx-headers"))["X-CSRFToken"];
}

async function post(data, isSecond = false) {
  const response = await fetch(settings.send, {
    method: "POST", body: data, headers: { "X-CSRFToken": token, "HX-Request": "true" }, redirect: "error",
  });
  if (response.status === 403 && !isSecond) {
    const text = await response.clone().text();
    if (!text.includes("data-problem")) {
      await freshToken();
      return post(data, true);
    }
  }
  return response;
}

async function send(form) {
  setSending(true);
  notice.replaceChildren();
  waiting ??= await asNew(form);
  let response;
  try {
    response = await post(waiting);
  } catch {
    setSending(false);
    place.inert = true; // what was sent may have arrived: it is sent again before anything is changed
    return tell(words.offline, "error", press(words.again, () => send()));
  }
  if (response.headers.has("HX-Redirect")) {
    setSending(false);
    place.inert = true;
    return tell(words.login, "error", press(words.window, () => window.open(place.dataset.login, "_blank")), press(words.again, () => send()));
  }
  const text = await response.text();
  if (response.status >= 500) {
    setSending(false);
    place.inert = true;
    return tell(words.offline, "error", press(words.again, () => send()));
  }
  waiting = undefined;
  setSending(false);
  if (response.status !== 201) {
    notice.innerHTML = text;
    return notice.scrollIntoView({ block: "center" });
  }
  isStored = true;
  forgetDraft();
  actions.hidden = true;
  place.innerHTML = text;
  place.firstElementChild.focus();
  return openWhenProcessed(place.querySelector("[data-record]"));
}

// The worker places a record before its office sees it.
async function openWhenProcessed(link) {
  for (let tries = 0; link && tries < 30; tries++) {
    if ((await fetch(link.href, { method: "HEAD" }).catch(() => ({ ok: false }))).ok) {
      link.hidden = false;
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

button.addEventListener("click", () => {
  if (waiting) return send();
  place.querySelector(".odk-form .footer button")?.click();
  setTimeout(() => {
    if (!root || root.validationState.violations.length === 0) return;
    tell(words.errors, "error");
    (place.querySelector(".highlight") ?? place.querySelector(".validation-message, .p-message-error"))?.scrollIntoView({ block: "center" });
  }, 300);
  return undefined;
});
window.addEventListener("beforeunload", (event) => {
  if (isTouched && !isStored) event.preventDefault();
});

// --- opening ---------------------------------------------------------------

async function open() {
  const xform = withoutMaps(await (await fetched(settings.xform)).text());
  const draft = isForSomebody ? null : storedDraft();
  let app;
  try {
    app = await show(xform, draft);
  } catch (problem) {
    if (!draft) throw problem;
    forgetDraft();
    app = await show(xform);
  }
  if (draft) {
    tell(words.draft, "warning", press(words.discard, async () => {
      forgetDraft();
      notice.replaceChildren();
      app.unmount();
      await show(xform);
      inConsoleLanguage();
    }));
  }
  inConsoleLanguage();
  for (const each of settings.answers) answer(each);
  for (const kind of ["input", "change", "click"]) place.addEventListener(kind, keepDraft);
  busy.hidden = true;
  actions.hidden = false;
  document.body.dataset.entering = "ready";
}

open().catch(() => {
  busy.hidden = true;
  tell(words.failed, "error");
  document.body.dataset.entering = "failed";
});
