import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { StatementError } from '#engine/pgwire/statement-error.ts';
import { plainNetwork } from '#engine/tree/onnx-network.ts';
import { ModelError } from '#engine/tree/tree.ts';
import type { Routine } from '../domain/routine.ts';
import type { List, Type, Value } from '../domain/value.ts';
import { valueAt, vectorOf } from '../engine/batch.ts';
import { fitOf } from '../engine/network/fit.ts';
import { type File, NetworkPool } from '../engine/network/pool.ts';
import { networkScored } from '../engine/network/score.ts';

const fixture = (name: string) => readFileSync(new URL(`fixtures/network/${name}`, import.meta.url));
type Nested = number | string | readonly Nested[];
type Case = { readonly inputs: Readonly<Record<string, readonly Nested[]>>; readonly outputs: Readonly<Record<string, readonly Nested[]>> };
const cases = JSON.parse(fixture('vector.json').toString()) as Readonly<Record<string, Case>>;
const pool = new NetworkPool();
const [at, other] = [
  { tenant: 1n, scope: 1n },
  { tenant: 1n, scope: 2n },
];
after(() => pool.stop());

const flat = (value: Nested): (number | string)[] => (Array.isArray(value) ? value.flatMap(flat) : [value as number | string]);
const fileOf = (name: string, bytes = fixture(`${name}.onnx`)): File => ({ hash: name, read: async () => plainNetwork(bytes) });
const paramsOf = (types: readonly Type[]) => types.map((type, place) => ({ name: `a${place}`, type }));

type Of = { readonly file: File; readonly types: readonly Type[]; readonly returns: Type; readonly placed?: typeof at };

/** What a function in a network answers rows: values, or the errors of some. */
async function told({ file, types, returns, placed = at }: Of, rows: readonly (readonly Value[])[]) {
  const routine: Routine = { name: 'net', language: 'onnx', params: paramsOf(types), returns, body: '', strict: false };
  const fit = fitOf(await pool.open(placed, file), routine);
  const given = { columns: types.map((type, place) => vectorOf(type, rows, place)), size: rows.length };
  const { vector, errors } = await networkScored({ ...routine, fit, ask: (asked) => pool.ask(placed, file, asked) }, given);
  return { values: rows.map((_, row) => (vector.values.length === 0 ? null : valueAt(vector, row))), errors };
}

const list = (items: readonly Value[]): List => ({ sizes: items.length === 0 ? [] : [items.length], items });

/** The rows of a case as a function takes them: each value by itself, or each input as an array. */
function rowsOf({ inputs }: Case, isArray: boolean): { types: Type[]; rows: Value[][] } {
  const all = Object.values(inputs);
  const typeOf = (of: readonly Nested[]): Type => (typeof flat(of[0] ?? 0)[0] === 'string' ? 'text' : 'float8');
  const types = all.flatMap((of): Type[] => (isArray ? [`${typeOf(of)}[]` as Type] : flat(of[0] ?? 0).map(() => typeOf(of))));
  const rows = (all[0] ?? []).map((_, row) => all.flatMap((of): Value[] => (isArray ? [list(flat(of[row] ?? 0))] : flat(of[row] ?? 0))));
  return { types, rows };
}

function close(got: readonly Value[], wanted: readonly (number | string)[], name: string): void {
  assert.equal(got.length, wanted.length, name);
  for (const [place, value] of wanted.entries()) {
    const own = got[place];
    if (typeof value === 'string') assert.equal(own, value, name);
    else assert.ok(Math.abs(Number(own) - value) <= 1e-5 * Math.max(1, Math.abs(value)), `${name} ${place}: ${own}, and not ${value}`);
  }
}

