import { setTimeout as pause } from 'node:timers/promises';
import { OperationError } from '#kernel/contract/fault.ts';
import type { Log } from '#kernel/contract/implement.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import { outbound } from '#kernel/outbound/outbound.ts';
import { retryAfterMs } from '#kernel/webhook/retry.ts';
import { pageMax } from '../contract/limits.ts';
import { textOf, type Thing } from '../domain/json.ts';
import { inVersion } from '../domain/version.ts';
import { type Deliveries, type Due, signatureOf } from '../store/delivery.ts';
import { endpointSecret } from '../store/endpoint.ts';
import {
  deliveryAnswerMaxBytes,
  deliveryAttemptsMax,
  deliveryLookMs,
  deliveryMs,
  deliveriesAtOnceMax,
  scopesAtOnceMax,
} from '../store/limits.ts';
import type { World } from '../store/world.ts';

type Options = {
  readonly world: World;
  readonly deliveries: Deliveries;
  readonly scopes: () => readonly Placed[];
  readonly allow: readonly string[];
  readonly now: () => number;
  readonly log: Log;
};

/** Tells endpoints of events: signed, each until it is taken, for about two days. `wake` says that an environment has some. */
export class Deliverer {
  readonly #options: Options;
  readonly #stop = new AbortController();
  /** When each environment that has something to tell is to be looked at, in milliseconds since 1970. */
  readonly #dueAt = new Map<bigint, { readonly at: Placed; readonly time: number }>();
  readonly #looking = new Map<bigint, Promise<void>>();
  #running: Promise<void> | undefined;

  constructor(options: Options) {
    this.#options = options;
  }

  start(): this {
    for (const at of this.#options.scopes()) this.wake(at);
    this.#running = this.#run();
    return this;
  }

  wake(at: Placed): void {
    this.#dueAt.set(at.scope, { at: { tenant: at.tenant, scope: at.scope }, time: 0 });
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await Promise.all(this.#looking.values());
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const due = [...this.#dueAt.values()].filter(({ time }) => time <= this.#options.now());
      // A receiver that is slow keeps its own environment waiting, and no other.
      for (const { at } of due) {
        if (this.#looking.has(at.scope) || this.#looking.size >= scopesAtOnceMax) continue;
        this.#looking.set(
          at.scope,
          this.#look(at).finally(() => this.#looking.delete(at.scope)),
        );
      }
      await pause(deliveryLookMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async #look(at: Placed): Promise<void> {
    this.#dueAt.delete(at.scope);
    try {
      const { now, nextMs } = await this.#options.deliveries.due(at, deliveriesAtOnceMax);
      await Promise.all(now.map((due) => this.#tell(at, due)));
      const again = now.length > 0 ? 0 : nextMs;
      if (again !== undefined && !this.#dueAt.has(at.scope)) this.#dueAt.set(at.scope, { at, time: this.#options.now() + again });
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#options.log('warn', 'events could not be delivered; trying again', { error: String(error) });
      this.#dueAt.set(at.scope, { at, time: this.#options.now() + deliveryMs });
    }
  }

  async #tell(at: Placed, due: Due): Promise<void> {
    const { world, deliveries } = this.#options;
    const [event, endpoint] = await Promise.all([
      world.objects.get(at, 'event', due.event),
      world.objects.get(at, 'webhook_endpoint', due.endpoint),
    ]);
    const url = textOf(endpoint?.thing.url);
    if (!event || url === undefined || endpoint?.thing.status !== 'enabled') return deliveries.end(at, due);
    const secret = await endpointSecret(world, at, due.endpoint);
    const told = await this.#inVersion(at, event.thing, textOf(endpoint.thing.api_version));
    if (await this.#send(url, secret, JSON.stringify(told))) return deliveries.end(at, due);
    const wait = retryAfterMs(due.attempts + 1, deliveryAttemptsMax, Math.random());
    return wait === undefined ? deliveries.end(at, due) : deliveries.postpone(at, due, wait);
  }

  /** An endpoint that names a version is told in it. */
  async #inVersion(at: Placed, event: Thing, version: string | undefined): Promise<object> {
    if (version === undefined) return event;
    const { objects } = this.#options.world;
    const all = async (kind: string, column: string, id: string) => {
      const where = [[`${column} = ?`, id]] as const;
      return (await objects.list(at, kind, { limit: pageMax, where })).items.map(({ thing }) => thing);
    };
    const data = await inVersion(event.data, version, {
      charges: (intent) => all('charge', 'payment_intent', intent),
      refunds: (charge) => all('refund', 'charge', charge),
    });
    return { ...event, api_version: version, data };
  }

  async #send(url: string, secret: string, body: string): Promise<boolean> {
    const { allow, now } = this.#options;
    const at = Math.floor(now() / 1000);
    try {
      const { status } = await outbound(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json; charset=utf-8',
          'stripe-signature': signatureOf(secret, at, body),
          'user-agent': 'Gamut/1.0',
        },
        body,
        allow,
        redirects: 0,
        signal: this.#stop.signal,
        limits: { timeoutMs: deliveryMs, answerBytes: deliveryAnswerMaxBytes },
      });
      return status >= 200 && status < 300;
    } catch (error) {
      if (this.#stop.signal.aborted || error instanceof OperationError) return false;
      throw error;
    }
  }
}
