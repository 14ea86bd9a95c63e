import type { Log } from '#kernel/contract/implement.ts';
import type { KernelProvider, Resources } from '#kernel/resource/provider.ts';
import { formatId } from '#kernel/tenancy/id.ts';
import type { Handle, Sql } from '#seams/sql/sql.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import type { Telling } from './contract.ts';
import { Complaints } from './complaint.ts';
import { tellAgainMs } from './limits.ts';
import { advance, type AlertState, isSilenced, labelsOf, type Reading, type Silence } from './state.ts';
import { dropAlerts, noteTold, readAlerts, type StoredAlert, writeAlerts } from './store.ts';
import { type Receiver, tell } from './tell.ts';

export type Evaluation = {
  readonly sql: Sql;
  readonly resources: Resources;
  readonly scopes: () => readonly Placed[];
  readonly emit: (at: Placed, event: 'AlertFired' | 'AlertResolved', subject: string, data: unknown) => void;
  readonly allow: readonly string[];
  readonly now: () => number;
  readonly log: Log;
  readonly everyMs: number;
  /** What a rule finds now. */
  readonly readings: (at: Placed, handle: Handle, name: string, spec: unknown) => Promise<readonly Reading[]>;
  /** Called when all rules were looked at. */
  readonly round?: () => void;
};

type SilenceSpec = { rule?: string; where?: string[]; from?: number; until: number };

/** The silences of an environment. */
export function silencesOf(provider: KernelProvider, at: Placed): Silence[] {
  return provider.known(at).map(({ spec }) => {
    const { rule, where, from = 0, until } = spec as SilenceSpec;
    return { ...(rule === undefined ? {} : { rule }), where: labelsOf(where), from, until };
  });
}

/** Evaluates every environment's rules, again and again; returns how to stop. */
export function keepEvaluating(options: Evaluation): () => Promise<void> {
  const { scopes, log, everyMs, round } = options;
  const stop = new AbortController();
  let running: Promise<void> = Promise.resolve();
  let busy = false;
  const complaints = new Complaints();
  const all = async () => {
    const looked = new Set<string>();
    for (const at of scopes()) {
      if (stop.signal.aborted) return;
      try {
        for (const name of await evaluate(options, at, complaints, stop.signal)) looked.add(keyOf(at, name));
      } catch (error) {
        log('warn', 'alert rules could not be evaluated', { scope: formatId(at.scope), error: String(error) });
      }
    }
    complaints.keep(looked);
    round?.();
  };
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    running = all().finally(() => {
      busy = false;
    });
  }, everyMs).unref();
  return async () => {
    clearInterval(timer);
    stop.abort();
    await running;
  };
}

const keyOf = ({ scope }: Placed, rule: string) => `${scope} ${rule}`;

/** Looks at the rules of an environment, and answers their names. */
async function evaluate(options: Evaluation, at: Placed, complaints: Complaints, signal: AbortSignal): Promise<string[]> {
  const { sql, resources, now, emit, log, readings } = options;
  const rules = resources.of('AlertRule').known(at);
  const names = rules.map(({ name }) => name);
  if (rules.length === 0) return names;
  const handle = sql.as(at);
  const stored = await readAlerts(handle);
  for (const { name, spec } of rules) {
    const rule = spec as Telling;
    try {
      const found = await readings(at, handle, name, spec);
      const before = stored.filter((alert) => alert.rule === name);
      const after = advance({ name, forMs: rule.forMs ?? 0 }, before, found, now());
      if (before.length + after.length > 0) await writeAlerts(handle, name, after);
      for (const change of changesOf(before, after)) emit(at, change.event, name, dataOf(change.alert, rule));
      if (complaints.end(keyOf(at, name))) log('info', 'an alert rule is evaluated again', { rule: name });
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      if (complaints.isNew(keyOf(at, name), text)) log('warn', 'an alert rule cannot be evaluated', { rule: name, error: text });
    }
  }
  await dropAlerts(handle, names, now());
  await tellAll(options, at, new Map(rules.map(({ name, spec }) => [name, spec as Telling])), signal);
  return names;
}

/** What fired or was resolved between two looks. */
function changesOf(before: readonly AlertState[], after: readonly AlertState[]) {
  const was = new Map(before.map((alert) => [JSON.stringify(alert.labels), alert.state]));
  return after.flatMap((alert): { event: 'AlertFired' | 'AlertResolved'; alert: AlertState }[] => {
    const earlier = was.get(JSON.stringify(alert.labels));
    if (alert.state === 'firing' && earlier !== 'firing') return [{ event: 'AlertFired', alert }];
    return alert.state === 'resolved' && earlier === 'firing' ? [{ event: 'AlertResolved', alert }] : [];
  });
}

const dataOf = ({ rule, labels, value, since }: AlertState, { severity = 'warning', summary = '' }: Telling) => ({
  rule,
  labels,
  severity,
  summary,
  since,
  ...(value === undefined ? {} : { value }),
});

/** Whether receivers are to be told of an alert now: it began, it still stands, or it ended after they heard of it. */
function isDue({ state, toldState, toldAt = 0 }: StoredAlert, now: number): boolean {
  if (state === 'firing') return toldState !== 'firing' || now - toldAt >= tellAgainMs;
  return state === 'resolved' && toldState === 'firing';
}

async function tellAll(options: Evaluation, at: Placed, rules: ReadonlyMap<string, Telling>, signal: AbortSignal): Promise<void> {
  const { sql, resources, now, allow } = options;
  const silences = silencesOf(resources.of('Silence'), at);
  const receivers = new Map(
    resources
      .of('Receiver')
      .known(at)
      .map(({ name, spec }) => [name, spec as Receiver]),
  );
  const due = (await readAlerts(sql.as(at))).filter((alert) => isDue(alert, now()) && !isSilenced(alert, silences, now()));
  const why = new Map<StoredAlert, string>();
  const byReceiver = new Map<string, StoredAlert[]>();
  for (const alert of due)
    for (const name of rules.get(alert.rule)?.receivers ?? []) byReceiver.set(name, [...(byReceiver.get(name) ?? []), alert]);
  for (const [name, alerts] of byReceiver) {
    const receiver = receivers.get(name);
    const all = alerts.map((alert) => ({ alert, rule: rules.get(alert.rule) as Telling }));
    const place = { environment: formatId(at.scope), allow, now: now(), signal };
    const said = receiver ? await tell(receiver, all, place) : 'There is no such receiver.';
    if (said !== '') for (const alert of alerts) why.set(alert, `${why.get(alert) ?? ''}${name}: ${said} `);
  }
  for (const alert of due) {
    const said = why.get(alert)?.trim() ?? '';
    // What failed is due again at the next look; what was told is not, until its time.
    await noteTold(sql.as(at), alert, said === '' ? (alert.state as 'firing' | 'resolved') : alert.toldState, now(), said);
  }
}
