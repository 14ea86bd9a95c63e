import { randomUUID } from 'node:crypto';
import type { EndReason } from '../contract/caller.ts';
import type { AnyService, Face, OperationName } from '../contract/contract.ts';
import { fault } from '../contract/fault.ts';
import type { Denied, Gate, Grant, Material, Session } from '../contract/session.ts';
import { saslExchange } from '../caller/face/sasl.ts';
import { identify, placed, stillStands } from '../caller/identify.ts';
import type { Identified } from '../caller/identified.ts';
import { refuse } from '../caller/identified.ts';
import { formatId } from '../tenancy/id.ts';
import { watchEpochs } from '../snapshot/epoch.ts';
import { recordDenial } from './call.ts';
import { invoke } from './invoke.ts';
import { expirySweepMs, sessionsKeptMax } from './limits.ts';
import type { Runtime } from './runtime.ts';
import { Standing } from './standing.ts';

/** The gate of a service's doors, with what ends every session. */
export type OpenGate<S extends AnyService> = Gate<S> & { end(reason: EndReason): void; check(): void; stop(): void };

/** Lets callers in: each identity has one Standing in the process, which lives while its credential does. */
export function createGate<S extends AnyService>(runtime: Runtime<S>): OpenGate<S> {
  const standings = new Map<string, Standing<S>>();
  const forgotten = new Set<WeakRef<Standing<S>>>();
  let ending: EndReason | undefined;

  function standingOf(identified: Identified): Standing<S> {
    const key = `${identified.face}\0${identified.credential}\0${identified.principal}\0${identified.scope}\0${identified.via ?? ''}`;
    const known = standings.get(key);
    if (known && !known.controller.signal.aborted) return known;
    const made = new Standing(runtime, identified);
    if (standings.size >= sessionsKeptMax) forgetOldest();
    standings.set(key, made);
    return made;
  }

  /** Callers forgotten here can still be ended while a session of theirs is held somewhere. */
  function forgetOldest(): void {
    for (const [key, standing] of standings) {
      standings.delete(key);
      forgotten.add(new WeakRef(standing));
      if (standings.size < sessionsKeptMax / 2) return;
    }
  }

  function* all(): Generator<Standing<S>> {
    yield* standings.values();
    for (const reference of forgotten) {
      const standing = reference.deref();
      if (standing) yield standing;
      else forgotten.delete(reference);
    }
  }

  function endWhere(lost: (standing: Standing<S>) => boolean, reason: EndReason): void {
    for (const standing of all()) if (!standing.controller.signal.aborted && lost(standing)) standing.end(reason);
    for (const [key, standing] of standings) if (standing.controller.signal.aborted) standings.delete(key);
  }

  const gone = (standing: Standing<S>) => !stillStands(standing.identified, runtime.snapshot, runtime.now());
  const epochs = watchEpochs(runtime.snapshot, (tenants) => {
    runtime.decider.forget(tenants);
    const concerned = (standing: Standing<S>) => tenants === undefined || tenants.has(standing.identified.tenant);
    endWhere((standing) => concerned(standing) && gone(standing), 'revoked');
    for (const standing of all()) if (concerned(standing)) standing.redecide();
    runtime.rates.adjust(tenants);
  });
  runtime.rechecks.onDistrust = (tenant) => {
    for (const standing of all()) if (standing.identified.tenant === tenant) standing.redecide();
  };
  const sweep = setInterval(() => {
    endWhere(gone, 'ended');
    // Where policies look at the clock, what they decided holds for this long.
    for (const standing of all()) if (runtime.decider.isTimed(standing.identified.tenant)) standing.redecide();
  }, expirySweepMs);

  function present(face: Face, material: Material): Session<S> {
    if (ending) throw fault('Draining');
    epochs.look();
    const identified = identify(face, material, runtime.snapshot, runtime.now());
    return sessionOver(runtime, standingOf(identified), identified.proof, epochs.look);
  }

  return {
    present,
    exchange(face, material) {
      if (face !== 'sasl') throw fault('NotImplemented', `The face ${face} is proven in one step.`);
      const steps = saslExchange(material, runtime.snapshot, runtime.now);
      return {
        next: (answer) => steps.next(answer),
        session() {
          if (ending) throw fault('Draining');
          epochs.look();
          const identified = placed(steps.identified(), material, runtime.snapshot);
          return sessionOver(runtime, standingOf(identified), identified.proof, epochs.look);
        },
      };
    },
    anonymous({ resource = '' }) {
      if (ending) throw fault('Draining');
      epochs.look();
      return sessionOver(runtime, standingOf(anonymousAt(runtime, resource)), undefined, epochs.look);
    },
    end(reason) {
      ending = reason;
      endWhere(() => true, reason);
    },
    check: epochs.check,
    stop() {
      epochs.stop();
      clearInterval(sweep);
    },
  };
}

/** Who shows no credential is placed where the resource is, if a door lets such callers in. */
function anonymousAt<S extends AnyService>(runtime: Runtime<S>, resource: string): Identified {
  const isAllowed = Object.values(runtime.contract.doors).some((door) => door.anonymous === 'by-resource');
  const place = isAllowed ? runtime.implementation?.placeOf?.(resource) : undefined;
  if (!place) throw refuse('missing');
  const [tenant, scope] = [formatId(place.tenant), formatId(place.scope)];
  const known = runtime.snapshot.get('tenant', tenant);
  if (!known || known.ended) throw refuse('revoked', 'The organization has ended.');
  return { tenant, scope, principal: 'anonymous', credential: '', face: 'anonymous' };
}

/** One presentation: shares its caller's Standing, and has its own proof. */
function sessionOver<S extends AnyService>(runtime: Runtime<S>, standing: Standing<S>, proof: unknown, look: () => void): Session<S> {
  let over = false;
  const assertOpen = () => {
    if (over) throw refuse('revoked', 'The session is over.');
  };
  return {
    caller: standing.caller,
    proof,
    signal: standing.controller.signal,
    grant(operation: OperationName<S>, name: string): Grant | Denied {
      assertOpen();
      const decided = standing.decide(operation, name);
      const denied = decided.denied ?? decided.unproven;
      if (!denied) return decided as Grant;
      return {
        denied,
        recorded: recordDenial(runtime as unknown as Runtime, standing as unknown as Standing, operation, name, denied.code, randomUUID()),
      };
    },
    visible(...operations) {
      assertOpen();
      look();
      return standing.visible(operations);
    },
    invoke(operation, name, input, more = {}) {
      if (over) return Promise.reject(refuse('revoked', 'The session is over.'));
      look();
      return invoke(runtime as unknown as Runtime, standing as unknown as Standing, operation, name, input, more) as never;
    },
    end() {
      over = true;
    },
  };
}
