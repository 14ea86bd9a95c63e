import type { Operation } from '#kernel/contract/contract.ts';
import { Type } from '#kernel/contract/type.ts';
import { outages } from '../domain/outage.ts';
import { declineCodes } from '../domain/response-code.ts';
import { Found, input, may, nothing, oneOf, read, write } from './field.ts';
import { payoutSecondsMax, networkLatencyMaxMs, networkWaitMaxMs, networkWaitMinMs, percentMax, perMilleMax } from './limits.ts';

const on = { on: 'CardNetwork', at: 'collection' } as const;
const Share = may(Type.Integer({ minimum: 0, maximum: percentMax }));
const Latency = may(Type.Integer({ minimum: 0, maximum: networkLatencyMaxMs }));

/** The simulated card networks of an environment. */
export const networkOperations = {
  GetCardNetwork: {
    ...on,
    ...read,
    text: 'Read what the simulated card networks are like, their last messages, and what their issuers hold, by currency.',
    input: nothing,
    output: Found,
  },
  PutCardNetwork: {
    ...on,
    ...write,
    repeat: 'natural',
    text: 'Say what the simulated networks of cards and banks are like from now on; shares are percentages; what is not said is as usual.',
    input: input({
      seed: may(Type.String({ maxLength: 64, description: 'What all chance follows from.' })),
      latency_ms: Latency,
      spread_ms: Latency,
      wait_ms: may(
        Type.Integer({ minimum: networkWaitMinMs, maximum: networkWaitMaxMs, description: 'How long an answer is waited for.' }),
      ),
      payout_s: may(
        Type.Integer({
          minimum: 0,
          maximum: payoutSecondsMax,
          description: 'How soon a standard payout leaves; the next bank day if not said.',
        }),
      ),
      market: may(
        Type.String({ maxLength: 64, description: 'The seed of how acquirers differ; without one, all get everything through.' }),
      ),
      down: may(
        Type.Array(oneOf(...outages), {
          maxItems: outages.length,
          description: 'Networks and rails that nothing comes back from, and acquirers that reach no network.',
        }),
      ),
      down_until: may(
        Type.Integer({ minimum: 0, description: 'When they are back, in seconds since 1970; until another word if not said.' }),
      ),
      declined: may(
        Type.Integer({
          minimum: 0,
          maximum: perMilleMax,
          description: 'Card payments of a thousand that issuers decline, whatever the card; drawn by the seed.',
        }),
      ),
      decline_code: may(oneOf(...declineCodes)),
      lost: Share,
      late: Share,
      twice: Share,
    }),
    output: Found,
  },
} as const satisfies Record<string, Operation>;
