import type { Placed } from '#kernel/contract/provider.ts';
import { acquirerNamed, firstAcquirer } from '../domain/acquirer.ts';
import { Bandit, type Context, slotsOf, type Written } from '../domain/bandit.ts';
import { type Fields, fieldsOf, numberOf, textOf, type Thing } from '../domain/json.ts';
import { isRetryable, plainRoute, type Rollout, type Route, routed, stages, type Tally, verdictOn } from '../domain/route.ts';
import type { Contents } from './content.ts';
import { ratesKeptMs, routesKeptMax, routesWrittenMs } from './limits.ts';
import type { Objects } from './object.ts';

export const routingKind = 'routing';
const stateName = 'routing state';

/** How an environment's payments are routed, unless it says otherwise: all by one acquirer, as if there were no other. */
export const plainRouting = (created: number): Thing => ({
  ...{ id: routingKind, object: routingKind, created, policy: 'fixed', acquirer: firstAcquirer.id, residency: null },
  ...{ cost_weight: 0.2, attempts: 2, payments_min: 500, drop_max: 1, since: 0 },
});

/** What one acquirer answered. */
export type Attempt = { readonly acquirer: string; readonly code: string | null };

type Learned = { bandit: Bandit; rollout: Rollout; status: 'rolling' | 'rolled_back'; since: number };
type Known = { readonly config: Thing; until: number; readonly learned: Learned; timer?: NodeJS.Timeout };

const nothing: Tally = { asked: 0, approved: 0 };
const begun: Rollout = { stage: 0, learned: nothing, fixed: nothing };

/** What each environment has learned of its acquirers, and how far it is trusted. It is written down soon after it changed. */
export class Routes {
  readonly #objects: Objects;
  readonly #contents: Contents;
  readonly #now: () => number;
  readonly #known = new Map<bigint, { readonly at: Placed; readonly known: Promise<Known> }>();
  readonly #writing = new Set<Promise<void>>();

  constructor(objects: Objects, contents: Contents, now: () => number) {
    this.#objects = objects;
    this.#contents = contents;
    this.#now = now;
  }

  /** The way of a payment; `draw`, from 0 to 1, follows from the payment, and says which policy it goes by while one is rolled out. */
  async route(at: Placed, context: Context & { readonly currency: string }, draw: number): Promise<Route | typeof plainRoute> {
    const { config, learned } = await this.#of(at);
    if (config.policy === 'fixed' && config.acquirer === firstAcquirer.id && config.residency === null) return plainRoute;
    const { rollout, status } = learned;
    const share = status === 'rolled_back' ? 0 : (stages[rollout.stage] ?? 0);
    return routed(learned.bandit, context, {
      policy: config.policy === 'learned' && draw * 100 < share ? 'learned' : 'fixed',
      fixed: acquirerNamed(config.acquirer) ?? firstAcquirer,
      residency: textOf(config.residency) ?? null,
      costWeight: numberOf(config.cost_weight) ?? 0,
      attemptsMax: numberOf(config.attempts) ?? 1,
    });
  }

