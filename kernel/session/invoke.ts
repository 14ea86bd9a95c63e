import { createHash, randomUUID } from 'node:crypto';
import type { Call, Reply } from '../contract/call.ts';
import type { Operation } from '../contract/contract.ts';
import { fault, faultTable, OperationError } from '../contract/fault.ts';
import type { Bytes, More, Result } from '../contract/session.ts';
import { applyDefaults } from '../derive/default.ts';
import { validator } from '../derive/validate.ts';
import type { AuditRecord } from '../audit/record.ts';
import { recordAlone } from './alone.ts';
import { askResource, type Job, JobCall, recordDenial } from './call.ts';
import { markPersonal, withPersonal } from '../observe/personal.ts';
import { personalTexts } from '../privacy/mask.ts';
import { currentTrace, inTrace, parseTraceparent, type TraceContext } from '../observe/trace.ts';
import { quotaWaitMaxMs } from '../quota/limits.ts';
import { newNameMax, repeatKeyLengthMax } from './limits.ts';
import type { RepeatEntry, RepeatStore, StoredReply } from '../contract/repeat.ts';
import type { Runtime } from './runtime.ts';
import { operatingError } from './seam-error.ts';
import { LiveCall } from './live.ts';
import { hides, maskReply } from './shown.ts';
import type { GrantState, Standing } from './standing.ts';

/** The one way in: identify was the session; then locate and decide, admit, run, record, reply. */
export async function invoke(
  runtime: Runtime,
  standing: Standing,
  operation: string,
  given: string,
  input: unknown,
  more: More,
): Promise<Result<unknown>> {
  const spec = Object.hasOwn(runtime.contract.operations, operation) ? runtime.contract.operations[operation] : undefined;
  if (!spec) throw fault('NoSuchOperation', operation);
  const name = given === '' && spec.at === 'new' ? newName(input) : given;
  const live = new LiveCall(operation, name, more);
  const requestId = more.requestId ?? randomUUID();
  const startedMs = performance.now();
  const job: Job = {
    runtime,
    standing,
    operation,
    spec,
    name,
    more,
    requestId,
    live,
    grant: undefined,
    bytes: 0,
    startedMs,
    ranMs: startedMs,
    isRunning: false,
    noted: [],
    ...traceOf(runtime, more),
  };
  standing.live.add(live);
  const finish = () => {
    standing.live.delete(live);
    live.release();
  };
  try {
    ended(standing);
    const decided = standing.decide(operation, name);
    if (decided.denied) throw await recordedDenial(job, decided.denied);
    job.grant = decided;
    const waiting = more.nested ? undefined : admit(job, decided);
    if (waiting) await waiting;
    const checked = check(spec, input);
    const hiding = hides(standing, runtime.contract, operation, name, spec, more, () => reveal(job));
    const isMasked = typeof hiding === 'boolean' ? hiding : await hiding;
    if (spec.byResource) await askResource(job, operation, name, checked, decided);
    const turn = enter(job);
    if (turn) await turned(job, turn);
    const whole = await inTrace(job.trace, () => runPrivately(job, checked));
    const output = isMasked ? maskReply(runtime.contract, spec, whole) : whole;
    if (output.body === undefined) finish();
    return output.body === undefined ? output : { ...output, body: releasing(output.body, finish) };
  } catch (error) {
    leave(job, performance.now());
    finish();
    throw error;
  }
}

/** The name that a new resource is to have, which is what policy decides about; '' where the platform gives one. */
function newName(input: unknown): string {
  const name = typeof input === 'object' && input !== null && 'name' in input ? input.name : undefined;
  return typeof name === 'string' && name.length <= newNameMax ? name : '';
}

/** Whether the caller may see what is personal in the reply; that they asked is in the audit log before. */
const reveal = ({ runtime, standing, operation, requestId }: Job): Promise<unknown> =>
  invoke(runtime, standing, 'RevealPersonal', operation, {}, { nested: true, requestId });

/** What is personal in the input is in no log and no span of the call. */
async function runPrivately(job: Job, input: unknown): Promise<Result<unknown>> {
  const texts = personalTexts(job.spec.input, input);
  if (texts.length === 0) return runRecorded(job, input);
  try {
    return await withPersonal(texts, () => runRecorded(job, input));
  } catch (error) {
    markPersonal(error, texts);
    throw error;
  }
}

