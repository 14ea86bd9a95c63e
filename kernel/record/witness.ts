import { type Checkpoint, formatNote, type Note, parseCheckpoint, parseNote, verifyNote } from '#wire/tlog/note.ts';
import { isWitnessed, type Witness, type WitnessPolicy } from '#wire/tlog/policy.ts';
import { encodeSubmission } from '#wire/tlog/submission.ts';
import { consistencyProof } from '#wire/tlog/tree.ts';
import type { PolicySource } from '../audit/policy-file.ts';
import { nodesOfLog } from '../audit/tile-file.ts';
import { fault } from '../contract/fault.ts';
import type { Log } from '../contract/implement.ts';
import { type OutboundAnswer, outbound } from '../outbound/outbound.ts';
import { cosignaturesBytesMax, witnessMs, witnessRestMaxMs, witnessRestMs } from './limits.ts';

export type Witnesses = {
  /** The note with the cosignatures that came in time, and whether they are as many as the policy asks for. */
  cosign(directory: string, note: string): Promise<{ readonly note: string; readonly isWitnessed: boolean }>;
};

/** What is remembered of a witness: the size it cosigned last, and until when it is left alone. */
type Known = { size: number; restMs: number; until: number };
type Asked = { readonly directory: string; readonly note: Note; readonly checkpoint: Checkpoint };

/**
 * Asks the witnesses of a policy to cosign a checkpoint (C2SP tlog-witness). A witness that is away, or answers nonsense,
 * rests for longer each time: the log goes on without it, and its checkpoint says who stood by it.
 */
export function openWitnesses({ policy: current, log, now }: { policy: PolicySource; log: Log; now: () => number }): Witnesses {
  const known = new Map<string, Known>();
  let told: boolean | undefined;

  const knownOf = ({ url = '' }: Witness): Known => {
    const found = known.get(url) ?? { size: 0, restMs: 0, until: 0 };
    known.set(url, found);
    return found;
  };

  /** Its signature lines that are good; none when it does not cosign. */
  async function ask(witness: Witness, asked: Asked): Promise<Note['signatures']> {
    const state = knownOf(witness);
    if (state.until > now()) return [];
    try {
      const signatures = await submit(witness, state, asked);
      Object.assign(state, { size: asked.checkpoint.size, restMs: 0, until: 0 });
      return signatures;
    } catch (error) {
      state.restMs = Math.min(Math.max(witnessRestMs, state.restMs * 2), witnessRestMaxMs);
      state.until = now() + state.restMs;
      log('warn', 'a witness did not cosign', { witness: witness.name, restMs: state.restMs, error: String(error) });
      return [];
    }
  }

  function tell(policy: WitnessPolicy, holds: boolean): void {
    if (holds !== told && !(holds && told === undefined))
      log(holds ? 'info' : 'error', holds ? 'the audit log is witnessed again' : 'too few witnesses cosign the audit log', {
        quorum: policy.quorum,
      });
    told = holds;
  }

  return {
    async cosign(directory, text) {
      const [policy, note] = [current(), parseNote(text)];
      const checkpoint = note && parseCheckpoint(note.text);
      if (!policy || !note || !checkpoint || checkpoint.size === 0) return { note: text, isWitnessed: true };
      const reached = policy.witnesses.filter(({ url }) => url !== undefined);
      const open = reached.filter(({ verifier }) => verifyNote(note, verifier) === undefined);
      const found = await Promise.all(open.map((witness) => ask(witness, { directory, note, checkpoint })));
      const cosigned: Note = { text: note.text, signatures: [...note.signatures, ...found.flat()] };
      const holds = isWitnessed(cosigned, policy);
      tell(policy, holds);
      return { note: formatNote(cosigned), isWitnessed: holds };
    },
  };
}

/** A witness that remembers another size says so, and is given the proof from there. */
async function submit(witness: Witness, state: Known, asked: Asked): Promise<Note['signatures']> {
  const first = await post(witness, state.size, asked);
  const remembered = sizeOf(first);
  const answer = remembered === undefined ? first : await post(witness, remembered, asked);
  if (answer.status !== 200) throw fault('Unavailable', `it answered ${answer.status}: ${answer.body.toString().slice(0, 200)}`);
  const lines = parseNote(`${asked.note.text}\n${answer.body.toString()}`);
  // Lines by other keys say nothing to us; what does not verify is as good as no answer.
  const own = lines?.signatures.filter(({ name }) => name === witness.verifier.name) ?? [];
  const good = own.filter((line) => verifyNote({ text: asked.note.text, signatures: [line] }, witness.verifier));
  if (good.length === 0) throw fault('Unavailable', 'its answer holds no cosignature by its key');
  return good.slice(0, 1);
}

/** The size that a witness says it cosigned last. */
function sizeOf({ status, headers, body }: OutboundAnswer): number | undefined {
  if (status !== 409 || headers['content-type'] !== 'text/x.tlog.size') return undefined;
  const [, size = ''] = /^(0|[1-9][0-9]{0,15})\n$/.exec(body.toString()) ?? [];
  return size === '' ? undefined : Number(size);
}

async function post({ url = '' }: Witness, old: number, { directory, note, checkpoint }: Asked): Promise<OutboundAnswer> {
  const { size } = checkpoint;
  if (old > size) throw fault('Unavailable', `it says that it cosigned ${old} entries of this log, which has ${size}`);
  const address = new URL('add-checkpoint', url.endsWith('/') ? url : `${url}/`);
  // The operator named this address, so it may be private.
  const port = address.port || (address.protocol === 'https:' ? '443' : '80');
  return await outbound(address.href, {
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: encodeSubmission({ old, proof: consistencyProof(old, size, nodesOfLog(directory, size)), checkpoint: formatNote(note) }),
    allow: [`${address.hostname.replaceAll(/[[\]]/g, '')}:${port}`],
    redirects: 0,
    limits: { timeoutMs: witnessMs, answerBytes: cosignaturesBytesMax },
  });
}
