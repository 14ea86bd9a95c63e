import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { extensionFunctions } from '../../policy/extension.ts';
import { shadowEvery } from '../limits.ts';
import { type Faces, type House, openHouse } from './fixture/house.ts';

let house: House;
let reader: Faces;
let admin: Faces;
before(async () => {
  house = await openHouse();
  reader = await house.credential({ role: 'reader' });
  admin = await house.credential({ role: 'admin' });
});
after(() => house.stop());

const door = 'notes.rest';
const write = async (name: string, text: string) => {
  const written = await house.call('POST', '/v1/platform/policies', { name, text });
  assert.equal(written.status, 201, JSON.stringify(written.body));
};
const remove = (name: string) => house.call('DELETE', `/v1/platform/policies/${name}`);

async function pages(bearer: string, limit: number): Promise<string[][]> {
  const found: string[][] = [];
  for (let after = ''; ; ) {
    const { status, body } = await house.call('GET', `/v1/notes/notes?limit=${limit}${after}`, undefined, { door, bearer });
    assert.equal(status, 200, JSON.stringify(body));
    found.push((body.items ?? []).map((item) => String(item.name)));
    if (body.next === undefined) return found;
    after = `&after=${String(body.next)}`;
  }
}

test('a list and a watch show what its caller may read, in full pages, and nothing tells how much more there is', async () => {
  for (let number = 10; number < 40; number += 1) {
    const spec = { text: number % 2 ? 'odd' : 'even', ...(number % 5 ? {} : { pinned: true }) };
    const labels = number % 3 ? { team: 'secret' } : {};
    const made = await house.call('POST', '/v1/notes/notes', { name: `n${number}`, labels, spec }, { door, bearer: admin.bearer });
    assert.equal(made.status, 201);
  }
  const principal = `Gamut::Principal::"service-${reader.id}"`;
  const forbid = (condition: string) =>
    `forbid (principal == ${principal}, action == notes::Action::"GetNote", resource) when { ${condition} };`;
  const all = Array.from({ length: 30 }, (_, index) => index + 10);
  const shown = async (keep: (number: number) => boolean) => {
    const seen = await pages(reader.bearer, 4);
    const wanted = all.filter(keep).map((number) => `n${number}`);
    assert.deepEqual(seen.flat(), wanted);
    for (const page of seen.slice(0, -1)) assert.equal(page.length, 4);
    for (const name of wanted.slice(0, 2))
      assert.equal((await house.call('GET', `/v1/notes/notes/${name}`, undefined, { door, bearer: reader.bearer })).status, 200);
  };
  await shown(() => true);
  await write('by-label', forbid('resource.hasTag("team") && resource.getTag("team") == "secret"'));
  await shown((number) => number % 3 === 0);
  await write('by-spec', forbid('resource has pinned && resource.pinned'));
  await shown((number) => number % 3 === 0 && number % 5 !== 0);
  // A set made of what the resource says is nothing that SQL is asked: its rows are decided one by one.
  await write('one-by-one', forbid('resource has text && [resource.text, "x"].contains("odd")'));
  await shown((number) => number % 3 === 0 && number % 5 !== 0 && number % 2 === 0);
  assert.equal((await pages(admin.bearer, 100))[0]?.length, 30);

  const stop = new AbortController();
  const watched = await fetch(`${house.platform.doors[door]?.url}/v1/notes/notes/-/watch?from=0`, {
    headers: { authorization: `Bearer ${reader.bearer}` },
    signal: stop.signal,
  });
  assert.equal(watched.status, 200);
  await house.call('POST', '/v1/notes/notes', { name: 'zz-hidden', spec: { text: 'odd' } }, { door, bearer: admin.bearer });
  await house.call('POST', '/v1/notes/notes', { name: 'zz-shown', spec: { text: 'even' } }, { door, bearer: admin.bearer });
  let heard = '';
  for await (const chunk of watched.body ?? []) {
    heard += Buffer.from(chunk).toString();
    if (heard.includes('zz-shown')) break;
  }
  stop.abort();
  assert.ok(!heard.includes('zz-hidden') && !heard.includes('"n10"') && heard.includes('"n12"'));
  for (const name of ['by-label', 'by-spec', 'one-by-one']) await remove(name);
});

