import { notBuilt, StatementError } from './statement-error.ts';

type Setting = {
  /** As SHOW writes it. */
  readonly name: string;
  readonly usual: string;
  /** The value as it is kept; undefined for one that does not hold here. Absent: nobody may change it. */
  readonly take?: (value: string) => string | undefined;
  /** Clients are told when it changes. */
  readonly isTold?: true;
};

const one =
  (kept: string, ...same: readonly string[]) =>
  (value: string) =>
    [kept, ...same].some((each) => each.toLowerCase() === value.toLowerCase()) ? kept : undefined;

const units: Readonly<Record<string, number>> = { '': 1, us: 0.001, ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 };

function milliseconds(value: string): string | undefined {
  const [, amount, unit = ''] = /^\s*(\d{1,10})\s*(us|ms|s|min|h|d|)\s*$/.exec(value) ?? [];
  if (amount === undefined) return undefined;
  const found = Math.round(Number(amount) * (units[unit] ?? 1));
  return found <= 2 ** 31 - 1 ? `${found}ms` : undefined;
}

const levels = ['debug5', 'debug4', 'debug3', 'debug2', 'debug1', 'log', 'notice', 'warning', 'error'];

const all: readonly Setting[] = [
  { name: 'application_name', usual: '', take: (value) => value.replaceAll(/[^ -~]/g, '?').slice(0, 63), isTold: true },
  { name: 'client_encoding', usual: 'UTF8', take: one('UTF8', 'utf-8', 'unicode', "'utf-8'"), isTold: true },
  { name: 'client_min_messages', usual: 'notice', take: (value) => levels.find((level) => level === value.toLowerCase()) },
  { name: 'DateStyle', usual: 'ISO, MDY', take: one('ISO, MDY', 'ISO', 'ISO,MDY'), isTold: true },
  { name: 'default_transaction_isolation', usual: 'read committed', take: one('read committed') },
  { name: 'default_transaction_read_only', usual: 'off', take: one('off', 'false', '0', 'no'), isTold: true },
  { name: 'extra_float_digits', usual: '1', take: (value) => (['1', '2', '3'].includes(value) ? value : undefined) },
  { name: 'idle_in_transaction_session_timeout', usual: '0', take: one('0', '0ms') },
  { name: 'in_hot_standby', usual: 'off', isTold: true },
  { name: 'integer_datetimes', usual: 'on', isTold: true },
  { name: 'IntervalStyle', usual: 'postgres', take: one('postgres'), isTold: true },
  { name: 'is_superuser', usual: 'off', isTold: true },
  { name: 'lock_timeout', usual: '0', take: one('0', '0ms') },
  { name: 'max_identifier_length', usual: '63' },
  { name: 'role', usual: 'none', take: (value) => value },
  { name: 'search_path', usual: 'public', take: one('public', '"$user", public', '$user, public'), isTold: true },
  { name: 'server_encoding', usual: 'UTF8', isTold: true },
  { name: 'server_version', usual: '18.0', isTold: true },
  { name: 'server_version_num', usual: '180000' },
  { name: 'standard_conforming_strings', usual: 'on', take: one('on', 'true', '1', 'yes'), isTold: true },
  { name: 'statement_timeout', usual: '0', take: (value) => (milliseconds(value) === '0ms' ? '0' : milliseconds(value)) },
  { name: 'TimeZone', usual: 'UTC', take: one('UTC', 'GMT', 'Etc/UTC', 'Z', 'Universal', '0', '+00:00', '+00'), isTold: true },
  { name: 'transaction_isolation', usual: 'read committed', take: one('read committed') },
  { name: 'transaction_read_only', usual: 'off', take: one('off', 'false', '0', 'no') },
];

const known: ReadonlyMap<string, Setting> = new Map(all.map((setting) => [setting.name.toLowerCase(), setting]));

function settingNamed(name: string): Setting {
  const found = known.get(name.toLowerCase());
  if (!found) throw new StatementError('42704', `unrecognized configuration parameter "${name}"`);
  return found;
}

/** What one connection has set: values that hold here are taken, others refused. */
export class Settings {
  /** What the client wished for when it came, to which RESET goes back. */
  readonly #first = new Map<string, string>();
  #values = new Map<string, string>();
  /** What was set before the transaction, and before what holds within it alone. */
  #before: Map<string, string> | undefined;
  #local: Map<string, string> | undefined;
  #user = '';

  /** What a client wished for when it came; what does not hold is passed over, because it is told what does. */
  wish(values: ReadonlyMap<string, string>): void {
    this.#user = values.get('user') ?? '';
    for (const [name, value] of values) {
      const kept = known.get(name.toLowerCase())?.take?.(value);
      if (kept !== undefined) this.#first.set(name.toLowerCase(), kept);
    }
  }

  knows(name: string): boolean {
    return known.has(name.toLowerCase());
  }

  get(name: string): { name: string; value: string } {
    const setting = settingNamed(name);
    const key = setting.name.toLowerCase();
    return { name: setting.name, value: this.#values.get(key) ?? this.#first.get(key) ?? setting.usual };
  }

  /** All that clients are told. */
  told(): [name: string, value: string][] {
    return all.filter(({ isTold }) => isTold).map(({ name }) => [name, this.get(name).value]);
  }

  listed(): [name: string, value: string][] {
    return all.map(({ name }) => [name, this.get(name).value]);
  }

  /** Sets a value, or without one the usual again. */
  set(name: string, value: string | undefined, isLocal = false): void {
    const setting = settingNamed(name);
    const key = setting.name.toLowerCase();
    if (!setting.take) throw new StatementError('55P02', `parameter "${setting.name}" cannot be changed`);
    // A connection is of one credential, which takes no other's place.
    if (key === 'role' && value !== undefined && value.toLowerCase() !== 'none' && value !== this.#user)
      throw new StatementError('42501', `permission denied to set role "${value.slice(0, 60)}"`);
    if (isLocal) this.#local ??= new Map(this.#values);
    if (value === undefined) this.#values.delete(key);
    else {
      const kept = setting.take(value);
      if (kept === undefined)
        throw value === ''
          ? new StatementError('22023', `invalid value for parameter "${setting.name}": ""`)
          : notBuilt(`The value ${JSON.stringify(value.slice(0, 60))} of ${setting.name}`);
      this.#values.set(key, kept);
    }
    // What is set for good within a transaction outlives what was local before it.
    if (!isLocal && this.#local) this.#local.set(key, this.get(name).value);
  }

  reset(): void {
    this.#values.clear();
  }

  begin(): void {
    this.#before = new Map(this.#values);
  }

  end(isCommitted: boolean): void {
    if (!isCommitted && this.#before) this.#values = this.#before;
    else if (this.#local) this.#values = this.#local;
    this.#before = undefined;
    this.#local = undefined;
  }

  /** Milliseconds that a statement may take; 0 is without end. */
  get statementMs(): number {
    return Number.parseInt(this.get('statement_timeout').value, 10);
  }

  /** Whether clients want to be told of a warning. */
  get wantsWarnings(): boolean {
    return this.get('client_min_messages').value !== 'error';
  }
}
