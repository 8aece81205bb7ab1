"use strict";

// The page as a whole: what its parts share, and what follows from a change.

const part = (id) => document.getElementById(id);

/** Fill the parts that need no point. */
function describe(study) {
  part("title").textContent = `${study.model} on ${study.data}`;
  const open = study.n_planned - study.n_points - study.n_ended;
  const sentences = [
    `${inGroups(study.n_points, 0)} of ${inGroups(study.n_planned, 0)} points have an accuracy`,
    ...(study.n_ended ? [`${inGroups(study.n_ended, 0)} ended without one`] : []),
    ...(open ? [`${inGroups(open, 0)} are still to be evaluated`] : []),
  ];
  part("summary").textContent = `${sentences.join(", ")}.`;
  for (const [name, text] of [...floatFacts(study), ...study.facts]) {
    part("facts").append(make("dt", {}, name), make("dd", {}, text));
  }
  if (study.n_ended === 0) return;
  part("ended").hidden = false;
  const rest = study.n_ended - study.ended.length;
  part("ended-note").textContent = rest
    ? `The first ${study.ended.length} of ${inGroups(study.n_ended, 0)}; ended.csv holds all.`
    : "They are on no front and in no figure above.";
  part("ended-table").append(endedTable(study.ended));
}

function floatFacts(study) {
  return ["val_top1_pct", "test_top1_pct"].map((name) => {
    const { value, low, high } = study.float[name];
    const kind = name === "val_top1_pct" ? "validation" : "test";
    return [`${kind} top-1 before quantization`, `${inGroups(value, 2)} % (${inGroups(low, 2)} … ${inGroups(high, 2)}), measured, 95 % interval`];
  });
}

/** What the parts of the page look at and change. */
class View {
  constructor(study) {
    this.study = study;
    [this.x, this.y] = study.objectives;
    const costs = study.numeric.filter((column) => column.is_cost && column.low > 0);
    this.isLog = new Set(costs.filter((column) => column.high > 1.5 * column.low).map((column) => column.name));
    this.zoom = null;
    this.pointed = -1;
    this.chosen = -1;
    this.isKept = new Uint8Array(study.n_points);
    this.rows = new Uint32Array();
    this.front = [];
    this.fronts = new Fronts(study);
    this.theme = new Theme();
  }

  /** Keep the rows of which `isKept` is 1, and find their front: chosen on validation, whatever is shown. */
  keep(isKept) {
    const { columns, objectives } = this.study;
    const names = [this.x, this.y, ...objectives.slice(2)].map((name) => columns.get(name).chosen_by);
    const distinct = [...new Set(names)];
    this.isStaircase = distinct.length === 2;
    this.isKept = isKept;
    this.rows = rowsOf(isKept);
    this.front = this.fronts.of(isKept, distinct);
  }

  /** Say how the front was found. */
  get note() {
    const label = (name) => this.study.columns.get(name).label;
    const { columns, objectives } = this.study;
    const shown = [...new Set([this.x, this.y, ...objectives.slice(2)])];
    const swapped = shown.filter((name) => columns.get(name).chosen_by !== name);
    const better = shown.map((name) => `${columns.get(name).is_maximised ? "more" : "less"} ${label(name)}`);
    const by = swapped.map((name) => ` It is chosen by ${label(columns.get(name).chosen_by)} and shown with ${label(name)}, so it need not be a staircase.`);
    return `The front: ${better.join(", ")}.${by.join("")} A bar is the 95 % interval of one accuracy.`;
  }
}

/** Return the rows marked with 1, in order. */
function rowsOf(marks) {
  const rows = new Uint32Array(marks.length);
  let count = 0;
  for (let row = 0; row < marks.length; row += 1) {
    rows[count] = row;
    count += marks[row];
  }
  return rows.slice(0, count);
}

/** Show a study with points. */
function explore(study) {
  const view = new View(study);
  let isDue = false;
  const later = () => {
    if (!isDue) requestAnimationFrame(() => { isDue = false; refilter(); });
    isDue = true;
  };
  const filters = new Filters(part("filters"), study, later);
  const scatter = new Scatter(part("scatter"), study, view);
  const parallel = new Parallel(part("parallel"), study, view, filters);

  function refilter() {
    view.keep(filters.isKept());
    const counts = [view.rows.length, study.n_points, view.front.length].map((count) => inGroups(count, 0));
    part("kept").textContent = `${counts[0]} of ${counts[1]} points shown, ${counts[2]} on the front`;
    part("front-note").textContent = view.note;
    redraw();
  }
  function rearrange() {
    scatter.arrange();
    parallel.arrange();
    redraw();
  }
  function redraw() {
    scatter.draw();
    parallel.draw();
    controls.update();
    showFront();
  }
  function showFront() {
    part("table").replaceChildren(frontTable(study, view, (row) => choose(row, true)));
  }
  function choose(row, moveFocus) {
    view.chosen = row;
    part("details-title").textContent = row < 0 ? "No point chosen" : study.title(row);
    part("details").replaceChildren(...(row < 0 ? [] : pointDetails(study, view, row)));
    scatter.drawOver();
    parallel.drawOver();
    showFront();
    if (moveFocus) part("details-title").focus();
  }
  const controls = new ScatterControls(scatter, part("axes"), part("tip"), {
    axis(which, name) {
      view[which] = name;
      view.zoom = null;
      scatter.arrange();
      refilter();
    },
    log(name, isLog) {
      if (isLog) view.isLog.add(name);
      else view.isLog.delete(name);
      view.zoom = null;
      rearrange();
    },
    zoom(box) {
      view.zoom = box;
      scatter.arrange();
      redraw();
    },
    choose,
    say(row) {
      part("spoken").textContent = pointSentence(study, view, row);
    },
  });
  part("parallel-axes").append(...axisBoxes(study, parallel));
  part("reset").addEventListener("click", () => filters.reset());
  part("study-view").hidden = false;
  scatter.arrange();
  parallel.arrange();
  refilter();
  const observer = new ResizeObserver(() => {
    if (![scatter, parallel].every((plot) => isSameSize(plot.size, sizeOf(plot.root)))) rearrange();
  });
  for (const plot of [scatter, parallel]) observer.observe(plot.root);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    view.theme = new Theme();
    rearrange();
  });
}

/** Return boxes that choose the parallel axes. */
function axisBoxes(study, parallel) {
  const boxes = [...study.columns.values()].map((column) => {
    const box = make("input", { type: "checkbox", checked: parallel.names.includes(column.name), change: () => update() });
    return { box, name: column.name, label: make("label", {}, box, column.label) };
  });
  const update = () => parallel.setNames(boxes.filter(({ box }) => box.checked).map(({ name }) => name));
  return boxes.map(({ label }) => label);
}

function start() {
  const study = new Study(JSON.parse(part("data").textContent));
  describe(study);
  if (study.n_points > 0) return explore(study);
  part("empty").hidden = false;
  part("empty").textContent =
    study.n_ended > 0
      ? "No point of this study has an accuracy, so there is nothing to draw. Below is why each of them ended."
      : "No point of this study is evaluated yet. Write the page again when some are.";
}

start();
