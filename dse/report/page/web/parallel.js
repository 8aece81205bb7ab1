"use strict";

// Parallel coordinates: every column an upright axis, every kept point a line, ranges to brush.

const FRAME = { left: 52, right: 44, top: 66, bottom: 14 };
/** Heights on an axis that lines are told apart by; with many of them, fewer do. */
const [FINE, COARSE, MANY] = [140, 56, 5000];
const FEW = 40;
const NOWHERE = 255;

/** The plot of all columns at once. */
class Parallel {
  constructor(root, study, view, filters) {
    Object.assign(this, { root, study, view, filters });
    [this.base, this.over, this.rules] = Array.from(root.querySelectorAll("canvas"), (canvas) => new Surface(canvas));
    this.names = this.#usual();
    this.#listen();
  }

  /** Show other columns. */
  setNames(names) {
    this.names = names;
    this.#build();
    this.arrange();
    this.draw();
  }

  /** Take the size of the box, put the axes in their places and draw them. */
  arrange() {
    if (!this.handles) this.#build();
    this.size = sizeOf(this.root);
    for (const surface of [this.over, this.rules]) surface.resize(this.size);
    const { width, height } = this.size;
    this.step = (width - FRAME.left - FRAME.right) / Math.max(this.names.length - 1, 1);
    this.axes = this.names.map((name, i) => {
      const column = this.study.columns.get(name);
      const isLog = this.view.isLog.has(name);
      const scale = new Scale(column.low, column.high, isLog, height - FRAME.bottom, FRAME.top);
      return { name, column, scale, x: FRAME.left + i * this.step, bins: new Map() };
    });
    const context = this.rules.cleared(11);
    for (const axis of this.axes) {
      this.#axis(context, axis);
      this.#place(axis);
    }
  }

  /** Draw everything but the axes, in the places it has. */
  draw() {
    const { rows, theme } = this.view;
    const { values } = this.study.columns.get("family");
    const [grain, bins] = rows.length > MANY ? [0.5, COARSE] : [this.size.ratio, FINE];
    this.base.resize({ ...this.size, ratio: grain });
    const density = this.#emptied(this.base.canvas, values.length);
    for (let i = 0; i + 1 < this.axes.length; i += 1) this.#lines(density, this.axes[i], this.axes[i + 1], grain, bins);
    const colours = values.map((name) => theme.rgb(name));
    this.base.context.putImageData(density.picture(colours, theme.rgb("surface")), 0, 0);
    this.drawOver();
  }

  /** Draw the front, the chosen point and the ranges. */
  drawOver() {
    const context = this.over.cleared(11);
    const { front, chosen, theme } = this.view;
    this.#polylines(context, front.slice(0, 300), theme.read("ink"), 0.8);
    if (chosen >= 0) this.#polylines(context, [chosen], theme.read("accent"), 3);
    for (const axis of this.axes) this.#range(context, axis);
  }

