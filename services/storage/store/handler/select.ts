import type { Call, Handlers } from '#kernel/contract/call.ts';
import { fault, OperationError } from '#kernel/contract/fault.ts';
import type { Log } from '#kernel/contract/implement.ts';
import type { Bytes } from '#kernel/contract/session.ts';
import { formatId } from '#kernel/tenancy/id.ts';
import { encodeEvent } from '#wire/aws-event-stream/message.ts';
import { writeXml } from '#wire/xml/write.ts';
import { jobOf, type SelectJob } from '../../domain/select/job.ts';
import { parseQuery } from '../../domain/select/parse.ts';
import { SelectRefusal } from '../../domain/select/refusal.ts';
import { selectHeadMaxBytes, selectQuietMs, selectsMax } from '../../engine/limits.ts';
import type { SelectFrame } from '../../engine/select-frame.ts';
import type { SelectProcesses } from '../../engine/select.ts';
import type { storage } from '../../service.ts';
import { bucketOf } from '../bucket.ts';
import { assertLive } from '../live.ts';
import type { BucketRecord, LayoutRecord, ObjectRecord } from '../record.ts';
import { openObject, openSeal } from '../seal.ts';
import type { Store } from '../store.ts';
import { payerOf } from './bill.ts';
import { noteRead } from './call.ts';
import { checkReadable, findRead } from './head.ts';

type Service = typeof storage;
type SelectCall = Call<Service, 'SelectObjectContent'>;

/** The handler of queries of objects. */
export function selectHandlers(store: Store, processes: SelectProcesses, log: Log): Pick<Handlers<Service>, 'SelectObjectContent'> {
  let running = 0;
  return {
    async SelectObjectContent(call) {
      const bucket = bucketOf(store.catalog, call.ref.name);
      const payer = payerOf(call, bucket);
      call.charge('request', 1, payer);
      // Who may not read the object may not ask it anything, whatever else they may do.
      await call.also('GetObject', bucket.name, { key: call.input.key });
      noteRead(call, bucket, call.input);
      const { object, layout } = findRead(store, bucket, { input: { key: call.input.key } });
      checkReadable(store, object);
      const job = checked(call, object, store.now());
      if (running >= selectsMax) throw fault('SelectBusy');
      running++;
      const done = () => void running--;
      try {
        const frames = await begin(ask(store, processes, call, { bucket, object, layout, job }));
        return { output: {}, body: events(frames, call, { log, done, payer }) };
      } catch (error) {
        done();
        throw error;
      }
    },
  };
}

const refused = ({ code, message }: { code: string; message: string }) => fault('SelectRefused', { path: code, detail: message });

/** What the request says, checked before a process is begun for it. */
function checked({ input }: SelectCall, { size }: ObjectRecord, now: number): SelectJob {
  try {
    const job = jobOf(input, size, now);
    parseQuery(job.expression);
    return job;
  } catch (error) {
    throw error instanceof SelectRefusal ? refused(error) : error;
  }
}

type Asked = { readonly bucket: BucketRecord; readonly object: ObjectRecord; readonly layout: LayoutRecord; readonly job: SelectJob };

/** The frames of the query's process, which is given the bytes that the query needs. */
async function* ask(
  store: Store,
  processes: SelectProcesses,
  call: SelectCall,
  { bucket, object, layout, job }: Asked,
): AsyncGenerator<SelectFrame, void> {
  const { blobs, sealer } = store;
  const pinned = [blobs.pin(layout.segments), blobs.pin(layout.segments)];
  const read = async (first: number, last: number, done: () => void) => {
    const seal = await openSeal(sealer, bucket.tenant, object.seal, call.input.customerKey);
    const span = first === 0 && last === object.size - 1 ? undefined : { first, last };
    return openObject(store, bucket, layout.segments, { ...(span ? { span } : {}), seal, done });
  };
  const unpin = () => {
    for (const one of pinned.splice(0)) one();
  };
  try {
    const from = firstByte(job);
    const head = from === 0 ? 0 : Math.min(selectHeadMaxBytes, object.size);
    const order = { job, head, body: job.span && !('parquet' in job.input) ? 0 : object.size - from };
    const body = await read(from, object.size - 1, () => {});
    const bytes = head === 0 ? body : joined(await read(0, head - 1, () => {}), body);
    yield* processes.run(formatId(bucket.tenant), order, bytes, call.signal);
  } finally {
    unpin();
  }
}

