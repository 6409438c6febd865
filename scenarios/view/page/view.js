import {$, el, table, ask, count, plural, seconds, instant, fragment} from './dom.js';
import {Timeline} from './timeline.js';
import {Network, legend} from './network.js';
import {drawHost, noHost} from './host.js';
import {setUpSearch} from './search.js';

let run, timeline, network;
let shown = null;   // the answer that is drawn
let wanted = null;  // what was asked for last, while it is on its way
let flight = null;  // aborts it

// show asks for a moment and draws it. Of several asked for at once the last one is drawn.
async function show(want, push) {
  flight?.abort();
  const mine = flight = new AbortController();
  wanted = want;
  document.body.classList.add('busy');
  try {
    const m = await ask('moment', want, mine.signal);
    shown = m;
    draw(m);
    const here = fragment({at: m.at, host: m.host?.host ?? m.asleep, event: want.event || want.n ? m.host?.event.key : undefined});
    if (location.hash !== here) history[push ? 'pushState' : 'replaceState'](null, '', here);
    $('error').hidden = true;
  } catch (e) {
    if (e.name === 'AbortError') return;
    $('error').textContent = e.message;
    $('error').hidden = false;
  }
  if (flight === mine) {
    flight = wanted = null;
    document.body.classList.remove('busy');
  }
}

function draw(m) {
  timeline.move(m.at);
  const h = m.host, picked = h?.host ?? m.asleep ?? 0;
  const s = network.show(m.network, picked);
  $('slider').value = m.at;
  $('slider').setAttribute('aria-valuetext', seconds(m.at));
  $('at').value = instant(m.at);
  $('host').value = picked || '';
  $('nohost').disabled = !picked;
  $('back').disabled = h ? h.n <= 1 : m.before < 0;
  $('forward').disabled = h ? h.n >= h.total : m.after < 0;
  $('now').textContent = `${seconds(m.at)}` + (h ? `, host ${h.host}, step ${count(h.n)} of ${count(h.total)}: ${h.event.text}` + (h.event.at !== m.at ? `, at ${seconds(h.event.at)}` : '')
    : m.asleep ? `, host ${m.asleep} has not booted yet` : since(m));
  const all = run.hosts.filter(x => !x.absent).length, up = all - s.down.size - s.unborn.size;
  const liars = run.hosts.filter(x => !x.absent && run.groups[x.group].liar).length;
  $('network-now').textContent = `${count(up)} of ${count(all)} hosts are up, ${plural(s.links.length, 'connection')}` + (s.cut ? `, ${count(s.cut)} of them under a cut` : '')
    + (s.half ? `, ${count(s.half)} in which one end alone believes` : '') + (liars ? `; ${plural(liars, 'liar')}, ${plural([...s.lies.values()].reduce((a, b) => a + b, 0), 'lie')} told so far` : '') + '.';
  $('on').replaceChildren(...on(s.faults));
  $('regions').replaceChildren(table('Hosts by region', [['region'], ['hosts', 'n'], ['up', 'n'], ['down', 'n'], ['liars', 'n'], ['kernel 1', 'n'], ['connections', 'n'], ['cut', 'n']], network.rows()));
  $('log').replaceChildren(...m.network.last.map(l => el('li', {}, el('time', {}, seconds(l.at)), l.host ? el('a', {href: fragment({at: l.at, host: l.host})}, `host ${l.host}`) : '', ` ${l.text}`)));
  if (h) drawHost(h, network.words(h.host)); else noHost(m.asleep);
  document.title = `${seconds(m.at)}${picked ? `, host ${picked}` : ''} · ${run.name}`;
}

// on lists the faults that are on; those of one kind that hit hosts one by one are one line.
function on(faults) {
  const lines = [];
  for (const kind of new Set(faults.map(f => f.kind))) {
    const all = faults.filter(f => f.kind === kind), many = all.filter(f => f.hosts && f.end > f.begin);
    for (const f of all.filter(f => !many.includes(f) || many.length < 3)) {
      lines.push(el('li', {}, el('strong', {}, kind), ` from ${seconds(f.begin)} to ${seconds(f.end)}`
        + (f.sides ? `: ${plural(f.sides.from.size, 'host')} ${f.both ? `and ${count(f.sides.to.size)} do not reach each other` : `do not reach ${count(f.sides.to.size)}`}` : f.hosts ? `: ${named(f.hosts)}` : '')));
    }
    if (many.length >= 3) lines.push(el('li', {}, el('strong', {}, kind), ` ×${count(many.length)}, the last until ${seconds(Math.max(...many.map(f => f.end)))}: ${named(many.map(f => f.hosts).join(', '))}`));
  }
  return lines;
}

// named is a list of hosts, cut where it is long.
function named(list) {
  const text = list.replace(/,(?! )/g, ', ');
  return `${/[-,]/.test(list) ? 'hosts' : 'host'} ${text.length > 160 ? text.slice(0, text.lastIndexOf(',', 160)) + ' …' : text}`;
}

// since says what changed in the network at the moment, or how long nothing has.
function since(m) {
  const last = m.network.last[0];
  if (!last) return ': nothing has happened yet';
  return last.at === m.at ? `: ${last.host ? `host ${last.host} ` : ''}${last.text}` : `: the network is as it was at ${seconds(last.at)}`;
}

