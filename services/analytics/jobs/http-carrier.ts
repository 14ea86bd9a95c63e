import { fault } from '#kernel/contract/fault.ts';
import { outbound } from '#kernel/outbound/outbound.ts';
import type { Outgoing } from '#seams/log/log.ts';
import type { ConnectionSpec } from '../domain/connection.ts';
import { recordsOf, type Target } from '../domain/sink.ts';
import type { Column } from '../domain/value.ts';
import { requestAnswerMaxBytes, requestMs, requestRowsMax } from '../store/limits.ts';
import type { Posted } from '../store/outbox.ts';
import type { Carrier } from './carrier.ts';

/** What goes to an HTTP server: whose changes, and which private hosts it may be on. */
export type Posting = {
  readonly target: Target;
  readonly columns: readonly Column[];
  readonly spec: ConnectionSpec;
  readonly allow: readonly string[];
};

/**
 * To an HTTP server, at least once: a request holds the rows of one commit, or a part of so many of them, and its key says which,
 * so that a request that comes again is known by it. What went is not known from the other side.
 */
export const httpCarrier = (posting: Posting): Carrier => ({
  open: async (signal) => ({
    done: -1n,
    async carry(posted) {
      for (const { epoch, letters } of posted)
        for (let from = 0; from < letters.length; from += requestRowsMax)
          await post(posting, `${epoch}-${from / requestRowsMax}`, letters.slice(from, from + requestRowsMax), signal);
    },
    close: async () => undefined,
  }),
});

async function post(
  { target, columns, spec, allow }: Posting,
  part: string,
  letters: Posted['letters'],
  signal: AbortSignal,
): Promise<void> {
  const records = recordsOf(target, columns, letters).map(({ key, value }) => (target.envelope === 'upsert' ? keyed(key, value) : value));
  const { status } = await outbound(spec.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'idempotency-key': `${target.mark}-${part}`,
      ...(spec.authorization === undefined ? {} : { authorization: spec.authorization }),
    },
    body: `[${records.join(',')}]`,
    ...(spec.ca === undefined ? {} : { ca: spec.ca }),
    ...{ allow, signal, redirects: 0, limits: { timeoutMs: requestMs, answerBytes: requestAnswerMaxBytes } },
  });
  if (status < 200 || status > 299) throw fault('Unavailable', `The server answered ${status}.`);
}

const keyed = (key: Outgoing['key'], value: Outgoing['value']) => `{"key":${key},"value":${value}}`;
