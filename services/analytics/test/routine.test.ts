import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { Producer } from 'kafkajs';
import pg from 'pg';
import { type CallRoutines, RoutinePool } from '../engine/routine/pool.ts';
import { type House, openHouse } from './fixtures/house.ts';
import { moduleBytes } from './fixtures/module.ts';

let house: House;
let client: pg.Client;
let producer: Producer;
const pool = new RoutinePool();
const [call, other] = [pool.of({ tenant: 1n, scope: 1n }), pool.of({ tenant: 1n, scope: 2n })];
type Of = { params?: string[]; returns?: string; language?: string };
const definition = (body: string, { params = ['int4'], returns = 'text', language = 'javascript' }: Of = {}) =>
  JSON.stringify({ name: 'f', language, params: params.map((type, at) => ({ name: `a${at}`, type })), returns, body, strict: false });
const one = async (body: string, of: Of = {}, by: CallRoutines = call) => (await by(definition(body, of), [[1]]))[0] ?? [];
const rowsOf = async (text: string, values: unknown[] = []): Promise<unknown[][]> =>
  (await client.query({ text, values, rowMode: 'array', types: { getTypeParser: () => String as never } })).rows;
const refusal = (text: string) =>
  client.query(text).then(
    () => assert.fail(`${text} was not refused`),
    (error: pg.DatabaseError) => error,
  );

/** What is tried, and what becomes of it: how the reply is called, and a part of what it says. */
const hostile: readonly (readonly [string, string, RegExp?])[] = [
  [
    'return typeof process + typeof require + typeof module + typeof global + typeof setTimeout + typeof fetch',
    'value',
    /^(undefined){6}$/,
  ],
  ['return Object.getOwnPropertyNames(globalThis).filter((name) => /^(port|process|console|eval|gc)/.test(name)).join()', 'value', /^$/],
  ['return String(this)', 'value', /^undefined$/],
  ['return (() => {}).constructor("return process")()', 'threw', /EvalError/],
  ['return [].constructor.constructor("return this")()', 'threw', /EvalError/],
  ['return Object.getPrototypeOf(function* () {}).constructor("yield process")().next().value', 'threw', /EvalError/],
  ['return Object.getPrototypeOf(async () => {}).constructor("return process")()', 'threw', /EvalError/],
  ['return (0, eval)("process")', 'threw', /ReferenceError/],
  ['return arguments.callee.caller', 'threw', /TypeError/],
  ['Error.prepareStackTrace = (_, sites) => sites[0].getThis(); return String(new Error().stack)', 'threw', /TypeError/],
  ['Error.stackTraceLimit = 10; return new Error("x").stack', 'threw', /TypeError/],
  [
    'const e = new Error(); e.name = Symbol(); try { return String(e.stack) } catch (own) { return own.constructor("return process")() }',
    'value',
    /undefined/,
  ],
  ['try { null.x } catch (e) { return e.constructor.constructor.constructor("return process")() }', 'threw', /EvalError/],
  ['try { (function f() { f() })() } catch (e) { return e.constructor.constructor("return process")() }', 'threw', /EvalError/],
  ['const f = () => f(); return f()', 'threw', /RangeError/],
  ['return new Proxy(() => {}, { apply: (t) => t, get: (_, k) => k })', 'wrong'],
  ['return { [Symbol.toPrimitive]: () => process }', 'wrong', /an object/],
  ['throw new Proxy({}, { get() { throw 1 } })', 'threw', /cannot be told/],
  ['throw { get message() { for (;;); } }', 'late'],
  ['Object.prototype.polluted = 1; return "x"', 'threw', /TypeError/],
  ['({}).__proto__.polluted = 1; return "x"', 'threw', /TypeError/],
  ['Array.prototype.map = () => ["x"]; return "x"', 'threw', /TypeError/],
  ['globalThis.kept = 1; return "x"', 'threw', /TypeError/],
  ['JSON.stringify = () => "x"; return "x"', 'threw', /TypeError/],
  ['(function* () {}).prototype.__proto__.next = 1; return "x"', 'threw', /TypeError/],
  ['"b".match(/(b)/); return String(RegExp.$1)', 'value', /^undefined$/],
  ['return String(({}).polluted) + typeof kept + [1].map(String)', 'value', /^undefinedundefined1$/],
  ['Atomics.wait(new Int32Array(new SharedArrayBuffer(8)), 0, 0)', 'threw', /ReferenceError/],
  ['return String(new SharedArrayBuffer(8).byteLength)', 'threw', /ReferenceError/],
  ['return typeof WebAssembly + typeof WeakRef + typeof Intl', 'value', /^(undefined){3}$/],
  ['return String(Date.now())', 'threw', /not the same twice/],
  ['return String(new Date())', 'threw', /not the same twice/],
  ['return String(new (new Date(0).constructor)())', 'threw', /not the same twice/],
  ['return new Date(0).toISOString()', 'value', /^1970-01-01T00:00:00.000Z$/],
  ['return String(Math.random())', 'threw', /not the same twice/],
  ['} function evil() {', 'threw', /not understood/],
  ['for (;;);', 'late'],
  ['(async () => { for (;;) await 0 })(); return "x"', 'late'],
  ['const flood = () => Promise.resolve().then(() => { flood(); flood() }); flood(); return "x"', 'late|memory'],
  ['return String(/^(a+)+$/.test("a".repeat(50) + "b"))', 'late'],
  ['const x = []; for (;;) x.push({ a: [1, 2, 3] })', 'late|memory'],
  ['let x = "x"; for (;;) x += x', 'memory|threw'],
  ['const x = []; for (;;) x.push(new Uint8Array(5e7).fill(1))', 'late|memory'],
  ['return String(new ArrayBuffer(4e9).byteLength)', 'memory|late'],
  ['return "x".repeat(2 ** 30)', 'memory'],
  ['return String(2n ** 100000000n)', 'late'],
  ['return "x".repeat(2_000_000)', 'wrong', /more than/],
];