  /** Learns what acquirers answered; a decline that is the issuer's own says nothing of an acquirer. */
  async told(at: Placed, route: Route, attempts: readonly Attempt[], approved: boolean): Promise<void> {
    const known = await this.#of(at);
    const { learned, config } = known;
    if (config.policy !== 'learned') return;
    const slots = slotsOf(route.context);
    for (const { acquirer, code } of attempts)
      if (code === '00' || (code !== null && isRetryable(code))) learned.bandit.learn(acquirer, slots, code === '00');
    const { asked, approved: before } = learned.rollout[route.policy];
    learned.rollout = { ...learned.rollout, [route.policy]: { asked: asked + 1, approved: before + Number(approved) } };
    const verdict = verdictOn(learned.rollout, {
      ...{ paymentsMin: numberOf(config.payments_min) ?? 0, dropMax: (numberOf(config.drop_max) ?? 0) / 100 },
    });
    if (verdict === 'back' && learned.status === 'rolling') learned.status = 'rolled_back';
    else if (verdict === 'on') learned.rollout = { ...begun, stage: Math.min(learned.rollout.stage + 1, stages.length - 1) };
    known.timer ??= setTimeout(() => this.#write(at, known), routesWrittenMs).unref();
  }

  /** How far what was learned is trusted, and how both ways went at this stage. */
  async shown(at: Placed): Promise<Fields> {
    const { config, learned } = await this.#of(at);
    const { rollout, status } = learned;
    const isBack = status === 'rolled_back';
    return {
      ...config,
      rollout: {
        ...{ status, learned_percent: config.policy === 'fixed' || isBack ? 0 : (stages[rollout.stage] ?? 0) },
        ...{ learned: { ...rollout.learned }, fixed: { ...rollout.fixed } },
      },
    };
  }

  /** The configuration has changed; what was learned stays. */
  async forget(at: Placed): Promise<void> {
    const known = await this.#known.get(at.scope)?.known;
    if (known) known.until = 0;
  }

  async stop(): Promise<void> {
    for (const { at, known } of this.#known.values()) {
      const each = await known.catch(() => undefined);
      if (each?.timer) this.#write(at, each);
    }
    await Promise.all(this.#writing);
  }

  async #of(at: Placed): Promise<Known> {
    const before = this.#known.get(at.scope);
    const kept = await before?.known;
    if (kept && kept.until > this.#now()) return kept;
    const latest = this.#known.get(at.scope);
    if (latest && latest !== before) return latest.known;
    if (!before && this.#known.size >= routesKeptMax) await this.#drop();
    const known = this.#read(at, kept);
    this.#known.set(at.scope, { at, known });
    known.catch(() => this.#known.delete(at.scope));
    return known;
  }

  async #read(at: Placed, before: Known | undefined): Promise<Known> {
    const config = (await this.#objects.get(at, routingKind, routingKind))?.thing ?? plainRouting(0);
    const learned = before?.learned ?? (await this.#written(at));
    // Whoever says anew how it is to be routed begins with the first stage.
    if (learned.since !== config.since) Object.assign(learned, { rollout: begun, status: 'rolling', since: Number(config.since) });
    return { config, until: this.#now() + ratesKeptMs, learned, ...(before?.timer ? { timer: before.timer } : {}) };
  }

  async #written(at: Placed): Promise<Learned> {
    const bytes = await this.#contents.get(at, stateName);
    if (!bytes) return { bandit: new Bandit(Math.random), rollout: begun, status: 'rolling', since: 0 };
    const { arms, ...rest } = JSON.parse(bytes.toString()) as Omit<Learned, 'bandit'> & { arms: Written };
    return { ...rest, bandit: new Bandit(Math.random, arms) };
  }

  /** Environments that nobody has asked about lately are read again when somebody does. */
  async #drop(): Promise<void> {
    await this.stop();
    this.#known.clear();
  }

  #write(at: Placed, known: Known): void {
    clearTimeout(known.timer);
    delete known.timer;
    const { bandit, ...rest } = known.learned;
    const text = JSON.stringify({ ...rest, arms: bandit.written() });
    const writing = this.#contents
      .insertion(at, stateName, Buffer.from(text))
      .then((insertion) => this.#objects.commit(at, [this.#contents.deletion(stateName), insertion]))
      // What could not be written is learned still, and written with what comes next.
      .then(
        () => undefined,
        () => undefined,
      )
      .finally(() => this.#writing.delete(writing));
    this.#writing.add(writing);
  }
}

/** The route in a step's input; one that was written by a release before this one goes the plain way. */
export function routeIn(input: Fields): Route | typeof plainRoute {
  const { order } = fieldsOf(input.route);
  return Array.isArray(order) && order.length > 0 ? (input.route as unknown as Route) : plainRoute;
}
