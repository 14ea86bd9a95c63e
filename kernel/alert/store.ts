import type { Handle } from '#seams/sql/sql.ts';
import { resolvedKeptMs } from './limits.ts';
import { type AlertState, fingerprint, type Labels } from './state.ts';

/** An alert with what its receivers were last told: nothing, that it fires, or that it is resolved. */
export type StoredAlert = AlertState & {
  readonly toldState: '' | 'firing' | 'resolved';
  readonly toldAt: number | undefined;
  readonly told: string;
};

type Row = Record<string, unknown>;
const time = (value: unknown): number | undefined => (value instanceof Date ? value.getTime() : undefined);
const date = (ms: number | undefined): Date | null => (ms === undefined ? null : new Date(ms));

/** The alerts of an environment, or of one rule. */
export async function readAlerts(sql: Handle, rule?: string): Promise<StoredAlert[]> {
  const { rows } = await sql.query('select * from alert where $1::text is null or rule = $1 order by rule, fingerprint', [rule ?? null]);
  return (rows as Row[]).map((row) => ({
    rule: String(row.rule),
    labels: row.labels as Labels,
    state: row.state as AlertState['state'],
    value: row.value === null ? undefined : Number(row.value),
    since: time(row.since) ?? 0,
    firedAt: time(row.fired_at),
    resolvedAt: time(row.resolved_at),
    toldState: row.told_state as StoredAlert['toldState'],
    toldAt: time(row.told_at),
    told: String(row.told),
  }));
}

/** Writes where a rule's alerts stand; those that are not among them are forgotten. */
export async function writeAlerts(sql: Handle, rule: string, alerts: readonly AlertState[]): Promise<void> {
  const prints = alerts.map(({ labels }) => fingerprint(labels));
  const put = alerts.map((alert, at) => ({
    text: `insert into alert (rule, fingerprint, labels, state, value, since, fired_at, resolved_at)
      values ($1, $2, $3::jsonb, $4, $5, $6, $7, $8)
      on conflict (tenant, scope, rule, fingerprint) do update set state = excluded.state, value = excluded.value, since = excluded.since,
        fired_at = excluded.fired_at, resolved_at = excluded.resolved_at`,
    params: [
      rule,
      prints[at],
      JSON.stringify(alert.labels),
      alert.state,
      alert.value ?? null,
      date(alert.since),
      date(alert.firedAt),
      date(alert.resolvedAt),
    ],
  }));
  await sql.begin(async (tx) => {
    await tx.query('delete from alert where rule = $1 and not fingerprint = any($2::text[])', [rule, prints]);
    for (const { text, params } of put) await tx.query(text, params);
  });
}

/** Notes what a receiver was told, or why not. */
export async function noteTold(
  sql: Handle,
  alert: AlertState,
  toldState: StoredAlert['toldState'],
  now: number,
  told: string,
): Promise<void> {
  await sql.query('update alert set told_state = $3, told_at = $4, told = $5 where rule = $1 and fingerprint = $2', [
    alert.rule,
    fingerprint(alert.labels),
    toldState,
    date(now),
    told,
  ]);
}

/** Forgets what was resolved long ago, and the alerts of rules that are gone. */
export async function dropAlerts(sql: Handle, rules: readonly string[], now: number): Promise<void> {
  await sql.query("delete from alert where (state = 'resolved' and resolved_at < $1) or not rule = any($2::text[])", [
    date(now - resolvedKeptMs),
    rules,
  ]);
}
