"use strict";
(() => {
  const root = document.documentElement;
  const title = document.querySelector("title");
  const english = () => document.getElementById("lang-en").checked;
  const speak = () => {
    root.lang = english() ? "en" : "ja";
    document.title = title.dataset[root.lang];
  };
  for (const radio of document.querySelectorAll("input.lang")) radio.addEventListener("change", speak);
  speak();

  const open = () => {
    const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    const details = target && target.closest("details");
    if (!details) return;
    details.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", open);
  open();

  for (const box of document.querySelectorAll(".repeat")) {
    const button = document.createElement("button");
    const label = () => { button.textContent = english() ? "Copy" : "写す"; };
    button.type = "button";
    label();
    box.append(button);
    for (const radio of document.querySelectorAll("input.lang")) radio.addEventListener("change", label);
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(box.querySelector("code").textContent);
      button.textContent = english() ? "Copied" : "写しました";
      setTimeout(label, 2000);
    });
  }

  const search = document.getElementById("search");
  const hits = document.getElementById("hits");
  const groups = [...document.querySelectorAll("details.group")];
  const find = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let total = 0;
    for (const group of groups) {
      let found = 0;
      for (const row of group.querySelectorAll("li")) {
        const text = row.textContent.toLowerCase();
        const hit = words.every((word) => text.includes(word));
        row.hidden = !hit;
        if (hit) found += 1;
      }
      group.hidden = found === 0;
      group.open = words.length > 0 && found > 0 && found <= 50;
      total += found;
    }
    hits.textContent = words.length > 0 ? total : "";
  };
  let timer = 0;
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(find, 120);
  });
  search.parentElement.hidden = false;
})();
