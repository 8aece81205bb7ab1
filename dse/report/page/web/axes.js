"use strict";

// What the plot's axes show, and moving about in it with pointer and keys.

/** Controls of a `Scatter`; `act` holds what the page does about them. */
class ScatterControls {
  constructor(scatter, form, tip, act) {
    Object.assign(this, { scatter, tip, act });
    const { view, study } = scatter;
    for (const axis of ["x", "y"]) {
      const options = study.numeric.map((column) =>
        make("option", { value: column.name, selected: column.name === view[axis] }, column.label),
      );
      const select = make("select", { "aria-label": `${axis} axis`, change: () => act.axis(axis, select.value) }, ...options);
      const box = make("input", {
        type: "checkbox",
        "aria-label": `logarithmic ${axis} axis`,
        change: () => act.log(view[axis], box.checked),
      });
      this[axis] = { select, box };
      form.append(make("label", {}, `${axis} `, select), make("label", {}, box, "log"));
    }
    this.frontOnly = make("button", { type: "button", click: () => act.zoom(this.#aroundFront()) }, "Magnify the front");
    this.whole = make("button", { type: "button", click: () => act.zoom(null) }, "All");
    form.append(this.frontOnly, this.whole);
    this.#listen(scatter.root);
  }

  /** Show what is drawn. */
  update() {
    const { view, study } = this.scatter;
    for (const axis of ["x", "y"]) {
      const { box } = this[axis];
      box.checked = view.isLog.has(view[axis]);
      box.disabled = !(study.columns.get(view[axis]).low > 0);
    }
    this.whole.disabled = !view.zoom;
    this.frontOnly.disabled = view.front.length === 0;
  }

  #aroundFront() {
    const { view, study } = this.scatter;
    const around = (name) => {
      const column = study.columns.get(name);
      const numbers = view.front.map((row) => column.number(row));
      const scale = new Scale(Math.min(...numbers), Math.max(...numbers), view.isLog.has(name), 0, 1);
      return [scale.invert(-0.08), scale.invert(1.08)];
    };
    return { [view.x]: around(view.x), [view.y]: around(view.y) };
  }

  #listen(root) {
    let start = null;
    const place = (event) => {
      const { left, top } = root.getBoundingClientRect();
      return [event.clientX - left, event.clientY - top];
    };
    root.addEventListener("pointerdown", (event) => {
      if (event.button === 0) start = place(event);
    });
    root.addEventListener("pointermove", (event) => {
      const [x, y] = place(event);
      const isDrag = start && Math.hypot(x - start[0], y - start[1]) > 6;
      if (isDrag) this.scatter.drawOver([...start, x - start[0], y - start[1]]);
      else this.#point(this.scatter.nearest(x, y));
    });
    root.addEventListener("pointerup", (event) => {
      const end = place(event);
      if (start && Math.hypot(end[0] - start[0], end[1] - start[1]) > 6) this.#magnify(start, end);
      else if (start) this.act.choose(this.scatter.nearest(...end), false);
      start = null;
    });
    root.addEventListener("pointerleave", () => {
      start = null;
      this.#point(-1);
    });
    root.addEventListener("dblclick", () => this.act.zoom(null));
    root.addEventListener("keydown", (event) => this.#key(event));
    root.addEventListener("blur", () => this.#point(-1));
  }

  #magnify(start, end) {
    const { scaleX, scaleY, view } = this.scatter;
    const between = (scale, a, b) => [scale.invert(a), scale.invert(b)].sort((p, q) => p - q);
    this.act.zoom({
      [view.x]: between(scaleX, start[0], end[0]),
      [view.y]: between(scaleY, start[1], end[1]),
    });
  }

  #key(event) {
    const { view } = this.scatter;
    const { front } = view;
    const last = front.length - 1;
    const at = front.indexOf(view.pointed);
    const next = {
      ArrowRight: Math.min(at + 1, last),
      ArrowDown: Math.min(at + 1, last),
      ArrowLeft: Math.max(at - 1, 0),
      ArrowUp: Math.max(at - 1, 0),
      Home: 0,
      End: last,
    }[event.key];
    if (next !== undefined && front.length) this.#point(front[next], true);
    else if (event.key === "Enter" && view.pointed >= 0) this.act.choose(view.pointed, true);
    else if (event.key === "Escape") this.act.choose(-1, false);
    else return;
    event.preventDefault();
  }

  /** Point at a row, or at nothing; `aloud` tells a screen reader. */
  #point(row, aloud = false) {
    const { view } = this.scatter;
    if (row === view.pointed) return;
    view.pointed = row;
    this.scatter.drawOver();
    this.#showTip(row);
    if (aloud) this.act.say(row);
  }

  #showTip(row) {
    const { scatter, tip } = this;
    tip.hidden = row < 0;
    if (row < 0) return tip.replaceChildren();
    tip.replaceChildren(...pointSummary(scatter.study, scatter.view, row));
    const { width, height } = scatter.root.getBoundingClientRect();
    const [x, y] = [scatter.x[row], scatter.y[row]];
    tip.style.left = `${Math.max(0, x + 16 + tip.offsetWidth < width ? x + 16 : x - 16 - tip.offsetWidth)}px`;
    tip.style.top = `${Math.max(0, Math.min(y - 20, height - tip.offsetHeight))}px`;
  }
}
