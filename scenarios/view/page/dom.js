// el makes an element; text is never read as markup.
export function el(tag, attrs = {}, ...children) {
  const e = tag.startsWith('svg:') ? document.createElementNS('http://www.w3.org/2000/svg', tag.slice(4)) : document.createElement(tag);
  for (const [k, v] of Object.entries(attrs)) if (v !== undefined && v !== false) e.setAttribute(k, v === true ? '' : v);
  e.append(...children.flat(3).filter(c => c !== undefined && c !== null && c !== false));
  return e;
}

// table makes a table with headers. A column is [title, class]; the first cell of a row is its header.
export function table(caption, columns, rows) {
  return el('table', {}, el('caption', {}, caption),
    el('thead', {}, el('tr', {}, columns.map(([t, c]) => el('th', {scope: 'col', class: c}, t)))),
    el('tbody', {}, rows.map(({cells, current}) => el('tr', {'aria-current': current && 'step'},
      cells.map((c, i) => el(i ? 'td' : 'th', {scope: i ? undefined : 'row', class: columns[i][1]}, c))))));
}

const opened = new Map(); // what the reader opened or closed stays so when the next moment is drawn

// fold makes a part that can be closed and remembers whether it is.
export function fold(key, open, summary, ...children) {
  const d = el('details', {open: opened.get(key) ?? open}, el('summary', {}, summary), children);
  d.addEventListener('toggle', () => opened.set(key, d.open));
  return d;
}

export const $ = id => document.getElementById(id);
export const count = n => n.toLocaleString('en-US');
export const plural = (n, one, many = one + 's') => `${count(n)} ${n === 1 ? one : many}`;

// seconds prints an instant, given in nanoseconds, for people; instant prints it whole, for links.
export const seconds = ns => `${(Math.round(ns / 1e3) / 1e6).toFixed(6).replace(/\.?0+$/, '')} s`;
export const instant = ns => `${Math.floor(ns / 1e9)}.${String(ns % 1e9).padStart(9, '0')}s`;

// hosts reads a list of ranges such as 1-500,700.
export function hosts(text) {
  const out = new Set();
  for (const part of text ? text.split(',') : []) {
    const [a, b] = part.split('-').map(Number);
    for (let h = a; h <= (b ?? a); h++) out.add(h);
  }
  return out;
}

// fragment names a moment in the address of the page.
export function fragment({at, host, event}) {
  return '#' + [at !== undefined && `at=${instant(at)}`, host && `host=${host}`, event && `event=${event}`].filter(Boolean).join('&');
}

// ask fetches an answer of the viewer; an error says what the viewer said.
export async function ask(path, params = {}, signal) {
  const q = new URLSearchParams(Object.entries(params).filter(([, v]) => v !== undefined && v !== '')).toString();
  const r = await fetch(`api/${path}${q && '?' + q}`, {signal});
  const body = await r.json();
  if (!r.ok) throw new Error(body.error);
  return body;
}
