"use strict";

// Tables of points: the front, and those that have no accuracy.

const SHOWN = 200;

/** Return a table of the front; `choose` is told of a row. */
function frontTable(study, view, choose) {
  const names = ["weight_format", "act_format", "recipe", "family"].filter((name) => study.columns.get(name).distinct > 1);
  const told = study.numeric.filter((column) => column.distinct > 1 || study.n_points === 1);
  const columns = [...names.map((name) => study.columns.get(name)), ...told];
  const side = (column) => (column.is_category ? {} : { class: "number" });
  const head = columns.map((column) => make("th", { scope: "col", ...side(column) }, column.label));
  const lines = view.front.slice(0, SHOWN).map((row) => {
    const digest = study.digest(row);
    const button = make("button", { type: "button", "data-point": digest, click: () => choose(row) }, digest.slice(0, 8));
    const cells = columns.map((column) => make("td", side(column), valueText(column, row)));
    return make("tr", row === view.chosen ? { class: "chosen" } : {}, make("th", { scope: "row" }, button), ...cells);
  });
  const rest = view.front.length - lines.length;
  const caption = rest > 0 ? [make("caption", {}, `The first ${SHOWN} of ${view.front.length} points.`)] : [];
  return make("table", {}, ...caption, make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "point"), ...head)), make("tbody", {}, ...lines));
}

/** Return a table of points that ended without an accuracy. */
function endedTable(ended) {
  const names = {
    digest: "point",
    weight_format: "weights",
    act_format: "activations",
    recipe: "recipe",
    reason: "why it ended",
    n_val: "validation images seen",
    val_bound_pct: "accuracy at most [%]",
  };
  const head = Object.values(names).map((text) => make("th", { scope: "col" }, text));
  const lines = ended.map((point) => {
    const shown = { ...point, digest: point.digest.slice(0, 8), val_bound_pct: inGroups(point.val_bound_pct, 2) };
    return make("tr", {}, ...Object.keys(names).map((name) => make("td", {}, String(shown[name]))));
  });
  return make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...lines));
}
