import {$, el, table, ask, fragment, seconds, plural} from './dom.js';

// setUpSearch fills in the kinds and answers the form.
export function setUpSearch(run) {
  $('s-kind').append(...run.kinds.map(k => el('option', {}, k)), el('optgroup', {label: 'of one host'}, run.bulk_kinds.map(k => el('option', {}, k))));
  let params, rows = [];
  const find = async () => {
    try {
      const a = await ask('search', params);
      rows.push(...a.found.map(f => ({cells: [el('a', {href: fragment({at: f.at, host: f.host, event: f.key}), class: 'mono'}, seconds(f.at)), f.host || 'the world', f.kind, f.text]})));
      $('found').textContent = rows.length ? `${plural(rows.length, 'event')}${a.next ? ', and more' : ''}.` : 'Nothing is like that.';
      $('results').replaceChildren(...rows.length ? [table('Events found, in the order of time', [['at'], ['host', 'n'], ['kind'], ['what', 'wrap']], rows)] : []);
      $('more').hidden = !a.next;
      params.after = a.next;
    } catch (e) {
      $('found').textContent = e.message;
      $('results').replaceChildren();
      $('more').hidden = true;
    }
  };
  $('search').addEventListener('submit', e => {
    e.preventDefault();
    const from = $('s-from').value.trim();
    params = {text: $('s-text').value.trim(), kind: $('s-kind').value, host: $('s-host').value, op: $('s-op').value.trim(), from: /^[\d.]+$/.test(from) ? from + 's' : from};
    rows = [];
    find();
  });
  $('more').addEventListener('click', find);
}
