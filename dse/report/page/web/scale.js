"use strict";

// Axes: from numbers to pixels and back, and where ticks go.

/** A linear or logarithmic map of numbers from `low` to `high` onto pixels. */
class Scale {
  constructor(low, high, isLog, from, to) {
    this.isLog = isLog && low > 0;
    const room = low === high ? (this.isLog ? 1.1 : Math.abs(low) || 1) : 0;
    this.low = this.isLog && room ? low / room : low - room;
    this.high = this.isLog && room ? high * room : high + room;
    this.from = from;
    this.to = to;
    this.start = this.raised(this.low);
    this.factor = (to - from) / (this.raised(this.high) - this.start);
  }

  raised(number) {
    return this.isLog ? Math.log(number) : number;
  }

  /** Return the pixel of a number. */
  at(number) {
    return this.from + (this.raised(number) - this.start) * this.factor;
  }

  /** Return the number of a pixel. */
  invert(pixel) {
    const raised = this.start + (pixel - this.from) / this.factor;
    return this.isLog ? Math.exp(raised) : raised;
  }

  /** Return round numbers, about `count` of them. */
  ticks(count) {
    if (this.isLog && this.high / this.low > 8) return logTicks(this.low, this.high, count);
    return linearTicks(this.low, this.high, count);
  }
}

function linearTicks(low, high, count) {
  const rough = (high - low) / Math.max(count, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((digit) => digit * power).find((size) => size >= rough * 0.999);
  const ticks = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high * (1 + 1e-12) + 1e-12; k += 1) ticks.push(k * step);
  return ticks;
}

function logTicks(low, high, count) {
  const decades = Math.log10(high / low);
  const digits = decades * 3 <= count ? [1, 2, 5] : [1];
  const every = Math.max(1, Math.ceil(decades / Math.max(count, 1)));
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power += every) {
    for (const digit of digits) {
      const tick = digit * 10 ** power;
      if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
    }
  }
  return ticks;
}

/** Return a tick as text, with the digits that tell it from its neighbours and no more. */
function tickText(number, ticks) {
  const step = ticks.length > 1 ? Math.min(...ticks.slice(1).map((tick, i) => tick - ticks[i])) : number || 1;
  const digits = Math.min(6, Math.max(0, -Math.floor(Math.log10(Math.abs(step)) + 1e-9)));
  return inGroups(number, digits);
}