async function attempted(): Promise<(readonly unknown[])[]> {
  const replies: (readonly unknown[])[] = [];
  for (const [body] of hostile) replies.push(await one(body));
  return replies;
}

/** What became of what is tried, while the platform starts. */
let attempts: Promise<(readonly unknown[])[]>;
before(async () => {
  attempts = attempted();
  house = await openHouse();
  client = new pg.Client(house.login());
  await client.connect();
  producer = house.kafka().producer();
  await producer.connect();
});
after(async () => {
  pool.stop();
  await producer?.disconnect().catch(() => undefined);
  await client?.end().catch(() => undefined);
  await house?.stop();
});

test('nothing that a function tries reaches beyond it: not the process, its globals, time, or another call', async () => {
  const replies = await attempts;
  for (const [at, [body, kinds, told = /^/]] of hostile.entries()) {
    const [kind, text] = replies[at] ?? [];
    assert.match(String(kind), new RegExp(`^(${kinds})$`), `${body}: ${kind} ${text}`);
    assert.match(String(text), told, body);
  }
  assert.deepEqual(await one('return "still here"'), ['value', 'still here']);
});

test('a loop in one environment ends within a second, and another environment is answered meanwhile', async () => {
  await Promise.all([one('return "warm"'), one('return "warm"', {}, other)]);
  const begun = performance.now();
  const order: string[] = [];
  const looped = one('for (;;);').then((reply) => {
    order.push('loop');
    return { reply, ms: performance.now() - begun };
  });
  await one('return String(a0)', {}, other).then(() => order.push('other'));
  const { reply, ms } = await looped;
  assert.deepEqual([reply[0], order], ['late', ['other', 'loop']]);
  assert.ok(ms < 2_000, `it took ${ms} ms`);
});

test('what ends its process is told of the row that did it, and the rows before it have their answers', async () => {
  const body = 'if (a0 === 2) { const x = []; for (;;) x.push(new Uint8Array(5e7).fill(1)); } return String(a0)';
  const [first, second, third, ...more] = await call(definition(body), [[0], [1], [2], [3]]);
  assert.deepEqual([first, second, more], [['value', '0'], ['value', '1'], []]);
  // Whichever of its two bounds it comes to first.
  assert.match(String(third?.[0]), /^(memory|late)$/);
});

const wasm = (bytes: Buffer, params: string[], returns: string) =>
  definition(bytes.toString('base64'), { params, returns, language: 'wasm' });

