import type { HttpRequest } from '#engine/http1/request.ts';
import type { HttpResponse } from '#engine/http1/response.ts';
import type { Sql, Transaction } from '#seams/sql/sql.ts';
import { emptyRoot } from '#wire/tlog/hash.ts';
import { type Checkpoint, type Note, parseCheckpoint, parseNote, verifyNote } from '#wire/tlog/note.ts';
import { verifyConsistency } from '#wire/tlog/proof.ts';
import { decodeSubmission, type Submission } from '#wire/tlog/submission.ts';
import type { PolicySource } from '../audit/policy-file.ts';
import { witnessNameOf } from '../audit/public-key.ts';
import { OperationError } from '../contract/fault.ts';
import type { Keeper } from '../keys/client.ts';
import { readBody } from '../listen/body.ts';
import type { Registry } from '../observe/registry.ts';
import { submissionBytesMax } from './limits.ts';

export const witnessPath = '/witness/add-checkpoint';

export type WitnessOptions = {
  readonly sql: Sql;
  readonly keeper: Pick<Keeper, 'cosign'>;
  readonly deployment: string;
  readonly policy: PolicySource;
  readonly registry: Registry;
  readonly now: () => number;
};

type Answer = { readonly status: number; readonly text: string; readonly type?: string };
type Shown = { readonly note: Note; readonly checkpoint: Checkpoint; readonly submission: Submission };

const refuse = (status: number, text: string): Answer => ({ status, text: `${text}\n` });

/**
 * C2SP tlog-witness: cosigns the checkpoints of the logs in the operator's policy. The log's own signature is all that a
 * caller shows. What was cosigned is kept in a table and not in the audit log: two platforms that witness each other
 * would otherwise never come to rest.
 */
export function witnessDoor(options: WitnessOptions) {
  const answers = options.registry.counter('gamut_witness_requests_total', 'Checkpoints shown to this witness, by status.', ['status']);
  return async (request: HttpRequest, response: HttpResponse): Promise<void> => {
    const { status, text, type = 'text/plain; charset=utf-8' } = await answerOf(request, options);
    answers.of(String(status)).add(1);
    response.writeHead(status, {
      'content-type': type,
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    response.end(text);
  };
}

async function answerOf(request: HttpRequest, options: WitnessOptions): Promise<Answer> {
  if (request.method !== 'POST') return refuse(405, 'A checkpoint is shown by POST.');
  try {
    const submission = decodeSubmission((await readBody(request, submissionBytesMax)).toString());
    const note = submission && parseNote(submission.checkpoint);
    const checkpoint = note && parseCheckpoint(note.text);
    if (!submission || !note || !checkpoint || !Number.isSafeInteger(checkpoint.size))
      return refuse(400, 'The body is "old <size>", a consistency proof, an empty line and a checkpoint.');
    return unknownLog({ note, checkpoint, submission }, options) ?? (await cosigned({ note, checkpoint, submission }, options));
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    return refuse(error.status, error.message);
  }
}

/** Verifies that a log which is witnessed here has signed. */
function unknownLog({ note, checkpoint, submission }: Shown, { policy }: WitnessOptions): Answer | undefined {
  const verifiers = policy()?.logs.filter(({ name }) => name === checkpoint.origin) ?? [];
  if (verifiers.length === 0) return refuse(404, 'This log is not witnessed here.');
  if (!verifiers.some((verifier) => verifyNote(note, verifier))) return refuse(403, 'No key of this log has signed the checkpoint.');
  if (submission.old > checkpoint.size) return refuse(400, 'The old size is larger than the checkpoint.');
  return undefined;
}

async function cosigned(shown: Shown, { sql, keeper, deployment, now }: WitnessOptions): Promise<Answer> {
  const refused = await sql.platform().begin((tx) => advance(tx, shown));
  if (refused) return refused;
  // The step is durable: whoever loses this answer gets it again with the new size as the old one.
  return { status: 200, text: await keeper.cosign(witnessNameOf(deployment), shown.note.text, Math.floor(now() / 1000)) };
}

/** Looks and steps on in one transaction, so that of two checkpoints at a time one waits for the other. */
async function advance(tx: Transaction, { checkpoint, submission }: Shown): Promise<Answer | undefined> {
  const { origin, size, root } = checkpoint;
  await tx.query('insert into platform.witnessed_log (origin, size, root) values ($1, 0, $2) on conflict do nothing', [origin, emptyRoot]);
  const { rows } = await tx.query('select size, root from platform.witnessed_log where origin = $1 for update', [origin]);
  const last = rows[0] as { size: bigint; root: Buffer };
  const old = Number(last.size);
  if (submission.old !== old) return { status: 409, text: `${old}\n`, type: 'text/x.tlog.size' };
  if (old === size && Buffer.compare(last.root, root) !== 0) return refuse(409, 'Another root was cosigned for this size.');
  if (!verifyConsistency(old, size, last.root, root, submission.proof))
    return refuse(422, `The proof does not show that the first ${old} entries are still its beginning.`);
  await tx.query('update platform.witnessed_log set size = $2, root = $3, at = now() where origin = $1', [origin, BigInt(size), root]);
  return undefined;
}
