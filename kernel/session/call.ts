import { randomUUID } from 'node:crypto';
import type { Call, Repeated } from '../contract/call.ts';
import type { Caller } from '../contract/caller.ts';
import type { Operation } from '../contract/contract.ts';
import { fault, type FaultDetail } from '../contract/fault.ts';
import type { Placed } from '../contract/provider.ts';
import type { Bytes, More, RequestContext } from '../contract/session.ts';
import type { TraceContext } from '../observe/trace.ts';
import { formatId } from '../tenancy/id.ts';
import type { Noted } from './alone.ts';
import type { LiveCall } from './live.ts';
import type { Runtime } from './runtime.ts';
import type { GrantState, Standing } from './standing.ts';
import { useKey } from './use-key.ts';

/** A call on its way. */
export type Job = {
  readonly runtime: Runtime;
  readonly standing: Standing;
  readonly operation: string;
  readonly spec: Operation;
  readonly name: string;
  readonly more: More;
  readonly requestId: string;
  readonly live: LiveCall;
  grant: GrantState | undefined;
  bytes: number;
  readonly startedMs: number;
  /** When it began to run, which is after it waited for its turn. */
  ranMs: number;
  /** Whether it is counted among the calls that run. */
  isRunning: boolean;
  readonly trace: TraceContext;
  readonly parentId: string;
  /** What is recorded by itself. */
  readonly noted: Noted[];
};

/** The rules of the resource have the last word on an operation that is theirs to decide. */
export async function askResource(job: Job, operation: string, name: string, input: unknown, decided: GrantState): Promise<void> {
  const { runtime, standing, more, live, requestId } = job;
  const { authorize } = runtime.implementation ?? {};
  const context = more.context ?? {};
  const identityAllows = decided.unproven === undefined;
  const isAllowed = authorize ? authorize({ caller: standing.caller, operation, name, input, context, identityAllows }) : identityAllows;
  if (isAllowed) {
    live.byResource = live.byResource || !identityAllows;
    return;
  }
  const denied = decided.unproven ?? fault('Denied', `${operation} on ${name} by its own rules.`);
  await recordDenial(runtime, standing, operation, name, denied.code, requestId);
  throw denied;
}

/** A denial is in the audit log before anybody hears of it. */
export async function recordDenial(
  runtime: Runtime,
  standing: Standing,
  operation: string,
  name: string,
  code: string,
  requestId: string,
): Promise<void> {
  await runtime.recordAudit({ ...standing.windowKey(operation, name, code), at: runtime.now(), count: 1, bytes: 0, requestId }, false);
}

/**
 * A call as its handler sees it. A class, because each object literal with a getter is of a shape of its own, which lies in old
 * memory and keeps all that the getter knows until the whole heap is collected.
 */
export class JobCall implements Omit<Call, 'visible'> {
  readonly caller: Caller;
  readonly ref: Call['ref'];
  readonly input: never;
  readonly body: Bytes | undefined;
  readonly now: number;
  readonly requestId: string;
  readonly repeat: Repeated | undefined;
  readonly context: RequestContext;
  readonly #job: Job;

  constructor(job: Job, input: unknown, transaction: unknown) {
    this.#job = job;
    this.caller = job.standing.caller;
    this.ref = { kind: job.spec.on, name: job.name };
    this.input = input as never;
    this.body = job.more.body;
    this.now = job.runtime.now();
    this.requestId = job.requestId;
    this.repeat = job.more.key === undefined || transaction === undefined ? undefined : { key: job.more.key, transaction };
    this.context = job.more.context ?? {};
  }

  get signal(): AbortSignal {
    return this.#job.live.signal;
  }

  charge(meter: string, amount: number, payer?: Placed): void {
    const { runtime, spec, operation, name, more, standing } = this.#job;
    if (!spec.charge?.includes(meter)) throw new TypeError(`${operation} does not charge ${meter}`);
    if (runtime.contract.meters[meter]?.unit === 'byte') this.#job.bytes += amount;
    if (more.nested) return;
    const called = { operation, resource: name };
    const { tenant, scope } = payer ? { tenant: formatId(payer.tenant), scope: formatId(payer.scope) } : standing.identified;
    runtime.meters.add(tenant, scope, meter, amount, called);
  }

  emit(event: string, data: unknown): void {
    const { runtime, spec, operation, name, standing } = this.#job;
    if (!spec.emits?.includes(event)) throw new TypeError(`${operation} does not emit ${event}`);
    const { tenant, scope } = standing.identified;
    runtime.recordEvent({
      tenant,
      scope,
      id: randomUUID(),
      source: `gamut/${runtime.contract.name}`,
      type: `${runtime.contract.name}.${event}`,
      time: new Date(runtime.now()).toISOString(),
      subject: `${spec.on}/${name}`,
      data,
    });
  }

  fail(code: string, detail?: string | FaultDetail): never {
    throw fault(code, detail);
  }

  async also(operation: string, name: string, input: unknown = {}): Promise<void> {
    const { runtime, standing, requestId } = this.#job;
    const decided = standing.decide(operation, name);
    if (!decided.denied) {
      if (decided.unproven || runtime.contract.operations[operation]?.byResource)
        await askResource(this.#job, operation, name, input, decided);
      return;
    }
    await recordDenial(runtime, standing, operation, name, decided.denied.code, requestId);
    throw decided.denied;
  }

  recordAlone(detail: Noted['detail'], { operation, name }: { readonly operation: string; readonly name: string } = this.#job): void {
    this.#job.noted.push({ operation, name, detail });
  }

  useKey(named: string, owner: bigint = this.caller.tenant): Promise<void> {
    return useKey(this.#job, named, owner);
  }

  visible(...operations: readonly string[]) {
    return this.#job.standing.visible(operations);
  }
}