// step goes one event on or back: of the host, else of the network.
function step(by) {
  const h = shown?.host;
  if (h) {
    const from = wanted?.host === h.host && wanted.n ? wanted.n : h.n, n = from + by;
    if (n >= 1 && n <= h.total) show({host: h.host, n});
    return;
  }
  const at = by < 0 ? shown?.before : shown?.after;
  if (!wanted && at >= 0) show({at: instant(at), host: shown.asleep});
}

const host = () => shown?.host?.host ?? shown?.asleep;
const clamp = ns => Math.max(0, Math.min(run.end, Math.round(ns)));
const jump = (at, push) => show({at: instant(clamp(at)), host: host()}, push);
const edge = last => shown?.host ? show({host: host(), n: last ? shown.host.total : 1}) : jump(last ? run.end : 0);

function keys(e) {
  const field = e.target.closest('input:not([type=range]), select, textarea');
  if (e.ctrlKey || e.metaKey || e.altKey || field) {
    if (e.key === 'Escape' && field) field.blur();
    return;
  }
  const deeds = {
    ArrowLeft: () => e.shiftKey ? jump(shown.at - 1e9) : step(-1), ArrowRight: () => e.shiftKey ? jump(shown.at + 1e9) : step(1),
    Home: () => edge(false), End: () => edge(true), '/': () => $('s-text').focus(),
  };
  if (!deeds[e.key] || !shown) return;
  e.preventDefault();
  deeds[e.key]();
}

// follow shows the moment that the address names.
function follow() {
  const p = new URLSearchParams(location.hash.slice(1));
  if (location.hash === '#moment') return;
  const want = {at: p.get('at') ?? undefined, host: p.get('host') ?? undefined, event: p.get('event') ?? undefined};
  if (want.event && want.host) delete want.at;
  else if (!want.at) {
    const first = run.first ?? {at: 0};
    Object.assign(want, {at: instant(first.at), host: want.host ?? first.host});
  }
  show(want);
}

function describe() {
  $('title').textContent = run.name;
  $('outcome').textContent = run.outcome + (run.grade === 'pass' && run.outcome !== 'pass' ? ', as it must' : '');
  $('outcome').className = `badge ${run.outcome}`;
  $('outcome').hidden = false;
  $('facts').textContent = `${plural(run.nodes, 'host')}, ${seconds(run.end)} virtual, ${count(run.inputs)} inputs recorded, digest ${run.digest.slice(0, 16)}, ${run.build}`;
  $('why').textContent = run.why || run.about;
  const failing = run.verdicts.filter(v => v.outcome !== 'pass').length;
  $('verdicts').firstElementChild.append(' ', el('small', {}, `${run.verdicts.length} checkers, ${failing ? `${failing} did not pass` : 'all passed'}`));
  $('verdicts').open = failing > 0;
  $('verdicts').append(el('div', {class: 'scroll tall', tabindex: 0, role: 'region', 'aria-label': 'Verdicts'}, table('Verdicts, with the instants that they name', [['checker'], ['outcome'], ['at'], ['why', 'wrap']],
    run.verdicts.map(v => ({cells: [v.checker, v.outcome, v.at || v.event ? el('a', {href: fragment(v)}, seconds(v.at)) : '', v.why]})))));
  $('faults').firstElementChild.append(' ', el('small', {}, plural(run.faults.length, 'window')));
  $('faults').append(el('div', {class: 'scroll tall', tabindex: 0, role: 'region', 'aria-label': 'Faults'}, table('Fault windows, and what each did', [['fault'], ['from'], ['to'], ['effect', 'wrap']],
    run.faults.map(f => ({cells: [f.kind, el('a', {href: fragment({at: f.begin})}, seconds(f.begin)), el('a', {href: fragment({at: f.end})}, seconds(f.end)), f.effects.join(', ') || 'nothing']})))));
  $('slider').max = run.end;
  $('host').max = $('s-host').max = run.nodes;
}

async function start() {
  try {
    run = await ask('run');
  } catch (e) {
    $('error').textContent = `The viewer does not answer: ${e.message}`;
    $('error').hidden = false;
    return;
  }
  describe();
  timeline = new Timeline($('timeline'), run, at => jump(at));
  network = new Network($('canvas'), $('tip'), run, h => show({at: instant(shown.at), host: h}, true));
  legend($('legend'));
  setUpSearch(run);
  $('slider').addEventListener('input', () => jump(+$('slider').value));
  const press = {first: () => edge(false), last: () => edge(true), back: () => step(-1), forward: () => step(1), minus: () => jump(shown.at - 1e9), plus: () => jump(shown.at + 1e9),
    nohost: () => show({at: instant(shown.at)}, true)};
  for (const [id, deed] of Object.entries(press)) $(id).addEventListener('click', deed);
  $('copy').addEventListener('click', async () => {
    try { await navigator.clipboard.writeText(location.href); $('copy').textContent = 'Copied'; } catch { $('copy').textContent = 'Copy it from the address'; }
    setTimeout(() => { $('copy').textContent = 'Copy link'; }, 2000);
  });
  $('at').addEventListener('change', () => show({at: /^[\d.]+$/.test($('at').value) ? $('at').value + 's' : $('at').value.trim(), host: host()}, true));
  $('host').addEventListener('change', () => show({at: instant(shown.at), host: $('host').value || undefined}, true));
  $('skip').addEventListener('click', e => { e.preventDefault(); $('back').focus(); });
  document.addEventListener('keydown', keys);
  addEventListener('hashchange', follow);
  follow();
}

start();
