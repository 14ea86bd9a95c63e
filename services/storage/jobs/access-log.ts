import { randomBytes } from 'node:crypto';
import { OperationError } from '#kernel/contract/fault.ts';
import type { Log } from '#kernel/contract/implement.ts';
import { formatId } from '#kernel/tenancy/id.ts';
import type { Grant } from '../domain/acl.ts';
import { type AccessEntry, accessLine, type Logging, logKey } from '../domain/access-log.ts';
import { findBucket } from '../store/bucket.ts';
import { readConfiguration } from '../store/configuration.ts';
import { deliver } from '../store/delivery.ts';
import { accessLogDayParts, accessLogMaxBytes, accessLogWaitMaxMs, accessLogWaitMinMs } from '../store/limits.ts';
import { logGrants, mayDeliver } from '../store/log-target.ts';
import type { Holder } from '../store/holder.ts';
import type { BucketRecord } from '../store/record.ts';
import type { Store } from '../store/store.ts';

/**
 * The logs of requests of buckets that ask for them, written into their target buckets a few minutes later. As in S3 they are
 * told as well as can be: lines wait in memory, and those of a process that is killed are lost.
 */
export class AccessLogs {
  readonly #store: Store;
  readonly #region: string;
  readonly #log: Log;
  readonly #waitMs: number;
  #waiting = new Map<string, string[]>();
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> = Promise.resolve();

  constructor(store: Store, region: string, log: Log) {
    this.#store = store;
    this.#region = region;
    this.#log = log;
    this.#waitMs = Math.max(accessLogWaitMinMs, Math.min(accessLogWaitMaxMs, store.dayMs / accessLogDayParts));
  }

  /** Whether requests of a bucket are logged. */
  wants(bucket: string): boolean {
    return this.#store.partitions.find(bucket)?.logged === true;
  }

  /** Notes a request of a bucket. */
  note(entry: Omit<AccessEntry, 'owner'>): void {
    const bucket = this.#store.partitions.find(entry.bucket);
    if (!bucket?.logged) return;
    const line = accessLine({ ...entry, owner: formatId(bucket.scope) });
    const lines = this.#waiting.get(bucket.name) ?? [];
    lines.push(line);
    this.#waiting.set(bucket.name, lines);
    this.#bytes += line.length;
    if (this.#bytes > accessLogMaxBytes) this.#flush();
    this.#timer ??= setTimeout(() => this.#flush(), this.#waitMs).unref();
  }

  /** Writes what waits. */
  async stop(): Promise<void> {
    this.#flush();
    await this.#flushing;
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const waiting = this.#waiting;
    this.#waiting = new Map();
    this.#bytes = 0;
    this.#flushing = this.#flushing.then(async () => {
      for (const [name, lines] of waiting)
        await this.#deliver(name, lines).catch((error: unknown) =>
          this.#log('warn', 'a log of requests could not be delivered', { bucket: name, lines: lines.length, error: String(error) }),
        );
    });
  }

  async #deliver(name: string, lines: readonly string[]): Promise<void> {
    const { partitions } = this.#store;
    const { catalog } = partitions.of(name);
    const source = findBucket(catalog, name);
    const logging: Logging | undefined = source && readConfiguration(catalog, source, 'logging')?.loggingEnabled;
    const holder = partitions.holderOf(logging?.targetBucket ?? '');
    const target = logging && findBucket(holder.catalog, logging.targetBucket);
    // The target may be gone, or shut, since it was named.
    if (!source || !logging || !target || !mayDeliver(holder, source, target, logging.targetPrefix)) return;
    const place = { account: formatId(source.scope), region: this.#region, bucket: source.name };
    const key = logKey(logging, place, this.#store.now(), randomBytes(8).toString('hex').toUpperCase());
    const body = (async function* () {
      yield Buffer.from(lines.join(''));
    })();
    const { signal } = new AbortController();
    const acl = this.#grants(holder, target, logging);
    await deliver(holder, target, { key, contentType: 'text/plain', body, principal: 'logging', ...(acl ? { acl } : {}), signal });
  }

  /** The target may have stopped to take grants since they were named: then its owner alone reads the log, and it is not lost. */
  #grants(holder: Holder, target: BucketRecord, { targetGrants }: Logging): readonly Grant[] | undefined {
    try {
      return logGrants(holder, target, targetGrants);
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      this.#log('warn', 'a log of requests was delivered without its grants', { bucket: target.name, error: String(error) });
      return undefined;
    }
  }
}
