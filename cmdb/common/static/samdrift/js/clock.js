/* Counts running clocks down. The server wrote words that are right without this; data-left is working seconds,
   data-until the end of the working window in which the clock runs now. Outside of it time stands still. */
"use strict";
(() => {
  const { words, fill } = window.samdrift;
  const born = new WeakMap();
  const spell = (seconds) => {
    const total = Math.floor(Math.abs(seconds) / 60);
    if (!total) return words.underOne;
    const [hours, minutes] = [Math.floor(total / 60), total % 60];
    if (!hours) return fill(words.minutes, { minutes });
    return fill(minutes ? words.hoursMinutes : words.hours, { hours, minutes });
  };
  const tick = () => {
    const now = Date.now();
    for (const mark of document.querySelectorAll(".clock time[data-until]")) {
      if (!born.has(mark)) {
        born.set(mark, { at: now, left: Number(mark.dataset.left) });
        continue;
      }
      const { at, left } = born.get(mark);
      const spent = (Math.min(now, Date.parse(mark.dataset.until)) - at) / 1000;
      if (spent <= 0 || left >= 86400) continue;
      const rest = left - spent;
      const clock = mark.closest(".clock");
      if (rest < 0) {
        clock.dataset.color = "danger";
        clock.querySelector("[data-i]").dataset.i = "breach";
        mark.textContent = fill(words.breached, { time: spell(rest) });
      } else {
        const soon = clock.dataset.color === "warning" || rest < 900;
        if (soon && clock.dataset.color !== "warning") {
          clock.dataset.color = "warning";
          clock.querySelector("[data-i]").dataset.i = "soon";
        }
        mark.textContent = soon ? fill(words.left, { time: spell(rest) }) : spell(rest);
      }
    }
  };
  tick();
  setInterval(tick, 15000);
})();
