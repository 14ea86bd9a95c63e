import type { Placed } from '#kernel/contract/provider.ts';
import { type Thing, textOf } from '../domain/json.ts';
import { askedOfCharge, entitiesOf, noteAll } from '../domain/risk.ts';
import { type Happening, Velocity } from '../domain/velocity.ts';
import { breathing } from './breath.ts';
import {
  featureEntitiesAllMax,
  featureEntitiesMax,
  featureEnvironmentsMax,
  featureEventsMax,
  featureSeconds,
  replayedMs,
} from './limits.ts';
import type { Objects } from './object.ts';

/** Events that features are counted from. */
export const counted = ['charge.succeeded', 'charge.failed', 'charge.dispute.created'];

type Known = { readonly velocity: Velocity; waiting: Thing[] | undefined; readonly loading: Promise<void> };

/**
 * Features of payments, counted in memory from the environment's own events: those that are kept already when somebody first asks,
 * and each that is written afterwards, in the turn in which it is committed. An environment whose rules ask for none has none.
 */
export class Features {
  readonly #objects: Objects;
  readonly #now: () => number;
  readonly #known = new Map<bigint, Known>();

  constructor(objects: Objects, now: () => number) {
    this.#objects = objects;
    this.#now = now;
  }

  /** What is known of an environment's entities by now. */
  async of(at: Placed): Promise<Velocity> {
    const known = this.#known.get(at.scope) ?? this.#begin(at);
    // What was asked for last is forgotten last.
    this.#known.delete(at.scope);
    this.#known.set(at.scope, known);
    await known.loading;
    return known.velocity;
  }

  /** Takes what was just committed. */
  told(at: Placed, event: Thing): void {
    const known = this.#known.get(at.scope);
    if (!known || !counted.includes(String(event.type))) return;
    if (known.waiting) known.waiting.push(event);
    else void this.#count(at, known.velocity, event).catch(() => this.#known.delete(at.scope));
  }

  #begin(at: Placed): Known {
    this.#makeRoom();
    const velocity = new Velocity(featureEntitiesMax);
    const waiting: Thing[] = [];
    const known: Known = { velocity, waiting, loading: Promise.resolve().then(() => this.#load(at, known)) };
    this.#known.set(at.scope, known);
    known.loading.catch(() => this.#known.delete(at.scope));
    return known;
  }

  #makeRoom(): void {
    let entities = [...this.#known.values()].reduce((sum, { velocity }) => sum + velocity.size, 0);
    for (const [scope, { velocity }] of this.#known) {
      if (this.#known.size < featureEnvironmentsMax && entities < featureEntitiesAllMax) return;
      this.#known.delete(scope);
      entities -= velocity.size;
    }
  }

  async #load(at: Placed, known: Known): Promise<void> {
    const since = Math.floor(this.#now() / 1000) - featureSeconds;
    const events = await this.#objects.events(at, counted, since, featureEventsMax);
    const seen = new Set(events.map(({ id }) => id));
    const breath = breathing(replayedMs);
    for (const event of events) {
      await this.#count(at, known.velocity, event);
      await breath();
    }
    // What was committed meanwhile may have been read already.
    for (const event of known.waiting ?? []) if (!seen.has(event.id)) await this.#count(at, known.velocity, event);
    known.waiting = undefined;
  }

  async #count(at: Placed, velocity: Velocity, { type, data, created }: Thing): Promise<void> {
    const object = (data as { object: Thing }).object;
    const kind = kindOfEvent(type);
    const charge = kind === 'disputed' ? (await this.#objects.get(at, 'charge', textOf(object.charge) ?? ''))?.thing : object;
    if (charge) noteIn(velocity, charge, kind, Number(created));
  }
}

const kindOfEvent = (type: unknown): Happening['kind'] =>
  type === 'charge.dispute.created' ? 'disputed' : type === 'charge.failed' ? 'declined' : 'paid';

/** Counts what happened to a charge of everything that it has to do with. */
export function noteIn(velocity: Velocity, charge: Thing, kind: Happening['kind'], seconds: number): void {
  const asked = askedOfCharge(charge);
  noteAll(velocity, entitiesOf(asked), seconds, { kind, amount: asked.amount });
}
