"use strict";

// Fronts of the points that are kept. Ranks stand for values, so everything here is an integer.

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
function ranksOf(column) {
  if (!column.is_maximised) return column.codes;
  return column.codes.map((code) => column.values.length - 1 - code);
}

/** Return the rows whose number in every one of `columns` is known. */
function complete(rows, columns) {
  const open = columns.filter((column) => !column.isComplete);
  return open.length ? rows.filter((row) => open.every((column) => !Number.isNaN(column.number(row)))) : rows;
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

/**
 * Return the rows among `rows` that no other one dominates, sorted by the columns. Rows equal in
 * all columns are on the front together, rows that lack a number are not on it.
 */
function frontOf(rows, columns) {
  const ranks = columns.map(ranksOf);
  let sorted = complete(rows, columns);
  for (let k = columns.length - 1; k >= 0; k -= 1) {
    sorted = sortedBy(sorted, ranks[k], columns[k].values.length);
  }
  const front = [];
  for (const row of sorted) if (!isDominated(row, front, ranks)) front.push(row);
  return front;
}
