import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { fault } from '#kernel/contract/fault.ts';
import { ParquetWriter } from '#wire/parquet/file.ts';
import { parquetColumns, parquetValue } from '../domain/parquet-row.ts';
import type { Posted } from '../store/outbox.ts';
import { askBucket } from './bucket.ts';
import type { Carrier } from './carrier.ts';
import type { Posting } from './http-carrier.ts';

const compress = promisify(gzip) as (bytes: Buffer) => Promise<Buffer>;
/** Where a file says which commit is the last in it. */
const lastHeader = 'x-amz-meta-gamut-last';

/**
 * Into files of Parquet, each row once: a file is named by the first commit in it and says which is the last. It is made where
 * it is not there and never written again: who finds it there goes on behind the last commit that it says.
 */
export const s3Carrier = (posting: Posting): Carrier => ({
  async open(signal) {
    let done = -1n;
    return {
      done,
      async carry(posted) {
        for (;;) {
          const rest = posted.filter(({ epoch }) => epoch > done);
          if (rest.length === 0) return;
          done = await put(posting, rest, signal);
        }
      },
      close: async () => undefined,
    };
  },
});

/** Writes one file, and answers the last commit that it has. */
async function put({ target, columns, spec, allow }: Posting, posted: readonly Posted[], signal: AbortSignal): Promise<bigint> {
  const [first, last] = [posted[0]?.epoch ?? 0n, posted.at(-1)?.epoch ?? 0n];
  const key = `${target.path ?? ''}${target.mark}-${String(first).padStart(19, '0')}.parquet`;
  const rows = posted.flatMap(({ letters }) => letters);
  const writer = new ParquetWriter('row', parquetColumns(columns), compress);
  const head = writer.head();
  const group = await writer.group(columns.map(({ type }, place) => rows.map((row) => parquetValue(type, row[place + 1] ?? null))));
  const body = Buffer.concat([head, ...group, writer.tail()]);
  const headers = { 'if-none-match': '*', [lastHeader]: String(last), 'content-type': 'application/vnd.apache.parquet' };
  const { status } = await askBucket(spec, { method: 'PUT', key, headers, body }, allow, signal);
  if (status >= 200 && status < 300) return last;
  if (status !== 412 && status !== 409) throw fault('Unavailable', `The bucket answered ${status}.`);
  const known = await askBucket(spec, { method: 'HEAD', key }, allow, signal);
  const said = String(known.headers[lastHeader] ?? '');
  if (known.status !== 200 || !/^\d{1,19}$/.test(said) || BigInt(said) < first)
    throw fault('Unavailable', `The bucket has a file ${key} that is not ours.`);
  return BigInt(said);
}
