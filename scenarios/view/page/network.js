import {el, hosts, count, plural} from './dom.js';

const world = {NA: [.2, .34], EU: [.52, .3], SA: [.3, .86], AP: [.76, .5], JP: [.92, .28], AU: [.88, .86]};

// Network draws who is up, who lies, which kernel a host runs and who is connected with whom, grouped by region. What a
// sign means never hangs on its colour alone: kernels are round or square, liars three-cornered, hosts that are down hollow.
export class Network {
  constructor(canvas, tip, run, choose) {
    Object.assign(this, {canvas, tip, run, choose, picked: 0});
    this.state = null;
    new ResizeObserver(() => this.layout()).observe(canvas.parentElement);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.draw());
    canvas.addEventListener('pointermove', e => this.hover(e));
    canvas.addEventListener('pointerleave', () => { tip.hidden = true; });
    canvas.addEventListener('click', e => { const h = this.near(e); if (h) choose(h); });
  }

  // layout gives every region a circle of a size after its hosts, apart from the others, and every host a place in it.
  layout() {
    const wide = this.canvas.parentElement.clientWidth;
    if (!wide) return;
    const high = Math.round(Math.min(Math.max(wide * .66, 280), 620)), {run} = this;
    const members = run.regions.map(() => []);
    run.hosts.forEach((h, i) => members[h.region].push(i + 1));
    const total = run.hosts.length;
    const rs = members.map((m, i) => ({i, m, r: Math.sqrt((m.length + 3) / (total + 3 * members.length)) * Math.sqrt(.42 / Math.PI),
      x: (world[run.regions[i]] ?? [.5 + .3 * Math.cos(i * 6.283 / members.length), .5 + .3 * Math.sin(i * 6.283 / members.length)])[0] * (wide / high),
      y: (world[run.regions[i]] ?? [.5, .5 + .3 * Math.sin(i * 6.283 / members.length)])[1]}));
    if (rs.length === 1) Object.assign(rs[0], {x: wide / high / 2, y: .5, r: .46 * Math.min(1, wide / high)});
    for (let round = 0; round < 300; round++) {
      for (const a of rs) {
        for (const b of rs) {
          if (a === b) continue;
          const dx = b.x - a.x || .001, dy = b.y - a.y || .001, d = Math.hypot(dx, dy), gap = a.r + b.r + .05 - d;
          if (gap > 0) { a.x -= dx / d * gap / 4; a.y -= dy / d * gap / 4; b.x += dx / d * gap / 4; b.y += dy / d * gap / 4; }
        }
        a.x = Math.min(Math.max(a.x, a.r + .01), wide / high - a.r - .01);
        a.y = Math.min(Math.max(a.y, a.r + .05), 1 - a.r - .01);
      }
    }
    this.regions = rs.map(a => ({name: run.regions[a.i], hosts: a.m, x: a.x * high, y: a.y * high, r: a.r * high}));
    this.place = [];
    this.size = 9;
    for (const g of this.regions) {
      const n = g.hosts.length;
      if (n) this.size = Math.min(this.size, Math.max(2, g.r * .84 / Math.sqrt(n) * .66));
      g.hosts.forEach((h, i) => {
        const r = n === 1 ? 0 : g.r * .86 * Math.sqrt((i + .5) / n), a = i * 2.399963;
        this.place[h] = [g.x + r * Math.cos(a), g.y + r * Math.sin(a)];
      });
    }
    const ratio = devicePixelRatio || 1;
    this.wide = wide; this.high = high;
    this.canvas.width = wide * ratio; this.canvas.height = high * ratio;
    this.canvas.style.height = high + 'px';
    this.draw();
  }

  // show takes the network of a moment and gives what the page says about it.
  show(state, picked) {
    const {run} = this, s = {down: new Set(state.down), unborn: new Set(state.unborn), lies: new Map(), links: [], cut: 0, half: 0, life: new Map()};
    for (let i = 0; i < state.lies.length; i += 2) s.lies.set(state.lies[i], state.lies[i + 1]);
    for (let i = 0; i < state.again.length; i += 2) s.life.set(state.again[i], state.again[i + 1]);
    s.faults = state.faults.map(i => run.faults[i]);
    s.sides = s.faults.filter(f => f.from && f.to).map(f => f.sides ??= {from: hosts(f.from), to: hosts(f.to), both: f.both});
    s.hit = new Set();
    for (const f of s.faults) if (f.hosts && f.end > f.begin) for (const h of f.set ??= hosts(f.hosts)) s.hit.add(h);
    for (let i = 0; i < state.links.length; i += 3) {
      const [a, b, ends] = state.links.slice(i, i + 3);
      const cut = s.sides.some(c => c.from.has(a) && c.to.has(b) || c.from.has(b) && c.to.has(a));
      s.cut += cut; s.half += ends !== 3;
      s.links.push({a, b, ends, cut});
    }
    this.state = s;
    this.picked = picked;
    this.draw();
    return s;
  }

  draw() {
    if (!this.state || !this.place) return;
    const c = this.canvas.getContext('2d'), ratio = devicePixelRatio || 1, s = this.state, css = getComputedStyle(document.documentElement);
    const ink = name => css.getPropertyValue('--' + name).trim();
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    c.clearRect(0, 0, this.wide, this.high);
    c.font = '600 13px system-ui, "Liberation Sans", Arial, sans-serif';
    c.textAlign = 'center';
    for (const g of this.regions) {
      c.fillStyle = ink('region');
      c.beginPath(); c.arc(g.x, g.y, g.r, 0, 7); c.fill();
    }
    const line = (l, color, width, alpha, dash) => {
      const p = this.place[l.a], q = this.place[l.b];
      if (!p || !q) return;
      c.strokeStyle = color; c.lineWidth = width; c.globalAlpha = alpha; c.setLineDash(dash);
      c.beginPath(); c.moveTo(p[0], p[1]);
      const mx = (p[0] + q[0]) / 2, my = (p[1] + q[1]) / 2; // bent a little, so that links are told apart
      c.quadraticCurveTo(mx + (q[1] - p[1]) * .08, my - (q[0] - p[0]) * .08, q[0], q[1]); c.stroke();
    };
    const faint = Math.min(.55, Math.max(.07, 9 / Math.sqrt(s.links.length + 1) * .9)), mine = l => l.a === this.picked || l.b === this.picked;
    const link = ink('link'), cut = ink('cut'), pick = ink('pick');
    for (const l of s.links) if (!l.cut && !mine(l)) line(l, link, 1, faint, l.ends === 3 ? [] : [2, 3]);
    for (const l of s.links) if (l.cut && !mine(l)) line(l, cut, 1, Math.min(.8, faint * 1.8), [6, 4]);
    for (const l of s.links) if (mine(l)) line(l, l.cut ? cut : pick, 2, .95, l.cut ? [7, 4] : l.ends === 3 ? [] : [2, 3]);
    c.globalAlpha = 1; c.setLineDash([]);
    const peers = new Set(s.links.filter(mine).flatMap(l => [l.a, l.b]));
    for (let h = 1; h < this.place.length; h++) this.sign(c, h, ink, peers.has(h));
    for (const g of this.regions) {
      c.fillStyle = ink('ink'); c.strokeStyle = ink('paper'); c.lineWidth = 4; c.lineJoin = 'round';
      c.strokeText(g.name, g.x, g.y - g.r - 5); c.fillText(g.name, g.x, g.y - g.r - 5);
    }
    if (this.picked && this.place[this.picked]) {
      const [x, y] = this.place[this.picked];
      c.strokeStyle = pick; c.lineWidth = 2.4;
      c.beginPath(); c.arc(x, y, this.size + 5, 0, 7); c.stroke();
      c.lineWidth = 4; c.strokeStyle = ink('paper'); c.fillStyle = ink('ink');
      c.strokeText(this.picked, x, y - this.size - 10); c.fillText(this.picked, x, y - this.size - 10);
    }
  }

  sign(c, h, ink, peer) {
    const [x, y] = this.place[h], s = this.state, at = this.run.hosts[h - 1], group = this.run.groups[at.group], r = this.size;
    if (at.absent) return;
    const gone = s.down.has(h) || s.unborn.has(h), color = gone ? ink('down') : ink(group.liar ? 'liar' : group.kernel < 2 ? 'old' : 'host');
    c.beginPath();
    if (group.liar) { c.moveTo(x, y - r * 1.25); c.lineTo(x + r * 1.15, y + r * .85); c.lineTo(x - r * 1.15, y + r * .85); c.closePath(); }
    else if (group.kernel < 2) c.rect(x - r * .85, y - r * .85, r * 1.7, r * 1.7);
    else c.arc(x, y, r, 0, 7);
    c.fillStyle = gone ? ink('paper') : color; c.fill();
    c.lineWidth = gone ? 1.5 : 1; c.strokeStyle = gone ? color : ink('paper'); c.stroke();
    if (s.down.has(h)) {
      c.beginPath(); c.moveTo(x - r * .5, y - r * .5); c.lineTo(x + r * .5, y + r * .5); c.moveTo(x + r * .5, y - r * .5); c.lineTo(x - r * .5, y + r * .5); c.stroke();
    }
    if (s.sides.some(side => side.from.has(h))) {
      c.beginPath(); c.strokeStyle = ink('side'); c.lineWidth = Math.max(1, r * .28); c.setLineDash([3, 2]); c.arc(x, y, r + Math.min(2.2, r * .55), 0, 7); c.stroke(); c.setLineDash([]);
    }
    if (s.hit.has(h)) {
      c.strokeStyle = ink('faultline'); c.lineWidth = 1.6; c.beginPath(); c.moveTo(x - r, y + r + 3); c.lineTo(x + r, y + r + 3); c.stroke();
    }
    if (peer && h !== this.picked) { c.beginPath(); c.strokeStyle = ink('pick'); c.lineWidth = 1.4; c.arc(x, y, r + 1.5, 0, 7); c.stroke(); }
  }

  near(e) {
    const box = this.canvas.getBoundingClientRect(), x = e.clientX - box.left, y = e.clientY - box.top;
    let best = 0, least = Math.max(this.size + 6, 10) ** 2;
    this.place?.forEach((p, h) => {
      const d = (p[0] - x) ** 2 + (p[1] - y) ** 2;
      if (d < least && !this.run.hosts[h - 1].absent) { least = d; best = h; }
    });
    return best;
  }

  hover(e) {
    const h = this.state && this.near(e);
    this.tip.hidden = !h;
    if (!h) return;
    this.tip.textContent = this.words(h).join(' · ');
    const [x, y] = this.place[h];
    this.tip.style.left = Math.min(x + 12, this.wide - 210) + 'px';
    this.tip.style.top = y + 12 + 'px';
  }

  // words says what there is to say of a host.
  words(h) {
    const at = this.run.hosts[h - 1], g = this.run.groups[at.group], s = this.state;
    return [`host ${h}`, this.run.regions[at.region], g.role ? `${g.name} (${g.role})` : g.name, `kernel ${g.kernel}`,
      g.liar && `liar: ${g.liar}` + (s.lies.get(h) ? `, ${plural(s.lies.get(h), 'lie')} so far` : ''), g.device,
      at.absent ? 'takes no part' : s.unborn.has(h) ? 'not booted yet' : s.down.has(h) ? 'down' : `up, life ${s.life.get(h) ?? 1}`].filter(Boolean);
  }

  // rows are the regions, in numbers.
  rows() {
    const s = this.state, rows = this.run.regions.map(() => ({hosts: 0, up: 0, down: 0, liars: 0, old: 0, links: 0, cut: 0}));
    this.run.hosts.forEach((at, i) => {
      if (at.absent) return;
      const r = rows[at.region], g = this.run.groups[at.group], h = i + 1;
      r.hosts++; r.liars += g.liar ? 1 : 0; r.old += g.kernel < 2 ? 1 : 0;
      if (s.down.has(h) || s.unborn.has(h)) r.down++; else r.up++;
    });
    for (const l of s.links) {
      for (const region of new Set([this.run.hosts[l.a - 1].region, this.run.hosts[l.b - 1].region])) { rows[region].links++; rows[region].cut += l.cut; }
    }
    return this.run.regions.map((name, i) => ({cells: [name, ...Object.values(rows[i]).map(count)]}));
  }
}