/** A caller's context comes in its header; a nested call goes on in the context of the call around it. */
function traceOf(runtime: Runtime, more: More): { trace: TraceContext; parentId: string } {
  const parent = parseTraceparent(more.traceparent) ?? currentTrace();
  return { trace: runtime.tracer.begin(parent, runtime.now()), parentId: parent?.spanId ?? '' };
}

function ended(standing: Standing): void {
  const { signal } = standing.controller;
  if (signal.aborted)
    throw fault(signal.reason === 'drain' ? 'Draining' : 'Unauthenticated', { path: 'revoked', detail: 'The session has ended.' });
}

async function recordedDenial(job: Job, denied: OperationError): Promise<OperationError> {
  await recordDenial(job.runtime, job.standing, job.operation, job.name, denied.code, job.requestId);
  return denied;
}

/** Rate quotas make a caller wait a little, or refuse; mutations need room on disk and in the journal. */
function admit(job: Job, grant: GrantState): Promise<void> | undefined {
  const wait = grant.admit(1, 0);
  return wait === 0 && job.spec.effect !== 'write' ? undefined : admitted(job, grant, wait);
}

async function admitted(job: Job, grant: GrantState, firstWait: number): Promise<void> {
  for (let wait = firstWait, waited = 0; wait > 0; wait = grant.admit(1, 0)) {
    if (waited + wait > quotaWaitMaxMs) throw fault('TooMany', { retryAfterMs: wait });
    waited += wait;
    await new Promise((resolve) => setTimeout(resolve, wait));
    ended(job.standing);
  }
  if (job.spec.effect !== 'write') return;
  const essential = job.spec.essential === true;
  if (!essential && !job.runtime.mayWrite()) throw fault('DiskFull');
  if (!essential) await job.runtime.admitChange();
}

/**
 * Calls take turns between tenants. Not those within a call, which holds its place while it waits for them; nor revoke and
 * delete, which must go on; nor those that last as long as the caller sends or listens.
 */
function enter(job: Job): Promise<void> | undefined {
  const { runtime, spec, more, operation, standing } = job;
  if (more.nested || spec.essential || (spec.body !== undefined && spec.body !== 'none' && spec.body !== 'out')) return undefined;
  const turn = runtime.admission.enter(standing.identified.tenant, operation, job.startedMs);
  job.isRunning = true;
  return turn;
}

async function turned(job: Job, turn: Promise<void>): Promise<void> {
  job.isRunning = false;
  await turn;
  job.isRunning = true;
  job.ranMs = performance.now();
  ended(job.standing);
}

/** Gives the place among the running calls to the next. */
function leave(job: Job, nowMs: number): void {
  if (!job.isRunning) return;
  job.isRunning = false;
  job.runtime.admission.leave(job.operation, nowMs - job.ranMs, nowMs);
}

function check(spec: Operation, input: unknown): unknown {
  const whole = applyDefaults(spec.input, input ?? {});
  const failure = validator(spec.input)(whole);
  if (failure) throw fault('BadInput', failure);
  return whole;
}

/** Runs the handler and records the outcome in the operation's audit class. */
async function runRecorded(job: Job, input: unknown): Promise<Result<unknown>> {
  try {
    const { reply, replayed } = isRepeatable(job)
      ? await answeredOnce(job, input)
      : { reply: await run(job, input, undefined), replayed: false };
    const recording = record(job, 'ok');
    if (recording) await recording;
    const { output, body } = reply;
    if (body === undefined && !replayed) return { output };
    return { output, ...(body === undefined ? {} : { body }), ...(replayed ? { replayed: true } : {}) };
  } catch (thrown) {
    const error = operatingError(thrown);
    await record(job, error instanceof OperationError ? error.code : 'Internal');
    throw error;
  }
}

type AnyReply = { readonly output: unknown; readonly body?: Bytes };
type Answered = { readonly reply: AnyReply; readonly replayed: boolean };

function run(job: Job, input: unknown, transaction: unknown): Promise<AnyReply> {
  const handlers = job.runtime.implementation?.handlers as Record<string, (call: Call) => Promise<Reply<never, never>>> | undefined;
  const handler = handlers?.[job.operation];
  if (!handler) throw fault('Draining');
  return handler(new JobCall(job, input, transaction) as unknown as Call) as Promise<AnyReply>;
}

