import { hashSize } from './hash.ts';
import { consistencyLinesMax } from './limits.ts';

/** C2SP tlog-witness: what `add-checkpoint` is given. `old` is the size that the witness cosigned last. */
export type Submission = { readonly old: number; readonly proof: readonly Uint8Array[]; readonly checkpoint: string };

export function encodeSubmission({ old, proof, checkpoint }: Submission): string {
  return `old ${old}\n${proof.map((hash) => `${Buffer.from(hash).toString('base64')}\n`).join('')}\n${checkpoint}`;
}

/** Takes a body apart; undefined when it is none. */
export function decodeSubmission(body: string): Submission | undefined {
  const end = body.indexOf('\n\n');
  if (end < 0) return undefined;
  const [first = '', ...lines] = body.slice(0, end).split('\n');
  const [, old = ''] = /^old (0|[1-9][0-9]{0,15})$/.exec(first) ?? [];
  if (old === '' || !Number.isSafeInteger(Number(old)) || lines.length > consistencyLinesMax) return undefined;
  const proof = lines.map((line) => Buffer.from(line, 'base64'));
  if (proof.some((hash, index) => hash.length !== hashSize || hash.toString('base64') !== lines[index])) return undefined;
  return { old: Number(old), proof, checkpoint: body.slice(end + 2) };
}
