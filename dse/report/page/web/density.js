"use strict";

// Very many lines between upright axes, counted pixel by pixel and shown by their number.

/** The counts of lines of some kinds; columns of pixels lie together, as lines are drawn by them. */
class LineDensity {
  constructor(width, height, kinds) {
    Object.assign(this, { width, height });
    this.counts = Array.from({ length: kinds }, () => new Float32Array(width * height));
    this.total = new Float32Array(width * height);
    this.image = new ImageData(width, height);
  }

  /** Forget all lines. */
  clear() {
    for (const mine of this.counts) mine.fill(0);
  }

  /**
   * Count lines of one kind from the column of pixels `x0` to `x1`.
   *
   * @param {Float32Array} lines - Of each line its two heights and how many it stands for.
   */
  add(kind, x0, x1, lines) {
    const counts = this.counts[kind];
    const { height } = this;
    for (let x = x0; x < x1; x += 1) {
      const share = (x - x0) / (x1 - x0);
      for (let i = 0; i < lines.length; i += 3) {
        const y = lines[i] + (lines[i + 1] - lines[i]) * share;
        const row = y | 0;
        const below = lines[i + 2] * (y - row);
        counts[x * height + row] += lines[i + 2] - below;
        counts[x * height + row + 1] += below;
      }
    }
  }

  /** Return the picture: stronger where there are more lines, by the logarithm of their number. */
  picture(colours, background) {
    const { width, height, counts, total, image } = this;
    const { data } = image;
    const strength = 0.65 / Math.log1p(3 * this.#sum());
    for (let y = 0, pixel = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1, pixel += 4) {
        const i = x * height + y;
        const all = total[i];
        const alpha = all === 0 ? 0 : Math.min(1, all) * (0.25 + strength * Math.log1p(all));
        for (let c = 0; c < 3; c += 1) {
          let blend = 0;
          if (alpha > 0) for (let kind = 0; kind < counts.length; kind += 1) blend += counts[kind][i] * colours[kind][c];
          data[pixel + c] = alpha > 0 ? background[c] + (blend / all - background[c]) * alpha : background[c];
        }
        data[pixel + 3] = 255;
      }
    }
    return image;
  }

  /** Add up the kinds and return the greatest sum, at least 1. */
  #sum() {
    const { counts, total } = this;
    total.fill(0);
    for (const mine of counts) for (let i = 0; i < total.length; i += 1) total[i] += mine[i];
    let most = 1;
    for (let i = 0; i < total.length; i += 1) if (total[i] > most) most = total[i];
    return most;
  }
}
