// A tick for all rows of a list, and how many are ticked. Without this file each row is ticked by itself.
"use strict";

const everything = document.querySelector("[data-select-all]");
const ticks = () => [...document.querySelectorAll('input[name="number"][form="selection"]')];
const count = document.querySelector("[data-selected]");

function tell() {
  const ticked = ticks().filter((tick) => tick.checked).length;
  everything.checked = ticked > 0 && ticked === ticks().length;
  everything.indeterminate = ticked > 0 && ticked < ticks().length;
  count.textContent = ticked ? `${ticked} ticked` : "";
}

if (everything) {
  everything.closest("[hidden]").hidden = false;
  everything.addEventListener("change", () => {
    ticks().forEach((tick) => { tick.checked = everything.checked; });
    tell();
  });
  ticks().forEach((tick) => tick.addEventListener("change", tell));
  tell();
}
