import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Random } from '#engine/random/random.ts';
import { PostgresError } from '#seams/sql/error.ts';
import { StatementError } from '#engine/pgwire/statement-error.ts';
import { placesIn } from '../domain/context.ts';
import { type Plan, scansIn } from '../domain/plan.ts';
import { planQuery, type Query } from '../domain/planner.ts';
import { pushedDown } from '../domain/push-down.ts';
import { parseStatement } from '../domain/statement.ts';
import { castValue } from '../domain/cast.ts';
import { type Column, readValue, type Row, type Type, type Value } from '../domain/value.ts';
import { answer } from '../engine/answer.ts';
import { type Batch, BatchBuilder } from '../engine/batch.ts';
import { batchOf } from '../engine/duck/column.ts';
import { storedForm, typesOf } from '../engine/duck/form.ts';
import { divided } from '../engine/duck/part.ts';
import { DuckPool } from '../engine/duck/pool.ts';
import { DuckFailure } from '../engine/duck/process.ts';
import { type Seat, Stored } from '../engine/duck/seat.ts';
import { SelectWriter } from '../engine/duck/select.ts';
import { openOracle } from './fixtures/oracle.ts';
import { randomSelect, randomText, tables } from './fixtures/query.ts';

let oracle: Awaited<ReturnType<typeof openOracle>>;
const pool = new DuckPool();
const at = { tenant: 1n, scope: 1n } as never;
before(async () => {
  oracle = await openOracle();
});
after(async () => {
  pool.stop();
  await oracle?.[Symbol.asyncDispose]();
});

type Texts = (string | null)[];
type Tables = Readonly<Record<string, Readonly<Record<string, string>>>>;
type Given = { readonly tables: Tables; readonly rows: Readonly<Record<string, readonly Texts[]>> };

const columnsOf = (of: Tables, name: string): Column[] =>
  Object.entries(of[name] ?? {}).map(([column, type]) => ({ name: column, type: type as Type }));

function batchIn({ tables: of, rows }: Given, name: string): Batch {
  const columns = columnsOf(of, name);
  const builder = new BatchBuilder(columns);
  for (const texts of rows[name] ?? [])
    builder.add(
      texts.map((text, place) => (text === null ? null : readValue(columns[place]?.type as Type, text))),
      1,
    );
  return builder.finish();
}

const literal = (text: string | null, type: string) => (text === null ? `null::${type}` : `'${text.replaceAll("'", "''")}'::${type}`);

/** The relations as PostgreSQL takes them, in front of the query. */
function oracleText({ tables: of, rows }: Given, text: string): string {
  const relations = Object.entries(of).map(([name, columns]) => {
    const types = Object.values(columns);
    const values = (rows[name] ?? []).map((texts) => `(${texts.map((each, place) => literal(each, types[place] as string)).join(', ')})`);
    const none = `select ${types.map((type) => `null::${type}`).join(', ')} where false`;
    return `${name}(${Object.keys(columns).join(', ')}) as materialized (${values.length > 0 ? `values ${values.join(', ')}` : none})`;
  });
  return `with ${relations.join(', ')} select * from (${text}) as q`;
}

async function queryOf(of: Tables, text: string): Promise<Query> {
  const statement = await parseStatement(text);
  assert.equal(statement?.kind, 'select');
  const names = Object.keys(of);
  const relation = (name: string): Plan | undefined => {
    const place = names.indexOf(name);
    return place < 0 ? undefined : { kind: 'scan', relation: BigInt(place), name, appends: false, columns: columnsOf(of, name) };
  };
  const query = planQuery(statement.select, { relation, named: new Map(), params: [], at: placesIn(text) });
  return { ...query, plan: pushedDown(query.plan) };
}

