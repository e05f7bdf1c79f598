"use strict";
// Unpacks the questions of this page and shows them fifty at a time. Foreign text only ever becomes text nodes.
(async () => {
  const PAGE = 50;
  const section = document.getElementById("questions");
  const bytes = Uint8Array.from(atob(document.getElementById("questions-data").textContent.trim()), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const all = await new Response(stream).json();
  const list = document.getElementById("questions-list");
  const said = document.getElementById("questions-said");
  const form = document.getElementById("questions-find");
  const [back, on] = form.querySelectorAll("button[type=button]");
  let found = [];
  let start = 0;

  function make(tag, text, name) {
    const one = document.createElement(tag);
    if (text !== undefined) one.textContent = text;
    if (name) one.className = name;
    return one;
  }
  function put(parent, ...children) {
    for (const child of children) parent.append(child);
    return parent;
  }
  function choose(id, values) {
    const select = document.getElementById(id);
    for (const value of [...new Set(values)].sort()) select.append(new Option(value, value));
    return select;
  }
  const family = choose("find-family", all.family);
  const mark = choose("find-mark", all.given.flatMap((given) => given.map((one) => one[2])));
  const words = document.getElementById("find-words");

  function matches(place) {
    if (family.value && all.family[place] !== family.value) return false;
    if (mark.value && !all.given[place].some((one) => one[2] === mark.value)) return false;
    const wanted = words.value.trim().toLowerCase();
    return !wanted || [all.id[place], all.kind[place], all.domain[place], all.prompt[place], ...all.given[place].map((one) => one[4])]
      .some((text) => text.toLowerCase().includes(wanted));
  }

  const SVG = "http://www.w3.org/2000/svg";
  function shape(tag, attributes, ...children) {
    const one = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) one.setAttribute(name, value);
    return put(one, ...children);
  }
  // The picture of a graph from its edges: causes above effects.
  function picture(place) {
    const nodes = all.nodes[place], edges = all.edges[place], hidden = all.hidden[place];
    const depth = nodes.map(() => 0);
    for (let round = 0; round < nodes.length; round++)
      for (let i = 0; i < edges.length; i += 2) depth[edges[i + 1]] = Math.min(Math.max(depth[edges[i + 1]], depth[edges[i]] + 1), nodes.length - 1);
    const layers = [];
    depth.forEach((level, node) => (layers[level] ??= []).push(node));
    const widest = Math.max(...layers.map((layer) => layer.length)), at = [];
    layers.forEach((layer, level) => layer.forEach((node, column) => {
      at[node] = [24 + (widest - layer.length) * 86 + column * 172 + 74, 60 + level * 96];
    }));
    const width = 48 + widest * 172 - 24, height = 120 + (layers.length - 1) * 96;
    const says = [];
    for (let i = 0; i < edges.length; i += 2) says.push(`${nodes[edges[i]]} → ${nodes[edges[i + 1]]}`);
    for (let i = 0; i < hidden.length; i += 2) says.push(`${nodes[hidden[i]]} ↔ ${nodes[hidden[i + 1]]}`);
    const name = `arrow-${place}`;
    const svg = shape("svg", { class: "graph", viewBox: `0 0 ${width} ${height}`, width, role: "img", "aria-label": `Causal graph: ${says.join("; ") || nodes.join(", ")}` },
      shape("defs", {}, shape("marker", { id: name, class: "arrow", viewBox: "0 0 10 10", refX: 9, refY: 5, markerWidth: 8, markerHeight: 8, orient: "auto-start-reverse" }, shape("path", { d: "M0 0L10 5L0 10z" }))));
    for (let i = 0; i < edges.length; i += 2) {
      const [x, y] = at[edges[i]], [u, v] = at[edges[i + 1]];
      const bend = v - y > 100 ? (x + u) / 2 + (x <= u ? 110 : -110) : (x + u) / 2; // past the layers between
      svg.append(shape("path", { class: "edge", d: `M${x} ${y + 22}Q${bend} ${(y + v) / 2} ${u} ${v - 23}`, "marker-end": `url(#${name})` }));
    }
    for (let i = 0; i < hidden.length; i += 2) {
      const [x, y] = at[hidden[i]], [u, v] = at[hidden[i + 1]], top = Math.min(y, v) - 52;
      svg.append(shape("path", { class: "edge hidden-cause", d: `M${x} ${y - 22}C${x} ${top} ${u} ${top} ${u} ${v - 23}`, "marker-start": `url(#${name})`, "marker-end": `url(#${name})` }));
    }
    nodes.forEach((node, i) => {
      const [x, y] = at[i], lines = [""];
      for (const word of node.split(" ")) {
        if (lines[lines.length - 1] && (lines[lines.length - 1] + word).length > 18 && lines.length < 2) lines.push("");
        lines[lines.length - 1] += (lines[lines.length - 1] ? " " : "") + word;
      }
      const box = shape("g", { class: all.latent[place].includes(i) ? "node latent" : "node" }, shape("title", {}, node),
        shape("rect", { x: x - 74, y: y - 22, width: 148, height: 44, rx: 8 }));
      lines.forEach((line, row) => box.append(shape("text", { x, y: y + 5 - 8 * (lines.length - 1) + 16 * row, "text-anchor": "middle" }, line.length > 19 ? `${line.slice(0, 18)}…` : line)));
      svg.append(box);
    });
    const frame = put(make("div", undefined, "scroll picture"), svg);
    frame.tabIndex = 0;
    frame.setAttribute("role", "region");
    frame.setAttribute("aria-label", `Causal graph of ${all.id[place]}`);
    return frame;
  }

  function terms(pairs) {
    const terms_ = make("dl", undefined, "answers");
    for (const [name, value] of pairs) put(terms_, make("dt", name), make("dd", value));
    return terms_;
  }
  function fill(box, place) {
    put(box, make("p", `rung ${all.rung[place]} · ${all.domain[place]} · ${all.regime[place] || "own"} names · difficulty ${all.difficulty[place]}`, "meta"));
    put(box, make("h3", "Question"), make("pre", all.prompt[place], "prose"));
    for (const [who, sample, outcome, strict, reply, parsed, reason, mistakes] of all.given[place]) {
      put(box, make("h3", `Reply of ${all.answerers[who]}${sample > 1 ? `, sample ${sample}` : ""}`));
      put(box, reply ? make("pre", reply, "prose") : make("p", "No reply.", "note"));
      const how = strict === outcome ? outcome : `${outcome} (strict reading: ${strict})`;
      put(box, terms([["Read as", parsed || "nothing"], ["Judged", reason ? `${how}: ${reason.replaceAll("_", " ")}` : how],
        ...(mistakes.length ? [["Same as the mistake", mistakes.join(", ")]] : [])]));
    }
    put(box, terms([["Right answer", all.gold[place] || "kept apart"]]));
    if (all.nodes[place].length) put(box, make("h3", "Causal graph"), picture(place));
    if (all.estimand[place]) put(box, make("h3", "Asked for"), make("p", all.estimand[place]));
    if (all.symbols[place].length) {
      const list_ = make("ul", undefined, "symbols");
      for (const [symbol, name, zero, one] of all.symbols[place]) put(list_, put(make("li"), make("span", symbol, "mono"), ` ${name}${zero === "0" && one === "1" ? "" : ` (0 ${zero}, 1 ${one})`}`));
      put(box, make("h3", "Symbols"), list_);
    }
    if (all.steps[place].length) {
      const list_ = make("ol", undefined, "steps");
      for (const [id, text, expression, value, note] of all.steps[place])
        put(list_, put(make("li"), make("span", id, "id"), make("span", [text, expression, value].filter(Boolean).join(" = ") + (note ? ` (${note})` : ""))));
      put(box, make("h3", "Derivation"), list_);
    }
    if (all.mistakes[place].length) put(box, make("h3", "What each classic mistake would answer"), terms(all.mistakes[place]));
  }

  function card(place) {
    const details = make("details", undefined, "asked");
    const summary = make("summary");
    put(summary, make("span", `${all.family[place]}/${all.kind[place]} `), make("span", `${all.id[place]} `, "mono sub"));
    for (const [who, , outcome] of all.given[place]) put(summary, make("span", all.answerers.length > 1 ? `${all.answerers[who]}: ${outcome}` : outcome, `tag ${outcome}`), " ");
    put(details, summary);
    details.addEventListener("toggle", () => { if (details.open && details.childElementCount === 1) fill(details, place); });
    return details;
  }

  function show() {
    list.replaceChildren(...found.slice(start, start + PAGE).map(card));
    const last = Math.min(start + PAGE, found.length);
    said.textContent = found.length ? `Questions ${start + 1} to ${last} of ${found.length.toLocaleString("en")}` : "No question is like that.";
    back.disabled = start === 0;
    on.disabled = last >= found.length;
  }
  function find() {
    found = all.id.map((_, place) => place).filter(matches);
    start = 0;
    show();
  }
  function turn(by) {
    start += by * PAGE;
    show();
    section.scrollIntoView();
    list.querySelector("summary")?.focus();
  }
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", find);
  back.addEventListener("click", () => turn(-1));
  on.addEventListener("click", () => turn(1));
  form.hidden = false;
  find();
})();
