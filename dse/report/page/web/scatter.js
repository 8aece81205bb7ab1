"use strict";

// Two columns against each other: points in a pixel buffer, the front and the chosen above it.

const MARGIN = { left: 62, right: 18, top: 30, bottom: 44 };
const NEAR = 14;

/** Return the colours of the page's theme: CSS text, and red, green and blue of what is blended. */
function themeColours() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(`--${name}`).trim();
  const rgb = (name) => [1, 3, 5].map((at) => parseInt(read(name).slice(at, at + 2), 16));
  return { read, rgb };
}

/** Return the drawing context of a canvas, cleared, as large as its box, one unit a CSS pixel. */
function fitted(canvas) {
  const { width, height } = canvas.parentElement.getBoundingClientRect();
  const ratio = window.devicePixelRatio || 1;
  const size = [width, height].map((length) => Math.max(1, Math.round(length * ratio)));
  const context = canvas.getContext("2d");
  if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
  else {
    context.resetTransform();
    context.clearRect(0, 0, ...size);
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.font = "12px system-ui, sans-serif";
  return { context, width, height, ratio };
}

/** The plot of points. `view` holds what all parts of the page share. */
class Scatter {
  constructor(root, study, view) {
    this.root = root;
    this.study = study;
    this.view = view;
    [this.base, this.over] = root.querySelectorAll("canvas");
    this.x = new Float32Array(study.n_points);
    this.y = new Float32Array(study.n_points);
  }

  /** Draw everything. */
  draw() {
    const { context, width, height, ratio } = fitted(this.base);
    const box = [MARGIN.left, width - MARGIN.right, height - MARGIN.bottom, MARGIN.top];
    const [columnX, columnY] = [this.view.x, this.view.y].map((name) => this.study.columns.get(name));
    this.scaleX = this.#scale(columnX, box[0], box[1]);
    this.scaleY = this.#scale(columnY, box[2], box[3]);
    this.#locate(this.x, columnX, this.scaleX);
    this.#locate(this.y, columnY, this.scaleY);
    this.box = box;
    context.putImageData(this.#picture(ratio), 0, 0);
    this.#axes(context, columnX, columnY);
    this.drawOver();
  }

  /** Draw what changes with the pointer: the front, the chosen point and the one pointed at. */
  drawOver(rectangle = null) {
    const { context } = fitted(this.over);
    const { read } = themeColours();
    const { view } = this;
    this.#floatLine(context, read);
    const front = view.front.filter((row) => this.#isInside(row));
    if (view.isStaircase) this.#staircase(context, view.front, read("ink"));
    for (const row of front) this.#mark(context, row, 5, read);
    if (view.chosen >= 0) this.#ring(context, view.chosen, read("accent"), 3, true);
    if (view.pointed >= 0) this.#ring(context, view.pointed, read("ink"), 1.5, true);
    if (rectangle) {
      context.strokeStyle = read("accent");
      context.strokeRect(...rectangle);
    }
  }

  /** Return the kept point nearest to a place, or -1 if none is near. */
  nearest(x, y) {
    let best = -1;
    let least = NEAR * NEAR;
    for (const row of this.view.rows) {
      const distance = (this.x[row] - x) ** 2 + (this.y[row] - y) ** 2;
      if (distance < least && this.#isInside(row)) [best, least] = [row, distance];
    }
    return best;
  }

  #locate(pixels, { codes, numbers }, scale) {
    const places = numbers.map((number) => scale.at(number));
    for (let row = 0; row < pixels.length; row += 1) pixels[row] = places[codes[row]];
  }

  #scale(column, from, to) {
    const zoomed = this.view.zoom?.[column.name];
    const isLog = this.view.isLog.has(column.name);
    const inset = zoomed ? 0 : 8 * Math.sign(to - from);
    const [low, high] = zoomed ?? [column.low, column.high];
    return new Scale(low, high, isLog, from + inset, to - inset);
  }

  #isInside(row) {
    const [left, right, bottom, top] = this.box;
    return this.x[row] >= left && this.x[row] <= right && this.y[row] <= bottom && this.y[row] >= top;
  }

  #picture(ratio) {
    const { rgb } = themeColours();
    const families = this.study.columns.get("family");
    const { n_points: n } = this.study;
    const [radius, alpha] = n <= 700 ? [3.6, 0.8] : n <= 5000 ? [2.8, 0.65] : [1.7, 0.55];
    const picture = new Picture(this.base.width, this.base.height, rgb("surface"));
    const sprites = families.values.map((name) => sprite(name, radius * ratio, picture.width));
    const isKept = new Uint8Array(n);
    for (const row of this.view.rows) isKept[row] = 1;
    for (let kept = this.view.rows.length === n ? 1 : 0; kept < 2; kept += 1) {
      const stamps = families.values.map((name, i) =>
        picture.stamp(sprites[i], rgb(kept ? name : "faint"), kept ? alpha : 0.5),
      );
      for (let row = 0; row < n; row += 1) {
        if (isKept[row] !== kept || !this.#isInside(row)) continue;
        stamps[families.codes[row]](this.x[row] * ratio, this.y[row] * ratio);
      }
    }
    return picture.image;
  }

  #axes(context, columnX, columnY) {
    const { read } = themeColours();
    const [left, right, bottom, top] = this.box;
    context.lineWidth = 1;
    context.fillStyle = read("muted");
    const ticksX = this.scaleX.ticks((right - left) / 80);
    const ticksY = this.scaleY.ticks((bottom - top) / 45);
    context.textAlign = "center";
    for (const tick of ticksX) {
      this.#rule(context, this.scaleX.at(tick), bottom, this.scaleX.at(tick), top, read("grid"));
      context.fillText(tickText(tick, ticksX), this.scaleX.at(tick), bottom + 16);
    }
    context.textAlign = "right";
    for (const tick of ticksY) {
      this.#rule(context, left, this.scaleY.at(tick), right, this.scaleY.at(tick), read("grid"));
      context.fillText(tickText(tick, ticksY), left - 6, this.scaleY.at(tick) + 4);
    }
    this.#rule(context, left, bottom, right, bottom, read("muted"));
    this.#rule(context, left, bottom, left, top, read("muted"));
    context.fillStyle = read("ink");
    context.fillText(columnX.label, right, bottom + 36);
    context.textAlign = "left";
    context.fillText(columnY.label, 4, 16);
  }

  #rule(context, x0, y0, x1, y1, colour) {
    context.strokeStyle = colour;
    context.beginPath();
    context.moveTo(Math.round(x0) + 0.5, Math.round(y0) + 0.5);
    context.lineTo(Math.round(x1) + 0.5, Math.round(y1) + 0.5);
    context.stroke();
  }

  #floatLine(context, read) {
    const before = this.study.float[this.view.y];
    if (!before) return;
    const y = this.scaleY.at(before.value);
    const [left, right, bottom, top] = this.box;
    if (y < top || y > bottom) return;
    context.setLineDash([5, 4]);
    this.#rule(context, left, y, right, y, read("muted"));
    context.setLineDash([]);
    context.fillStyle = read("muted");
    context.textAlign = "right";
    context.fillText(`- -  before quantization ${inGroups(before.value, 2)} %`, right, 16);
  }

  #staircase(context, front, colour) {
    const [left, right, bottom, top] = this.box;
    context.save();
    context.beginPath();
    context.rect(left, top, right - left, bottom - top);
    context.clip();
    context.strokeStyle = colour;
    context.lineWidth = 1.2;
    context.beginPath();
    front.forEach((row, i) => {
      if (i === 0) context.moveTo(this.x[row], this.y[row]);
      else {
        context.lineTo(this.x[row], this.y[front[i - 1]]);
        context.lineTo(this.x[row], this.y[row]);
      }
    });
    context.stroke();
    context.restore();
  }

  #mark(context, row, radius, read) {
    const family = this.study.columns.get("family").text(row);
    context.beginPath();
    SHAPES[family](context, this.x[row], this.y[row], radius);
    context.fillStyle = read(family);
    context.strokeStyle = read("ink");
    context.lineWidth = 1.2;
    context.fill();
    context.stroke();
  }

  /** Ring a point, with the intervals of what was measured. */
  #ring(context, row, colour, width) {
    if (!this.#isInside(row)) return;
    const [x, y] = [this.x[row], this.y[row]];
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    context.arc(x, y, 9, 0, 2 * Math.PI);
    context.stroke();
    const [left, right, bottom, top] = this.box;
    const within = (pixel, low, high) => Math.min(Math.max(pixel, low), high);
    const endsY = this.study.columns.get(this.view.y).interval(row)?.map((end) => within(this.scaleY.at(end), top, bottom));
    const endsX = this.study.columns.get(this.view.x).interval(row)?.map((end) => within(this.scaleX.at(end), left, right));
    context.lineWidth = 1.5;
    context.beginPath();
    if (endsY) this.#bar(context, x, endsY[0], x, endsY[1]);
    if (endsX) this.#bar(context, endsX[0], y, endsX[1], y);
    context.stroke();
  }

  #bar(context, x0, y0, x1, y1) {
    context.moveTo(x0, y0);
    context.lineTo(x1, y1);
  }
}