/** The answer with all of DuckDB that there is in it, and how many operators it carried out. */
async function withDuck(seat: Seat, query: Query, given: Given): Promise<{ rows: Row[]; taken: number; whole: boolean }> {
  const names = Object.keys(given.tables);
  const batches = new Map(names.map((name, place) => [BigInt(place), batchIn(given, name)]));
  const stored = new Map<bigint, Stored>();
  const unfit = new Set<string>();
  for (const [place, name] of names.entries()) {
    const columns = columnsOf(given.tables, name);
    for (;;) {
      const places = columns
        .map((_, each) => each)
        .filter((each) => storedForm(columns[each]?.type ?? 'interval').kind !== 'absent' && !unfit.has(`${place} ${each}`));
      const made = await seat.make(name, columns, places, Stored);
      const wrong = await seat.add(made, batches.get(BigInt(place)) as Batch);
      stored.set(BigInt(place), made);
      if (wrong === undefined) break;
      unfit.add(`${place} ${wrong}`);
    }
  }
  const writer = new SelectWriter({
    ...{ plan: query.plan, params: [], tableOf: (relation: bigint) => stored.get(relation)?.table ?? '' },
    isThere: (relation, place) => stored.get(relation)?.places.includes(place) ?? false,
  });
  const { rest, parts } = divided(query.plan, (plan) => plan.kind !== 'scan' && scansIn(plan).size > 0 && !!writer.write(plan));
  let isWhole = false;
  for (const { plan, relation } of parts) {
    const select = writer.write(plan);
    assert.ok(select);
    const types = select.forms.flatMap((form, place) => typesOf(form, plan.columns[place]?.type as Type));
    const found = await seat.process.ask({ ...select, types }, new AbortController().signal);
    batches.set(relation, batchOf(found, plan.columns, select.forms));
    isWhole ||= plan === query.plan;
  }
  return { rows: answer({ ...query, plan: rest }, batches, []), taken: parts.length, whole: isWhole };
}

const asText = (value: Value, type: Type) => (value === null ? null : castValue(value, type, 'text'));
const shown = (rows: readonly Row[], columns: readonly Column[]): string[] =>
  rows.map((row) => JSON.stringify(columns.map(({ type }, place) => asText(row[place] ?? null, type)))).sort();
/** Which of several equal decimals stands for all of them (0, 0.00) is nobody's promise. */
const plain = (rows: readonly string[]) =>
  rows.map((row) => row.replaceAll(/"(-?\d+)\.(\d*?)0*"/g, (_, whole, part) => `"${whole}${part === '' ? '' : `.${part}`}"`)).sort();

type Outcome = { readonly rows: string[] } | { readonly state: string };
const failed = (error: unknown): Outcome => {
  if (error instanceof StatementError) return { state: error.sqlstate };
  if (error instanceof PostgresError) return { state: error.sqlstate ?? '' };
  throw error;
};

/** What PostgreSQL answers, our engine alone, and ours with DuckDB. */
async function outcomes(seat: Seat, given: Given, text: string) {
  const query = await queryOf(given.tables, text);
  const names = query.columns.map((_, place) => `c${place}`);
  const list = names.map((name) => `${name}::text as ${name}`).join(', ');
  const theirs = await oracle.sql
    .platform()
    .query<Record<string, string | null>>(oracleText(given, `select ${list} from (${text}) as p(${names.join(', ')})`))
    .then(({ rows }): Outcome => ({ rows: rows.map((row) => JSON.stringify(names.map((name) => row[name] ?? null))).sort() }), failed);
  let ours: Outcome;
  try {
    const batches = new Map(Object.keys(given.tables).map((name, place) => [BigInt(place), batchIn(given, name)]));
    ours = { rows: shown(answer(query, batches, []), query.columns) };
  } catch (error) {
    ours = failed(error);
  }
  const ducks = await withDuck(seat, query, given).then(
    ({ rows, taken, whole }) => ({ rows: shown(rows, query.columns), taken, whole }),
    (error: unknown) => {
      // A query that fails there is answered by our own engine.
      if (error instanceof DuckFailure) return { state: error.refusal?.sqlstate ?? error.message, taken: 1, whole: false };
      return { ...(failed(error) as { state: string }), taken: 0, whole: false };
    },
  );
  return { theirs, ours, ducks };
}

const seeds = Number(process.env.GAMUT_SEEDS ?? 150);
const first = Number(process.env.GAMUT_SEED ?? 1);

