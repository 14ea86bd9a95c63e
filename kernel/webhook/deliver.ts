import { OperationError } from '../contract/fault.ts';
import { outbound, type Lines } from '../outbound/outbound.ts';
import { deliveryAnswerMaxBytes, deliveryErrorMax, deliveryMs } from './limits.ts';
import { messageOf, type StoredEvent } from './message.ts';
import { signedHeaders } from './sign.ts';

/** Where and how one webhook is called. */
export type Target = {
  readonly url: string;
  readonly secrets: readonly Uint8Array[];
  readonly allow: readonly string[];
  readonly lines: Lines;
  readonly signal: AbortSignal;
};

/** What came of one attempt. `gone`: the receiver wants nothing more. */
export type Outcome = {
  readonly ok: boolean;
  readonly gone: boolean;
  readonly status?: number;
  readonly error?: string;
  readonly tookMs: number;
};

/** Sends one event once. Only a status of 2xx is a receipt; a redirect is none, because the body would go elsewhere. */
export async function deliver(event: StoredEvent, target: Target, now: () => number): Promise<Outcome> {
  const body = messageOf(event);
  const headers = {
    ...signedHeaders(event.id, now(), body, target.secrets),
    'content-type': 'application/cloudevents+json',
    'user-agent': 'Gamut-Webhook/1.0',
  };
  const began = performance.now();
  const took = () => Math.round(performance.now() - began);
  try {
    const { status } = await outbound(target.url, {
      method: 'POST',
      headers,
      body,
      allow: target.allow,
      lines: target.lines,
      redirects: 0,
      signal: target.signal,
      limits: { timeoutMs: deliveryMs, answerBytes: deliveryAnswerMaxBytes },
    });
    const ok = status >= 200 && status < 300;
    return { ok, gone: status === 410, status, ...(ok ? {} : { error: `It answered ${status}.` }), tookMs: took() };
  } catch (error) {
    if (target.signal.aborted || !(error instanceof OperationError)) throw error;
    return { ok: false, gone: false, error: (error.detail ?? error.message).slice(0, deliveryErrorMax), tookMs: took() };
  }
}
