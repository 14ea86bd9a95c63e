import { type Bytes, fromBase64, joined, sha256, toHex } from './byte.ts';

/** C2SP tlog-checkpoint: a log's name, how many entries, their root; and the signed text with its signatures. */
export type SignedCheckpoint = {
  readonly origin: string;
  readonly size: number;
  readonly root: Bytes;
  readonly text: string;
  readonly signatures: readonly { readonly name: string; readonly bytes: Bytes }[];
};

/** Reads a checkpoint; undefined when it is none. */
export function parseCheckpoint(note: string): SignedCheckpoint | undefined {
  const end = note.lastIndexOf('\n\n');
  if (end < 0) return undefined;
  const text = note.slice(0, end + 1);
  const [origin = '', size = '', encoded = ''] = text.split('\n');
  const root = fromBase64(encoded);
  if (origin === '' || !/^(0|[1-9][0-9]{0,15})$/.test(size) || root?.length !== 32) return undefined;
  const signatures = note
    .slice(end + 2)
    .split('\n')
    .flatMap((line) => {
      const [, name = '', signed = ''] = /^\u2014 (\S+) ([A-Za-z0-9+/]+={0,2})$/.exec(line) ?? [];
      const bytes = fromBase64(signed);
      return name === '' || !bytes || bytes.length < 5 ? [] : [{ name, bytes }];
    });
  return { origin, size: Number(size), root, text, signatures };
}

/** A public key out of a verifier line of C2SP signed-note: `name+id+base64(kind | key)`. */
type Verifier = { readonly name: string; readonly id: string; readonly kind: number; readonly key: Bytes };

/** Reads a verifier line and checks its id; undefined when one of both is wrong. */
async function readVerifier(line: string): Promise<Verifier | undefined> {
  const [, name = '', id = '', encoded = ''] = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})\s*$/.exec(line) ?? [];
  const bytes = fromBase64(encoded);
  if (!bytes || bytes.length < 2) return undefined;
  const made = await sha256(joined(new TextEncoder().encode(`${name}\n`), bytes));
  return toHex(made.subarray(0, 4)) === id ? { name, id, kind: bytes[0] ?? 0, key: bytes.slice(1) } : undefined;
}

/** Whether a signature is good; `unable` where this browser does not know the algorithm. */
export type SignatureVerdict = 'good' | 'bad' | 'missing' | 'unable';
export type CheckedSignature = { readonly algorithm: Algorithm; readonly verdict: SignatureVerdict };

type Algorithm = 'Ed25519' | 'ML-DSA-44';
type Kind = {
  readonly algorithm: Algorithm;
  /** WebCrypto's name of the form that raw keys have. */
  readonly format: string;
  /** What was signed, and the signature of it. */
  signed(name: string, bytes: Bytes, checkpoint: SignedCheckpoint): readonly [signature: Bytes, message: Bytes];
};

const utf8 = (text: string) => new TextEncoder().encode(text);

/** The kinds of C2SP signed-note that a log signs its checkpoints with. */
const kinds: Readonly<Record<number, Kind>> = {
  1: { algorithm: 'Ed25519', format: 'raw', signed: (_name, bytes, { text }) => [bytes, utf8(text)] },
  6: {
    algorithm: 'ML-DSA-44',
    format: 'raw-public',
    // C2SP tlog-cosignature: eight bytes of time stand before the signature, and within what is signed.
    signed: (name, bytes, { origin, size, root }) => [
      bytes.slice(8),
      joined(utf8('subtree/v1\n\0'), counted(name), bytes.slice(0, 8), counted(origin), u64(0), u64(size), root),
    ],
  },
};

function counted(text: string): Bytes {
  const bytes = utf8(text);
  return joined(Uint8Array.of(bytes.length), bytes);
}

function u64(value: number): Bytes {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

/** Checks a checkpoint's signatures under each verifier line of its log; one by Ed25519 must be among them. */
export async function checkSignatures(checkpoint: SignedCheckpoint, lines: readonly string[]): Promise<readonly CheckedSignature[]> {
  const verifiers = (await Promise.all(lines.map(readVerifier))).filter((each) => each?.name === checkpoint.origin);
  const checked = await Promise.all(
    verifiers.flatMap((verifier) => {
      const kind = verifier && kinds[verifier.kind];
      return kind ? check(checkpoint, verifier, kind) : [];
    }),
  );
  const hasEd25519 = checked.some(({ algorithm }) => algorithm === 'Ed25519');
  return hasEd25519 ? checked : [{ algorithm: 'Ed25519', verdict: 'missing' }, ...checked];
}

async function check(checkpoint: SignedCheckpoint, verifier: Verifier, kind: Kind): Promise<CheckedSignature> {
  const { algorithm, format } = kind;
  const own = checkpoint.signatures.find(({ name, bytes }) => name === verifier.name && toHex(bytes.subarray(0, 4)) === verifier.id);
  if (!own) return { algorithm, verdict: 'missing' };
  let key: CryptoKey;
  try {
    key = await crypto.subtle.importKey(format as 'raw', verifier.key, algorithm, false, ['verify']);
  } catch {
    return { algorithm, verdict: 'unable' };
  }
  const [signature, message] = kind.signed(verifier.name, own.bytes.slice(4), checkpoint);
  return { algorithm, verdict: (await crypto.subtle.verify(algorithm, key, signature, message)) ? 'good' : 'bad' };
}

/** What several signatures say together: one that is wrong or missing spoils them, one that is good is enough besides. */
export function together(signatures: readonly CheckedSignature[]): SignatureVerdict {
  const verdicts = signatures.map(({ verdict }) => verdict);
  return (['bad', 'missing', 'good'] as const).find((verdict) => verdicts.includes(verdict)) ?? 'unable';
}
