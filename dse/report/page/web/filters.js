"use strict";

// Which points are kept: boxes to tick, and the ranges brushed on the parallel axes.

/** Return an element with attributes and children; strings become text, never markup. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (typeof value === "boolean") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

const FILTERED = ["family", "weight_bits", "act_bits", "recipe", "weight_format", "act_format"];
const FOLDED = new Set(["weight_format", "act_format"]);

/** The ticked boxes and the brushed ranges. */
class Filters {
  constructor(form, study, changed) {
    this.form = form;
    this.study = study;
    this.changed = changed;
    this.ranges = new Map();
    this.allowed = new Map();
    if (study.best_of) form.append(this.#bestOnly());
    for (const name of FILTERED) {
      const column = study.columns.get(name);
      if (column && column.values.length > 1) form.append(this.#group(column));
    }
    form.addEventListener("submit", (event) => event.preventDefault());
  }

  /** Let every point through again. */
  reset() {
    this.ranges.clear();
    for (const box of this.form.querySelectorAll("input[data-column]")) box.checked = true;
    for (const allowed of this.allowed.values()) allowed.fill(1);
    this.changed();
  }

  /** Keep the points between two numbers of a column, or all if there is no range. */
  setRange(name, range) {
    if (range) this.ranges.set(name, range);
    else this.ranges.delete(name);
    this.changed();
  }

  /** Return of each row 1 if it passes everything, otherwise 0. */
  isKept() {
    const passes = new Uint8Array(this.study.n_points).fill(1);
    const strike = (codes, allowed) => {
      for (let row = 0; row < passes.length; row += 1) passes[row] &= allowed[codes[row]];
    };
    if (this.best?.checked) strike(this.study.counts, [0, 1, 1]);
    for (const [name, allowed] of this.allowed) {
      if (allowed.includes(0)) strike(this.study.columns.get(name).codes, allowed);
    }
    for (const [name, [low, high]] of this.ranges) {
      const { codes, numbers } = this.study.columns.get(name);
      strike(codes, Uint8Array.from(numbers, (number) => number >= low && number <= high));
    }
    return passes;
  }

  #bestOnly() {
    this.best = make("input", { type: "checkbox", checked: true, change: () => this.changed() });
    return make("label", {}, this.best, "only the recipe that is best on validation, of each pair");
  }

  #group(column) {
    const allowed = new Uint8Array(column.values.length).fill(1);
    this.allowed.set(column.name, allowed);
    const counts = new Uint32Array(column.values.length);
    for (const code of column.codes) counts[code] += 1;
    const boxes = column.values.map((value, code) => {
      const box = make("input", {
        type: "checkbox",
        checked: true,
        "data-column": column.name,
        change: () => {
          allowed[code] = box.checked ? 1 : 0;
          this.changed();
        },
      });
      const mark = column.name === "family" ? [familyMark(value)] : [];
      const count = make("span", { class: "count" }, inGroups(counts[code], 0));
      return make("label", {}, box, ...mark, column.shown(value), " ", count);
    });
    const fields = make("fieldset", {}, make("legend", {}, column.label), ...boxes);
    if (!FOLDED.has(column.name)) return fields;
    return make("details", {}, make("summary", {}, column.label), fields);
  }
}

/** Return a small picture of a family's mark. */
function familyMark(family) {
  return make("span", { class: `mark ${family}`, "aria-hidden": "true" });
}
