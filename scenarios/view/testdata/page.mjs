// Opens the viewer's page in Chromium and holds it to what it promises. Arguments: playwright-core's index.js, the address.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {createRequire} from 'node:module';

const [library, address] = process.argv.slice(2);
const {chromium} = createRequire(import.meta.url)(library);
const browser = await chromium.launch({executablePath: execFileSync('which', ['chromium'], {encoding: 'utf8'}).trim(), args: ['--no-sandbox', '--disable-dev-shm-usage']});
const context = await browser.newContext({viewport: {width: 1280, height: 900}});
const page = await context.newPage();
const asked = [], wrong = [];
context.on('request', r => asked.push(r.url()));
page.on('console', m => { if (['error', 'warning'].includes(m.type())) wrong.push(m.text()); });
page.on('pageerror', e => wrong.push(String(e)));

const now = () => page.locator('#now').textContent();
const fragment = () => page.evaluate(() => location.hash);
const settled = async before => { // until what is shown is another moment, whole
  await page.waitForFunction(was => !document.body.classList.contains('busy') && document.getElementById('now').textContent !== was, before);
};
const press = async key => { const was = await now(); await page.keyboard.press(key); await settled(was); };

try {
  // It opens at the first violation, at its host, and says so.
  await page.goto(address);
  await settled('The run is being read.');
  const run = await (await page.request.get(address + '/api/run')).json();
  const {at, host} = run.first;
  assert.match(await now(), new RegExp(`, host ${host}, step `));
  assert.equal(await page.locator('#host-h').textContent(), `Host ${host}`);
  assert.match(await page.locator('#outcome').textContent(), /^fail, as it must$/);
  assert.match(await page.locator('#timeline svg').getAttribute('aria-label'), /compute fails at /);
  const start = await fragment();
  await page.evaluate(() => document.querySelectorAll('#hostbody details').forEach(d => { d.open = true; }));
  const shown = await page.locator('main').innerText();
  assert.match(shown, /Journal heads\n+[0-9a-f]{64}/);
  assert.doesNotMatch(shown, /\[object|undefined|NaN/);

  // Forward and back with the keyboard: the same state again, and an address for each step.
  const panel = () => page.locator('#hostbody').textContent();
  const before = await panel();
  await press('ArrowRight');
  const step = await fragment();
  assert.match(step, /&event=/);
  assert.notEqual(step, start);
  assert.notEqual(await panel(), before);
  await press('ArrowRight');
  await press('ArrowLeft');
  assert.equal(await fragment(), step);
  await press('ArrowLeft');
  assert.equal(await panel(), before);
  await press('Shift+ArrowRight');
  assert.match(await fragment(), new RegExp(`^#at=${Math.floor(at / 1e9) + 1}\\.`));
  await press('End');
  assert.match(await now(), /step ([\d,]+) of \1/);
  await press('Home');
  assert.match(await now(), /step 1 of /);

  // A link names the moment: another page that is opened with it shows the same.
  const other = await context.newPage();
  await other.goto(address + '/' + step);
  await other.waitForFunction(() => /step/.test(document.getElementById('now').textContent));
  await page.goto(address + '/' + step);
  await page.waitForFunction(want => location.hash === want && !document.body.classList.contains('busy') && !/step 1 of/.test(document.getElementById('now').textContent), step);
  assert.equal(await other.locator('#hostbody').textContent(), await panel());
  await other.close();

  // Searching from the keyboard, and following what was found.
  await page.locator('h1').click();
  await page.keyboard.press('/');
  assert.equal(await page.evaluate(() => document.activeElement.id), 's-text');
  await page.selectOption('#s-kind', 'authored');
  await page.locator('#s-host').fill(String(host));
  await page.keyboard.press('Enter');
  await page.waitForSelector('#results table');
  assert.match(await page.locator('#found').textContent(), /^\d+ events?/);
  let was = await now();
  await page.locator('#results tbody a').last().click();
  await settled(was);
  assert.match(await page.locator('#hostbody .effects').innerText(), /note authored/);

  // A verdict's link leads to its instant; a click in the picture to a host.
  was = await now();
  await page.locator('#verdicts tbody a').first().click();
  await settled(was);
  assert.match(await fragment(), new RegExp(`^#at=${Math.floor(at / 1e9)}\\.\\d+s&host=${host}`));
  was = await now();
  await page.getByRole('button', {name: 'No host'}).click();
  await settled(was);
  assert.equal(await page.locator('#host-h').textContent(), 'No host');
  await press('ArrowLeft');
  assert.match(await now(), /host \d+ /);
  const box = await page.locator('#canvas').boundingBox();
  let chosen = '';
  for (let i = 0; i < 400 && !chosen; i++) { // somewhere there are hosts
    await page.mouse.move(box.x + box.width * (.05 + .9 * (i % 20) / 20), box.y + box.height * (.05 + .9 * Math.floor(i / 20) / 20));
    if (await page.locator('#tip').isVisible()) chosen = (await page.locator('#tip').textContent()).match(/^host (\d+)/)[1];
  }
  assert.ok(chosen, 'no host is under the pointer anywhere');
  was = await now();
  await page.mouse.down(); await page.mouse.up();
  await settled(was);
  assert.equal(await page.locator('#host-h').textContent(), `Host ${chosen}`);

  // What is wrong is said, and the page goes on.
  await page.locator('#at').fill('yesterday');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#error:not([hidden])');
  assert.match(await page.locator('#error').textContent(), /is no instant/);
  assert.equal(wrong.splice(0).filter(w => !/400/.test(w)).length, 0);
  await page.locator('h1').click();
  await press('ArrowRight');
  assert.equal(await page.locator('#error').isHidden(), true);

  // Names and roles, as a screen reader is told them.
  const tree = await page.locator('body').ariaSnapshot();
  for (const want of [/- banner:/, /- main:/, /- contentinfo:/, /heading "Timeline" \[level=2\]/, /heading "The network" \[level=2\]/, /heading "Search" \[level=2\]/, /slider "Time"/, /button "Forward ▸"/, /button "◂ Back"/,
    /textbox "at"/, /spinbutton "host"/, /- search/, /img "The network"/, /columnheader "step"/, /table "Hosts by region"/, /table "Steps [\d,]+ to/, /region "Steps of host \d+"/, /list "What the signs mean"/, /- status/]) {
    assert.match(tree, want);
  }
  const nameless = await page.evaluate(() => [...document.querySelectorAll('a, button, input, select, summary')].filter(e =>
    !((e.matches('select') ? '' : e.textContent.trim()) || [...e.labels ?? []].some(l => [...l.childNodes].some(n => n.nodeType === 3 && n.data.trim())) || e.getAttribute('aria-label'))).map(e => e.outerHTML));
  assert.deepEqual(nameless, []);
  assert.equal(await page.locator('table').count(), await page.locator('table:has(caption):has(th[scope=col])').count());

  // The tab key reaches everything in the order of the page, and shows where it is.
  await page.goto(address + '/' + start);
  await page.reload();
  await page.waitForFunction(() => /step/.test(document.getElementById('now').textContent));
  const order = [];
  for (let i = 0; i < 12; i++) {
    await page.keyboard.press('Tab');
    order.push(await page.evaluate(() => document.activeElement.id || document.activeElement.tagName));
    assert.equal(await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle !== 'none'), true, `${order.at(-1)} does not show that it is focused`);
  }
  assert.deepEqual(order, ['skip', 'slider', 'first', 'minus', 'back', 'forward', 'plus', 'last', 'at', 'host', 'nohost', 'copy']);

  // Light and dark, from 420 pixels on, nothing is wider than the page.
  for (const width of [420, 800, 1600]) {
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({colorScheme});
      await page.setViewportSize({width, height: 900});
      await page.waitForFunction(w => Math.abs(document.getElementById('canvas').getBoundingClientRect().width - w) < w, width);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, `at ${width} pixels the page is ${await page.evaluate(() => document.documentElement.scrollWidth)} wide`);
      const [paper, ink] = await page.evaluate(() => ['backgroundColor', 'color'].map(p => getComputedStyle(document.querySelector('section'))[p].match(/\d+/g).reduce((a, b) => a + +b, 0)));
      assert.equal(paper > ink, colorScheme === 'light');
    }
  }

  assert.deepEqual(asked.filter(u => new URL(u).origin !== address), []);
  assert.deepEqual(wrong, []);
  console.log(`${asked.length} requests, all to ${address}`);
} finally {
  await browser.close();
}
