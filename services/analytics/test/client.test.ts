import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { expressions, questions, rows } from './fixtures/expression.ts';
import { type House, openHouse } from './fixtures/house.ts';
import { openOracle } from './fixtures/oracle.ts';

let house: House;
let client: pg.Client;
let oracle: Awaited<ReturnType<typeof openOracle>>;
before(async () => {
  [house, oracle] = await Promise.all([openHouse(), openOracle()]);
  client = new pg.Client(house.login());
  await client.connect();
});
after(async () => {
  await client?.end().catch(() => undefined);
  await house?.stop();
  await oracle?.[Symbol.asyncDispose]();
});

const asTexts = { getTypeParser: () => (value: string) => value } as unknown as pg.CustomTypesConfig;

function addressOf(url: URL): pg.ClientConfig {
  const socket = url.searchParams.get('host');
  const login = { user: decodeURIComponent(url.username), password: decodeURIComponent(url.password), database: url.pathname.slice(1) };
  return { ...login, host: socket ?? url.hostname, port: Number(url.port) };
}

/** Names and rows of an answer, or the SQLSTATE of a refusal. */
async function told(on: pg.Client, text: string): Promise<unknown> {
  const asked = on.query({ text, rowMode: 'array', types: asTexts });
  const { fields, rows: found } = await asked.catch((error: pg.DatabaseError) => ({ fields: [], rows: error.code }));
  return { names: fields.map(({ name }) => name), rows: found };
}

test('functions, operators, casts and forms of FROM answer what PostgreSQL answers, under the same names', async () => {
  const peer = new pg.Client(addressOf(oracle.url));
  await peer.connect();
  for (const on of [client, peer]) for (const text of rows) await on.query(text);
  for (const text of [...expressions.map((each) => `select ${each} from fx order by fx.i`), ...questions])
    assert.deepEqual(await told(client, text), await told(peer, text), text);
  await peer.end();
});
