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

/**
 * Return the pixels that a mark of radius `r` covers: where they are from its centre in a picture
 * `width` pixels wide, and how much of each is covered, 0 to 1.
 */
function sprite(family, r, width) {
  const reach = Math.ceil(1.3 * r);
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
  return { reach, offsets: Int32Array.from(offsets), covers: Float32Array.from(covers) };
}

/** An opaque picture that marks are blended into. */
class Picture {
  constructor(width, height, background) {
    this.width = width;
    this.height = height;
    this.image = new ImageData(width, height);
    new Uint32Array(this.image.data.buffer).fill(
      (255 << 24) | (background[2] << 16) | (background[1] << 8) | background[0],
    );
  }

  /** Return a function that blends in one kind of mark; a few on one pixel show as many do. */
  stamp({ reach, offsets, covers }, [red, green, blue], alpha) {
    const { width, height } = this;
    const { data } = this.image;
    const seen = new Uint8Array(width * height);
    const shares = covers.map((cover) => cover * alpha);
    return (x, y) => {
      const [column, row] = [Math.round(x), Math.round(y)];
      const at = row * width + column;
      const isOutside = column < reach || row < reach || column >= width - reach || row >= height - reach;
      if (isOutside || seen[at] === ENOUGH) return;
      seen[at] += 1;
      for (let i = 0; i < offsets.length; i += 1) {
        const pixel = 4 * (at + offsets[i]);
        const share = shares[i];
        data[pixel] += (red - data[pixel]) * share;
        data[pixel + 1] += (green - data[pixel + 1]) * share;
        data[pixel + 2] += (blue - data[pixel + 2]) * share;
      }
    };
  }
}

/** Lines between neighbouring axes, counted pixel by pixel and then shown by their number. */
class LineDensity {
  constructor(width, height, colours) {
    Object.assign(this, { width, height, colours });
    this.counts = colours.map(() => new Float32Array(width * height));
  }

  /**
   * Count lines of one colour from the column of pixels `x0` to `x1`.
   *
   * @param {number[]} lines - Of each line its two heights and how many it stands for.
   */
  add(which, x0, x1, lines) {
    const counts = this.counts[which];
    const { height } = this;
    const packed = Float32Array.from(lines);
    for (let x = x0; x < x1; x += 1) {
      const share = (x - x0) / (x1 - x0);
      for (let i = 0; i < packed.length; i += 3) {
        const y = packed[i] + (packed[i + 1] - packed[i]) * share;
        const row = y | 0;
        const below = packed[i + 2] * (y - row);
        counts[x * height + row] += packed[i + 2] - below;
        counts[x * height + row + 1] += below;
      }
    }
  }

  /** Return the picture: stronger where there are more lines, by the logarithm of their number. */
  canvas(background) {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [this.width, this.height];
    canvas.getContext("2d").putImageData(this.#image(background), 0, 0);
    return canvas;
  }

  #image(background) {
    const { width, height, counts, colours } = this;
    const total = new Float32Array(width * height);
    for (const mine of counts) for (let i = 0; i < total.length; i += 1) total[i] += mine[i];
    let most = 1;
    for (let i = 0; i < total.length; i += 1) most = Math.max(most, total[i]);
    const strength = 0.65 / Math.log1p(3 * most);
    const { image } = new Picture(width, height, background);
    for (let x = 0; x < width; x += 1) {
      for (let y = 0; y < height; y += 1) {
        const i = x * height + y;
        if (total[i] === 0) continue;
        const alpha = Math.min(1, total[i]) * (0.25 + strength * Math.log1p(total[i]));
        for (let c = 0; c < 3; c += 1) {
          let blend = 0;
          for (let which = 0; which < counts.length; which += 1) blend += counts[which][i] * colours[which][c];
          const pixel = 4 * (y * width + x) + c;
          image.data[pixel] += (blend / total[i] - image.data[pixel]) * alpha;
        }
      }
    }
    return image;
  }
}