test('random queries answer the same with DuckDB, without it and in PostgreSQL', async () => {
  const counts = { same: 0, fail: 0, taken: 0, whole: 0, unbuilt: 0, beyond: 0 };
  await pool.inTurn(at, async (seat) => {
    for (let seed = first; seed < first + seeds; seed += 1) {
      const random = new Random(seed);
      const { text } = randomSelect(random, random.below(3));
      const rows = Object.fromEntries(
        Object.entries(tables).map(([name, columns]) => [
          name,
          Array.from({ length: random.below(30) }, () => Object.values(columns).map((type) => randomText(random, type))),
        ]),
      );
      let found: Awaited<ReturnType<typeof outcomes>>;
      try {
        found = await outcomes(seat, { tables, rows }, text);
      } catch (error) {
        if (error instanceof StatementError && error.sqlstate === '0A000') {
          counts.unbuilt += 1;
          continue;
        }
        throw new Error(`seed ${seed}: ${text}`, { cause: error });
      }
      const { theirs, ours, ducks } = found;
      const told = `seed ${seed}\n${text}\n${JSON.stringify({ ours, ducks })}`;
      if (ducks.taken > 0) counts.taken += 1;
      if (ducks.whole) counts.whole += 1;
      if ('state' in ducks) {
        // Never an error of DuckDB's own: what it does not know was not given to it.
        assert.ok(/^22/.test(ducks.state) || 'state' in ours || /Overflow|22003|beyond/.test(ducks.state), told);
        counts.fail += 1;
        continue;
      }
      if ('state' in theirs || 'state' in ours) {
        counts.beyond += 1;
        continue;
      }
      assert.deepEqual(plain(ducks.rows), plain(ours.rows), told);
      assert.deepEqual(plain(ducks.rows), plain(theirs.rows), told);
      counts.same += 1;
    }
  });
  process.stderr.write(`${JSON.stringify(counts)}\n`);
  assert.ok(counts.taken > seeds / 4 && counts.whole > seeds / 12, JSON.stringify(counts));
});

const wide = { t: { i2: 'int2', i4: 'int4', i8: 'int8', n: 'numeric', f: 'float8', s: 'text', d: 'date', at: 'timestamp', b: 'bool' } };
/** Values at the ends of what there is; of some DuckDB cannot have what we have, and then their column stays with us. */
const hostile: Readonly<Record<string, readonly (string | null)[]>> = {
  int2: ['32767', '-32768', '0', '-1', null],
  int4: ['2147483647', '-2147483648', '0', '-1', '7', null],
  int8: ['9223372036854775807', '-9223372036854775808', '9007199254740993', '-9007199254740993', '0', '-1', null],
  numeric: ['0', '0.000000000001', '999999999999999999.999999999999', '-999999999999999999.999999999999', '1.10', '1.1', null],
  float8: ['0', '1e308', '-1e308', '5e-324', '0.1', '1e-7', null],
  text: ['', ' ', 'a', 'A', 'ß', '\uffee', '\u{1F600}', 'e\u0301', 'é', '%', '_', "'", '\\', '$1', 'NULL', ';--', '\u0001', null],
  date: ['1970-01-01', '1685-03-01', '2254-12-31', '2000-02-29', null],
  timestamp: ['1685-03-01 00:00:00', '2254-12-31 23:59:59.999999', '1969-12-31 23:59:59.999999', '2000-02-29 12:30:00', null],
  bool: ['t', 'f', null],
};
const beyond: Readonly<Record<string, string>> = { n: `1${'0'.repeat(999)}.5`, f: '-0' };

const integers = (column: string, type: string) =>
  ['+', '-', '*', '/', '%']
    .flatMap((sign) => [`${column} ${sign} 3::${type}`, `${column} ${sign} ${column}`])
    .concat(`-${column}`, `abs(${column})`);

const expressions = [
  ...[...integers('i2', 'int2'), ...integers('i4', 'int4'), ...integers('i8', 'int8')],
  ...['i8::int4', 'i4::int2', 'i8::float8', 'i8::numeric', 'i4::text', 'b::text', 'b::int4', 'at::date', 'd::timestamp'],
  ...['n + n', 'n - 0.5', 'n * 2', 'n * n', '-n', 'abs(n)', 'n * i2', 'case when b then n else 0.10 end', 'coalesce(n, i8)'],
  ...['f + f', 'f * 10', 'f / 0.5', 'f / f', '-f', 'abs(f)'],
  ...[
    'length(s)',
    'octet_length(s)',
    's || s',
    `s || '\u{1F600}'`,
    'substring(s, 1, 1)',
    'left(s, 1)',
    "s like 'a%'",
    "s like '_'",
    `starts_with(s, '\u{1F600}')`,
  ],
  ...['d + 1', 'd - 40000', 'd - d', "at + interval '1 day 2 hours'", "at - interval '3 microseconds'"],
  ...['second', 'minute', 'hour', 'day', 'week', 'month', 'quarter', 'year'].map((unit) => `date_trunc('${unit}', at)`),
  ...['minute', 'hour', 'day', 'month', 'year', 'quarter', 'dow', 'doy', 'isodow'].map((unit) => `extract(${unit} from at)`),
];

