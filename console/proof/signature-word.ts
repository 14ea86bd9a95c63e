import type { Tone } from '../part/status.tsx';
import type { SignatureVerdict } from './note.ts';

/** What a verdict on a checkpoint's signature is called. */
export const signatureWords: Readonly<Record<SignatureVerdict, { readonly tone: Tone; readonly said: string; readonly more: string }>> = {
  good: {
    tone: 'ok',
    said: 'The checkpoint is signed by the key of this log',
    more: 'Ed25519. A cosignature by ML-DSA-44 stands beside it, which browsers cannot check: `gamut audit verify` does.',
  },
  bad: { tone: 'bad', said: 'The signature of the checkpoint is wrong', more: 'Ed25519.' },
  missing: { tone: 'bad', said: 'The checkpoint is not signed by the key of this log', more: 'No Ed25519 signature under its name.' },
  unable: {
    tone: 'warn',
    said: 'This browser cannot check the signature',
    more: 'It has no Ed25519. `gamut audit verify` checks it.',
  },
};
