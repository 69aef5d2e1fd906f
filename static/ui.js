// Comfort only: every page works without this file.
"use strict";
(() => {
  const say = (words) => {
    const live = document.getElementById("live");
    if (live) live.textContent = words;
  };

  // Buttons that need JavaScript start hidden.
  const reveal = (root) => {
    for (const button of root.querySelectorAll("[data-print], [data-copy]")) button.hidden = false;
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-print], [data-copy]");
    if (!button) return;
    if ("print" in button.dataset) {
      window.print();
      return;
    }
    const source = document.getElementById(button.dataset.copy);
    if (!source) return;
    try {
      await navigator.clipboard.writeText((source.value ?? source.textContent).replace(/\s+/g, ""));
      say("コピーしました。");
      button.textContent = "コピーしました";
    } catch {
      window.getSelection().selectAllChildren(source);
      say("選択しました。キーボードでコピーしてください。");
    }
  });

  // One press is one POST: the second click of a double click would make the browser drop the first answer,
  // and a PIN or a file comes only once.
  const sent = new WeakMap();
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (event.timeStamp - (sent.get(form) ?? -Infinity) < 5000) event.preventDefault();
    else sent.set(form, event.timeStamp);
  });

  // Characters as the certificate counts them: code points, not UTF-16 units.
  document.addEventListener("input", (event) => {
    const counter = document.querySelector(`[data-counter-for="${CSS.escape(event.target.id)}"]`);
    if (!counter) return;
    const length = [...event.target.value].length;
    counter.firstElementChild.textContent = length;
    counter.classList.toggle("over", length > Number(counter.dataset.counterMax));
  });

  // How many statements of the terms are ticked.
  document.addEventListener("change", (event) => {
    const form = event.target.closest("[data-ticks]");
    const count = form?.querySelector("[data-ticked]");
    if (count) count.textContent = form.querySelectorAll('input[type="checkbox"]:checked').length;
  });

  // j / k: the first link of the next or previous row; Enter then opens it, as on any link.
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key !== "j" && event.key !== "k") return;
    if (event.target.closest?.("input, select, textarea, [contenteditable]")) return;
    const links = [...document.querySelectorAll("table[data-rows] tbody tr")]
      .map((row) => row.querySelector("a[href]"))
      .filter(Boolean);
    if (!links.length) return;
    const row = document.activeElement.closest("tbody tr");
    const here = links.findIndex((link) => row && row.contains(link));
    const next = here < 0 ? 0 : here + (event.key === "j" ? 1 : -1);
    if (!links[next]) return;
    event.preventDefault();
    links[next].focus();
    links[next].scrollIntoView({ block: "nearest" });
  });

  // After a partial has replaced itself, a new error summary takes the focus as on a full page.
  document.addEventListener("htmx:afterSwap", (event) => {
    reveal(document);
    event.target.querySelector?.(".errors")?.focus();
  });

  reveal(document);
})();
