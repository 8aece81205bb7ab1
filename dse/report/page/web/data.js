"use strict";

// The study inside this file: its columns, decoded once into typed arrays.

/** Return the bytes of a base64 text. */
function bytesOf(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i += 1) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** Return the code of each point of a packed column. */
function codesOf({ codes, width }) {
  const bytes = bytesOf(codes);
  if (width === 1) return bytes;
  return width === 2 ? new Uint16Array(bytes.buffer) : new Uint32Array(bytes.buffer);
}

/**
 * One column of the points. Its `values` ascend, so that a point's code is its rank, which is all
 * that a front or a range has to compare. Categories stand on axes at their rank.
 */
class Column {
  constructor(plain) {
    Object.assign(this, plain);
    this.codes = codesOf(plain);
    this.numbers = plain.values.map((value, rank) => {
      if (this.is_category) return rank;
      return value === null ? NaN : value;
    });
    const known = this.numbers.filter((number) => !Number.isNaN(number));
    this.isComplete = known.length === this.numbers.length;
    this.distinct = known.length;
    this.low = known[0] ?? 0;
    this.high = known.at(-1) ?? 1;
  }

  /** Return where a point stands on an axis; NaN where it has no number. */
  number(row) {
    return this.numbers[this.codes[row]];
  }

  /** Return the value of a point; null where it has no number. */
  value(row) {
    return this.values[this.codes[row]];
  }

  /** Return the value of a point as text. */
  text(row) {
    return this.shown(this.value(row));
  }

  /** Return a value of this column as text. */
  shown(value) {
    if (this.is_category) return this.names?.[value] ?? value;
    return value === null ? "–" : inGroups(value, this.digits);
  }

  /** Return the ends of a measured value's interval, or null. */
  interval(row) {
    return this.ends ? [this.ends.low[this.codes[row]], this.ends.high[this.codes[row]]] : null;
  }
}

const FORMATS = Array.from(
  { length: 7 },
  (_, digits) => new Intl.NumberFormat("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }),
);

/** Return a number with thin spaces between groups of three digits. */
function inGroups(number, digits) {
  return FORMATS[digits].format(number).replaceAll(",", "\u202f").replace("-", "\u2212");
}

/** All of the study, as the rest of the page reads it. */
class Study {
  constructor(plain) {
    Object.assign(this, plain);
    this.columns = new Map(plain.columns.map((column) => [column.name, new Column(column)]));
    this.counts = codesOf(plain.counts);
    this.layers = plain.layers.map((layer) => new Layer(layer));
    for (const column of this.layers.flatMap((layer) => layer.columns)) {
      if (this.is_per_layer) this.columns.set(column.name, column);
    }
    this.digestBytes = bytesOf(plain.digests.data);
  }

  /** Return the beginning of a point's digest, long enough to name it. */
  digest(row) {
    const { bytes } = this.digests;
    const mine = this.digestBytes.subarray(row * bytes, (row + 1) * bytes);
    return Array.from(mine, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  /** Return a point's formats, or its name where they differ from layer to layer, and its recipe. */
  title(row) {
    const [weights, acts, recipe] = ["weight_format", "act_format", "recipe"].map((name) =>
      this.columns.get(name).text(row),
    );
    const formats = this.is_per_layer ? `point ${this.digest(row).slice(0, 8)}` : `${weights} × ${acts}`;
    return `${formats}${recipe === "none" ? "" : `, ${recipe}`}`;
  }

  /** Return the columns that hold numbers. */
  get numeric() {
    return [...this.columns.values()].filter((column) => !column.is_category);
  }
}

/** A layer: its formats as columns, and what it costs. */
class Layer {
  constructor(plain) {
    this.name = plain.name;
    this.costs = plain.costs;
    this.foldings = plain.folding.columns;
    const column = (kind, packed) =>
      new Column({ ...packed, name: `${plain.name} ${kind}`, label: `${plain.name} ${kind}`, is_category: true });
    this.columns = [column("weights", plain.weights), column("input", plain.acts)];
    this.foldingCodes = codesOf(plain.folding);
    this.costCodes = plain.costs ? codesOf(plain.costs) : null;
  }

  /** Return a point's parallelism in this layer. */
  folding(row) {
    const { pe, simd } = this.foldings;
    return `${pe[this.foldingCodes[row]]} × ${simd[this.foldingCodes[row]]}`;
  }

  /** Return what the layer takes of one resource at a point. */
  cost(row, name) {
    return this.costs.columns[name][this.costCodes[row]];
  }
}