/** Where reading begins: so far before a range that it is seen whether a record begins with it. Parquet is read whole. */
function firstByte({ span, input }: SelectJob): number {
  if (!span || 'parquet' in input) return 0;
  const delimiter = 'csv' in input ? input.csv.recordDelimiter : '\n';
  return Math.max(span.first - Buffer.byteLength(delimiter), 0);
}

async function* joined(first: Bytes, rest: Bytes): Bytes {
  yield* first;
  yield* rest;
}

/** Waits for the first frame, so that what is refused at once is an error of the request and none within its reply. */
async function begin(frames: AsyncGenerator<SelectFrame, void>): Promise<AsyncGenerator<SelectFrame, void>> {
  const first = await frames.next();
  if (!first.done && first.value.kind === 'failed') {
    await frames.return();
    const { code, text } = first.value;
    throw code === 'InternalError' ? fault('Internal', { detail: text }) : refused({ code, message: text });
  }
  return (async function* () {
    try {
      if (!first.done) yield first.value;
      yield* frames;
    } finally {
      await frames.return();
    }
  })();
}

type Telling = { readonly log: Log; readonly done: () => void; readonly payer: ReturnType<typeof payerOf> };

/** The frames as the messages of S3's event stream. */
async function* events(frames: AsyncGenerator<SelectFrame, void>, call: SelectCall, { log, done, payer }: Telling): Bytes {
  let sent = 0;
  try {
    for await (const frame of withQuiet(frames)) {
      assertLive(call.signal);
      const bytes = frame === undefined ? event('Cont') : messageOf(frame);
      sent += bytes.length;
      yield bytes;
      if (frame?.kind === 'done') yield event('End');
    }
  } catch (error) {
    if (call.signal.aborted) throw error;
    const code = error instanceof OperationError && error.code === 'TooFewShards' ? 'ServiceUnavailable' : 'InternalError';
    log('error', 'a query of an object broke off', { bucket: call.ref.name, error: String(error) });
    yield failure(code, 'We encountered an internal error. Please try again.');
  } finally {
    await frames.return();
    done();
    call.charge('egress', sent, payer);
  }
}

/** The frames, and undefined wherever none came for a while. */
async function* withQuiet(frames: AsyncGenerator<SelectFrame, void>): AsyncGenerator<SelectFrame | undefined, void> {
  for (let next = frames.next(); ; ) {
    const quiet = Promise.withResolvers<undefined>();
    const timer = setTimeout(quiet.resolve, selectQuietMs, undefined);
    const met = await Promise.race([next, quiet.promise]).finally(() => clearTimeout(timer));
    if (met === undefined) yield undefined;
    else if (met.done) return;
    else {
      yield met.value;
      next = frames.next();
    }
  }
}

const nothing = Buffer.alloc(0);
const event = (type: string, payload: Uint8Array = nothing, contentType?: string) =>
  encodeEvent({
    headers: { ':message-type': 'event', ':event-type': type, ...(contentType === undefined ? {} : { ':content-type': contentType }) },
    payload,
  });
const failure = (code: string, text: string) =>
  encodeEvent({ headers: { ':message-type': 'error', ':error-code': code, ':error-message': text }, payload: nothing });

function messageOf(frame: SelectFrame): Buffer {
  if (frame.kind === 'records') return event('Records', frame.bytes, 'application/octet-stream');
  if (frame.kind === 'failed') return failure(frame.code, frame.text);
  const type = frame.kind === 'done' ? 'Stats' : 'Progress';
  const counts: [string, number][] = [
    ['BytesScanned', frame.scanned],
    ['BytesProcessed', frame.processed],
    ['BytesReturned', frame.returned],
  ];
  return event(type, Buffer.from(writeXml([type, counts])), 'text/xml');
}
