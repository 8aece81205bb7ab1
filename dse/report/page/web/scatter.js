"use strict";

// Two columns against each other: points in a pixel buffer, the front and the chosen above it.

const MARGIN = { left: 62, right: 18, top: 30, bottom: 44 };
const NEAR = 14;

/** The plot of points. `view` holds what all parts of the page share. */
class Scatter {
  constructor(root, study, view) {
    this.root = root;
    this.study = study;
    this.view = view;
    [this.base, this.over] = Array.from(root.querySelectorAll("canvas"), (canvas) => new Surface(canvas));
    this.x = new Float32Array(study.n_points);
    this.y = new Float32Array(study.n_points);
    this.pixels = new Int32Array(study.n_points);
  }

  /** Take the size of the box, and put axes and points in their places. */
  arrange() {
    const { study, view } = this;
    this.size = sizeOf(this.root);
    for (const surface of [this.base, this.over]) surface.resize(this.size);
    const { width, height } = this.size;
    const box = [MARGIN.left, width - MARGIN.right, height - MARGIN.bottom, MARGIN.top];
    const [columnX, columnY] = [view.x, view.y].map((name) => study.columns.get(name));
    this.box = box;
    this.scaleX = this.#scale(columnX, box[0], box[1]);
    this.scaleY = this.#scale(columnY, box[2], box[3]);
    this.#locate(this.x, columnX, this.scaleX);
    this.#locate(this.y, columnY, this.scaleY);
    this.#preparePicture();
  }

  /** Draw everything, in the places it has. */
  draw() {
    this.#paint();
    const context = this.base.cleared(12);
    context.putImageData(this.picture.image, 0, 0);
    this.#axes(context);
    this.drawOver();
  }

  /** Draw what changes with the pointer: the front, the chosen point and the one pointed at. */
  drawOver(rectangle = null) {
    const context = this.over.cleared(12);
    const { view } = this;
    const read = (name) => view.theme.read(name);
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

  /** Find the pixel of every point, and how marks of their size look. */
  #preparePicture() {
    const { x, y, pixels, study } = this;
    const { ratio } = this.size;
    const { width, height } = this.base.canvas;
    const { values } = study.columns.get("family");
    const [radius, alpha] = study.n_points <= 700 ? [3.6, 0.8] : study.n_points <= 5000 ? [2.8, 0.65] : [1.7, 0.55];
    this.alpha = alpha;
    this.sprites = values.map((name) => sprite(name, radius * ratio, width));
    if (this.picture?.image.width !== width || this.picture.image.height !== height) {
      this.picture = new Picture(width, height, values.length);
    }
    for (let row = 0; row < pixels.length; row += 1) {
      const isSeen = this.#isInside(row); // the margins are wider than marks reach
      pixels[row] = isSeen ? Math.round(y[row] * ratio) * width + Math.round(x[row] * ratio) : -1;
    }
  }

  /** Paint the grid, and the points above it: first those that are filtered out. */
  #paint() {
    const { picture, pixels, sprites, alpha } = this;
    const { theme, isKept } = this.view;
    const { codes, values } = this.study.columns.get("family");
    picture.fill(0, 0, picture.image.width, picture.image.height, theme.rgb("surface"));
    this.#grid(theme.rgb("grid"));
    const faint = sprites.map((shape) => inkOf(shape, theme.rgb("faint"), 0.5));
    const strong = sprites.map((shape, kind) => inkOf(shape, theme.rgb(values[kind]), alpha));
    picture.stamp(pixels, codes, isKept, 0, faint);
    picture.stamp(pixels, codes, isKept, 1, strong);
  }

  #grid(colour) {
    const { ratio } = this.size;
    const pixel = (place) => Math.round(Math.round(place) * ratio);
    const [left, right, bottom, top] = this.box.map(pixel);
    const thick = Math.max(1, Math.round(ratio));
    const [ticksX, ticksY] = this.#ticks();
    for (const tick of ticksX) this.picture.fill(pixel(this.scaleX.at(tick)), top, thick, bottom - top, colour);
    for (const tick of ticksY) this.picture.fill(left, pixel(this.scaleY.at(tick)), right - left, thick, colour);
  }

  #ticks() {
    const [left, right, bottom, top] = this.box;
    return [this.scaleX.ticks((right - left) / 80), this.scaleY.ticks((bottom - top) / 45)];
  }

  #axes(context) {
    const { view, study } = this;
    const [left, right, bottom, top] = this.box;
    const [ticksX, ticksY] = this.#ticks();
    context.lineWidth = 1;
    context.fillStyle = view.theme.read("muted");
    context.textAlign = "center";
    for (const tick of ticksX) context.fillText(tickText(tick, ticksX), this.scaleX.at(tick), bottom + 16);
    context.textAlign = "right";
    for (const tick of ticksY) context.fillText(tickText(tick, ticksY), left - 6, this.scaleY.at(tick) + 4);
    this.#rule(context, left, bottom, right, bottom, view.theme.read("muted"));
    this.#rule(context, left, bottom, left, top, view.theme.read("muted"));
    context.fillStyle = view.theme.read("ink");
    context.fillText(study.columns.get(view.x).label, right, bottom + 36);
    context.textAlign = "left";
    context.fillText(study.columns.get(view.y).label, 4, 16);
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
    const family = this.study.columns.get("family").value(row);
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
