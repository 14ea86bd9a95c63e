import { Status, type Tone } from '../part/status.tsx';
import type { CheckedSignature } from './note.ts';

/** The verdicts on a checkpoint's signatures, as items of a list of checks. */
export function SignatureLines({ signatures }: { signatures: readonly CheckedSignature[] }) {
  return signatures.map((signature) => {
    const { tone, said, more } = wordsOf(signature);
    return (
      <li key={signature.algorithm}>
        <Status tone={tone}>{said}</Status>
        <span className="dim">{more}</span>
      </li>
    );
  });
}

function wordsOf({ algorithm, verdict }: CheckedSignature): { readonly tone: Tone; readonly said: string; readonly more: string } {
  switch (verdict) {
    case 'good':
      return { tone: 'ok', said: `The checkpoint is signed by the ${algorithm} key of this log`, more: 'Checked by this browser.' };
    case 'bad':
      return { tone: 'bad', said: `The ${algorithm} signature of the checkpoint is wrong`, more: 'It is of another text, or another key.' };
    case 'missing':
      return { tone: 'bad', said: `The checkpoint is not signed by the ${algorithm} key of this log`, more: 'No such signature is there.' };
    case 'unable':
      return {
        tone: 'warn',
        said: `This browser cannot check the ${algorithm} signature`,
        more: 'It does not know the algorithm. `gamut audit verify` checks it.',
      };
  }
}