test('a module of WebAssembly computes exactly, keeps nothing between calls, and is bounded like other functions', async () => {
  const sum = moduleBytes([{ name: 'f', params: ['i64', 'i64'], returns: 'i64', code: [0x20, 0, 0x20, 1, 0x7c] }]);
  assert.deepEqual(await call(wasm(sum, ['int8', 'int8'], 'int8'), [['9007199254740993', '-1']]), [['value', '9007199254740992']]);
  const echo = moduleBytes(
    [
      { name: 'f', params: ['i32', 'i32'], returns: 'i64', code: [0x20, 0, 0xad, 0x42, 32, 0x86, 0x20, 1, 0xad, 0x84] },
      { name: 'allocate', params: ['i32'], returns: 'i32', code: [0x41, 16] },
    ],
    true,
  );
  assert.deepEqual(await call(wasm(echo, ['text'], 'text'), [['Zürich'], ['']]), [
    ['value', 'Zürich'],
    ['value', ''],
  ]);
  const grow = moduleBytes(
    [
      {
        ...{ name: 'f', params: ['i32'], returns: 'i32' },
        code: [0x03, 0x40, 0x41, 16, 0x40, 0, 0x41, 0x7f, 0x47, 0x0d, 0, 0x0b, 0x3f, 0],
      },
    ],
    true,
  );
  assert.deepEqual(await call(wasm(grow, ['int4'], 'int4'), [[1], [1]]), [
    ['value', '241'],
    ['value', '241'],
  ]);
  const loop = moduleBytes([{ name: 'f', params: ['i32'], returns: 'i32', code: [0x03, 0x40, 0x0c, 0, 0x0b, 0] }]);
  assert.deepEqual(await call(wasm(loop, ['int4'], 'int4'), [[1]]), [['late', '']]);
  const trap = moduleBytes([{ name: 'f', params: ['i32'], returns: 'i32', code: [0] }]);
  assert.match(String(await call(wasm(trap, ['int4'], 'int4'), [[1]])), /threw,RuntimeError: unreachable/);
  const reach = moduleBytes([{ name: 'f', params: ['i32'], returns: 'i32', code: [0] }], false, [1, 1, 0x65, 1, 0x6d, 2, 0, 1]);
  assert.match(String(await call(wasm(reach, ['int4'], 'int4'), [[1]])), /there is nothing to import/);
});

test('values go through a function in JavaScript exactly, NULL too, and what it throws has a SQLSTATE', async () => {
  const samples: Readonly<Record<string, string>> = {
    bool: 'true',
    int4: '-2147483648',
    int8: '9223372036854775807',
    int2: '-32768',
    float4: '1.1',
    bytea: '\\x00ff',
    uuid: '00112233-4455-6677-8899-aabbccddeeff',
    jsonb: '{"a": [1, "x", null]}',
    time: '12:34:56.789',
    numeric: '123456789012345678901234567890.1234500',
    float8: '-0',
    text: 'Zürich 🚋',
    date: '2026-02-28',
    timestamp: '2026-02-28 12:34:56.789012',
    timestamptz: '2026-02-28 12:34:56.789012+00',
    interval: '1 mon 2 days 03:04:05.000006',
  };
  for (const [type, sample] of Object.entries(samples)) {
    await client.query(`create function same_${type}(a ${type}) returns ${type} language javascript as $$ return a $$`);
    const [[same, none, kind] = []] = await rowsOf(
      `select same_${type}('${sample}')::text, same_${type}(null), same_${type}('${sample}') is null`,
    );
    assert.deepEqual([same, none, kind], [sample, null, 'f'], type);
  }
  await client.query(`create function types(a int8, b numeric) returns text language javascript as $$ return typeof a + typeof b $$;
    create function strictly(a int8) returns text strict language js as $$ return "called" $$;
    create function fails(a int4) returns int4 language javascript as $$ if (a > 1) throw new RangeError('no ' + a); return a $$;
    create function loops(a int4) returns int4 language javascript as $$ for (;;); $$;
    create function hoards(a int4) returns int4 language javascript as $$ return 'x'.repeat(2 ** 30).length $$;
    create function vague(a int4) returns int4 language javascript as $$ return 1.5 $$;
    create function inner_one(a int4) returns int4 return fails(a) + 1`);
  assert.deepEqual(await rowsOf('select types(1, 2), strictly(null), inner_one(1)'), [['bigintstring', null, '2']]);
  assert.deepEqual(await rowsOf('select fails'.concat('($1)'), [1]), [['1']]);
  const codes = async (text: string) => {
    const { code, message } = await refusal(text);
    return `${code} ${message}`;
  };
  assert.match(await codes('select fails(2)'), /^38000 function fails: RangeError: no 2$/);
  assert.match(await codes('select vague(1)'), /^39000 function vague: answered 1.5, which is no int4$/);
  assert.match(await codes('select loops(1)'), /^57014 function loops did not answer within/);
  assert.match(await codes('select hoards(1)'), /^53200 function hoards took more memory/);
  assert.match(await codes(`create function broken(a int4) returns int4 language javascript as 'return ('`), /^42601 /);
  assert.match(await codes(`create function nosy(a int4) returns int4 language javascript as 'return import("fs")'`), /^42P13 .*import/);
  assert.match(await codes(`create function nameless(int4) returns int4 language javascript as 'return 1'`), /^42P13 .*name/);
  assert.match(await codes(`create function other(a int4) returns int4 language plpython as 'x'`), /^0A000 /);
  assert.match(await codes(`create function fluid(a int4) returns int4 volatile language javascript as 'return 1'`), /^0A000 /);
  assert.match(await codes(`create function odd(a numeric) returns int4 language wasm as 'AGFzbQEAAAA='`), /^0A000 /);
});

