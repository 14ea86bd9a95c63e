import type { Answer, Bracket, Cells, Configured, Control, Field, Prepared } from './application.ts';
import { listening, notifyEach, processId, stepped } from './notify.ts';
import type { Notifications } from './notifications.ts';
import type { Outbox } from './outbox.ts';
import { Portal } from './portal.ts';
import type { Portals } from './portals.ts';
import type { Settings } from './setting.ts';
import { sqlstates, StatementError } from './statement-error.ts';
import type { Transaction } from './transaction.ts';

/** What of a connection statements may reach. */
export type Reached = {
  readonly transaction: Transaction;
  readonly settings: Settings;
  readonly portals: Portals;
  /** Names of the cursors that outlive their transaction. */
  readonly held: Set<string>;
  readonly outbox: Outbox;
  readonly bracket: Bracket | undefined;
  readonly notifications: Notifications;
  /** Forgets prepared statements: one, or all. */
  deallocate(name: string | undefined): void;
};

const textOid = 25;
const none: Answer['rows'] = (async function* () {})();

/** Statements that end a failed transaction, or go back in it. */
export const isWayOut = (prepared: Prepared | undefined): boolean =>
  prepared?.control !== undefined && ['commit', 'rollback', 'rollbackTo'].includes(prepared.control.kind);

/** What a statement about the connection itself does, as a statement that can be run. */
export function controlled(prepared: Prepared, reached: Reached): Prepared {
  const { control } = prepared;
  if (!control) return prepared;
  const done = (tag: string, work: () => void | Promise<void>): Prepared => ({
    params: [],
    async execute() {
      await work();
      return { rows: none, tag: () => tag };
    },
  });
  const { transaction, settings, notifications } = reached;
  switch (control.kind) {
    case 'begin':
      return done('BEGIN', () => begin(reached));
    case 'commit':
    case 'rollback':
      return {
        params: [],
        execute: async (_, signal) => ({ rows: none, tag: tagOf(await end(reached, control.kind === 'commit', signal)) }),
      };
    case 'savepoint':
      return done('SAVEPOINT', () => {
        transaction.save(control.name);
        reached.bracket?.save(control.name);
        notifications.save(control.name);
      });
    case 'release':
      return done('RELEASE', () => {
        transaction.release(control.name);
        reached.bracket?.release(control.name);
        notifications.release(control.name);
      });
    case 'rollbackTo':
      return done('ROLLBACK', () => {
        transaction.back(control.name);
        reached.bracket?.back(control.name);
        notifications.back(control.name);
      });
    case 'set':
      return done(control.value === undefined ? 'RESET' : 'SET', () => set(reached, control));
    case 'resetAll':
      return done('RESET', () => tellAll(reached, () => settings.reset()));
    case 'show':
      return show(settings, control.name);
    case 'configure':
      return configure(reached, control.settings);
    case 'declare':
      return declare(control, reached);
    case 'fetch':
      return fetched(control, reached);
    case 'close':
      return done('CLOSE CURSOR', () => close(reached, control.name));
    case 'deallocate':
      return done(control.name === undefined ? 'DEALLOCATE ALL' : 'DEALLOCATE', () => reached.deallocate(control.name));
    case 'discard':
      return done('DISCARD ALL', async () => {
        tellAll(reached, () => settings.reset());
        reached.deallocate(undefined);
        notifications.unlisten();
        await close(reached, undefined);
      });
    case 'listen':
    case 'unlisten':
    case 'notify':
      return stepped(control, reached);
    case 'notifyEach':
      return notifyEach(control, reached);
    case 'listening':
      return listening(control.label, notifications);
    case 'processId':
      return processId(control.label, notifications);
  }
}

const tagOf = (tag: string) => () => tag;

function warn({ settings, outbox }: Reached, sqlstate: string, message: string): void {
  if (settings.wantsWarnings) outbox.say({ type: 'notice', report: { S: 'WARNING', V: 'WARNING', C: sqlstate, M: message } });
}

function begin(reached: Reached): void {
  const { transaction, settings } = reached;
  if (transaction.isOpen) return warn(reached, '25001', 'there is already a transaction in progress');
  settings.begin();
  transaction.begin();
  reached.bracket?.begin();
  reached.notifications.begin();
}

