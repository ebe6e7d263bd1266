/* Turns every <select data-options="URL"> into a search field: a combobox after the ARIA pattern with a list below it.
   The select stays in the form, hidden, and carries the value. The URL answers {"results": [{value, label, note}]}. */
"use strict";
(() => {
  const { words = {}, fill = (text) => text } = window.samdrift || {};
  const WAIT = 150;
  let number = 0;

  const node = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  };

  const enhance = (select) => {
    if (select.dataset.ready) return;
    select.dataset.ready = "1";
    const listId = `pick-${(number += 1)}`;
    const list = node("ul", { id: listId, role: "listbox", class: "pick-list" });
    const status = node("span", { class: "ds-sr-only", role: "status" });
    const input = node("input", {
      type: "text", class: "ds-input", role: "combobox", autocomplete: "off", "aria-autocomplete": "list",
      "aria-expanded": "false", "aria-controls": listId,
    });
    for (const name of ["aria-describedby", "aria-invalid", "aria-label"]) {
      if (select.hasAttribute(name)) input.setAttribute(name, select.getAttribute(name));
    }
    // the label and the links of the error summary lead to the field that is seen
    const id = select.id;
    select.id = `${id}-value`;
    input.id = id;
    list.setAttribute("aria-label", words.list || "");
    list.hidden = true;
    select.hidden = true;
    select.required = false;
    const box = node("div", { class: "pick" });
    select.before(box);
    box.append(input, list, status, select);

    const chosen = () => (select.value ? select.selectedOptions[0].textContent : "");
    input.value = chosen();
    let found = [];
    let active = -1;
    let timer = 0;
    let asked = 0;

    const mark = (index) => {
      active = index;
      [...list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === index)));
      const item = list.children[index];
      if (item?.id) input.setAttribute("aria-activedescendant", item.id);
      else input.removeAttribute("aria-activedescendant");
      item?.scrollIntoView({ block: "nearest" });
    };
    const close = () => {
      list.hidden = true;
      input.setAttribute("aria-expanded", "false");
      mark(-1);
    };
    const set = (value, text) => {
      if (select.value === value) return;
      if (![...select.options].some((option) => option.value === value)) select.append(node("option", { value }, text));
      select.value = value;
      select.dispatchEvent(new Event("change", { bubbles: true }));
    };
    const choose = (index) => {
      const one = found[index];
      if (!one) return;
      set(one.value, one.label);
      input.value = one.label;
      close();
    };
    const show = () => {
      list.replaceChildren(
        ...found.map((one, at) => {
          const item = node("li", { role: "option", id: `${listId}-${at}` }, one.label);
          if (one.note) item.append(node("span", { class: "muted small" }, one.note));
          // before the field loses the focus, which would close the list
          item.addEventListener("mousedown", (event) => { event.preventDefault(); choose(at); });
          return item;
        }),
      );
      if (!found.length) list.append(node("li", { class: "muted", role: "presentation" }, words.none || ""));
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
      mark(found.length && input.value ? 0 : -1);
      status.textContent = found.length ? fill(words.suggestions || "", { count: found.length }) : words.none || "";
    };
    const ask = async () => {
      const turn = (asked += 1);
      const query = input.value === chosen() ? "" : input.value;
      try {
        const url = new URL(select.dataset.options, location.href);
        url.searchParams.set("q", query);
        const answer = await fetch(url, { headers: { Accept: "application/json" }, credentials: "same-origin" });
        if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
        const { results } = await answer.json();
        if (turn !== asked || document.activeElement !== input) return; // a later question is on its way, or nobody waits
        found = results;
        show();
      } catch {
        if (turn === asked) window.samdrift?.say?.(words.lost);
      }
    };

    input.addEventListener("input", () => {
      if (!input.value.trim()) set("", "");
      clearTimeout(timer);
      timer = setTimeout(ask, WAIT);
    });
    input.addEventListener("click", () => list.hidden && ask());
    input.addEventListener("focus", () => input.select());
    input.addEventListener("blur", () => {
      clearTimeout(timer);
      close();
      input.value = chosen(); // half a word is no choice
    });
    input.addEventListener("keydown", (event) => {
      const last = found.length - 1;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (list.hidden) return void ask();
        mark(event.key === "ArrowDown" ? (active >= last ? 0 : active + 1) : active <= 0 ? last : active - 1);
      } else if (event.key === "Enter" && !list.hidden) {
        event.preventDefault(); // while the list is open, Enter chooses and does not send the form
        choose(active);
      } else if (event.key === "Escape" && !list.hidden) {
        event.stopPropagation();
        input.value = chosen();
        close();
      }
    });
    // a form that is emptied empties this field too
    select.form?.addEventListener("reset", () => setTimeout(() => (input.value = chosen())));
  };

  const begin = (part) => part.querySelectorAll?.("select[data-options]").forEach(enhance);
  document.addEventListener("samdrift:part", (event) => begin(event.detail));
  begin(document);
})();