test('networks answer what onnxruntime answers in Python: perceptrons, convolutions, LSTM, embeddings, attention and those of scikit-learn', async () => {
  for (const [name, of] of Object.entries(cases)) {
    const outputs = Object.entries(of.outputs);
    const shares = outputs.at(-1)?.[1] ?? [];
    const isArray = ['convolution', 'recurrent', 'embedding'].includes(name);
    const { types, rows } = rowsOf(of, isArray);
    const all = await told({ file: fileOf(name), types, returns: 'float8[]' }, rows);
    assert.equal(all.errors.size, 0, name);
    for (const [row, value] of all.values.entries()) close((value as List).items, flat(shares[row] ?? []), `${name} ${row}`);
    const width = flat(shares[0] ?? []).length;
    if (width <= 2) {
      const one = await told({ file: fileOf(name), types, returns: 'float8' }, rows);
      close(
        one.values,
        shares.map((share) => flat(share).at(-1) ?? 0),
        name,
      );
    } else
      await assert.rejects(told({ file: fileOf(name), types, returns: 'float8' }, rows), {
        sqlstate: '42P13',
        message: /RETURNS float8\[\]/,
      });
    if (outputs.length < 2) continue;
    const labels = outputs[0]?.[1] ?? [];
    const isText = typeof flat(labels[0] ?? 0)[0] === 'string';
    const label = await told({ file: fileOf(name), types, returns: isText ? 'text' : 'int4' }, rows);
    assert.deepEqual(label.values, labels.flatMap(flat), name);
    const both = await told({ file: fileOf(name), types, returns: 'jsonb' }, rows.slice(0, 3));
    for (const [row, value] of both.values.entries()) {
      const told = new Map(Object.entries(JSON.parse(String(value)) as Record<string, Nested>));
      assert.equal(told.size, 2, name);
      for (const [output, wanted] of outputs) close(flat(told.get(output) ?? []), flat(wanted[row] ?? 0), `${name} ${output}`);
    }
  }
});

test('a row is answered to the bit as it is alone, whichever rows stand beside it', async () => {
  for (const [name, of] of Object.entries(cases)) {
    const { types, rows } = rowsOf(of, ['convolution', 'recurrent', 'embedding'].includes(name));
    const asked = { file: fileOf(name), types, returns: 'float8[]' } as const;
    const all = (await told(asked, rows)).values as List[];
    for (const [from, to] of [
      [0, 1],
      [3, 4],
      [5, 13],
      [1, 68],
    ] as const) {
      const some = (await told(asked, rows.slice(from, to))).values as List[];
      for (const [row, { items }] of some.entries()) assert.deepEqual(items, all[from + row]?.items, `${name} ${from} ${row}`);
    }
  }
});

test('NULL is no number to a network; of texts and whole numbers it makes the answer NULL', async () => {
  const [of] = rowsOf(cases['perceptron'] as Case, false).rows;
  const row = of as Value[];
  const { values } = await told({ file: fileOf('perceptron'), types: row.map(() => 'float8'), returns: 'float8' }, [
    row,
    [null, ...row.slice(1)],
  ]);
  assert.ok(typeof values[0] === 'number' && values[1] === null);
  const tokens = (items: Value[]) => [list(items), list([0.5, 1])];
  const asked: Of = { file: fileOf('embedding'), types: ['int8[]', 'float8[]'], returns: 'int4' };
  const embedded = await told(asked, [tokens([1, 2]), [null, list([1, 2])], tokens([1, null]), tokens([1, 2, 3, 4, 5])]);
  assert.deepEqual(
    embedded.values.map((value) => value === null),
    [false, true, true, false],
  );
  const bad = await told(asked, [tokens([1, 2]), tokens([1, 99]), [list([1]), list([1])], tokens([3])]);
  assert.deepEqual([...bad.errors].map(([place, { sqlstate }]) => [place, sqlstate]).sort(), [
    [1, '38000'],
    [2, '22023'],
  ]);
  assert.deepEqual(
    bad.values.map((value) => value === null),
    [false, true, true, false],
  );
  assert.equal(bad.values[0], embedded.values[0]);
});