test('values at the ends of their types, and errors, are as PostgreSQL has them', async () => {
  const counts = { rows: 0, errors: 0, whole: 0 };
  const row = (at: number): Texts =>
    Object.values(wide.t).map((type) => (hostile[type] as Texts)[at % (hostile[type] as Texts).length] ?? null);
  const all = Array.from({ length: 24 }, (_, at) => row(at));
  await pool.inTurn(at, async (seat) => {
    const check = async (text: string, rows: readonly Texts[]) => {
      const { theirs, ours, ducks } = await outcomes(seat, { tables: wide, rows: { t: rows } }, text);
      const told = `${text}\n${JSON.stringify({ theirs, ours, ducks })}`;
      if (ducks.whole) counts.whole += 1;
      if ('state' in ducks) {
        // DuckDB's error is one of ours and PostgreSQL's, or one that our own engine is asked about.
        assert.ok(/^22/.test(ducks.state) ? 'state' in theirs && theirs.state === ducks.state : /Overflow|beyond/.test(ducks.state), told);
        counts.errors += 1;
        return;
      }
      if ('state' in theirs) assert.ok('state' in ours && ours.state === theirs.state, told);
      else assert.deepEqual(plain(ducks.rows), plain(theirs.rows), told);
      counts.rows += 1;
    };
    for (const expression of expressions) {
      // Each value alone, so that an error of one hides none of the others; then in a filter and in a group.
      for (const each of all.slice(0, 12)) await check(`select ${expression} as e, s from t where i2 is null or i2 is not null`, [each]);
      const sure = all.filter((each) => each.every((value) => value === null || value.length < 4));
      await check(
        `select count(*), ${/like|starts/.test(expression) ? 'bool_or(e)' : 'min(e), max(e)'}, count(distinct e) from (select ${expression} as e from t) q`,
        sure,
      );
    }
    for (const column of Object.keys(wide.t)) {
      await check(`select ${column}, count(*), count(distinct s), bool_or(b), bool_and(b) from t group by ${column}`, all);
      await check(`select l.${column}, count(*) from t l full join t r on l.${column} = r.${column} group by l.${column}`, all);
      if (column !== 'b') await check(`select min(${column}), max(${column}) from t`, all);
      await check(`select s from t where ${column} is not distinct from (select ${column} from t order by i4 limit 1)`, all.slice(0, 1));
    }
    for (const column of ['i2', 'i4', 'i8', 'n']) {
      await check(`select b, sum(${column}), avg(${column}), count(${column}) from t group by b`, all);
      await check(`select sum(${column}) filter (where b), avg(distinct i4) from t having sum(${column}) > 0`, all);
    }
    await check('select sum(n * n * 3), avg(n * i2) from t where n < 1000', all);
    await check(
      'select sum(i8 + 0), sum(n) from t',
      Array.from({ length: 40 }, (_, at) => all[at % 2] as Texts).map((each) => [...each]),
    );
    for (const [column, text] of Object.entries(beyond)) {
      const place = Object.keys(wide.t).indexOf(column);
      const rows = all.map((each, at) => each.map((value, own) => (own === place && at === 3 ? text : value)));
      await check(`select ${column}, count(*), min(i4) from t group by ${column}`, rows);
      await check(`select b, min(i4), max(s) from t group by b`, rows);
    }
  });
  process.stderr.write(`${JSON.stringify(counts)}\n`);
  assert.ok(counts.whole > 300 && counts.errors > 20, JSON.stringify(counts));
});

test('a question that takes long keeps the others of its environment waiting for a moment alone', async () => {
  const placed = { tenant: 1n, scope: 2n } as never;
  const stop = new AbortController();
  const ask = (sql: string, signal: AbortSignal) =>
    pool.inTurn(placed, (seat) => seat.process.ask({ sql, texts: [], types: ['DOUBLE'] }, signal));
  let isOver = false;
  const slow = ask('SELECT sum(l.range * r.range)::DOUBLE FROM range(10000000) l, range(10000000) r', stop.signal).finally(
    () => (isOver = true),
  );
  slow.catch(() => undefined);
  for (let at = 0; at < 3; at += 1) {
    const { rows, bytes } = await ask(`SELECT ${at}::DOUBLE`, new AbortController().signal);
    assert.deepEqual([rows, new Float64Array(bytes.buffer, 0, 1)[0]], [1, at]);
  }
  assert.equal(isOver, false);
  stop.abort();
  await assert.rejects(slow);
});
