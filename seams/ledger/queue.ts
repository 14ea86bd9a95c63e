import { trailerBytes, readTrailer, writeTrailer } from '#wire/tigerbeetle/multi-batch.ts';
import { type Operation, operations, type Verb } from '#wire/tigerbeetle/operation.ts';
import type { Address } from './address.ts';
import { LedgerRefused, LedgerUnavailable } from './error.ts';
import { answerMs, batchesMax, waitingMax } from './limits.ts';
import { Session } from './session.ts';

/** `signal` gives up waiting; what was sent may take effect all the same. */
export type Patience = { readonly signal?: AbortSignal };

type Call = {
  readonly operation: Operation;
  readonly events: Buffer;
  readonly resolve: (results: Buffer) => void;
  readonly reject: (error: Error) => void;
  isSent: boolean;
};

/** Today's form of an operation: batches in one body, and a result for every event. */
const current = [...operations.values()].filter(({ batched, sparse }) => batched && !sparse);
const forms = new Map<Verb, Operation>(current.map((each) => [each.verb, each]));

/** Puts the calls that wait into as few requests as they fit: those of one operation travel as batches of one body. */
export class Queue {
  readonly #session: Session;
  #waiting: Call[] = [];
  #isRunning = false;
  #isClosed = false;

  constructor(address: Address) {
    this.#session = new Session(address);
  }

  /** Asks for one batch of events; resolves with its results. Empty batches are answered without a request. */
  ask(verb: Verb, events: Buffer, { signal }: Patience = {}): Promise<Buffer> {
    const operation = forms.get(verb);
    if (!operation) throw new TypeError(`the protocol has no form for ${verb}`);
    if (this.#isClosed) return Promise.reject(closed(false));
    if (this.#waiting.length >= waitingMax)
      return Promise.reject(new LedgerUnavailable('queue', 'Too many calls wait for the ledger.', false));
    if (events.length === 0 && operation.many) return Promise.resolve(Buffer.alloc(0));
    if (events.length + trailerBytes(operation.eventBytes, 1) > this.#session.bodyBytes)
      return Promise.reject(new LedgerRefused('The batch is larger than a message of the ledger.'));
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    const call: Call = { operation, events, resolve, reject, isSent: false };
    this.#waiting.push(call);
    const unwatch = watchPatience(call, signal, () => {
      this.#waiting = this.#waiting.filter((each) => each !== call);
    });
    if (!this.#isRunning) void this.#run();
    return promise.finally(unwatch);
  }

  close(): void {
    this.#isClosed = true;
    for (const call of this.#waiting) call.reject(closed(false));
    this.#waiting = [];
    this.#session.close(closed(true));
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    // Calls that are made in one turn travel together.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#exchange(this.#take());
    this.#isRunning = false;
  }

  /** The first call that waits, and those of the same operation that fit beside it. */
  #take(): Call[] {
    const taken: Call[] = [];
    const left: Call[] = [];
    let bytes = 0;
    let results = 0;
    for (const call of this.#waiting) {
      const { operation } = taken[0] ?? call;
      const more = call.events.length / operation.eventBytes;
      const batches = taken.length + 1;
      const fits =
        call.operation === operation &&
        batches <= (operation.many ? batchesMax : 1) &&
        bytes + call.events.length + trailerBytes(operation.eventBytes, batches) <= this.#session.bodyBytes &&
        (results + more) * operation.resultBytes + trailerBytes(operation.resultBytes, batches) <= this.#session.bodyBytes;
      if (taken.length > 0 && !fits) {
        left.push(call);
        continue;
      }
      taken.push(call);
      call.isSent = true;
      bytes += call.events.length;
      results += more;
    }
    this.#waiting = left;
    return taken;
  }

  async #exchange(calls: readonly Call[]): Promise<void> {
    const [{ operation }] = calls as [Call];
    const payload = calls.reduce((sum, { events }) => sum + events.length, 0);
    const body = Buffer.alloc(payload + trailerBytes(operation.eventBytes, calls.length));
    let from = 0;
    for (const { events } of calls) from += events.copy(body, from);
    const counts = calls.map(({ events }) => events.length / operation.eventBytes);
    writeTrailer(body, payload, operation.eventBytes, counts);
    try {
      share(calls, operation, await this.#session.ask(operation.code, body));
    } catch (error) {
      for (const call of calls) call.reject(error as Error);
    }
  }
}

/** Gives each call the results of its batch. */
function share(calls: readonly Call[], operation: Operation, reply: Buffer): void {
  const counts = readTrailer(reply, operation.resultBytes);
  if (counts?.length !== calls.length) throw new LedgerRefused('The reply of the ledger does not fit the request.');
  let from = 0;
  calls.forEach((call, index) => {
    const bytes = (counts[index] ?? 0) * operation.resultBytes;
    call.resolve(reply.subarray(from, from + bytes));
    from += bytes;
  });
}

/** A call that is given up, or late, is told so; one that still waited is never sent. Answers how to end the watch. */
function watchPatience(call: Call, signal: AbortSignal | undefined, leave: () => void): () => void {
  const giveUp = () => {
    const sent = call.isSent;
    if (!sent) leave();
    call.reject(new LedgerUnavailable('late', 'The ledger did not answer in time.', sent, { cause: signal?.reason }));
  };
  const timer = setTimeout(giveUp, answerMs);
  signal?.addEventListener('abort', giveUp, { once: true });
  if (signal?.aborted) giveUp();
  return () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', giveUp);
  };
}

const closed = (sent: boolean) => new LedgerUnavailable('closed', 'The ledger client is closed.', sent);
