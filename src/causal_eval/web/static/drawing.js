// Draws the graph that stands in the text field, and writes into the text field what is drawn: the text is what is sent.
"use strict";
(() => {
  const field = document.getElementById("f-graph");
  const box = document.getElementById("drawing");
  if (!field || !box) return;
  const SVG = "http://www.w3.org/2000/svg";
  const HEIGHT = 340, TALL = 40, STEP = 10, NEAR = 4, MOST_STEPS = 200, PAUSE = 1000;
  const EDGE = /^([^<>-]+?)\s*(<->|->|<-)\s*([^<>-]+)$/;
  const PLACES = "causal-eval-places";
  const canvas = box.querySelector("svg"), said = box.querySelector("[role=status]");
  const name = box.querySelector("input"), chosen = box.querySelector("fieldset");
  const latent = box.querySelector("[data-act=latent]");
  const tools = [...box.querySelectorAll("[data-tool]")];
  const back = box.querySelector("[data-act=undo]"), forth = box.querySelector("[data-act=redo]");
  let graph = empty(), tool = "move", selected = null, from = null, drag = null;
  let put = kept(), places = {};
  let past = [], future = [], now = null, last = "", when = 0;

  function empty() { return { nodes: [], directed: [], both: [], latent: [] }; }
  function kept() {
    try { return JSON.parse(sessionStorage.getItem(PLACES)) || {}; } catch { return {}; }
  }
  const names = (text) => text.split(",").map((one) => one.trim()).filter(Boolean);
  const same = (one, other) => one[0] === other[0] && one[1] === other[1];
  const tell = (text, ...values) => values.reduce((whole, value) => whole.replace("{}", value), box.dataset[text] || "");

  // The text: the same lines as web/graph_text.py reads; null where one of them says no edge.
  function read(text) {
    const found = empty(), nodes = new Set();
    for (const line of text.split(/[\n;]/).map((one) => one.trim()).filter(Boolean)) {
      const word = /^(latent|node)\s+(.*)$/.exec(line);
      if (word) {
        names(word[2]).forEach((one) => nodes.add(one));
        if (word[1] === "latent") found.latent.push(...names(word[2]));
        continue;
      }
      const match = EDGE.exec(line);
      if (!match) return null;
      let [left, right] = [names(match[1]), names(match[3])];
      if (match[2] === "<-") [left, right] = [right, left];
      for (const one of left) for (const other of right) {
        nodes.add(one).add(other);
        (match[2] === "<->" ? found.both : found.directed).push([one, other]);
      }
    }
    return { ...found, nodes: [...nodes] };
  }
  function written() {
    const lines = graph.nodes.map((cause) => {
      const effects = graph.directed.filter((edge) => edge[0] === cause).map((edge) => edge[1]);
      return effects.length ? `${cause} -> ${effects.join(", ")}` : "";
    });
    lines.push(...graph.both.map(([one, other]) => `${one} <-> ${other}`));
    const joined = new Set([...graph.directed, ...graph.both].flat());
    const alone = graph.nodes.filter((one) => !joined.has(one) && !graph.latent.includes(one));
    if (alone.length) lines.push(`node ${alone.join(", ")}`);
    if (graph.latent.length) lines.push(`latent ${graph.latent.join(", ")}`);
    return lines.filter(Boolean).join("\n");
  }
  function changed(text, ...values) {
    field.value = written();
    said.textContent = tell(text, ...values);
    draw();
    remember();
  }
  function typed() {
    const found = read(field.value);
    box.classList.toggle("stale", !found);
    said.textContent = found ? "" : tell("unreadable");
    if (!found) return;
    graph = found;
    if (!graph.nodes.includes(selected)) select(null);
    if (!graph.nodes.includes(from)) from = null;
    draw();
    remember("typed");
  }

  // Back and forth: each step is the text and where nodes stand; a burst of one kind (typing, nudging) is one step.
  // Also in the fields: what the browser would take back there knows nothing of texts that the drawing has written.
  function remember(kind = "") {
    const next = JSON.stringify({ text: field.value, put });
    if (next === now) return;
    const isBurst = kind && kind === last && performance.now() - when < PAUSE;
    if (now !== null && !isBurst) past = [...past, now].slice(-MOST_STEPS);
    [now, future, last, when] = [next, [], kind, performance.now()];
    offer();
  }
  function offer() {
    back.setAttribute("aria-disabled", String(!past.length));
    forth.setAttribute("aria-disabled", String(!future.length));
  }
  function step(out, into, text) {
    const isStale = box.classList.contains("stale"); // then the drawing shows the step before what is typed
    if (!isStale && !out.length) { said.textContent = tell("nothing"); return; }
    if (!isStale) {
      into.push(now);
      now = out.pop();
    }
    const there = JSON.parse(now);
    [field.value, put, last] = [there.text, there.put, ""];
    keep();
    typed();
    select(selected);
    said.textContent = tell(text);
    offer();
    if (document.activeElement === document.body) back.focus({ preventScroll: true });
  }
  const undo = () => step(past, future, "undone");
  const redo = () => step(future, past, "redone");

  // Where nodes stand: where somebody put them (as shares of the width and height), else causes above effects.
  const wide = () => canvas.getBoundingClientRect().width || 320;
  const size = (one) => Math.min(Math.max(48, 9 * [...one].length + 26), 150);
  function depths() {
    const depth = Object.fromEntries(graph.nodes.map((one) => [one, 0]));
    for (const _ of graph.nodes) for (const [cause, effect] of graph.directed)
      depth[effect] = Math.min(Math.max(depth[effect], depth[cause] + 1), graph.nodes.length - 1);
    return depth;
  }
  function settle() {
    const depth = depths(), layers = Math.max(0, ...Object.values(depth)) + 1, places = {};
    for (let layer = 0; layer < layers; layer += 1) {
      const row = graph.nodes.filter((one) => depth[one] === layer), tall = HEIGHT / (layers + 0.4);
      // alone in its layer a node stands aside, so that an edge that passes the layer stays visible
      const aside = row.length === 1 && layers > 2 && layer > 0 && layer < layers - 1 ? (layer % 2 ? -1 : 1) * wide() / 5 : 0;
      row.forEach((one, at) => {
        places[one] = inside(one, wide() * (at + 0.5) / row.length + aside, tall * (layer + 0.7));
      });
    }
    for (const one of graph.nodes) if (put[one]) places[one] = inside(one, put[one].x * wide(), put[one].y * HEIGHT);
    return places;
  }
  function inside(one, x, y) {
    const half = size(one) / 2 + 4;
    return {
      x: Math.min(Math.max(x, half), Math.max(wide() - half, half)),
      y: Math.min(Math.max(y, TALL / 2 + 4), HEIGHT - TALL / 2 - 4),
    };
  }
  function place(one, x, y) {
    const there = inside(one, x, y);
    put[one] = { x: there.x / wide(), y: there.y / HEIGHT };
    keep();
  }
  function keep() {
    try { sessionStorage.setItem(PLACES, JSON.stringify(put)); } catch { /* then they are laid out anew */ }
  }

  // The picture.
  function make(kind, attributes, ...inside) {
    const one = document.createElementNS(SVG, kind);
    for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, value);
    one.append(...inside);
    return one;
  }
  function rim(one, toward) {
    const { x, y } = places[one], dx = toward.x - x, dy = toward.y - y;
    const scale = Math.min((size(one) / 2 + 3) / Math.abs(dx || 1e-9), (TALL / 2 + 3) / Math.abs(dy || 1e-9));
    return { x: x + dx * scale, y: y + dy * scale };
  }
  function isPassed(one, a, b) { // the straight line from a to b would go through its box
    const { x, y } = places[one], along = ((x - a.x) * (b.x - a.x) + (y - a.y) * (b.y - a.y))
      / (((b.x - a.x) ** 2 + (b.y - a.y) ** 2) || 1);
    if (along <= 0 || along >= 1) return false;
    const away = { x: Math.abs(a.x + along * (b.x - a.x) - x), y: Math.abs(a.y + along * (b.y - a.y) - y) };
    return away.x < size(one) / 2 && away.y < TALL / 2;
  }
  function toMiddle({ x, y }) {
    const all = graph.nodes.map((one) => places[one]), mean = (axis) => all.reduce((sum, it) => sum + it[axis], 0) / all.length;
    return Math.hypot(x - mean("x"), y - mean("y"));
  }
  function line([one, other], bow) {
    const a = places[one], b = places[other], middle = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
    const far = Math.hypot(b.x - a.x, b.y - a.y) || 1;
    const stands = graph.nodes.some((it) => it !== one && it !== other && isPassed(it, a, b));
    const by = bow ? Math.max(60, far / 3) : stands ? Math.max(70, far / 3) : 0;
    const bends = [by, -by].map((way) => ({ x: middle.x + way * (b.y - a.y) / far, y: middle.y - way * (b.x - a.x) / far }));
    const [bend] = bends.sort((left, right) => toMiddle(right) - toMiddle(left)); // outward: other edges are inside
    const start = rim(one, bend), end = rim(other, bend);
    return `M${start.x} ${start.y}Q${bend.x} ${bend.y} ${end.x} ${end.y}`;
  }
  function edges(list, both) {
    return list.map((edge, at) => {
      const path = line(edge, both), arrow = "url(#drawn-arrow)";
      const seen = make("path", { class: both ? "edge hidden-cause" : "edge", d: path, "marker-end": arrow });
      if (both) seen.setAttribute("marker-start", arrow);
      return make("g", { "data-edge": at, "data-both": both ? 1 : "" }, make("path", { class: "grip", d: path }), seen);
    });
  }
  function node(one) {
    const { x, y } = places[one], w = size(one), letters = [...one], hidden = graph.latent.includes(one);
    const short = letters.length > 14 ? `${letters.slice(0, 13).join("")}…` : one;
    const kind = `node${hidden ? " latent" : ""}${one === selected ? " selected" : ""}${one === from ? " begun" : ""}`;
    const label = hidden ? `${one} (${latent.textContent.trim()})` : one;
    return make("g", { class: kind, "data-node": one, tabindex: 0, role: "button", "aria-label": label,
      "aria-pressed": String(one === selected || one === from) },
    make("rect", { x: x - w / 2, y: y - TALL / 2, width: w, height: TALL, rx: 8 }),
    make("text", { x, y: y + 5, "text-anchor": "middle" }, short));
  }
  function draw() {
    places = settle();
    const focus = document.activeElement?.closest?.("#drawing [data-node]")?.dataset.node;
    canvas.setAttribute("viewBox", `0 0 ${wide()} ${HEIGHT}`);
    canvas.querySelectorAll(":scope > :not(defs)").forEach((one) => one.remove());
    canvas.append(...edges(graph.directed, false), ...edges(graph.both, true), ...graph.nodes.map(node));
    if (drag?.line) canvas.append(make("path", { class: "edge rubber", d: drag.line }));
    if (focus && !drag) canvas.querySelector(`[data-node="${CSS.escape(focus)}"]`)?.focus({ preventScroll: true });
  }

  // What is done.
  function select(one) {
    selected = one;
    chosen.disabled = one === null;
    name.value = one ?? "";
    latent.setAttribute("aria-pressed", String(graph.latent.includes(one)));
  }
  function use(next) {
    [tool, from] = [next, null];
    tools.forEach((one) => one.setAttribute("aria-pressed", String(one.dataset.tool === tool)));
    said.textContent = tell(`how${tool[0].toUpperCase()}${tool.slice(1)}`);
    draw();
  }
  function fresh() {
    const free = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"].find((one) => !graph.nodes.includes(one));
    for (let number = 1; ; number += 1) {
      const one = free ?? `V${number}`;
      if (!graph.nodes.includes(one)) return one;
    }
  }
  function add(x, y) {
    const one = fresh();
    graph.nodes.push(one);
    place(one, x, y);
    select(one);
    changed("added", one);
    canvas.querySelector(`[data-node="${CSS.escape(one)}"]`).focus({ preventScroll: true });
  }
  function room() {
    const free = (x, y) => graph.nodes.every((one) => Math.hypot(places[one].x - x, places[one].y - y) > 75);
    for (let y = 40; y < HEIGHT; y += 60) for (let x = 60; x < wide() - 40; x += 80) if (free(x, y)) return [x, y];
    return [wide() / 2, HEIGHT / 2];
  }
  function join(one, other) {
    from = null;
    if (one === other) { draw(); return; }
    const list = tool === "both" ? graph.both : graph.directed;
    const alike = (edge) => same(edge, [one, other]) || (tool === "both" && same(edge, [other, one]));
    const at = list.findIndex(alike);
    if (at < 0) list.push([one, other]); else list.splice(at, 1);
    const sign = tool === "both" ? "↔" : "→";
    changed(at < 0 ? "joined" : "parted", `${one} ${sign} ${other}`);
  }
  function remove(one) {
    const other = (edge) => !edge.includes(one);
    graph = { nodes: graph.nodes.filter((it) => it !== one), directed: graph.directed.filter(other),
      both: graph.both.filter(other), latent: graph.latent.filter((it) => it !== one) };
    delete put[one];
    select(null);
    changed("removed", one);
  }
  function cut(edge) {
    const list = edge.dataset.both ? graph.both : graph.directed;
    const [[one, other]] = list.splice(Number(edge.dataset.edge), 1);
    changed("parted", `${one} ${edge.dataset.both ? "↔" : "→"} ${other}`);
  }
  function rename() {
    const next = name.value.trim();
    if (!selected || next === selected) return;
    if (!next || /[,;<>\n-]/.test(next) || /^(latent|node)\s/.test(next) || graph.nodes.includes(next)) {
      said.textContent = tell("refused");
      name.value = selected;
      return;
    }
    const other = (one) => (one === selected ? next : one);
    graph = { nodes: graph.nodes.map(other), directed: graph.directed.map((edge) => edge.map(other)),
      both: graph.both.map((edge) => edge.map(other)), latent: graph.latent.map(other) };
    put[next] = { x: places[selected].x / wide(), y: places[selected].y / HEIGHT };
    delete put[selected];
    selected = next;
    changed("renamed", next);
  }
  function veil() {
    const is = graph.latent.includes(selected);
    graph.latent = is ? graph.latent.filter((one) => one !== selected) : [...graph.latent, selected];
    latent.setAttribute("aria-pressed", String(!is));
    changed(is ? "seen" : "unseen", selected);
  }
  function act(one) {
    if (tool === "delete") remove(one);
    else if (tool === "move") { select(one); draw(); }
    else if (from) join(from, one);
    else { from = one; said.textContent = tell("begun", one); draw(); }
  }

  // Hands: pointers of any kind, and keys.
  function at(event) {
    const frame = canvas.getBoundingClientRect();
    return { x: (event.clientX - frame.left) * wide() / frame.width, y: (event.clientY - frame.top) * HEIGHT / frame.height };
  }
  const under = (event) => document.elementFromPoint(event.clientX, event.clientY)?.closest("#drawing [data-node]");
  canvas.addEventListener("pointerdown", (event) => {
    const one = event.target.closest("[data-node]")?.dataset.node;
    if (one === undefined || event.button !== 0) return;
    const { x, y } = at(event);
    drag = { one, x, y, dx: x - places[one].x, dy: y - places[one].y, moved: false, line: "" };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("touchstart", (event) => {
    if (event.target.closest("[data-node]")) event.preventDefault(); // the page is scrolled beside nodes, not by them
  }, { passive: false });
  canvas.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const { x, y } = at(event);
    drag.moved ||= Math.hypot(x - drag.x, y - drag.y) > NEAR;
    if (!drag.moved) return;
    if (tool === "move") place(drag.one, x - drag.dx, y - drag.dy);
    else if (tool !== "delete") drag.line = `M${places[drag.one].x} ${places[drag.one].y}L${x} ${y}`;
    draw();
  });
  canvas.addEventListener("pointerup", (event) => {
    const done = drag, edge = event.target.closest("[data-edge]");
    drag = null;
    if (!done) {
      if (edge && tool === "delete") cut(edge);
      return;
    }
    const end = under(event)?.dataset.node;
    if (!done.moved) act(done.one);
    else if ((tool === "arrow" || tool === "both") && end !== undefined) join(done.one, end);
    else if (tool === "move") { select(done.one); remember(); }
    draw();
  });
  canvas.addEventListener("pointercancel", () => { drag = null; draw(); });
  canvas.addEventListener("dblclick", (event) => {
    if (!event.target.closest("[data-node], [data-edge]")) add(at(event).x, at(event).y);
  });
  canvas.addEventListener("keydown", (event) => {
    const one = event.target.closest("[data-node]")?.dataset.node;
    if (one === undefined) return;
    const way = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key];
    if (way) { place(one, places[one].x + way[0], places[one].y + way[1]); draw(); remember(`nudge ${one}`); }
    else if (event.key === "Enter" || event.key === " ") act(one);
    else if (event.key === "Delete") remove(one);
    else if (event.key === "Escape") { from = null; draw(); }
    else return;
    event.preventDefault();
  });
  [box, field].forEach((one) => one.addEventListener("keydown", (event) => {
    if (event.altKey || !(event.ctrlKey || event.metaKey)) return;
    const key = event.key.toLowerCase();
    if (key === "y" || (key === "z" && event.shiftKey)) redo();
    else if (key === "z") undo();
    else return;
    event.preventDefault();
  }));
  back.addEventListener("click", undo);
  forth.addEventListener("click", redo);
  name.addEventListener("change", rename);
  name.addEventListener("keydown", (event) => {
    if (event.key === "Enter") { event.preventDefault(); rename(); } // the form is not sent
  });
  tools.forEach((one) => one.addEventListener("click", () => use(one.dataset.tool)));
  box.querySelector("[data-act=add]").addEventListener("click", () => add(...room()));
  latent.addEventListener("click", veil);
  field.addEventListener("input", typed);
  box.hidden = false;
  new ResizeObserver(() => draw()).observe(canvas);
  select(null);
  typed();
})();
