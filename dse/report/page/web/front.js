"use strict";

// Fronts of the points that are kept. Ranks stand for values, so everything here is an integer.

/** Of a point that may be on the front: it has all its numbers and breaks no constraint. */
const COUNTS_FOR_ALL = 2;

/** Finds fronts; how the points of a study follow each other in some columns is found once. */
class Fronts {
  #study;
  #sorted = new Map();

  constructor(study) {
    this.#study = study;
  }

  /**
   * Return the rows of which `isKept` is 1 and that no other such row dominates in the columns
   * `names`, sorted by them. Rows equal in all columns are on the front together, rows that lack a
   * number are not on it.
   */
  of(isKept, names) {
    const key = JSON.stringify(names);
    if (!this.#sorted.has(key)) this.#sorted.set(key, this.#sort(names));
    const { rows, ranks } = this.#sorted.get(key);
    const front = [];
    for (let i = 0; i < rows.length; i += 1) {
      if (isKept[rows[i]] === 1 && !isDominated(rows[i], front, ranks)) front.push(rows[i]);
    }
    return front;
  }

  /** Return the rows that can be on a front in some columns, sorted by them, and their ranks. */
  #sort(names) {
    const columns = names.map((name) => this.#study.columns.get(name));
    const ranks = columns.map(ranksOf);
    const { counts } = this.#study;
    const isEligible = (row) =>
      counts[row] === COUNTS_FOR_ALL && columns.every((column) => column.isComplete || !Number.isNaN(column.number(row)));
    let rows = Uint32Array.from(counts.keys()).filter(isEligible);
    for (let k = columns.length - 1; k >= 0; k -= 1) rows = sortedBy(rows, ranks[k], columns[k].values.length);
    return { rows, ranks };
  }
}

/** Return `rows` sorted by a key that lies below `count`, equal ones in the order they came. */
function sortedBy(rows, keys, count) {
  const starts = new Uint32Array(count + 1);
  for (const row of rows) starts[keys[row] + 1] += 1;
  for (let key = 0; key < count; key += 1) starts[key + 1] += starts[key];
  const sorted = new Uint32Array(rows.length);
  for (const row of rows) sorted[starts[keys[row]]++] = row;
  return sorted;
}

/** Return the ranks of a column such that less is better. */
function ranksOf({ codes, values, is_maximised }) {
  return Uint32Array.from(codes, (code) => (is_maximised ? values.length - 1 - code : code));
}

/** Return whether a row on the front so far is better than `row` somewhere and worse nowhere. */
function isDominated(row, front, ranks) {
  for (let i = front.length - 1; i >= 0; i -= 1) {
    let nowhereWorse = true;
    let somewhereBetter = false;
    for (let k = 0; k < ranks.length && nowhereWorse; k += 1) {
      nowhereWorse = ranks[k][front[i]] <= ranks[k][row];
      somewhereBetter ||= ranks[k][front[i]] < ranks[k][row];
    }
    if (nowhereWorse && somewhereBetter) return true;
    // of two objectives the latest row of the front is the best in the second
    if (ranks.length === 2) return false;
  }
  return false;
}
