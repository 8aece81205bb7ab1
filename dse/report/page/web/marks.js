"use strict";

// Very many marks drawn into a pixel buffer: a canvas' own calls would take seconds for them.

const ENOUGH = 3;

/** How each family's mark looks: the same shapes as in the printed figures. */
const SHAPES = {
  integer(context, x, y, r) {
    context.arc(x, y, r, 0, 2 * Math.PI);
  },
  minifloat(context, x, y, r) {
    context.moveTo(x, y - 1.15 * r);
    context.lineTo(x + 1.1 * r, y + 0.8 * r);
    context.lineTo(x - 1.1 * r, y + 0.8 * r);
    context.closePath();
  },
  mixed(context, x, y, r) {
    context.moveTo(x, y - 1.25 * r);
    context.lineTo(x + 1.25 * r, y);
    context.lineTo(x, y + 1.25 * r);
    context.lineTo(x - 1.25 * r, y);
    context.closePath();
  },
};

/** Return how far a mark of radius `r` reaches from its centre, in whole pixels. */
function reachOf(r) {
  return Math.ceil(1.3 * r);
}

/**
 * Return the pixels that a mark of radius `r` covers: where they are from its centre in a picture
 * `width` pixels wide, and how much of each is covered, 0 to 1.
 */
function sprite(family, r, width) {
  const reach = reachOf(r);
  const side = 2 * reach + 1;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.beginPath();
  SHAPES[family](context, side / 2, side / 2, r);
  context.fill();
  const { data } = context.getImageData(0, 0, side, side);
  const offsets = [];
  const covers = [];
  for (let i = 0; i < side * side; i += 1) {
    if (data[4 * i + 3] < 16) continue;
    offsets.push((Math.floor(i / side) - reach) * width + (i % side) - reach);
    covers.push(data[4 * i + 3] / 255);
  }
  return { offsets: Int32Array.from(offsets), covers };
}

/** Return how a mark is blended in: its pixels, and of each the share of the mark's colour in 256ths. */
function inkOf({ offsets, covers }, [red, green, blue], alpha) {
  return { offsets, shares: Int32Array.from(covers, (cover) => Math.round(256 * cover * alpha)), red, green, blue };
}

/** An opaque picture that marks are blended into. */
class Picture {
  constructor(width, height, kinds) {
    this.width = width;
    this.image = new ImageData(width, height);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.bytes = new Uint8Array(this.image.data.buffer);
    this.seen = Array.from({ length: kinds }, () => new Uint8Array(width * height));
  }

  /** Paint a rectangle of whole pixels. */
  fill(x, y, width, height, [red, green, blue]) {
    const colour = ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
    for (let row = y; row < y + height; row += 1) {
      this.pixels.fill(colour, row * this.width + x, row * this.width + x + width);
    }
  }

  /**
   * Blend in those marks of which `isChosen` is `chosen`; a few on one pixel show as many do.
   *
   * @param {Int32Array} places - Pixel of each mark; less than 0 where it is not to be seen.
   * @param {Uint8Array} kinds - Which of `inks` each mark has.
   */
  stamp(places, kinds, isChosen, chosen, inks) {
    const { seen } = this;
    for (const marks of seen) marks.fill(0);
    for (let i = 0; i < places.length; i += 1) {
      const at = places[i];
      if (at < 0 || isChosen[i] !== chosen) continue;
      const kind = kinds[i];
      const marks = seen[kind];
      if (marks[at] === ENOUGH) continue;
      marks[at] += 1;
      this.#blend(at, inks[kind]);
    }
  }

  #blend(at, { offsets, shares, red, green, blue }) {
    const { bytes } = this;
    for (let i = 0; i < offsets.length; i += 1) {
      const pixel = 4 * (at + offsets[i]);
      const share = shares[i];
      bytes[pixel] += ((red - bytes[pixel]) * share + 128) >> 8;
      bytes[pixel + 1] += ((green - bytes[pixel + 1]) * share + 128) >> 8;
      bytes[pixel + 2] += ((blue - bytes[pixel + 2]) * share + 128) >> 8;
    }
  }
}