const sent = (topic: string, ...values: unknown[]) =>
  producer.send({ topic, messages: values.map((value) => ({ value: JSON.stringify(value) })) });
const until = (text: string, wanted: unknown) =>
  house
    .until(
      () => rowsOf(text),
      (rows) => JSON.stringify(rows) === JSON.stringify(wanted),
    )
    .then((rows) => assert.deepEqual(rows, wanted, text));

test('a view stands still where its function takes too long, says so, and goes on when the function is another; a row it throws at is left out', async () => {
  await client.query(`create source trips (city text, n int4) with (topic = 'trips', format = 'json');
    create function zone(city text, n int4) returns text language javascript as $$
      if (n === 13) throw new Error('bad luck');
      if (n === 99) for (;;);
      return city.toUpperCase() + n % 2 $$;
    create materialized view zones as select zone(city, n) as zone, count(*) as trips, sum(n) as n from trips where zone(city, n) <> 'X' group by zone(city, n);
    create materialized view plain as select city, count(*) as trips from trips group by city`);
  await sent('trips', { city: 'Oslo', n: 1 }, { city: 'Oslo', n: 3 }, { city: 'Oslo', n: 13 }, { city: 'Rome', n: 2 });
  await until('select * from zones order by zone', [
    ['OSLO1', '2', '4'],
    ['ROME0', '1', '2'],
  ]);
  const shown = async () => (await client.query('show materialized views')).rows.find(({ name }) => name === 'zones');
  assert.match(String((await shown()).rejection), /38000|function zone: bad luck/);
  assert.match((await rowsOf('explain select zone(city, n) from trips')).join('\n'), /Output: zone\(city, n\)/);
  await sent('trips', { city: 'Rome', n: 99 });
  await until(`select trips from plain where city = 'Rome'`, [['2']]);
  const failed = await house.until(shown, ({ failure }) => failure !== null);
  assert.match(String(failed.failure), /function zone did not answer within 500 ms/);
  assert.deepEqual(await rowsOf('select trips from zones order by zone'), [['2'], ['1']]);
  assert.equal((await refusal('drop function zone')).code, '2BP01');
  assert.equal((await refusal(`create or replace function zone(city text, n int4) returns int4 language sql as 'select 1'`)).code, '42P13');
  await client.query(
    `create or replace function zone(city text, n int4) returns text language javascript as $$ return city.toLowerCase() $$`,
  );
  await until('select * from zones order by zone', [
    ['oslo', '3', '17'],
    ['rome', '2', '101'],
  ]);
  assert.equal((await shown()).failure, null);
});

test('functions are called where tables are written, groups are taken back and rows are joined, and catalogues tell of them', async () => {
  await client.query(`create table fleet (id int4 primary key, name text, score float8);
    create function score(name text) returns float8 language javascript as $$ return name === null ? null : name.length / 4 $$;
    insert into fleet values (1, 'tram', score('tram')), (2, 'ferry', score('ferry'));
    create materialized view best as select score(f.name) as score, count(*) as n from fleet f join fleet g on score(f.name) = g.score group by score(f.name)`);
  await until('select * from best order by score', [
    ['1', '1'],
    ['1.25', '1'],
  ]);
  await client.query(`update fleet set score = score(name || name) where score(name) = 1; delete from fleet where score(name) > 1.1`);
  assert.deepEqual(await rowsOf('select id, score from fleet'), [['1', '2']]);
  await until('select count(*) from best', [['0']]);
  const listed = await rowsOf(`SELECT n.nspname as "Schema", p.proname as "Name",
      pg_catalog.pg_get_function_result(p.oid) as "Result data type", pg_catalog.pg_get_function_arguments(p.oid) as "Argument data types",
      CASE p.prokind WHEN 'a' THEN 'agg' WHEN 'w' THEN 'window' WHEN 'p' THEN 'proc' ELSE 'func' END as "Type"
    FROM pg_catalog.pg_proc p LEFT JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    WHERE p.proname OPERATOR(pg_catalog.~) '^(score|types)$' COLLATE pg_catalog.default AND pg_catalog.pg_function_is_visible(p.oid)
    ORDER BY 1, 2, 4`);
  assert.deepEqual(listed, [
    ['public', 'score', 'double precision', 'name text', 'func'],
    ['public', 'types', 'text', 'a bigint, b numeric', 'func'],
  ]);
  await client.query('drop function types');
});

