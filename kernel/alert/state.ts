import { fault } from '#kernel/contract/fault.ts';

/** Names and their values: what tells the alerts of one rule apart. */
export type Labels = Readonly<Record<string, string>>;

/** An alert of one rule and one combination of labels. */
export type AlertState = {
  readonly rule: string;
  readonly labels: Labels;
  readonly state: 'pending' | 'firing' | 'resolved';
  readonly value: number | undefined;
  readonly since: number;
  readonly firedAt: number | undefined;
  readonly resolvedAt: number | undefined;
};

/** How long what a rule asks for must hold before it fires. */
export type Pace = { readonly name: string; readonly forMs: number };

/** What was found for one combination of labels, and whether it is what the rule asks for. */
export type Reading = { readonly labels: Labels; readonly value: number | undefined; readonly holds: boolean };

/** Labels in order, as one text: what makes two alerts of a rule the same. */
export function fingerprint(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Moves a rule's alerts on by what was measured: a condition that begins to hold is pending, after its time it fires, and
 * when it holds no longer it is resolved; what was only pending is forgotten. Labels that are no longer measured resolve.
 */
export function advance(rule: Pace, before: readonly AlertState[], readings: readonly Reading[], now: number): AlertState[] {
  const known = new Map(before.map((alert) => [fingerprint(alert.labels), alert]));
  const after: AlertState[] = [];
  for (const reading of readings) {
    const key = fingerprint(reading.labels);
    const alert = known.get(key);
    known.delete(key);
    const next = reading.holds ? held(rule, alert, reading, now) : ended(alert, now);
    if (next) after.push(next);
  }
  for (const alert of known.values()) {
    const next = ended(alert, now);
    if (next) after.push(next);
  }
  return after;
}

function held(rule: Pace, alert: AlertState | undefined, { labels, value }: Reading, now: number): AlertState {
  const standing = alert && alert.state !== 'resolved' ? alert : undefined;
  const since = standing?.since ?? now;
  const fires = standing?.state === 'firing' || now - since >= rule.forMs;
  const firedAt = fires ? (standing?.firedAt ?? now) : undefined;
  return { rule: rule.name, labels, state: fires ? 'firing' : 'pending', value, since, firedAt, resolvedAt: undefined };
}

function ended(alert: AlertState | undefined, now: number): AlertState | undefined {
  if (!alert || alert.state === 'pending') return undefined;
  return alert.state === 'resolved' ? alert : { ...alert, state: 'resolved', resolvedAt: now };
}

/** A time in which nobody is told of alerts that fit. */
export type Silence = { readonly rule?: string; readonly where: Labels; readonly from: number; readonly until: number };

export function isSilenced({ rule, labels }: Pick<AlertState, 'rule' | 'labels'>, silences: readonly Silence[], now: number): boolean {
  return silences.some(
    (silence) =>
      now >= silence.from &&
      now < silence.until &&
      (silence.rule === undefined || silence.rule === rule) &&
      Object.entries(silence.where).every(([name, value]) => labels[name] === value),
  );
}

/** Labels written name=value. */
export function labelsOf(given: readonly string[] = []): Labels {
  return Object.fromEntries(
    given.map((each) => {
      const equals = each.indexOf('=');
      if (equals < 1) throw fault('BadInput', { path: '/where', detail: 'A label is written name=value.' });
      return [each.slice(0, equals), each.slice(equals + 1)];
    }),
  );
}
