/* What every page needs beside the server: CSRF and failures of htmx, guards against double sending, choosing
   rows, drafts, focus. No framework; everything hangs on data attributes, so swapped-in parts work too.
   Names of htmx events stand in this file only. */
"use strict";
(() => {
  window.dsWarnings = false;
  const words = JSON.parse(document.getElementById("page-words")?.textContent || "{}");
  const fill = (text, values) => text.replace(/%\((\w+)\)s/g, (_, key) => values[key]);
  window.samdrift = { words, fill };
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const cookie = (name) => document.cookie.split("; ").find((c) => c.startsWith(`${name}=`))?.slice(name.length + 1);

  /* --- sentences to the reader --- */
  const say = (text, color = "danger") => {
    const region = document.getElementById("messages");
    if (!region) return;
    const box = document.createElement("div");
    box.className = "ds-alert";
    box.dataset.color = color;
    if (color === "danger") box.setAttribute("role", "alert");
    box.textContent = text;
    region.replaceChildren(box);
    box.scrollIntoView({ block: "nearest" });
  };
  window.samdrift.say = say;

  /* --- htmx --- */
  document.addEventListener("htmx:configRequest", (event) => {
    const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value || cookie("csrftoken");
    if (token && event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = token;
  });
  document.addEventListener("htmx:beforeRequest", (event) => event.detail.target?.setAttribute?.("aria-busy", "true"));
  document.addEventListener("htmx:afterRequest", (event) => {
    event.detail.target?.removeAttribute?.("aria-busy");
    $$("form[data-sending]").forEach(release);
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    // a session that ran out answers with the sign-in page, which must not land inside a panel
    if (new URL(event.detail.xhr.responseURL || location.href).pathname.startsWith("/accounts/")) {
      event.detail.shouldSwap = false;
      say(words.signedOut, "warning");
    }
  });
  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    const text = status === 403 ? words.denied : status === 404 ? words.gone : words.failed;
    // a panel that could not be loaded says so in its own place; only what the reader did himself is said on top
    const waiting = event.detail.elt.querySelector?.(".waiting");
    if (waiting) waiting.textContent = text;
    else say(text);
  });
  for (const name of ["htmx:sendError", "htmx:timeout"]) document.addEventListener(name, () => say(words.lost));
  document.addEventListener("htmx:afterSettle", (event) => start(event.detail.elt));

  /* --- a form is sent once, and says that it is being sent --- */
  const release = (form) => {
    delete form.dataset.sending;
    $$("[data-label]", form).forEach((button) => {
      button.textContent = "";
      button.append(...(button.kept || []));
      button.disabled = false;
      button.removeAttribute("aria-busy");
      delete button.dataset.label;
    });
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-guard]")) return;
    if (form.dataset.sending) return event.preventDefault();
    form.dataset.sending = "1";
    const button = event.submitter;
    // one tick later: a disabled button would not send its own name and value
    setTimeout(() => {
      if (event.defaultPrevented && !form.hasAttribute("hx-post")) return release(form);
      if (!button) return;
      button.kept = [...button.childNodes];
      button.dataset.label = "1";
      button.setAttribute("aria-busy", "true");
      button.disabled = true;
      button.textContent = words.saving;
    });
  });
  // back from the next page: the browser shows the page as it was left
  window.addEventListener("pageshow", (event) => event.persisted && $$("form[data-sending]").forEach(release));

  /* --- chosen rows --- */
  const count = (form) => {
    const boxes = $$("tbody input[type=checkbox]", form);
    const chosen = boxes.filter((box) => box.checked).length;
    $$("[data-chosen]", form).forEach((place) => (place.textContent = fill(words.chosen, { count: chosen })));
    $$("[data-check-all]", form).forEach((all) => {
      all.checked = chosen > 0 && chosen === boxes.length;
      all.indeterminate = chosen > 0 && chosen < boxes.length;
    });
  };
  document.addEventListener("change", (event) => {
    const form = event.target.closest?.(".picks");
    if (form) {
      if (event.target.matches("[data-check-all]"))
        $$("tbody input[type=checkbox]", form).forEach((box) => (box.checked = event.target.checked));
      count(form);
    }
    if (event.target.matches?.("[data-submit-on-change]")) event.target.form.requestSubmit();
  });
  document.addEventListener("reset", (event) => {
    const form = event.target;
    if (form.matches(".picks")) setTimeout(() => count(form));
  });

  /* --- drafts: kept in this tab only, because machines are shared --- */
  const draftKey = (field) => `draft:${field.dataset.draft}`;
  const store = window.sessionStorage;
  document.addEventListener("input", (event) => {
    if (event.target.matches?.("textarea[data-draft]")) store.setItem(draftKey(event.target), event.target.value);
  });
  document.addEventListener("submit", (event) => {
    $$("textarea[data-draft]", event.target).forEach((field) => store.setItem(`${draftKey(field)}:sent`, field.value));
  });
  const restore = (field) => {
    const key = draftKey(field);
    const [kept, sent] = [store.getItem(key), store.getItem(`${key}:sent`)];
    if (!kept) return;
    const refused = field.closest("form")?.querySelector(".ds-validation-message, .ds-error-summary");
    // it came through: the page was answered without an error after this very text was sent
    if (kept === sent && !refused) {
      store.removeItem(key);
      store.removeItem(`${key}:sent`);
    } else if (!field.value) {
      field.value = kept;
      say(words.draft, "info");
    }
  };

  /* --- small things --- */
  document.addEventListener("click", async (event) => {
    const copy = event.target.closest?.("[data-copy]");
    if (copy) {
      event.preventDefault();
      await navigator.clipboard.writeText(copy.dataset.copy || location.href);
      say(words.copied, "success");
    }
    if (event.target.closest?.("[data-print]")) window.print();
    if (event.target.closest?.("[data-reload]")) location.reload();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    const field = document.querySelector("[data-search-key]");
    if (field?.offsetParent) {
      event.preventDefault();
      field.focus();
    }
  });
  // paper is white, whatever the screen is
  const root = document.documentElement;
  let scheme = root.dataset.colorScheme;
  window.addEventListener("beforeprint", () => {
    scheme = root.dataset.colorScheme;
    root.dataset.colorScheme = "light";
  });
  window.addEventListener("afterprint", () => (root.dataset.colorScheme = scheme));

  /* --- a page or a swapped-in part begins --- */
  const start = (part) => {
    $$("textarea[data-draft]", part).forEach(restore);
    $$(".picks", part).forEach(count);
    document.dispatchEvent(new CustomEvent("samdrift:part", { detail: part }));
    part.querySelector?.("[data-focus]")?.focus();
  };
  start(document);
})();