test('models learn rows as they come: what they foretold, and what they are in the end, is what it is with river on the same stream', async () => {
  type Learned = { readonly score: number; readonly bias: number; readonly weights: number[]; readonly predict: number[] };
  const { rows, learned } = JSON.parse(readFileSync(new URL('fixtures/online.json', import.meta.url), 'utf8')) as {
    readonly rows: readonly { readonly yes: boolean; readonly number: number; readonly x: number[] }[];
    readonly learned: Readonly<Record<'logistic' | 'linear', Learned>>;
  };
  await client.query(`create source stream (yes bool, number float8, a float8, b float8, c float8) with (topic = 'stream', format = 'json');
    create materialized view models as select learn_logistic(yes, a, b, c) as logistic, learn_linear(number, a, b, c) as linear,
      learn_tree(yes, a, b, c) as tree, learn_tree((a > 0)::int4 + 5, a, b) as classes, drift(yes) as drift from stream`);
  const records = rows.map(({ yes, number, x: [a, b, c] }) => ({ yes, number, a, b, c }));
  // In the order of one partition.
  const given = [...records, { yes: null, number: 1, a: 1, b: 1, c: null }];
  for (let from = 0; from < given.length; from += 150) {
    const messages = given.slice(from, from + 150).map((value) => ({ value: JSON.stringify(value), partition: 0 }));
    await producer.send({ topic: 'stream', messages });
  }
  const found = await house.until(
    async () => (await client.query<{ logistic: string | null; linear: string | null }>('select * from models')).rows[0],
    (row) => /"rows":400,/.test(`${row?.logistic}`) && /"rows":400,/.test(`${row?.linear}`),
  );
  const close = (got: readonly number[], wanted: readonly number[], what: string) => {
    assert.equal(got.length, wanted.length, what);
    for (const [at, value] of wanted.entries()) assert.ok(Math.abs((got[at] ?? Number.NaN) - value) < 1e-9, `${what}: ${got} ${wanted}`);
  };
  for (const kind of ['logistic', 'linear'] as const) {
    const own = JSON.parse(found?.[kind] ?? '{}') as { accuracy?: number; error?: number; bias: number; weights: number[] };
    const { score, bias, weights, predict } = learned[kind];
    close([own.accuracy ?? own.error ?? Number.NaN, own.bias, ...own.weights], [score, bias, ...weights], kind);
    const told = rows.slice(0, 20).map(({ x }) => `predict_online(${kind}, ${x.join()})`);
    const [answers = []] = await rowsOf(`select ${told.join()} from models`);
    close(answers.map(Number), predict, kind);
  }
  const [answered = []] = await rowsOf(`select tree, predict_online(tree, -3, 0, 1),
    predict_online(classes, 2, 5), predict_online(classes, -2, 5), drift from models`);
  const [tree = '', yes = '', kind, none, drift = ''] = answered.map(String);
  const { accuracy, label, labels } = JSON.parse(tree) as { accuracy: number; label: string; labels: number[] };
  assert.deepEqual([label, labels.length], ['boolean', 2]);
  assert.ok(accuracy > 0.5 && accuracy < 1 && Number(yes) > 0.5 && Number(yes) <= 1, `${accuracy} ${yes}`);
  assert.deepEqual([kind, none], ['6', '5']);
  const { rows: counted, mean } = JSON.parse(drift) as { rows: number; mean: number };
  assert.equal(counted, 400);
  assert.ok(Math.abs(mean - 0.5) < 0.2, drift);
  await client.query('create table labelled (id int4 primary key, yes bool, x float8)');
  assert.equal((await refusal('select learn_logistic(yes, x) from labelled')).code, '0A000');
  assert.equal((await refusal('select learn_logistic(number, a) from stream')).code, '42883');
  for (const wrong of ['learn_tree(number, a)', 'learn_tree(yes)', 'drift(yes, a)', `drift('a'::text)`])
    assert.match((await refusal(`select ${wrong} from stream`)).code ?? '', /^42(883|804)$/, wrong);
  assert.equal((await refusal('select drift(x) from labelled')).code, '0A000');
  assert.equal((await refusal(`select predict_online('{}', a) from stream`)).code, '22023');
});
