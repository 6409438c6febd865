import {$, el, table, fold, fragment, seconds, count, plural} from './dom.js';

const short = id => el('code', {title: id}, id.slice(0, 12));

// drawHost shows a host right after one of its steps.
export function drawHost(h, words) {
  const body = $('hostbody'), inside = body.contains(document.activeElement), row = document.activeElement?.closest?.('.steps');
  $('host-h').textContent = `Host ${h.host}`;
  body.replaceChildren(...[
    el('ul', {class: 'chips', 'aria-label': `What host ${h.host} is`}, words.slice(1).map(w => el('li', {class: /^(liar|down)/.test(w) && 'warn'}, w)),
      h.down && el('li', {class: 'warn'}, `went down: ${h.down}`), h.version && el('li', {}, `protocol ${h.version[0]}, schema ${h.version[1]}`)),
    h.panic ? el('p', {class: 'wrap'}, el('strong', {}, 'It panicked: '), h.panic) : '',
    steps(h),
    fold('effects', true, el('span', {}, `What it did then `, el('small', {}, plural(h.effects.length, 'effect'))),
      el('ol', {class: 'effects'}, h.effects.map(f => el('li', {}, el('span', {class: !f.carried && 'not'}, f.text), !f.carried && ' (not carried out: the host went down)')))),
    h.spaces.map((s, i) => space(s, i === 0)),
    fold('queues', true, el('span', {}, 'Queues'), table('What waits, as the host tells it', [['queue'], ['how much', 'wrap']], h.queues.map(q => ({cells: [q.name, q.text]})))),
    fold('views', h.views.length > 0 && h.views.length < 4, el('span', {}, 'Views ', el('small', {}, plural(h.views.length, 'view') + ' shown to its person')),
      h.views.map(v => el('div', {}, el('h3', {}, `request ${v.request}, `, el('small', {}, `last shown at ${seconds(v.at)}, ${plural(v.times, 'time')}`)), el('pre', {tabindex: 0}, v.text)))),
    fold('rest', false, el('span', {}, 'Disk, connections, blame'), rest(h))].flat());
  const box = body.querySelector('.steps').parentElement, now = box.querySelector('tr[aria-current]');
  box.scrollTop = now.offsetTop - box.clientHeight / 2;
  if (row) body.querySelector('tr[aria-current] a')?.focus({preventScroll: true});
  else if (inside) $('host-h').focus({preventScroll: true});
}

function steps(h) {
  const rows = h.around.map(s => ({current: s.n === h.n, cells: [count(s.n),
    el('a', {href: fragment({at: s.at, host: h.host, event: s.key}), class: 'mono'}, seconds(s.at)), s.kind, s.text]}));
  const t = table(`Steps ${count(h.around[0].n)} to ${count(h.around.at(-1).n)} of ${count(h.total)}; the state below is that after step ${count(h.n)}`, [['step', 'n'], ['at'], ['input'], ['what', 'wrap']], rows);
  t.classList.add('steps');
  return el('div', {class: 'scroll tall', tabindex: 0, role: 'region', 'aria-label': `Steps of host ${h.host}`}, t);
}

function space(s, open) {
  return fold('space ' + s.id, open, el('span', {}, `Space ${s.name} `, el('small', {}, `${plural(s.ops, 'operation')}, ${count(s.void)} of them void, ${plural(s.heads.length, 'head')}`)),
    el('h3', {}, 'Journal heads'), el('ul', {class: 'plain mono'}, s.heads.map(x => el('li', {class: 'wrap'}, x))),
    fold('journal ' + s.id, true, el('span', {}, 'Journal ', el('small', {}, s.journal.length < s.ops ? `the latest ${s.journal.length} by clock` : 'all of it')),
      el('div', {class: 'scroll tall', tabindex: 0, role: 'region', 'aria-label': `Journal of space ${s.name}`}, table('Latest first', [['operation'], ['clock', 'n'], ['kind'], ['device'], ['seq', 'n'], ['']],
        s.journal.map(o => ({cells: [short(o.id), count(o.clock), o.kind, short(o.device), count(o.seq), [o.head && 'head', o.void && 'void'].filter(Boolean).join(', ')]}))))),
    fold('state ' + s.id, false, el('span', {}, 'State ', el('small', {}, `${plural(s.count, 'element')}, ${count(s.bytes)} bytes` + (s.count > s.elements.length ? `; the first ${s.elements.length}` : ''))),
      el('div', {class: 'scroll tall', tabindex: 0, role: 'region', 'aria-label': `State of space ${s.name}`}, table('Visible elements by id', [['element'], ['type'], ['properties', 'wrap mono']],
        s.elements.map(e => ({cells: [short(e.id), e.type + (e.deleted ? ' (deleted)' : ''), e.props]}))))),
    fold('roles ' + s.id, false, el('span', {}, 'Rights ', el('small', {}, plural(s.roles.length, 'role'))),
      el('div', {class: 'scroll tall', tabindex: 0, role: 'region', 'aria-label': `Rights in space ${s.name}`}, table('By the operations that take effect', [['person'], ['role'], ['identity']],
        s.roles.map(r => ({cells: [r.host ? `of host ${r.host}` : 'unknown', r.role, short(r.identity)]}))))));
}

function rest(h) {
  return [el('p', {}, `${plural(h.records, 'record')} and ${count(h.bytes)} bytes on its disk, as far as the host knows. `, `Running digest ${h.digest}${h.checked ? ', equal to that of the run' : ''}.`),
    el('p', {class: 'wrap'}, h.peers.length ? `Connected with hosts ${h.peers.join(', ')}.` : 'Connected with nobody.'),
    h.blamed.length > 0 && el('p', {class: 'wrap'}, `It holds proofs of equivocation against ${h.blamed.join(', ')}.`),
    el('p', {}, el('a', {href: `api/look?host=${h.host}&n=${h.n}`, target: '_blank', rel: 'noopener'}, 'All that it holds, as text (opens another tab)')),
    el('p', {class: 'wrap'}, 'The same on the command line: ', el('code', {}, h.replay))];
}

// noHost says that none is chosen, or that it sleeps.
export function noHost(asleep) {
  $('host-h').textContent = asleep ? `Host ${asleep}` : 'No host';
  $('hostbody').replaceChildren(el('p', {class: 'quiet'}, asleep ? 'It has not booted yet.' : 'Choose a host in the picture, by its number, or from what a search finds.'));
}