test('who may list without reading sees what they may list; what they are forbidden to read is hidden all the same', async () => {
  const made = await house.call('POST', '/v1/platform/custom-roles', { name: 'lister', operations: ['notes.ListNotes'] });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const lister = await house.credential({ role: 'lister' });
  const names = async () => (await pages(lister.bearer, 4)).flat();
  assert.equal((await house.call('GET', '/v1/notes/notes/n10', undefined, { door, bearer: lister.bearer })).status, 403);
  const every = (await pages(admin.bearer, 100)).flat();
  assert.ok(every.length >= 30);
  assert.deepEqual(await names(), every);
  const principal = `Gamut::Principal::"service-${lister.id}"`;
  const only = (effect: string, operation: string, condition: string) =>
    `${effect} (principal == ${principal}, action == notes::Action::"${operation}", resource) when { ${condition} };`;
  const isEven = 'resource has text && resource.text == "even"';
  await write('no-even', only('forbid', 'GetNote', isEven));
  const odd = await names();
  assert.ok(odd.length >= 15 && odd.length < every.length && odd.includes('n11') && !odd.includes('n10'));
  await remove('no-even');
  await write('no-listed-even', only('forbid', 'ListNotes', isEven));
  assert.deepEqual(await names(), odd);
  await remove('no-listed-even');
  // The collection is the resource of the empty name: who may list that alone sees what they may read.
  assert.equal((await house.call('DELETE', '/v1/platform/custom-roles/lister')).status, 200);
  const permit = (operation: string, name: string) =>
    `permit (principal == ${principal}, action == notes::Action::"${operation}", resource == notes::Note::"${name}");`;
  await write('collection', permit('ListNotes', ''));
  assert.deepEqual(await names(), []);
  await write('one-note', permit('GetNote', 'n12'));
  assert.deepEqual(await names(), ['n12']);
  for (const name of ['collection', 'one-note']) await remove(name);
});

test('a compiled policy that decides otherwise than the engine is found, logged as an error, counted, and decides no longer', async () => {
  const table = extensionFunctions as unknown as Map<string, { arity: number; call: (...values: never[]) => unknown }>;
  const right = table.get('lessThan');
  assert.ok(right);
  const lines: string[] = [];
  const { write: out } = process.stdout;
  const metric = async (name: string) => {
    const text = await (await fetch(`${house.platform.doors[door]?.url}/metrics`)).text();
    return Number(new RegExp(`^${name}\\{[^}]*\\} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  };
  const get = (name: string) => house.call('GET', `/v1/notes/notes/${name}`, undefined, { door, bearer: reader.bearer });
  try {
    process.stdout.write = ((chunk: string, ...rest: never[]) => {
      lines.push(String(chunk));
      return out.call(process.stdout, chunk, ...rest);
    }) as typeof process.stdout.write;
    // The defect: what compiled policies think of the order of decimals.
    table.set('lessThan', { ...right, call: (...values) => right.call(...values) !== true });
    await write(
      'small',
      'forbid (principal, action == notes::Action::"GetNote", resource) when { decimal("1.0").lessThan(decimal("2.0")) };',
    );
    assert.equal((await get('n10')).status, 200, 'the defect lets it through');
    assert.equal(await metric('gamut_policy_disagreements_total'), 0);
    let asked = 0;
    while ((await metric('gamut_policy_disagreements_total')) === 0 && asked < 2 * shadowEvery) {
      await Promise.all(Array.from({ length: 50 }, (_, index) => get(`c${asked + index}`)));
      asked += 50;
    }
    assert.equal(await metric('gamut_policy_disagreements_total'), 1, `of ${asked} decisions none was checked`);
    assert.ok((await metric('gamut_policy_rechecks_total')) >= 1);
    const said = lines.flatMap((line) =>
      line.startsWith('{') && line.includes('decides otherwise') ? [JSON.parse(line) as Record<string, unknown>] : [],
    );
    assert.deepEqual(
      said.map(({ level, service, operation, compiled }) => [level, service, operation, compiled]),
      [['error', 'notes', 'GetNote', true]],
    );
    assert.equal((await get('n10')).status, 403, 'the engine decides from then on');
  } finally {
    process.stdout.write = out;
    table.set('lessThan', right);
    await remove('small');
  }
});
