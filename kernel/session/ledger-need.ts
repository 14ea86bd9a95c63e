import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Ledger, openLedger } from '#seams/ledger/ledger.ts';
import { LedgerRefused, LedgerUnavailable } from '#seams/ledger/error.ts';
import { fault } from '../contract/fault.ts';
import type { Placed } from '../contract/provider.ts';
import { runningPlatform } from '../supervise/client.ts';
import type { StartOrder } from '../supervise/protocol.ts';
import { formatId } from '../tenancy/id.ts';
import { writeDurably } from '../volume/write.ts';
import { standbyOf } from '../supervise/service.ts';
import { ledgersOpenMax } from './limits.ts';
import { callControl } from './registration.ts';

/** The ledgers of environments, each spoken to in the service's own name. */
export type Ledgers = {
  /** Does something with the ledger of an environment. Unavailable: it cannot be reached now. */
  use<T>(at: Placed, work: (ledger: Ledger) => Promise<T>): Promise<T>;
  close(): void;
};

type Opened = { readonly ledger: Ledger; users: number };

/** Opens the need of a ledger: a connection for each environment that is used, of which the oldest are closed again. */
export function openLedgers(order: StartOrder): Ledgers {
  const opened = new Map<bigint, Promise<Opened>>();

  async function open(at: Placed, anew: boolean): Promise<Opened> {
    const doors = (await runningPlatform(order.data).catch(() => undefined))?.doors;
    // A ledger with a standby has two addresses, in this order.
    const found = ['ledger', standbyOf('ledger')].flatMap((name) => doors?.[`${name}.tigerbeetle`]?.url ?? []);
    const address = found.map((url) => url.replace('tigerbeetle://', '')).join(',');
    if (address === '') throw fault('Unavailable', 'The ledger is away.');
    const cluster = await clusterOf(order, at, anew);
    return { ledger: openLedger(`tigerbeetle://${cluster}@${address}`), users: 0 };
  }

  async function forget(scope: bigint): Promise<void> {
    const known = opened.get(scope);
    opened.delete(scope);
    (await known?.catch(() => undefined))?.ledger.close();
  }

  function opening(at: Placed, anew = false): Promise<Opened> {
    const known = opened.get(at.scope);
    if (known) return known;
    const made = open(at, anew);
    opened.set(at.scope, made);
    made.catch(() => opened.delete(at.scope));
    return made;
  }

  async function closeIdle(): Promise<void> {
    for (const [scope, each] of opened) {
      if (opened.size <= ledgersOpenMax) return;
      if ((await each.catch(() => undefined))?.users === 0) await forget(scope);
    }
  }

  async function attempt<T>(at: Placed, anew: boolean, work: (ledger: Ledger) => Promise<T>): Promise<T> {
    const found = await opening(at, anew);
    found.users += 1;
    try {
      return await work(found.ledger);
    } finally {
      found.users -= 1;
    }
  }

  return {
    async use(at, work) {
      if (opened.size > ledgersOpenMax) await closeIdle();
      try {
        return await attempt(at, false, work);
      } catch (error) {
        if (error instanceof LedgerUnavailable) throw fault('Unavailable', { detail: 'The ledger did not answer.', cause: error });
        if (!(error instanceof LedgerRefused)) throw error;
      }
      // The credential was revoked: control gives another, or says why not.
      await forget(at.scope);
      return attempt(at, true, work);
    },
    close() {
      for (const each of opened.values()) void each.then(({ ledger }) => ledger.close()).catch(() => undefined);
      opened.clear();
    },
  };
}

/** Kept like the registration is, so that the service starts without control. */
async function clusterOf(order: StartOrder, at: Placed, anew: boolean): Promise<string> {
  const directory = join(order.data, 'secret', `${order.process}.ledger`);
  const file = join(directory, formatId(at.scope));
  const kept = anew ? undefined : read(file);
  if (kept !== undefined) return kept;
  const place = { tenant: formatId(at.tenant), scope: formatId(at.scope) };
  const { cluster } = (await callControl(order, '/ledger', place)) as { cluster: string };
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  writeDurably(file, cluster, 0o600);
  return cluster;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
