import type { Handle, Sql } from '#seams/sql/sql.ts';
import type { Log } from '#kernel/contract/implement.ts';
import { fault } from '#kernel/contract/fault.ts';
import { subjectWords } from '#kernel/privacy/subject-word.ts';
import { sweepMs } from '../contract/limits.ts';
import type { Placed } from './write.ts';

/** The signals with how many days they are kept where nobody said otherwise. */
const usualDays = { logs: 14, traces: 7, metrics: 30, operations: 90 } as const;
type Signal = keyof typeof usualDays;

const isSignal = (name: string): name is Signal => Object.hasOwn(usualDays, name);

const drops: Readonly<Record<Signal, readonly string[]>> = {
  logs: ["delete from log_record where at < $2::timestamptz - $1::int * interval '1 day'"],
  traces: ["delete from span where at < $2::timestamptz - $1::int * interval '1 day'"],
  metrics: [
    "delete from point where at < $2::timestamptz - $1::int * interval '1 day'",
    `delete from series s where seen_at < $2::timestamptz - ($1::int + 1) * interval '1 day'
      and not exists (select from point p where p.series = s.id)`,
  ],
  operations: ["delete from operation_window where minute < $2::timestamptz - $1::int * interval '1 day'"],
};

/** How many days each signal of an environment is kept. */
export async function readRetention(sql: Handle): Promise<{ name: Signal; days: number }[]> {
  const { rows } = await sql.query<{ signal: string; days: number }>('select signal, days from retention');
  const said = new Map(rows.map((row) => [row.signal, Number(row.days)]));
  return Object.entries(usualDays).map(([name, days]) => ({ name: name as Signal, days: said.get(name) ?? days }));
}

export async function writeRetention(sql: Handle, name: string, days: number): Promise<void> {
  if (!isSignal(name)) throw fault('NotFound', `There is no signal ${name}; there are ${Object.keys(usualDays).join(', ')}.`);
  await sql.query(
    'insert into retention (signal, days) values ($1, $2) on conflict (tenant, scope, signal) do update set days = excluded.days',
    [name, days],
  );
}

/** Drops what an environment keeps no longer. */
export async function sweep(sql: Handle, nowMs: number): Promise<void> {
  const now = new Date(nowMs);
  for (const { name, days } of await readRetention(sql)) await sql.group(drops[name].map((text) => ({ text, params: [days, now] })));
}

const signalTables: Readonly<Record<string, string>> = { Log: 'log_record', Trace: 'span' };

/** Takes the attributes that name a person out of signals older than they are kept; answers out of how many. */
export async function blankPersonal(sql: Handle, { kind, before }: { readonly kind: string; readonly before: number }): Promise<number> {
  const table = signalTables[kind];
  if (table === undefined) return 0;
  const { count } = await sql.query(
    `update ${table} set attributes = attributes - $1::text[], resource = resource - $1::text[]
     where at < $2 and (attributes ?| $1::text[] or resource ?| $1::text[])`,
    [[...subjectWords], new Date(before)],
  );
  return count;
}

/** Sweeps every environment, again and again; returns how to stop. */
export function keepSweeping(options: { sql: Sql; scopes: () => readonly Placed[]; now: () => number; log: Log }): () => Promise<void> {
  const { sql, scopes, now, log } = options;
  let stopped = false;
  let running: Promise<void> = Promise.resolve();
  const all = async () => {
    for (const at of scopes()) {
      if (stopped) return;
      await sweep(sql.as(at), now()).catch((error) => log('warn', 'old telemetry was not dropped', { error: String(error) }));
    }
  };
  const timer = setInterval(() => {
    running = running.then(all);
  }, sweepMs).unref();
  return async () => {
    stopped = true;
    clearInterval(timer);
    await running;
  };
}