// legend lists the signs.
export function legend(list) {
  const sign = (...shapes) => el('svg:svg', {viewBox: '0 0 22 12', 'aria-hidden': 'true'}, shapes);
  const row = (text, ...shapes) => el('li', {}, sign(...shapes), text);
  list.replaceChildren(
    row('up, kernel 2', el('svg:circle', {cx: 11, cy: 6, r: 4.5, fill: 'var(--host)'})),
    row('up, kernel 1', el('svg:rect', {x: 7, y: 2, width: 8, height: 8, fill: 'var(--old)'})),
    row('liar', el('svg:path', {d: 'M11 1l5 9H6z', fill: 'var(--liar)'})),
    row('down', el('svg:circle', {cx: 11, cy: 6, r: 4.2, fill: 'none', stroke: 'var(--down)', 'stroke-width': 1.5}), el('svg:path', {d: 'M9 4l4 4M13 4l-4 4', stroke: 'var(--down)', 'stroke-width': 1.5})),
    row('not booted yet', el('svg:circle', {cx: 11, cy: 6, r: 4.2, fill: 'none', stroke: 'var(--down)', 'stroke-width': 1.5})),
    row('connection', el('svg:path', {d: 'M1 6h20', stroke: 'var(--link)', 'stroke-width': 1.5})),
    row('one end alone believes in it', el('svg:path', {d: 'M1 6h20', stroke: 'var(--link)', 'stroke-width': 1.5, 'stroke-dasharray': '2 3'})),
    row('under a cut', el('svg:path', {d: 'M1 6h20', stroke: 'var(--cut)', 'stroke-width': 1.5, 'stroke-dasharray': '6 4'})),
    row('first side of a cut', el('svg:circle', {cx: 11, cy: 6, r: 4.5, fill: 'none', stroke: 'var(--side)', 'stroke-width': 1.4, 'stroke-dasharray': '3 2'})),
    row('hit by another fault', el('svg:path', {d: 'M6 9h10', stroke: 'var(--faultline)', 'stroke-width': 2})));
}
