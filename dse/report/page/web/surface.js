"use strict";

// Canvases as large as their box, and the colours of the page's theme.

/** The colours of the theme in use; each is looked up once, as that makes the browser style the page. */
class Theme {
  #style = getComputedStyle(document.documentElement);
  #texts = new Map();

  /** Return a colour as CSS writes it. */
  read(name) {
    if (!this.#texts.has(name)) this.#texts.set(name, this.#style.getPropertyValue(`--${name}`).trim());
    return this.#texts.get(name);
  }

  /** Return red, green and blue of a colour that is blended. */
  rgb(name) {
    return [1, 3, 5].map((at) => parseInt(this.read(name).slice(at, at + 2), 16));
  }
}

/** Return how large an element is [CSS pixels], and how many pixels of the screen each of them has. */
function sizeOf(element) {
  const { width, height } = element.getBoundingClientRect();
  return { width, height, ratio: window.devicePixelRatio || 1 };
}

/** Return whether two sizes are the same. */
function isSameSize(a, b) {
  return a.width === b.width && a.height === b.height && a.ratio === b.ratio;
}

/** A canvas that is drawn on in CSS pixels. */
class Surface {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.ratio = 1;
  }

  /** Take a size; what was drawn may be gone. */
  resize({ width, height, ratio }) {
    const [pixelsX, pixelsY] = [width, height].map((length) => Math.max(1, Math.round(length * ratio)));
    this.ratio = ratio;
    if (this.canvas.width !== pixelsX) this.canvas.width = pixelsX;
    if (this.canvas.height !== pixelsY) this.canvas.height = pixelsY;
  }

  /** Return the context of the emptied canvas, set to `pixels` type. */
  cleared(pixels) {
    const { context, canvas, ratio } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.font = `${pixels}px system-ui, sans-serif`;
    return context;
  }
}
