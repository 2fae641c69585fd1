// Parts that show what goes on now: a page's own part is asked for again, as the server writes it, and put in place.
//
// An element with `data-live` (milliseconds) and an id is renewed from this page's address. It waits while the page is
// hidden, while somebody is in one of its fields, and while it is paused by its button. Where nobody has touched the page
// for a while it rests until somebody does: a page that is left open must not keep its session from ending.
"use strict";

(() => {
  const LONGEST_MS = 60000;
  const RESTS_AFTER_MS = 20 * 60000;
  let touchedAt = Date.now();
  for (const name of ["pointerdown", "keydown", "scroll"]) {
    document.addEventListener(name, () => { touchedAt = Date.now(); }, { passive: true, capture: true });
  }

  class Live {
    constructor(id, pause) {
      this.id = id;
      this.pause = pause;
      this.wait = pause;
      this.isPaused = false;
      this.button = this._makeButton();
      this._later();
    }

    get element() {
      return document.getElementById(this.id);
    }

    get isInUse() {
      const focus = document.activeElement;
      return this.element.contains(focus) && focus.matches("input, select, textarea, summary, audio");
    }

    async renew() {
      try {
        const answer = await fetch(location.href, { headers: { Accept: "text/html" }, redirect: "error" });
        if (!answer.ok) throw new Error(String(answer.status));
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(this.id);
        if (fresh && !this.isInUse) this._place(fresh);
        this.wait = this.pause;
      } catch {
        this.wait = Math.min(this.wait * 2, LONGEST_MS); // signed out, or the server is away: the page stays as it is
      }
    }

    _place(fresh) {
      const shown = this.element;
      if (shown.innerHTML === fresh.innerHTML) return;
      const focus = shown.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined;
      shown.replaceChildren(...fresh.childNodes);
      if (focus) shown.querySelector(`[data-focus="${CSS.escape(focus)}"]`)?.focus();
      shown.dispatchEvent(new CustomEvent("dialplane:shown", { bubbles: true }));
    }

    _later() {
      setTimeout(async () => {
        const isLeft = Date.now() - touchedAt > RESTS_AFTER_MS;
        if (!this.isPaused && !isLeft && !document.hidden && !this.isInUse) await this.renew();
        this._later();
      }, this.wait);
    }

    _makeButton() {
      const button = document.querySelector(`[data-live-switch="${this.id}"]`);
      if (!button) return null;
      button.hidden = false;
      button.addEventListener("click", () => {
        this.isPaused = !this.isPaused;
        button.setAttribute("aria-pressed", String(this.isPaused));
        button.textContent = this.isPaused ? "Go on" : "Pause";
      });
      return button;
    }
  }

  document.querySelectorAll("[data-live][id]").forEach((element) => {
    element.live = new Live(element.id, Number(element.dataset.live));
  });
})();
