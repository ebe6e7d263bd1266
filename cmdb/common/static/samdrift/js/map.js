/* Draws every [data-graph] with Cytoscape from the JSON script element that it names; see docs/design.md.
   Colours are read from the page's variables, so the map follows the scheme. The table on the page says the same. */
"use strict";
(() => {
  const MARK = { up: "✓", degraded: "!", down: "✕", shadow: "◌", unknown: "?", maintenance: "⚙" };
  const COLOR = { up: "neutral", degraded: "warning", down: "danger", shadow: "neutral", unknown: "neutral", maintenance: "info" };
  const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  // Cytoscape reads hex and rgb only; variables may hold color-mix() or oklch()
  const plain = (text) => {
    probe.fillStyle = "#000";
    probe.fillStyle = text;
    probe.fillRect(0, 0, 1, 1);
    const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
    return `rgb(${r},${g},${b})`;
  };

  const style = (box) => {
    const css = getComputedStyle(box);
    const value = (name) => plain(css.getPropertyValue(`--ds-color-${name}`).trim());
    const looks = Object.entries(COLOR).map(([state, color]) => ({
      selector: `node[state="${state}"]`,
      style: {
        "background-color": color === "neutral" ? value("neutral-surface-default") : value(`${color}-surface-tinted`),
        "border-color": value(`${color}-border-default`),
        "border-style": state === "unknown" || state === "shadow" ? "dashed" : "solid",
      },
    }));
    return [
      {
        selector: "node",
        style: {
          shape: "round-rectangle", width: 160, height: 46, "border-width": 1.3, label: "data(text)", "text-wrap": "wrap",
          "text-max-width": 148, "text-valign": "center", "font-size": 12, "font-family": css.fontFamily,
          color: value("neutral-text-default"), "background-color": value("neutral-surface-default"), "border-color": value("neutral-border-default"),
        },
      },
      ...looks,
      { selector: "node[?me]", style: { "border-width": 3, "border-color": value("accent-border-strong"), "background-color": value("accent-surface-tinted") } },
      { selector: "edge", style: { width: 1.3, "line-color": value("neutral-border-default"), "curve-style": "bezier", "target-arrow-shape": "triangle", "target-arrow-color": value("neutral-border-default"), "arrow-scale": 0.8 } },
      { selector: "edge[?hot]", style: { width: 3, "line-color": value("danger-border-default"), "target-arrow-color": value("danger-border-default") } },
      { selector: "node:selected", style: { "border-width": 3 } },
    ];
  };

  const layout = ({ nodes, lanes }) => {
    if (!lanes?.length || nodes.some((node) => node.lane === undefined)) return { name: "breadthfirst", directed: true, spacingFactor: 1.1 };
    const seen = {};
    const size = {};
    for (const { lane } of nodes) size[lane] = (size[lane] || 0) + 1;
    const place = {};
    for (const { id, lane } of nodes) {
      const index = (seen[lane] = (seen[lane] ?? -1) + 1);
      place[id] = { x: (index - (size[lane] - 1) / 2) * 190, y: lane * 105 };
    }
    return { name: "preset", positions: (node) => place[node.id()] };
  };

  // Cytoscape adds a <style> of one line unless an element with this id is there; the page's policy forbids it,
  // and our style sheet has that line (.graph is positioned)
  const draw = (box) => {
    if (!document.getElementById("__________cytoscape_stylesheet")) {
      const mark = document.createElement("meta");
      mark.id = "__________cytoscape_stylesheet";
      document.head.append(mark);
    }
    const graph = JSON.parse(document.getElementById(box.dataset.graph).textContent);
    const map = window.cytoscape({
      container: box,
      elements: {
        // without a state the box says nothing about now: a question mark would be a claim of its own
        nodes: graph.nodes.map((node) => ({ data: { ...node, text: `${"state" in node ? `${MARK[node.state] || "?"} ` : ""}${node.label}${node.note ? `\n${node.note}` : ""}` } })),
        edges: graph.edges.map((edge, index) => ({ data: { id: `e${index}`, source: edge.from, target: edge.to, hot: edge.hot } })),
      },
      style: style(box),
      layout: { ...layout(graph), padding: 24, animate: false },
      minZoom: 0.15, maxZoom: 2.5, autoungrabify: true, boxSelectionEnabled: false,
      // a page that is scrolled must not stick in the map; zoom with the buttons or two fingers
      userZoomingEnabled: matchMedia("(pointer:coarse)").matches,
    });
    map.on("tap", "node", (event) => event.target.data("url") && (location.href = event.target.data("url")));
    const step = { in: 1.3, out: 1 / 1.3 };
    for (const button of document.querySelectorAll(`[data-graph-for="${box.dataset.graph}"]`))
      button.addEventListener("click", () => {
        const factor = step[button.dataset.zoom];
        if (!factor) return map.fit(undefined, 24);
        map.zoom({ level: map.zoom() * factor, renderedPosition: { x: box.clientWidth / 2, y: box.clientHeight / 2 } });
      });
    matchMedia("(prefers-color-scheme:dark)").addEventListener("change", () => map.style(style(box)));
  };

  const start = (part) => part.querySelectorAll("[data-graph]").forEach((box) => {
    if (box.dataset.drawn) return;
    box.dataset.drawn = "1";
    draw(box);
  });
  start(document);
  document.addEventListener("htmx:load", (event) => start(event.detail.elt));
})();
