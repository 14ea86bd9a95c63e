import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSql, type Sql } from '#seams/sql/sql.ts';
import { checkpointText, parseCheckpoint, parseNote } from '#wire/tlog/note.ts';
import { type AuditRecord, recordType } from '#kernel/audit/record.ts';
import { originOf } from '#kernel/audit/leaf.ts';
import { leafSealer } from '#kernel/audit/seal.ts';
import { TileLog } from '#kernel/audit/tile-log.ts';
import type { Keeper } from '#kernel/keys/client.ts';
import { openRing, type Ring } from '#kernel/keys/ring.ts';
import { openJournal } from '#kernel/journal/journal.ts';
import { aesSeal } from '#kernel/journal/seal.ts';
import { tail } from '#kernel/journal/tail.ts';
import { deployPlatform } from '#kernel/control/deploy.ts';
import { sortRecords } from '#kernel/record/batch.ts';
import { Rounds } from '#kernel/record/notary-round.ts';
import { signedOf } from '#kernel/record/notary-store.ts';
import { storeBatch } from '#kernel/record/store.ts';
import { formatId } from '#kernel/tenancy/id.ts';
import type { Database } from '../usage/database.ts';

const tenant = 77n;
const log = formatId(tenant);
const appenders = 512;
const deployment = 'benchmark0000000';

/** Records as a service's process appends them; what they say is usual. */
function recordOf(number: number): Buffer {
  const record: AuditRecord = {
    at: Date.now(),
    tenant: log,
    scope: log,
    service: 'storage',
    operation: 'PutObject',
    kind: 'Object',
    name: `photos/2026/harbour-${number}.jpg`,
    principal: `account-${number % 20}`,
    credential: `credential-${number % 20}`,
    face: 'sigv4',
    outcome: 'ok',
    count: 1,
    bytes: 48_211,
    requestId: `request-${number}`,
  };
  return Buffer.from(JSON.stringify(record));
}

/** Keeper's ring in this process: what it does per record is done by leases, and per checkpoint by its signature. */
function keeperOver(ring: Ring): Keeper {
  const own = {
    lease: async (of: bigint, purpose: string, version?: number) => ring.lease(of, version, purpose),
    leaseSubject: async (of: bigint, subject: Uint8Array) => ring.subject.key(of, Buffer.from(subject)),
    signCheckpoints: async (texts: readonly string[], at: number) => texts.map((text) => ring.notary.sign(text, at)),
  };
  return own as unknown as Keeper;
}

/** A deployment of its own in a running PostgreSQL: its tables, keys, journal and log. */
export class Ours {
  readonly #data = mkdtempSync(join(tmpdir(), 'gamut-bench-audit-'));
  readonly #keeper: Keeper;
  readonly #ring: Ring;
  #sql: Sql | undefined;
  #admin: Sql | undefined;
  #round = 0;

  constructor() {
    this.#ring = openRing(join(this.#data, 'keeper'));
    this.#keeper = keeperOver(this.#ring);
  }

  async open(database: Database): Promise<this> {
    const deployed = await deployPlatform(database.admin, deployment, this.#data);
    this.#admin = deployed.admin;
    this.#sql = openSql(deployed.system, { max: 4, applicationName: 'bench' });
    return this;
  }

  /** The whole path: appended to a journal by groups, read, sealed, stored, taken into tiles, signed. Answers entries a second. */
  async whole(count: number): Promise<number> {
    const sql = this.#sql as Sql;
    const process = `bench-${(this.#round += 1)}`;
    const key = randomBytes(32);
    const seal = aesSeal(1, () => key);
    const dir = join(this.#data, 'journal');
    const directory = join(this.#data, 'audit');
    mkdirSync(directory, { recursive: true });
    const records = Array.from({ length: count }, (_, number) => recordOf(number));
    const sealer = leafSealer(this.#keeper, Date.now);
    const quiet = () => undefined;
    const rounds = new Rounds({
      directory,
      sql,
      keeper: this.#keeper,
      deployment,
      log: quiet,
      witnesses: { cosign: async (_, note) => ({ note, isWitnessed: true }) },
      now: Date.now,
    });
    const before = await sizeOf(sql);
    const journal = await openJournal({ dir, process, seal });
    const stop = new AbortController();
    const started = performance.now();
    const appender = async () => {
      for (let record = records.pop(); record !== undefined; record = records.pop()) await journal.append(recordType.audit, record);
    };
    const appending = Promise.all(Array.from({ length: appenders }, appender));
    const storing = (async () => {
      let stored = 0;
      for await (const batch of tail({ dir, process, open: seal.open, signal: stop.signal })) {
        const sorted = sortRecords(batch.records);
        for (const one of await storeBatch(sql, process, sorted, batch.next, sealer)) rounds.touched.add(one);
        if ((stored += sorted.audit.length) >= count) stop.abort();
      }
    })();
    while ((await sizeOf(sql)) - before < count) {
      await rounds.round();
      await sleep(1);
    }
    const seconds = (performance.now() - started) / 1000;
    await Promise.all([appending, storing]);
    await journal.close();
    return count / seconds;
  }

  /** The log alone, as Tessera's driver is one: entries made durable in tiles, and covered by a signed checkpoint. */
  async tiles(entries: readonly Uint8Array[], perFlush: number, checkpointMs: number): Promise<number> {
    const directory = join(this.#data, `tiles-${(this.#round += 1)}`);
    const tiles = new TileLog(directory);
    const started = performance.now();
    let published = started;
    for (const [at, entry] of entries.entries()) {
      tiles.append(entry);
      const isLast = at + 1 === entries.length;
      if ((at + 1) % perFlush !== 0 && !isLast) continue;
      await tiles.flush();
      if (performance.now() - published < checkpointMs && !isLast) continue;
      published = performance.now();
      const text = checkpointText({ origin: originOf(deployment, log), size: tiles.size, root: tiles.root() });
      await tiles.publish(this.#ring.notary.sign(text, Math.floor(Date.now() / 1000)));
    }
    return entries.length / ((performance.now() - started) / 1000);
  }

  async close(): Promise<void> {
    await this.#sql?.close();
    await this.#admin?.close();
    rmSync(this.#data, { recursive: true, force: true });
  }
}

async function sizeOf(sql: Sql): Promise<number> {
  const note = await signedOf(sql, log);
  return note === undefined ? 0 : (parseCheckpoint(parseNote(note)?.text ?? '')?.size ?? 0);
}
