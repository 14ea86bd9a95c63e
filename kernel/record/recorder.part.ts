import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openSql, type Sql } from '#seams/sql/sql.ts';
import { systemUrl } from '../control/deploy.ts';
import { keyFileName, keyFileText } from '../audit/public-key.ts';
import { leafSealer, type LeafSealer } from '../audit/seal.ts';
import type { Log } from '../contract/implement.ts';
import { connectKeeper } from '../keys/client.ts';
import { sealerOf } from '../keys/sealer.ts';
import { listProcesses, trim } from '../journal/directory.ts';
import { journalOpener } from '../journal/leased.ts';
import type { Open } from '../journal/seal.ts';
import { tail } from '../journal/tail.ts';
import { createLog } from '../observe/log.ts';
import { openLogs } from '../session/log-need.ts';
import { publisherName } from '../session/publisher.ts';
import type { Link, Part } from '../supervise/protocol.ts';
import { writeDurably } from '../volume/write.ts';
import { sortRecords } from './batch.ts';
import { gatherMs, processScanMs, retentionSweepMs, retryMs } from './limits.ts';
import { Dispatcher, forgetDeliveries, webhookPurpose } from '../webhook/dispatch.ts';
import { policySource } from '../audit/policy-file.ts';
import { Publisher } from './publish.ts';
import { openWitnesses } from './witness.ts';
import { type Notary, startNotary } from './notary.ts';
import { forgetSeen, readCursor, storeBatch } from './store.ts';

type Reading = {
  readonly stored: () => void;
  readonly dir: string;
  readonly sql: Sql;
  readonly open: Open;
  readonly sealer: LeafSealer;
  readonly notary: Notary;
  readonly log: Log;
  readonly signal: AbortSignal;
};

const pause = (ms: number, signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });

/** Reads one process' journal for ever; what fails is tried again from the cursor that was committed. */
async function follow(process: string, { dir, sql, open, sealer, notary, log, signal, stored }: Reading): Promise<void> {
  while (!signal.aborted) {
    try {
      const from = await readCursor(sql, process);
      for await (const { records, next } of tail({ dir, process, open, from, signal })) {
        const sorted = sortRecords(records);
        notary.touch(await storeBatch(sql, process, sorted, next, sealer));
        if (sorted.event.length > 0) stored();
        await trim(dir, process, next);
        // What a transaction costs it costs for many records too: the first of a burst is stored at once, what follows gathers.
        if (records.length > 0) await pause(gatherMs, signal);
      }
    } catch (error) {
      if (signal.aborted) return;
      log('error', 'a journal could not be recorded; trying again', { process, error: String(error) });
      await pause(retryMs, signal);
    }
  }
}

/** Tails the journals of all processes and stores what they say, exactly once by offset. */
export const part: Part = {
  name: 'recorder',
  async start(link: Link) {
    const { order } = link;
    const log = createLog({ process: order.process, level: 'info' });
    const stop = new AbortController();
    const keeper = connectKeeper(join(order.run, 'keeper.sock'), order.token);
    const open = await journalOpener(keeper);
    const sql = openSql(systemUrl(order.secrets['sql.admin'] ?? '', order.deployment, order.data), {
      max: 4,
      applicationName: 'gamut recorder',
    });
    const dir = join(order.data, 'journal');
    const dispatched = openSql(systemUrl(order.secrets['sql.admin'] ?? '', order.deployment, order.data), {
      max: 4,
      applicationName: 'gamut webhooks',
    });
    const dispatcher = new Dispatcher({
      sql: dispatched,
      sealer: sealerOf(keeper, webhookPurpose, Date.now),
      log,
      allow: order.settings.outbound ?? [],
      now: Date.now,
    }).start();
    const publisher = new Publisher({
      sql: dispatched,
      path: join(order.data, 'recorder', 'published.json'),
      logs: openLogs({
        data: order.data,
        name: publisherName,
        serviceToken: (caller) => keeper.serviceToken(caller),
        ...(order.settings.log === undefined ? {} : { external: order.settings.log }),
      }),
      log,
    }).start();
    const sealer = leafSealer(keeper, Date.now);
    const directory = join(order.data, 'audit');
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeDurably(join(directory, keyFileName), keyFileText(await keeper.notaryKeys(), order.deployment), 0o600);
    const policy = policySource(order.settings.witness, (reason) => log('error', 'the policy of witnesses is not taken', { reason }));
    const witnesses = openWitnesses({ policy, log, now: Date.now });
    const notary = startNotary({ directory, sql, keeper, deployment: order.deployment, log, witnesses, now: Date.now });
    const stored = () => {
      dispatcher.wake();
      publisher.wake();
    };
    const reading: Reading = { dir, sql, open, sealer, notary, log, signal: stop.signal, stored };
    const followed = new Map<string, Promise<void>>();
    const scanning = (async () => {
      for (let sweepAt = Date.now(); !stop.signal.aborted; await pause(processScanMs, stop.signal)) {
        for (const process of await listProcesses(dir)) if (!followed.has(process)) followed.set(process, follow(process, reading));
        if (Date.now() < sweepAt) continue;
        sweepAt = Date.now() + retentionSweepMs;
        await forgetDeliveries(sql).catch((error) => log('warn', 'old deliveries were not dropped', { error: String(error) }));
        await forgetSeen(sql).catch((error) => log('warn', 'old usage identities were not dropped', { error: String(error) }));
      }
    })();
    return {
      doors: {},
      async drain() {
        stop.abort();
        await scanning;
        await Promise.all(followed.values());
        await notary.stop();
        await publisher.stop();
        await dispatcher.stop();
        await dispatched.close();
        await sql.close();
        keeper.close();
      },
    };
  },
};
