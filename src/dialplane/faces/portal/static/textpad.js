// Sends the text pad's form in the background, since leaving the page would end a call, and puts the answer in place.
"use strict";

(() => {
  const pad = document.querySelector("[data-stay]");
  const phone = document.querySelector("[data-phone]");

  async function send(form, submitter) {
    const fields = new URLSearchParams(new FormData(form, submitter));
    const answer = await fetch(form.action, { method: "POST", body: fields });
    if (!answer.ok && answer.status !== 422) throw new Error(String(answer.status));
    if (answer.redirected) history.replaceState(null, "", answer.url);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const id of ["pad-thread", "pad-form"]) {
      const fresh = page.getElementById(id);
      const shown = document.getElementById(id);
      if (!fresh || !shown) continue;
      shown.replaceChildren(...fresh.childNodes);
      shown.dispatchEvent(new CustomEvent("dialplane:shown", { bubbles: true }));
    }
    pad.querySelector('[aria-invalid="true"], textarea')?.focus();
  }

  if (pad) {
    // In the capturing phase, before the page's own guard against double clicks looks at the event.
    pad.addEventListener("submit", (event) => {
      event.preventDefault();
      const { target: form, submitter } = event;
      if (form.ariaBusy === "true") return;
      form.ariaBusy = "true";
      send(form, submitter).catch(() => location.reload()).finally(() => { form.ariaBusy = null; });
    }, true);
  }

  document.querySelectorAll("[data-dial]").forEach((button) => button.addEventListener("click", () => {
    const number = phone.querySelector('[data-part="number"]');
    number.value = button.dataset.dial;
    phone.phone.call(number.value);
  }));
})();