async function end(reached: Reached, commits: boolean, signal: AbortSignal): Promise<string> {
  const { transaction, settings, bracket, notifications } = reached;
  if (!transaction.isOpen) {
    warn(reached, '25P01', 'there is no transaction in progress');
    return commits ? 'COMMIT' : 'ROLLBACK';
  }
  const isCommitted = transaction.end(commits);
  try {
    if (isCommitted) await notifications.commit(() => bracket?.commit(signal), signal);
    else {
      notifications.begin();
      bracket?.rollback();
    }
  } catch (error) {
    // One that was cancelled while it waited for its turn has not been told to commit.
    bracket?.rollback();
    tellAll(reached, () => settings.end(false));
    throw error;
  }
  tellAll(reached, () => settings.end(isCommitted));
  // Its cursors end once this statement is over, which may itself be one of the portals.
  return isCommitted ? 'COMMIT' : 'ROLLBACK';
}

/** Does something with the settings, and tells the client what changed. */
function tellAll({ settings, outbox }: Reached, work: () => void): void {
  const before = new Map(settings.told());
  work();
  for (const [name, value] of settings.told()) if (before.get(name) !== value) outbox.say({ type: 'parameterStatus', name, value });
}

function set(reached: Reached, { name, value, isLocal }: Extract<Control, { kind: 'set' }>): void {
  if (isLocal && !reached.transaction.isOpen) return warn(reached, '25P01', 'SET LOCAL can only be used in transaction blocks');
  tellAll(reached, () => reached.settings.set(name, value, isLocal));
}

/** SET and SHOW as functions, in their order. */
function configure(reached: Reached, asked: readonly Configured[]): Prepared {
  const places = asked.map(({ value }) => (typeof value === 'object' ? value.param + 1 : 0));
  return {
    params: Array.from({ length: Math.max(...places) }, () => textOid),
    fields: asked.map(({ label }) => ({ name: label, oid: textOid })),
    async execute(params) {
      const row = asked.map(({ name, value, isLocal = false, orNull }) => {
        if (value !== undefined) {
          const text = typeof value === 'object' ? (params[value.param] ?? null) : value;
          if (text === null) throw new StatementError('22004', `the value of "${name}" must not be null`);
          // Within no transaction what is local ends with this statement.
          if (reached.transaction.isOpen || !isLocal) tellAll(reached, () => reached.settings.set(name, text, isLocal));
        }
        return orNull && !reached.settings.knows(name) ? null : reached.settings.get(name).value;
      });
      return { rows: blockOf([row]), tag: (rows) => `SELECT ${rows}` };
    },
  };
}

function show(settings: Settings, name: string): Prepared {
  const all = name === 'all';
  const fields: Field[] = all
    ? ['name', 'setting'].map((each) => ({ name: each, oid: textOid }))
    : [{ name: settings.get(name).name, oid: textOid }];
  return {
    ...{ params: [], fields },
    async execute() {
      const rows = all ? settings.listed() : [[settings.get(name).value]];
      return { rows: blockOf(rows), tag: () => 'SHOW' };
    },
  };
}

async function* blockOf(rows: readonly Cells[]): AsyncGenerator<readonly Cells[]> {
  yield rows;
}

function declare({ name, of, hold, isForward }: Extract<Control, { kind: 'declare' }>, { transaction, portals, held }: Reached): Prepared {
  return {
    params: of.params,
    async execute(params) {
      if (!hold && !transaction.isOpen) throw new StatementError('25P01', 'DECLARE CURSOR can only be used in transaction blocks');
      if (portals.has(name)) throw new StatementError(sqlstates.portalThere, `cursor "${name}" already exists`);
      portals.set(name, new Portal(of, params, [], isForward));
      if (hold) held.add(name);
      return { rows: none, tag: () => 'DECLARE CURSOR' };
    },
  };
}

function cursorNamed(portals: Portals, name: string): Portal {
  const found = portals.get(name);
  if (!found) throw new StatementError(sqlstates.portalMissing, `cursor "${name}" does not exist`);
  return found;
}

function fetched({ name, direction, count, shows }: Extract<Control, { kind: 'fetch' }>, { portals }: Reached): Prepared {
  const fields = cursorNamed(portals, name).fields ?? [];
  return {
    ...{ params: [], ...(shows ? { fields } : {}) },
    async execute(_, signal) {
      const rows = cursorNamed(portals, name).scroll.rows(direction, count, signal);
      if (shows) return { rows, tag: (found) => `FETCH ${found}` };
      let passed = 0;
      for await (const block of rows) passed += block.length;
      return { rows: none, tag: () => `MOVE ${passed}` };
    },
  };
}

async function close({ portals, held }: Reached, name: string | undefined): Promise<void> {
  for (const each of name === undefined ? portals.named : [name]) {
    await cursorNamed(portals, each).close();
    portals.delete(each);
    held.delete(each);
  }
}
