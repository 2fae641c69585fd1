// The browser's part of passkeys (WebAuthn): asks the server for a challenge, lets the authenticator sign, sends the answer.
"use strict";

const canUse = Boolean(window.PublicKeyCredential && PublicKeyCredential.parseCreationOptionsFromJSON);
// Passkeys belong to names; an address such as 127.0.0.1 has none.
const isAddress = /^[0-9.]+$|^\[/.test(location.hostname);

async function post(path, csrf, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "X-CSRF-Token": csrf, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const type = answer.headers.get("Content-Type") || "";
  const content = type.startsWith("application/json") ? await answer.json() : {};
  if (!answer.ok) throw new Error(content.error || "The server did not accept this. Load the page again and retry.");
  return content;
}

function guarded(box, work) {
  const problem = box.querySelector(".field-error");
  return async (event) => {
    event.preventDefault();
    problem.textContent = "";
    try {
      location.assign((await work()).go);
    } catch (fault) {
      problem.textContent = fault.name === "NotAllowedError" ? "That was cancelled, or took too long." : fault.message;
    }
  };
}

document.querySelectorAll("[data-passkey-sign-in]").forEach((box) => {
  if (!canUse || isAddress) return;
  box.hidden = false;
  box.querySelector("button").addEventListener("click", guarded(box, async () => {
    const { csrf, next } = box.dataset;
    const options = await post("/portal/passkeys/request", csrf, {});
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
    const credential = await navigator.credentials.get({ publicKey });
    return post("/portal/passkeys/sign-in", csrf, { credential: credential.toJSON(), next });
  }));
});

document.querySelectorAll("[data-passkey-creation]").forEach((form) => {
  if (!canUse || isAddress) return;
  form.hidden = false;
  form.addEventListener("submit", guarded(form, async () => {
    const { csrf } = form.dataset;
    const options = await post("/portal/passkeys/creation", csrf, {});
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
    const credential = await navigator.credentials.create({ publicKey });
    return post("/portal/passkeys", csrf, { credential: credential.toJSON(), name: form.elements.name.value });
  }));
});

document.querySelectorAll("[data-passkey-elsewhere]").forEach((hint) => {
  if (!canUse || !isAddress) return;
  hint.hidden = false;
  const there = new URL(location.href);
  there.hostname = "localhost";
  hint.querySelector("[data-passkey-link]").href = there.href;
});
