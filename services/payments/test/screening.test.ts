import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type House, openHouse } from './fixtures/house.ts';

let house: House;
let bearer = '';
before(async () => {
  house = await openHouse({ quiet: false });
  bearer = (await house.credential({ environment: 'test', role: 'admin' })).bearer;
});
after(() => house?.stop());

async function rest<T>(method: string, path: string, body?: object): Promise<T> {
  const reply = await house.call(method, `/v1/payments/screening-lists${path}`, body, { door: 'payments.rest', bearer });
  assert.equal(reply.status, 200, JSON.stringify(reply.body));
  return reply.body as unknown as T;
}

type Found = { readonly matches: readonly { readonly entry: string; readonly score: number; readonly reasons: readonly string[] }[] };
const screened = async (name: string, more: Readonly<Record<string, string>> = {}) =>
  (await rest<Found>('POST', '/-/screen-name', { name, ...more })).matches.map(({ entry }) => entry);

const put = (entries: readonly object[]) => rest('POST', '/-/put-screening-list', { name: 'own', entries });

test('a name is found on a list by alias, script, spelling and order, and customers are screened anew when the list changes', async () => {
  const stripe = house.stripe();
  const { id } = await stripe.customers.create({ name: 'Mousa Marzouk' });
  await stripe.customers.create({ name: 'Jane Smith' });
  const marzuk = { id: '3754', name: 'ABU MARZOOK, Mousa Mohammed', aliases: ['MARZUQ, Musa'], birth_dates: ['1951-02-09'] };
  await put([{ id: '1', name: 'SOMEBODY, Else' }]);
  assert.deepEqual(await screened('Musa Marzuk'), []);
  await put([{ id: '1', name: 'SOMEBODY, Else' }, marzuk]);
  for (const name of ['Musa Marzuk', 'MARZUQ Musa', 'Муса Марзук', 'Mousa Marzouq', 'Musa Marzq'])
    assert.deepEqual(await screened(name), ['3754'], name);
  assert.deepEqual(await screened('Musa Marzuk', { birth_date: '1951-02-09' }), ['3754']);
  assert.deepEqual(await screened('Musa Marzuk', { birth_date: '1990-01-01' }), []);
  assert.deepEqual(await screened('Jane Smith'), []);
  const matches = async () => (await rest<{ data: { customer: string; entry: string }[] }>('GET', '/-/list-screening-matches')).data;
  for (let tries = 0; (await matches()).length === 0 && tries < 400; tries += 1) await pause(50);
  assert.deepEqual(
    (await matches()).map(({ customer, entry }) => [customer, entry]),
    [[id, '3754']],
  );
});