/** The key of a request, as the store knows it. */
function repeatEntry(job: Job, input: unknown, key: string): RepeatEntry {
  if (key.length === 0 || key.length > repeatKeyLengthMax) {
    throw fault('BadInput', { path: '/key', detail: `An idempotency key has 1 to ${repeatKeyLengthMax} characters.` });
  }
  const hash = createHash('sha256')
    .update(JSON.stringify([job.name, input]))
    .digest();
  const { tenant, scope } = job.standing.caller;
  return { tenant, scope, operation: job.operation, key, hash };
}

/** A keyed repeat: the stored reply commits with the effect, and is what every later request with the key is told. */
async function runKeyed(job: Job, input: unknown, entry: RepeatEntry, repeats: RepeatStore): Promise<Answered> {
  const outcome = await repeats.run(entry, async (transaction): Promise<StoredReply> => {
    const reply = await run(job, input, transaction);
    return { status: 200, headers: {}, bytes: Buffer.from(JSON.stringify(reply.output)) };
  });
  if (!('reply' in outcome)) throw outcome.kind === 'conflict' ? fault('RepeatConflict') : fault('RepeatInFlight', { retryAfterMs: 1000 });
  return { reply: { output: JSON.parse(Buffer.from(outcome.reply.bytes).toString()) }, replayed: outcome.kind === 'replay' };
}

/** A refused repeat: the key is taken before the effect, so that it happens at most once. */
async function runOnce(job: Job, input: unknown, entry: RepeatEntry, repeats: RepeatStore): Promise<Answered> {
  if (!(await repeats.claim(entry))) throw fault('RepeatConflict', 'The operation is not repeated under a key that was used.');
  try {
    return { reply: await run(job, input, undefined), replayed: false };
  } catch (error) {
    await repeats.release(entry);
    throw error;
  }
}

/** Whether the request has a key, and its operation minds it. */
const isRepeatable = ({ more, spec }: Job) => more.key !== undefined && spec.repeat !== 'natural';

async function answeredOnce(job: Job, input: unknown): Promise<Answered> {
  const repeats = job.runtime.implementation?.repeats;
  if (!repeats) throw fault('NotImplemented', 'This service keeps no idempotency keys.');
  const entry = repeatEntry(job, input, job.more.key ?? '');
  return job.spec.repeat === 'keyed' ? runKeyed(job, input, entry, repeats) : runOnce(job, input, entry, repeats);
}

/** Reads of a window are counted; management waits for its record; effects of a service's own log are recorded from there. */
function record(job: Job, outcome: string): Promise<void> | undefined {
  const { runtime, standing, spec, operation, name, requestId, grant, bytes } = job;
  measure(job, outcome);
  const alone = recordAlone(job, outcome);
  if (alone && (spec.audit === 'window' || outcome === 'ok')) return alone;
  if (spec.audit === 'from-log' && outcome === 'ok') return undefined;
  if (spec.audit === 'window' && outcome === 'ok' && grant?.counted(bytes, requestId)) return undefined;
  const key = standing.windowKey(operation, name, outcome);
  if (spec.audit !== 'before-reply') {
    runtime.windows.add(key, bytes, requestId);
    return undefined;
  }
  // A trace that is kept somewhere is worth naming: whoever reads the record finds the rest there.
  const detail = job.trace.sampled ? { detail: { trace: job.trace.traceId } } : {};
  const written: AuditRecord = { ...key, at: runtime.now(), count: 1, bytes, requestId, ...detail };
  return runtime.recordAudit(written, true);
}

function measure(job: Job, outcome: string): void {
  const { runtime, standing, operation, name, startedMs, requestId, trace, parentId } = job;
  const now = performance.now();
  leave(job, now);
  const failed = outcome !== 'ok' && (faultTable().get(outcome)?.status ?? 500) >= 500;
  const endMs = performance.timeOrigin + now;
  const seconds = (now - startedMs) / 1000;
  runtime.measure({ place: standing.identified, operation, name, outcome, failed, seconds, endMs, requestId, trace, parentId });
}

async function* releasing(body: Bytes, finish: () => void): Bytes {
  try {
    yield* body;
  } finally {
    finish();
  }
}