/** What becomes of each file: the SQLSTATE when it is read, or when it is asked of 1 and of 1000. */
const hostile: Readonly<Record<string, { readonly state: string; readonly text?: RegExp; readonly isAsked?: true }>> = {
  apart: { state: '', isAsked: true },
  chance: { state: '42P13', text: /RandomNormalLike answers otherwise/ },
  deep: { state: '42P13', text: /graphs within/ },
  half: { state: '42P13', text: /type float16/ },
  huge: { state: '42P13|53200' },
  loop: { state: '57014' },
  'loop-of-one': { state: '57014', isAsked: true },
  memory: { state: '42P13|53200|38000' },
  'memory-of-many': { state: '53200|38000|57014' },
  outside: { state: '42P13', text: /other files/ },
  rows: { state: '42P13', text: /32 rows/ },
  unknown: { state: '42P13', text: /Divination|some\.where/ },
};

/** What a hostile network answers, or why it does not. */
async function attempted(name: string, value: number, scope: bigint): Promise<unknown> {
  try {
    const file = fileOf(name, fixture(`hostile/${name}.onnx`));
    const placed = { tenant: 2n, scope };
    const { values, errors } = await told({ file, types: ['float8'], returns: 'float8', placed }, [[value]]);
    return errors.get(0) ?? values[0];
  } catch (error) {
    return error instanceof ModelError ? new StatementError('42P13', error.message) : error;
  }
}

async function tried(name: string, scope: bigint): Promise<void> {
  const { state, text = /^/, isAsked } = hostile[name] as (typeof hostile)[string];
  if (isAsked) assert.equal(await attempted(name, 1, scope), 1, name);
  const ended = await attempted(name, 1000, scope);
  if (state === '') return assert.equal(ended, 1000, name);
  assert.ok(ended instanceof StatementError, `${name}: ${ended}`);
  assert.match(ended.sqlstate, new RegExp(`^(${state})$`), `${name}: ${ended.sqlstate} ${ended.message}`);
  assert.match(ended.message, text, name);
}

test('hostile networks end with their own error, and another environment is answered meanwhile', async () => {
  const well = rowsOf(cases['perceptron'] as Case, false);
  const files = readdirSync(new URL('fixtures/network/hostile', import.meta.url)).map((name) => name.replace('.onnx', ''));
  assert.deepEqual(files.sort(), Object.keys(hostile).sort());
  let left = 3;
  // Three environments at once do harm to themselves alone.
  const lanes = Array.from({ length: left }, async (_, lane) => {
    for (let place = lane; place < files.length; place += 3) await tried(files[place] as string, BigInt(lane));
    left -= 1;
  });
  const all = Promise.all(lanes);
  all.catch(() => (left = 0));
  for (let asked = 0; asked === 0 || left > 0; asked += 1) {
    const beside = await told({ file: fileOf('perceptron'), types: well.types, returns: 'float8', placed: other }, well.rows);
    assert.deepEqual([beside.errors.size, beside.values.includes(null)], [0, false]);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await all;
});

test('a file that is cut or bent is refused, or answers what it may, and ends nothing', async () => {
  const whole = fixture('mlp.onnx');
  const { types, rows } = rowsOf(cases['mlp'] as Case, false);
  const bent = (place: number) => {
    const bytes = Buffer.from(whole);
    bytes[place] = (bytes[place] ?? 0) ^ 0x55;
    return bytes;
  };
  const tried = [
    ...Array.from({ length: 12 }, (_, part) => whole.subarray(0, part * 197)),
    ...Array.from({ length: 24 }, (_, part) => bent(part * 97)),
  ];
  for (const [place, bytes] of tried.entries()) {
    try {
      await told({ file: fileOf(`bent ${place}`, bytes), types, returns: 'float8' }, rows.slice(0, 2));
    } catch (error) {
      assert.ok(error instanceof ModelError || error instanceof StatementError, `${place}: ${error}`);
    }
  }
  const one = await told({ file: fileOf('mlp'), types, returns: 'float8' }, rows.slice(0, 2));
  assert.equal(one.errors.size, 0);
});
