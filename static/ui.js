// Comfort only: every page works without this file.
"use strict";
(() => {
  const say = (words) => {
    const live = document.getElementById("live");
    if (live) live.textContent = words;
  };

  // Buttons that need JavaScript start hidden.
  const reveal = (root) => {
    for (const button of root.querySelectorAll("[data-print], [data-copy], [data-keys]")) button.hidden = false;
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

  // j / k: the first link or button of the next or previous row, of a field to be judged also its first tick box;
  // Enter then opens or presses it, as always. After a verdict the page comes back at its field (#…), and j goes on
  // from there.
  const rows = "table[data-rows] tbody tr, [data-rows] > article";
  const walk = (step) => {
    const stops = [...document.querySelectorAll(rows)]
      .map((row) => row.querySelector(row.matches("tr") ? "a[href], button" : 'a[href], [type="checkbox"], button'))
      .filter(Boolean);
    const row = document.activeElement.closest(rows) ?? document.querySelector(`:is(${rows}):target`);
    const here = stops.findIndex((stop) => row && row.contains(stop));
    const next = stops[here < 0 ? 0 : here + step];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
    return Boolean(next);
  };

  // Every access key works also as the letter alone: a link is followed, anything else takes the focus, so that
  // nothing is sent by one stray key.
  const reach = (key) => {
    const target = [...document.querySelectorAll("[accesskey]")].find((one) => one.accessKey === key);
    if (!target) return false;
    for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    target.scrollIntoView({ block: "nearest" });
    if (target.matches("a[href]")) target.click();
    else target.focus();
    return true;
  };

  // ?: what may be pressed on this page.
  const keys = () => {
    const shown = document.createElement("dialog");
    shown.className = "keys";
    shown.setAttribute("aria-label", "キーボードの操作");
    const list = shown.appendChild(document.createElement("dl"));
    const add = (key, words) => {
      list.appendChild(document.createElement("dt")).appendChild(document.createElement("kbd")).textContent = key;
      list.appendChild(document.createElement("dd")).textContent = words;
    };
    if (document.querySelector(`:is(${rows}) :is(a[href], button)`)) {
      add("j / k", "次の行・前の行へ");
      add("Enter", "その行を開く、ボタンを押す");
    }
    for (const one of document.querySelectorAll("[accesskey]")) {
      const words = (one.labels?.[0]?.firstChild ?? one).textContent.trim();
      add(one.accessKey, words + (one.matches("button, summary") ? "（選んでから Enter）" : ""));
    }
    add("?", "この一覧");
    add("Esc", "閉じる");
    shown.addEventListener("close", () => shown.remove());
    document.body.appendChild(shown).showModal();
  };

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-keys]")) keys();
  });
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.('input:not([type="checkbox"], [type="radio"]), select, textarea, [contenteditable], dialog')) return;
    if (!document.body.classList.contains("staff") && !"jk".includes(event.key)) return;
    if (event.key === "?") keys();
    else if (event.key.length > 1) return;
    else if (!("jk".includes(event.key) ? walk(event.key === "j" ? 1 : -1) : reach(event.key))) return;
    event.preventDefault();
  });

  // After a partial has replaced itself, a new error summary takes the focus as on a full page.
  document.addEventListener("htmx:afterSwap", (event) => {
    reveal(document);
    event.target.querySelector?.(".errors")?.focus();
  });

  reveal(document);
})();
