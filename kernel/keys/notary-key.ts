import { createPublicKey, type KeyObject, sign } from 'node:crypto';
import { fault } from '../contract/fault.ts';
import {
  formatNote,
  keyIdOf,
  mldsaMessage,
  type NoteVerifier,
  parseCheckpoint,
  rawPublicKey,
  signatureKind,
  timestamped,
} from '#wire/tlog/note.ts';

/** The two keys under every checkpoint of the audit log; each log's origin is the name of its keys. */
export type NotaryKeys = { readonly ed25519: KeyObject; readonly mldsa44: KeyObject };

export function openNotaryKeys({ ed25519, mldsa44 }: NotaryKeys) {
  const raw = { ed25519: rawPublicKey(createPublicKey(ed25519)), mldsa44: rawPublicKey(createPublicKey(mldsa44)) };
  return {
    publicKeys: { ed25519: raw.ed25519.toString('base64'), mldsa44: raw.mldsa44.toString('base64') },
    /** Signs a checkpoint in both ways; anything else is refused, so that these keys say nothing else. */
    sign(text: string, at: number): string {
      const checkpoint = parseCheckpoint(text);
      if (!checkpoint || !checkpoint.origin.startsWith('gamut/') || !Number.isSafeInteger(at))
        throw fault('BadInput', 'The keys of the audit log sign its checkpoints only.');
      const { origin } = checkpoint;
      const id = (kind: number, key: Uint8Array) => keyIdOf({ name: origin, kind, key } satisfies NoteVerifier);
      const { ed25519: plain, mldsa44Cosignature: quantum } = signatureKind;
      const signatures = [
        { name: origin, keyId: id(plain, raw.ed25519), signature: sign(null, Buffer.from(text), ed25519) },
        {
          name: origin,
          keyId: id(quantum, raw.mldsa44),
          signature: timestamped(at, sign(null, mldsaMessage(origin, at, checkpoint), mldsa44)),
        },
      ];
      return formatNote({ text, signatures });
    },
  };
}
