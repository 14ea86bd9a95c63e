import { readRecord } from '#wire/pgwire/record.ts';
import type { Cells, Control, Field, Prepared } from './application.ts';
import { type Notifications, notifyStep, type Step, Steps } from './notifications.ts';
import type { Transaction } from './transaction.ts';
import { sqlstates, StatementError } from './statement-error.ts';

type Reached = { readonly notifications: Notifications; readonly transaction: Transaction };

const [textOid, int4Oid, voidOid] = [25, 23, 2278];
/** What a literal, or a text of any kind, is called by. */
const textOids = [textOid, 705, 1043];

async function* blockOf(rows: readonly Cells[]): AsyncGenerator<readonly Cells[]> {
  if (rows.length > 0) yield rows;
}

/** LISTEN, UNLISTEN and NOTIFY. */
export function stepped(
  control: Extract<Control, { kind: 'listen' | 'unlisten' | 'notify' }>,
  { notifications, transaction }: Reached,
): Prepared {
  return {
    params: [],
    async execute(_, signal) {
      const steps = new Steps();
      steps.add(stepOf(control, notifications));
      await notifications.take(steps, transaction.isOpen, signal);
      return { rows: blockOf([]), tag: () => control.kind.toUpperCase() };
    },
  };
}

function stepOf(control: Extract<Control, { kind: 'listen' | 'unlisten' | 'notify' }>, notifications: Notifications): Step {
  if (control.kind === 'notify') return notifyStep(control.name, control.payload);
  if (control.kind === 'unlisten') return { kind: 'unlisten', channel: control.name };
  notifications.checkListening();
  return { kind: 'listen', channel: control.name };
}

/** A SELECT that tells something with each of its rows: with all of them, or, when it fails, with none. */
export function notifyEach({ of, calls }: Extract<Control, { kind: 'notifyEach' }>, { notifications, transaction }: Reached): Prepared {
  const fields = (of.fields ?? []).map((field, at): Field => {
    const call = calls[at];
    if (!call) return field;
    const [channel, payload, ...more] = field.fields ?? [];
    if (!channel || !payload || more.length > 0 || ![channel, payload].every(({ oid }) => textOids.includes(oid)))
      throw new StatementError(sqlstates.functionMissing, 'pg_notify takes a channel and a payload, which are texts');
    return { name: call.label, oid: voidOid };
  });
  const stepOfCell = (cell: string | null) => {
    const [channel = null, payload = null] = readRecord(cell ?? '(,)');
    return notifyStep(channel, payload);
  };
  return {
    ...{ params: of.params, fields },
    async execute(params, signal) {
      const { rows, tag } = await of.execute(params, signal);
      const steps = new Steps();
      const told = async function* (): AsyncGenerator<readonly Cells[]> {
        for await (const block of rows) {
          for (const row of block) for (const [at, cell] of row.entries()) if (calls[at]) steps.add(stepOfCell(cell));
          yield block.map((row) => row.map((cell, at) => (calls[at] ? '' : cell)));
        }
        await notifications.take(steps, transaction.isOpen, signal);
      };
      return { rows: told(), tag };
    },
  };
}

/** `pg_listening_channels()`. */
export const listening = (label: string, notifications: Notifications): Prepared => ({
  ...{ params: [], fields: [{ name: label, oid: textOid }] },
  execute: async () => ({ rows: blockOf(notifications.listening.map((each) => [each])), tag: (count) => `SELECT ${count}` }),
});

/** `pg_backend_pid()`, which notifications and what cancels say too. */
export const processId = (label: string, { processId: own }: Notifications): Prepared => ({
  ...{ params: [], fields: [{ name: label, oid: int4Oid }] },
  execute: async () => ({ rows: blockOf([[String(own)]]), tag: (count) => `SELECT ${count}` }),
});
