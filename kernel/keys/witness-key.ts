import { createPublicKey, type KeyObject, sign } from 'node:crypto';
import { fault } from '../contract/fault.ts';
import {
  ed25519CosignatureMessage,
  keyIdOf,
  mldsaMessage,
  type NoteVerifier,
  parseCheckpoint,
  rawPublicKey,
  signatureKind,
  signatureLine,
  timestamped,
} from '#wire/tlog/note.ts';

/**
 * The keys with which this platform cosigns the checkpoints of others. They are not those of its own logs: C2SP
 * tlog-cosignature has a key for each thing that is said by it.
 */
export function openWitnessKeys({ ed25519, mldsa44 }: { readonly ed25519: KeyObject; readonly mldsa44: KeyObject }) {
  const raw = { ed25519: rawPublicKey(createPublicKey(ed25519)), mldsa44: rawPublicKey(createPublicKey(mldsa44)) };
  return {
    publicKeys: { ed25519: raw.ed25519.toString('base64'), mldsa44: raw.mldsa44.toString('base64') },
    /** Two signature lines under a checkpoint, in the cosigner's name; `at` is in seconds since 1970. */
    cosign(cosigner: string, text: string, at: number): string {
      const checkpoint = parseCheckpoint(text);
      if (!checkpoint || !Number.isSafeInteger(at)) throw fault('BadInput', 'A witness cosigns checkpoints only.');
      const line = (kind: number, key: Uint8Array, signature: Uint8Array) =>
        signatureLine({
          name: cosigner,
          keyId: keyIdOf({ name: cosigner, kind, key } satisfies NoteVerifier),
          signature: timestamped(at, signature),
        });
      const { ed25519Cosignature, mldsa44Cosignature } = signatureKind;
      const plain = line(ed25519Cosignature, raw.ed25519, sign(null, ed25519CosignatureMessage(at, text), ed25519));
      return plain + line(mldsa44Cosignature, raw.mldsa44, sign(null, mldsaMessage(cosigner, at, checkpoint), mldsa44));
    },
  };
}
