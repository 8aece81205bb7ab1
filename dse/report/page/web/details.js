"use strict";

// One point in words: beside the pointer, aloud, and in full.

/** Return a measured or estimated value with its interval. */
function valueText(column, row) {
  const ends = column.interval(row);
  const text = column.text(row);
  return ends ? `${text} (${inGroups(ends[0], 2)} … ${inGroups(ends[1], 2)})` : text;
}

/** Return what is shown beside the pointer: the whole point. */
function pointSummary(study, view, row) {
  const head = make("strong", {}, study.title(row));
  const where = `${study.digest(row)}${view.front.includes(row) ? ", on the front" : ""}`;
  const lines = study.numeric.map((column) =>
    make(
      "tr",
      {},
      make("th", {}, column.label),
      make("td", {}, valueText(column, row)),
      make("td", { class: "note" }, column.source.split(/[ :]/, 1)[0]),
    ),
  );
  const layers = study.is_per_layer
    ? study.layers.map((layer) =>
        make("tr", {}, make("th", {}, layer.name), make("td", {}, layerFormats(layer, row)), make("td", {})),
      )
    : [];
  return [head, make("p", { class: "note" }, where), make("table", {}, ...lines, ...layers)];
}

function layerFormats(layer, row) {
  return layer.columns.map((column) => column.text(row)).join(" × ");
}

/** Return a point in one sentence, for a screen reader. */
function pointSentence(study, view, row) {
  const said = [...new Set(["test_top1_pct", view.x, view.y])].map((name) => {
    const column = study.columns.get(name);
    return `${column.label} ${valueText(column, row)}`;
  });
  const place = view.front.indexOf(row) + 1;
  return `${study.title(row)}: ${said.join("; ")}. ${place} of ${view.front.length} on the front.`;
}

/** Return all that is known of a point. */
function pointDetails(study, view, row) {
  const place = view.front.includes(row) ? "On the front of the points shown." : "Not on the front of the points shown.";
  return [
    make("p", {}, place, " Point ", make("code", {}, study.digest(row))),
    ...commandList(study, row),
    make("h3", {}, "Layers"),
    make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Layers" }, layerTable(study, row)),
    make("p", { class: "note" }, layerNote(study)),
    make("h3", {}, "Numbers"),
    numberTable(study, row),
  ];
}

/** Return a point's numbers, those of one source together under it. */
function numberTable(study, row) {
  const sources = new Map(study.numeric.map((column) => [column.source, []]));
  for (const column of study.numeric) sources.get(column.source).push(column);
  const groups = [...sources].map(([source, columns]) => {
    const lines = columns.map((column) =>
      make(
        "tr",
        {},
        make("th", { scope: "row" }, column.label),
        make("td", { class: "number" }, valueText(column, row)),
      ),
    );
    const head = make("th", { scope: "rowgroup", colspan: "2", class: "source" }, source);
    return make("tbody", {}, make("tr", {}, head), ...lines);
  });
  return make("table", {}, ...groups);
}

const LAYER_COSTS = {
  lut: "LUT",
  ff: "FF",
  dsp: "DSP",
  bram18: "block RAM",
  compute_lut: "LUT in lanes",
  weight_bits: "weights [bit]",
};

/** Return a point's layers: formats, parallelism and, where it is known, what each costs. */
function layerTable(study, row) {
  const costs = study.no_layer_costs ? [] : Object.keys(LAYER_COSTS);
  const number = (value) => make("td", { class: "number" }, inGroups(value, 0));
  const most = costs.length ? Math.max(...study.layers.map((layer) => layer.cost(row, "lut"))) : 0;
  const lines = study.layers.map((layer) => {
    const cells = costs.map((name) =>
      name === "lut" ? lutCell(layer.cost(row, name), most) : number(layer.cost(row, name)),
    );
    return make(
      "tr",
      {},
      make("th", { scope: "row" }, layer.name),
      ...layer.columns.map((column) => make("td", {}, column.text(row))),
      make("td", {}, layer.folding(row)),
      ...cells,
      ...(costs.length ? [number(layer.cost(row, "ii_cycles"))] : []),
    );
  });
  const names = ["layer", "weights", "input", "PE × SIMD"].map((text) => make("th", { scope: "col" }, text));
  const numbers = [...costs.map((name) => LAYER_COSTS[name]), ...(costs.length ? ["II [cycles]"] : [])];
  const head = [...names, ...numbers.map((text) => make("th", { scope: "col", class: "number" }, text))];
  const foot = costs.length ? [make("tfoot", {}, layerSums(study, row, costs, number))] : [];
  return make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...lines), ...foot);
}

function layerSums(study, row, costs, number) {
  const sums = costs.map((name) => number(study.layers.reduce((sum, layer) => sum + layer.cost(row, name), 0)));
  const slowest = number(Math.max(...study.layers.map((layer) => layer.cost(row, "ii_cycles"))));
  return make("tr", {}, make("th", { scope: "row", colspan: "4" }, "all"), ...sums, slowest);
}

function lutCell(lut, most) {
  const bar = make("span", { class: "bar", "aria-hidden": "true" });
  bar.style.width = `${(100 * lut) / most}%`;
  return make("td", { class: "number" }, inGroups(lut, 0), bar);
}

function layerNote(study) {
  const shown = "Weights, and the codes that the layer multiplies.";
  if (study.no_layer_costs) return `${shown} No costs of layers: ${study.no_layer_costs}.`;
  return (
    `${shown} A layer's cost holds its window, requantizer, pools and what stands between them; lanes are products, ` +
    `adder trees and accumulators. All of it is ${study.columns.get("lut").source}.`
  );
}

/** Return the commands that export and build a point. */
function commandList(study, row) {
  const { refused, export: exported, build, boards } = study.commands;
  if (refused) return [make("h3", {}, "Hardware"), make("p", {}, refused)];
  const lines = [command(exported.join(study.digest(row)))];
  if (boards.length) {
    const second = command(build.join(boards[0]));
    const choose = make(
      "select",
      { change: () => second.querySelector("code").replaceChildren(build.join(choose.value)) },
      ...boards.map((name) => make("option", { value: name }, name)),
    );
    lines.push(make("label", {}, "board ", choose), second);
  }
  return [make("h3", {}, "Commands that export and build it"), ...lines];
}

function command(text) {
  const code = make("code", {}, text);
  const copy = make("button", { type: "button", click: () => copyText(code, copy) }, "Copy");
  return make("div", { class: "command" }, make("pre", { tabindex: "0" }, code), copy);
}

/** Copy what `code` says; where the browser refuses, it is selected. */
async function copyText(code, button) {
  getSelection().selectAllChildren(code);
  try {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Selected";
  }
}
