// A page about work that is under way looks again by itself. Without this file it has a link for that.
"use strict";

const LOOK_AGAIN_MS = 1500;
if (document.querySelector("[data-at-work]")) setTimeout(() => window.location.reload(), LOOK_AGAIN_MS);
