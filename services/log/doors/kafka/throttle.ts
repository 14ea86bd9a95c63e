import type { Caller } from '#kernel/contract/caller.ts';
import { fetch, produce } from '#wire/kafka/message/record-access.ts';
import type { QuotaClient, Quotas } from '../../store/quota.ts';
import { quotaSpanMs } from '../../domain/limits.ts';
import { requestThrottleMaxMs, throttleMaxMs } from './limits.ts';

const accountPrefix = 'service-';

/** The user that quotas and ACLs name: a service account, a SCRAM user, or a credential by its id. */
const userOf = ({ principal }: Caller): string => (principal.startsWith(accountPrefix) ? principal.slice(accountPrefix.length) : principal);

/** What one request costs its client, by the quotas of its environment (KIP-124, KIP-219, KIP-599). */
export class Throttle {
  readonly #quotas: Quotas;
  readonly #client: QuotaClient;
  readonly #begun = performance.now();
  #idleMs = 0;
  #owedMs = 0;

  constructor(quotas: Quotas, caller: Caller, clientId: string) {
    this.#quotas = quotas;
    this.#client = { scope: caller.scope, user: userOf(caller), clientId };
  }

  /** Waits for somebody else - records, members, a quota -, which costs the client nothing. */
  async idle<T>(waiting: Promise<T>): Promise<T> {
    const from = performance.now();
    try {
      return await waiting;
    } finally {
      this.#idleMs += performance.now() - from;
    }
  }

  /** Most bytes that one fetch may bring: what the quota lets through at once, so that no answer is owed for ever. */
  get fetchBytesMax(): number {
    const perSecond = this.#quotas.rate('consumer_byte_rate', this.#client);
    return perSecond === undefined ? Number.POSITIVE_INFINITY : Math.max(1, (perSecond * quotaSpanMs) / 1000);
  }

  /** Whether partitions may be made or deleted now. A client that knows the error is refused; others are only held up. */
  mayMutate(strict: boolean): boolean {
    if (!strict) return true;
    const owed = this.#quotas.owedMs('controller_mutation_rate', this.#client);
    this.#owe(owed);
    return owed === 0;
  }

  /** Partitions were made or deleted. */
  mutated(partitions: number, strict: boolean): void {
    const owed = this.#quotas.take('controller_mutation_rate', this.#client, partitions);
    if (!strict) this.#owe(owed);
  }

  #owe(ms: number): void {
    this.#owedMs = Math.max(this.#owedMs, Math.min(ms, throttleMaxMs));
  }

  /** Counts the request, now that its answer is known; the milliseconds for which the connection is not listened to. */
  counted(apiKey: number, requestBytes: number, answer: object | undefined): number {
    if (apiKey === produce.key) this.#owe(this.#quotas.take('producer_byte_rate', this.#client, requestBytes));
    if (apiKey === fetch.key) this.#owe(this.#quotas.take('consumer_byte_rate', this.#client, recordBytes(answer)));
    const busyMs = performance.now() - this.#begun - this.#idleMs;
    // One percent is ten milliseconds of each second.
    const owed = this.#quotas.take('request_percentage', this.#client, busyMs / 10);
    this.#owe(Math.min(owed, requestThrottleMaxMs));
    return this.#owedMs;
  }
}

type Fetched = { readonly responses?: readonly { readonly partitions?: readonly { readonly records?: Buffer | null }[] }[] };

function recordBytes(answer: object | undefined): number {
  let bytes = 0;
  for (const { partitions } of (answer as Fetched | undefined)?.responses ?? [])
    for (const { records } of partitions ?? []) bytes += records?.length ?? 0;
  return bytes;
}
