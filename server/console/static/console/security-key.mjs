// Binds a form to allauth's use of security keys (WebAuthn): data-security-key names what the form does.

const NAMES = { add: "addForm", authenticate: "authenticateForm" };
const form = document.querySelector("[data-security-key]");

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  form.querySelector("[data-failed]").hidden = false;
});

if (form) {
  const act = form.dataset.securityKey;
  const credential = form.querySelector("input[name=credential]");
  window.allauth.webauthn.forms[NAMES[act]]({
    ids: { [act]: "use-key", credential: credential.id, data: "key-options" },
  });
}
