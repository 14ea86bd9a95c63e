import { createPublicKey } from 'node:crypto';
import { fault } from '../contract/fault.ts';
import { type NoteVerifier, parseVerifier, rawPublicKey, signatureKind, verifierText } from '#wire/tlog/note.ts';
import { originOf, rootLog } from './leaf.ts';

/** The raw public keys under the checkpoints of a platform's audit logs. */
export type AuditKeys = { readonly ed25519: Uint8Array; readonly mldsa44?: Uint8Array };

/** The file of public keys that stands beside the logs. */
export const keyFileName = 'public-key';

/** The verifiers of one log: the same keys under the log's own name. */
export function verifiersOf({ ed25519, mldsa44 }: AuditKeys, origin: string): NoteVerifier[] {
  const plain = { name: origin, kind: signatureKind.ed25519, key: ed25519 };
  return mldsa44 === undefined ? [plain] : [plain, { name: origin, kind: signatureKind.mldsa44Cosignature, key: mldsa44 }];
}

/** The file of the keys that this platform cosigns other logs with, and the name it does so in. */
export const witnessFileName = 'witness-key';
export const witnessNameOf = (deployment: string): string => originOf(deployment, 'witness');

/** What stands in it: Ed25519 first, which every log understands. */
export function witnessFileText({ ed25519, mldsa44 }: Required<AuditKeys>, deployment: string): string {
  const name = witnessNameOf(deployment);
  const verifiers: NoteVerifier[] = [
    { name, kind: signatureKind.ed25519Cosignature, key: ed25519 },
    { name, kind: signatureKind.mldsa44Cosignature, key: mldsa44 },
  ];
  return verifiers.map((verifier) => `${verifierText(verifier)}\n`).join('');
}

/** What stands in that file. */
export function keyFileText(keys: AuditKeys, deployment: string): string {
  return verifiersOf(keys, originOf(deployment, rootLog))
    .map((verifier) => `${verifierText(verifier)}\n`)
    .join('');
}

/** Reads public keys: verifier lines as `gamut audit key` prints them, or PEM blocks. */
export function readAuditKeys(text: string): AuditKeys {
  const found = text.includes('-----BEGIN') ? fromPem(text) : fromLines(text);
  const [ed25519, mldsa44] = [found.find((key) => key.length === 32), found.find((key) => key.length === 1312)];
  if (!ed25519) throw fault('BadInput', 'No Ed25519 public key was found: neither a verifier line nor a PEM block.');
  return mldsa44 === undefined ? { ed25519 } : { ed25519, mldsa44 };
}

function fromLines(text: string): Uint8Array[] {
  return text.split('\n').flatMap((line) => parseVerifier(line)?.key ?? []);
}

function fromPem(text: string): Uint8Array[] {
  const blocks = text.match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g) ?? [];
  return blocks.map((block) => {
    try {
      return rawPublicKey(createPublicKey(block));
    } catch (cause) {
      throw fault('BadInput', { detail: 'A PEM block holds no public key.', cause });
    }
  });
}
