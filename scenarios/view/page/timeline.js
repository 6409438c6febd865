import {el, seconds, plural} from './dom.js';

const paceTop = 4, paceHigh = 40, lane = 17;

// Timeline draws the whole run: how busy it was, the fault windows, the verdicts with an instant, and the moment shown.
export class Timeline {
  constructor(box, run, go) {
    Object.assign(this, {box, run, go, at: 0});
    new ResizeObserver(() => this.draw()).observe(box);
  }

  x(ns) { return this.run.end ? ns / this.run.end * (this.wide - 2) + 1 : 1; }

  draw() {
    const {run} = this, width = this.box.clientWidth;
    if (!width) return;
    this.wide = width;
    const kinds = [...new Set(run.faults.map(f => f.kind))];
    const failing = run.verdicts.filter(v => v.outcome === 'fail');
    const lanesTop = paceTop + paceHigh + 6, marksTop = lanesTop + kinds.length * lane + 4;
    const axis = marksTop + (failing.length ? 20 : 4), high = axis + 18;
    const svg = el('svg:svg', {viewBox: `0 0 ${width} ${high}`, role: 'img', 'aria-label': this.summary(failing)});
    const defs = el('svg:defs', {}, el('svg:pattern', {id: 'hatch', width: 6, height: 6, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)'},
      el('svg:rect', {width: 6, height: 6, class: 't-hatch', fill: 'var(--fault)'}), el('svg:line', {x1: 0, y1: 0, x2: 0, y2: 6, stroke: 'var(--faultline)', 'stroke-width': 1.2})));
    svg.append(defs);
    for (const f of run.faults) { // where a fault is on, the whole height is shaded
      const w = Math.max(1, this.x(f.end) - this.x(f.begin));
      if (f.end > f.begin) svg.append(el('svg:rect', {x: this.x(f.begin), y: paceTop, width: w, height: paceHigh, fill: 'var(--fault)', opacity: .28}));
    }
    const most = Math.max(1, ...run.pace.inputs), step = run.pace.every;
    let path = `M1 ${paceTop + paceHigh}`;
    run.pace.inputs.forEach((n, i) => {
      const y = paceTop + paceHigh - n / most * paceHigh;
      path += `L${this.x(Math.min(i * step, run.end)).toFixed(1)} ${y.toFixed(1)}L${this.x(Math.min((i + 1) * step, run.end)).toFixed(1)} ${y.toFixed(1)}`;
    });
    svg.append(el('svg:path', {d: path + `L${this.x(run.end)} ${paceTop + paceHigh}Z`, class: 't-pace'}),
      el('svg:text', {x: 4, y: paceTop + 11, class: 'name'}, `inputs of all hosts, up to ${Math.round(most / (step / 1e9)).toLocaleString('en-US')} a second`));
    kinds.forEach((kind, i) => {
      const y = lanesTop + i * lane, of = run.faults.filter(f => f.kind === kind);
      for (const f of of) {
        svg.append(el('svg:rect', {x: this.x(f.begin), y: y + 1, width: Math.max(1.5, this.x(f.end) - this.x(f.begin)), height: lane - 4, rx: 1.5, class: 't-fault', fill: 'url(#hatch)'},
          el('svg:title', {}, `${kind}, ${seconds(f.begin)} to ${seconds(f.end)}`)));
      }
      const from = Math.max(2, Math.min(this.x(of[0].begin) + 4, width - 110));
      svg.append(el('svg:text', {x: from, y: y + lane - 6, class: 'name'}, of.length > 1 ? `${kind} ×${of.length}` : kind));
    });
    svg.append(el('svg:line', {x1: this.x(run.calm), x2: this.x(run.calm), y1: paceTop, y2: axis, class: 't-calm'}),
      el('svg:text', {x: this.x(run.calm) + 4, y: paceTop + 23, class: 'name'}, 'calm'));
    for (const v of failing) {
      const x = this.x(v.at), y = marksTop + 8, left = x > width - 160;
      svg.append(el('svg:path', {d: `M${x - 4} ${y - 4}L${x + 4} ${y + 4}M${x + 4} ${y - 4}L${x - 4} ${y + 4}`, class: 't-bad'}),
        el('svg:line', {x1: x, x2: x, y1: paceTop, y2: y - 6, class: 't-bad', 'stroke-width': 1, 'stroke-dasharray': '2 3'}),
        el('svg:text', {x: x + (left ? -8 : 8), y: y + 4, class: 't-badtext', 'text-anchor': left ? 'end' : 'start'}, `${v.checker} fails`));
    }
    svg.append(el('svg:line', {x1: 0, x2: width, y1: axis, y2: axis, class: 't-axis'}));
    const every = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 3600].find(s => run.end / 1e9 / s <= width / 70) ?? 7200;
    for (let s = 0; s * 1e9 <= run.end; s += every) {
      const x = this.x(s * 1e9);
      svg.append(el('svg:line', {x1: x, x2: x, y1: axis, y2: axis + 4, class: 't-axis'}), el('svg:text', {x, y: axis + 15, 'text-anchor': s ? (x > width - 20 ? 'end' : 'middle') : 'start'}, `${s} s`));
    }
    this.head = el('svg:g', {}, el('svg:line', {x1: 0, x2: 0, y1: 0, y2: axis, class: 't-head'}), el('svg:path', {d: 'M-5 0h10l-5 7z', class: 't-grip'}));
    svg.append(this.head);
    const pick = e => this.go(Math.round(Math.max(0, Math.min(1, (e.clientX - svg.getBoundingClientRect().left - 1) / (svg.getBoundingClientRect().width - 2))) * run.end));
    svg.addEventListener('pointerdown', e => { if (e.button === 0) { svg.setPointerCapture(e.pointerId); pick(e); } });
    svg.addEventListener('pointermove', e => { if (e.buttons & 1) pick(e); });
    this.box.replaceChildren(svg);
    this.move(this.at);
  }

  summary(failing) {
    const r = this.run;
    return `${seconds(r.end)} of virtual time, calm from ${seconds(r.calm)} on; ${plural(r.faults.length, 'fault window')}; `
      + (failing.length ? failing.map(v => `${v.checker} fails at ${seconds(v.at)}`).join(', ') : 'no checker fails');
  }

  move(at) {
    this.at = at;
    this.head?.setAttribute('transform', `translate(${this.x(at).toFixed(2)} 0)`);
  }
}