  /** Return the counts of lines for a canvas, all 0. */
  #emptied({ width, height }, kinds) {
    if (this.density?.width !== width || this.density.height !== height) this.density = new LineDensity(width, height, kinds);
    else this.density.clear();
    return this.density;
  }

  /** Return the columns that tell points apart, formats first. */
  #usual() {
    const { study } = this;
    const formats = study.is_per_layer
      ? study.layers.flatMap((layer) => layer.columns.map((column) => column.name))
      : ["weight_format", "act_format"];
    const names = [...formats, "recipe", study.objectives[0], "bram18", "val_top1_pct", "test_top1_pct"];
    const told = names.filter((name) => study.columns.get(name)?.distinct > 1);
    return told.length > 1 ? told : names.filter((name) => study.columns.has(name));
  }

  /** Count the lines between two axes, those that begin and end alike together. */
  #lines(density, from, to, grain, bins) {
    const { codes: families, values } = this.study.columns.get("family");
    const { rows } = this.view;
    const [binsA, binsB] = [this.#binsOf(from, bins), this.#binsOf(to, bins)];
    const counts = new Uint32Array(values.length * bins * bins);
    for (let i = 0; i < rows.length; i += 1) {
      const row = rows[i];
      const [a, b] = [binsA[row], binsB[row]];
      if (a !== NOWHERE && b !== NOWHERE) counts[(families[row] * bins + a) * bins + b] += 1;
    }
    const [first, last] = [from.scale.to * grain, from.scale.from * grain];
    const height = (bin) => first + (bin / (bins - 1)) * (last - first);
    const lines = new Float32Array(3 * bins * bins);
    values.forEach((_, kind) => {
      let length = 0;
      for (let pair = 0; pair < bins * bins; pair += 1) {
        const count = counts[kind * bins * bins + pair];
        if (count === 0) continue;
        lines[length] = height(Math.floor(pair / bins));
        lines[length + 1] = height(pair % bins);
        lines[length + 2] = count;
        length += 3;
      }
      density.add(kind, Math.round(from.x * grain), Math.round(to.x * grain), lines.subarray(0, length));
    });
  }

  /** Return at which of so many heights each point stands on an axis. */
  #binsOf({ scale, column, bins: known }, bins) {
    if (known.has(bins)) return known.get(bins);
    const binOf = (number) => {
      const share = (scale.at(number) - scale.to) / (scale.from - scale.to);
      return Number.isNaN(share) ? NOWHERE : Math.round(Math.min(Math.max(share, 0), 1) * (bins - 1));
    };
    const ofValues = Uint8Array.from(column.numbers, binOf);
    const ofRows = new Uint8Array(column.codes.length);
    for (let row = 0; row < ofRows.length; row += 1) ofRows[row] = ofValues[column.codes[row]];
    known.set(bins, ofRows);
    return ofRows;
  }

  #polylines(context, rows, colour, width) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    for (const row of rows) {
      let draw = "moveTo";
      for (const { column, scale, x } of this.axes) {
        const number = column.number(row);
        if (Number.isNaN(number)) continue;
        context[draw](x, scale.at(number));
        draw = "lineTo";
      }
    }
    context.stroke();
  }

  #axis(context, { column, scale, x }) {
    const read = (name) => this.view.theme.read(name);
    const length = scale.from - scale.to;
    context.strokeStyle = read("muted");
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(x, scale.from);
    context.lineTo(x, scale.to);
    context.stroke();
    const few = column.is_category || column.distinct <= 8;
    const ticks = few ? column.numbers.filter((number) => !Number.isNaN(number)) : scale.ticks(length / 40);
    const every = few ? Math.ceil((ticks.length * 13) / length) : 1;
    context.textAlign = "right";
    context.lineWidth = 3;
    context.strokeStyle = read("surface");
    context.fillStyle = read("ink");
    ticks.forEach((tick, i) => {
      if (i % every) return;
      const text = column.is_category ? column.shown(column.values[tick]) : tickText(tick, ticks);
      context.strokeText(text, x - 11, scale.at(tick) + 4);
      context.fillText(text, x - 11, scale.at(tick) + 4);
    });
  }

  /** Put an axis' title and handles beside each other where the axis is. */
  #place({ name, scale, x }) {
    const { title, ends } = this.handles.get(name);
    title.style.left = `${x}px`;
    title.style.width = `${Math.min(Math.max(this.step - 4, 54), 96)}px`;
    title.classList.toggle("narrow", this.step < 62);
    for (const handle of ends) {
      handle.style.left = `${x}px`;
      handle.setAttribute("aria-valuemin", String(scale.low));
      handle.setAttribute("aria-valuemax", String(scale.high));
    }
  }

  /** Draw an axis' range, and move its handles to the ends if they are not there. */
  #range(context, axis) {
    const { name, column, scale, x } = axis;
    const range = this.filters.ranges.get(name) ?? null;
    if (range) {
      const [y0, y1] = range.map((number) => this.#clamped(scale, number));
      context.fillStyle = this.view.theme.read("accent");
      context.globalAlpha = 0.35;
      context.fillRect(x - 5, y1, 10, y0 - y1);
      context.globalAlpha = 1;
    }
    if (range === axis.range) return;
    axis.range = range;
    const numbers = range ?? [scale.low, scale.high];
    this.handles.get(name).ends.forEach((handle, i) => {
      handle.style.top = `${this.#clamped(scale, numbers[i])}px`;
      handle.classList.toggle("set", Boolean(range));
      handle.setAttribute("aria-valuenow", String(numbers[i]));
      handle.setAttribute("aria-valuetext", this.#spoken(column, numbers[i]));
    });
  }

  #clamped(scale, number) {
    return Math.min(Math.max(scale.at(Math.min(Math.max(number, scale.low), scale.high)), scale.to), scale.from);
  }

  #spoken(column, number) {
    if (!column.is_category) return inGroups(number, column.digits);
    return column.shown(column.values[Math.min(Math.max(Math.round(number), 0), column.values.length - 1)]);
  }

  #build() {
    this.root.querySelectorAll(".handle, .axis-title").forEach((old) => old.remove());
    this.handles = new Map(
      this.names.map((name) => {
        const { label } = this.study.columns.get(name);
        const title = make("span", { class: "axis-title" }, label.replaceAll("-", "\u2011"));
        const ends = ["least", "greatest"].map((which, i) =>
          make("span", {
            class: "handle",
            role: "slider",
            tabindex: "0",
            "aria-orientation": "vertical",
            "aria-label": `${which} ${label}`,
            keydown: (event) => this.#key(event, name, i),
          }),
        );
        this.root.append(title, ...ends);
        return [name, { title, ends }];
      }),
    );
  }

  /** Move an end of a range by the keyboard. */
  #key(event, name, end) {
    const { column, scale } = this.axes.find((axis) => axis.name === name);
    const range = [...(this.filters.ranges.get(name) ?? [scale.low, scale.high])];
    const direction = { ArrowUp: 1, ArrowRight: 1, PageUp: 5, ArrowDown: -1, ArrowLeft: -1, PageDown: -5 }[event.key];
    if (direction) range[end] = this.#moved(column, scale, range[end], direction);
    else if (event.key === "Home") range[end] = scale.low;
    else if (event.key === "End") range[end] = scale.high;
    else if (event.key !== "Delete" && event.key !== "Backspace") return;
    event.preventDefault();
    const isFree = event.key === "Delete" || event.key === "Backspace";
    this.filters.setRange(name, isFree || range[0] > range[1] ? null : range);
  }

  /** Return the next number some steps away: a value that occurs, where there are few. */
  #moved(column, scale, number, steps) {
    if (column.distinct > FEW) {
      const length = scale.to - scale.from;
      return Math.min(Math.max(scale.invert(scale.at(number) + (steps * length) / 50), scale.low), scale.high);
    }
    const values = column.numbers.filter((value) => !Number.isNaN(value));
    const beyond = steps > 0 ? values.filter((value) => value > number) : values.filter((value) => value < number).reverse();
    return beyond[Math.min(Math.abs(steps), beyond.length) - 1] ?? number;
  }

  #listen() {
    let drag = null;
    const at = (event) => {
      const { left, top } = this.root.getBoundingClientRect();
      return [event.clientX - left, event.clientY - top];
    };
    const axisNear = (x) => this.axes.find((axis) => Math.abs(axis.x - x) < 12);
    this.root.addEventListener("pointerdown", (event) => {
      const [x, y] = at(event);
      const axis = axisNear(x);
      if (!axis || event.button !== 0) return;
      const held = this.handles.get(axis.name).ends.indexOf(event.target);
      const range = this.filters.ranges.get(axis.name) ?? [axis.scale.low, axis.scale.high];
      drag = { axis, from: held < 0 ? axis.scale.invert(y) : range[1 - held], moved: false };
      this.root.setPointerCapture(event.pointerId);
    });
    this.root.addEventListener("pointermove", (event) => {
      const [x, y] = at(event);
      this.root.classList.toggle("brushing", Boolean(drag || axisNear(x)));
      if (!drag) return;
      drag.moved = true;
      const { name, scale } = drag.axis;
      const pixel = Math.min(Math.max(y, scale.to), scale.from);
      this.filters.setRange(name, [drag.from, scale.invert(pixel)].sort((a, b) => a - b));
    });
    this.root.addEventListener("pointerup", () => (drag = null));
    this.root.addEventListener("dblclick", (event) => {
      const axis = axisNear(at(event)[0]);
      if (axis) this.filters.setRange(axis.name, null);
    });
  }
}
