import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeBundle, encodeBundle } from '../bundle.ts';
import { emptyRoot, leafHash, nodeHash } from '../hash.ts';
import {
  checkpointText,
  formatNote,
  keyIdOf,
  mldsaMessage,
  parseCheckpoint,
  parseNote,
  parseVerifier,
  rawPublicKey,
  signatureKind,
  timestamped,
  verifierText,
  verifyNote,
} from '../note.ts';
import { verifyConsistency, verifyInclusion } from '../proof.ts';
import { nodeIn, parseTilePath, tilePath } from '../tile.ts';
import { consistencyProof, inclusionProof, type NodeOf, nodesOfTiles, rootOver } from '../tree.ts';

/** RFC 6962 2.1, word for word. */
function mth(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return emptyRoot;
  if (leaves.length === 1) return leafHash(leaves[0] as Uint8Array);
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return nodeHash(mth(leaves.slice(0, k)), mth(leaves.slice(k)));
}

const leavesOf = (count: number) => Array.from({ length: count }, (_, index) => Buffer.from(`entry ${index}`));
const nodesOf =
  (leaves: readonly Uint8Array[]): NodeOf =>
  (level, index) =>
    mth(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level));

test('roots, inclusion and consistency proofs are those of RFC 6962, for every size up to 70', () => {
  const leaves = leavesOf(70);
  for (let size = 0; size <= leaves.length; size += 1) {
    const node = nodesOf(leaves.slice(0, size));
    const root = mth(leaves.slice(0, size));
    assert.deepEqual(Buffer.from(rootOver(0, size, node)), Buffer.from(root));
    for (let index = 0; index < size; index += 1) {
      const path = inclusionProof(index, size, node);
      const hash = leafHash(leaves[index] as Uint8Array);
      assert.ok(verifyInclusion(index, size, hash, path, root));
      assert.ok(!verifyInclusion(index, size, leafHash(Buffer.from('another')), path, root));
      if (size > 1) assert.ok(!verifyInclusion((index + 1) % size, size, hash, path, root));
    }
    for (let old = 0; old <= size; old += 1) {
      const proof = consistencyProof(old, size, node);
      const before = mth(leaves.slice(0, old));
      assert.ok(verifyConsistency(old, size, before, root, proof), `${old} in ${size}`);
      if (old > 0 && old < size) assert.ok(!verifyConsistency(old, size, mth(leavesOf(old - 1)), root, proof));
    }
  }
});

test('roots out of tiles are those of the leaves, with partial tiles on three levels', () => {
  const size = 256 * 256 + 256 * 3 + 17;
  const hashes = leavesOf(size).map(leafHash);
  const levels = [Buffer.concat(hashes)];
  for (let level = 0; level < 2; level += 1) {
    const below = levels[level] as Buffer;
    const full = Math.floor(below.length / 32 / 256);
    levels.push(Buffer.concat(Array.from({ length: full }, (_, index) => nodeIn(below, index * 256, 8))));
  }
  const node = nodesOfTiles(size, (level, index, width) => (levels[level] as Buffer).subarray(index * 8192, index * 8192 + width * 32));
  const root = rootOver(0, size, node);
  for (const index of [0, 255, 256, 65_535, 65_536, size - 1])
    assert.ok(verifyInclusion(index, size, hashes[index] as Buffer, inclusionProof(index, size, node), root));
  assert.ok(verifyConsistency(65_793, size, rootOver(0, 65_793, node), root, consistencyProof(65_793, size, node)));
});

test('paths of tiles are read as they are written, and nothing else is', () => {
  assert.equal(tilePath({ kind: 'hashes', level: 0, index: 1_234_067, width: 256 }), 'tile/0/x001/x234/067');
  assert.equal(tilePath({ kind: 'entries', index: 5, width: 17 }), 'tile/entries/005.p/17');
  fc.assert(
    fc.property(fc.nat({ max: 63 }), fc.nat(), fc.integer({ min: 1, max: 256 }), (level, index, width) => {
      for (const name of [{ kind: 'hashes', level, index, width } as const, { kind: 'entries', index, width } as const])
        assert.deepEqual(parseTilePath(tilePath(name)), name);
    }),
  );
  for (const path of [
    '',
    'checkpoint/',
    'tile/0/5',
    'tile/0/x000/001',
    'tile/64/000',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/01',
    'tile/00/000',
    'tile/entries/../000',
    'tile/0/x1/000',
  ])
    assert.equal(parseTilePath(path), undefined, path);
});

test('a bundle is read as it was written, and one that is cut gives the whole entries before the cut', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }), (entries) => {
      const bundle = encodeBundle(entries);
      const read = decodeBundle(bundle);
      assert.equal(read.rest, 0);
      assert.deepEqual(
        read.entries.map(({ bytes }) => Buffer.from(bytes)),
        entries.map((bytes) => Buffer.from(bytes)),
      );
      for (let cut = 0; cut < bundle.length; cut += 1) {
        const part = decodeBundle(bundle.subarray(0, cut));
        assert.ok(part.entries.length < entries.length);
      }
    }),
    { numRuns: 30 },
  );
});

test('the verifier of the Go documentation is read, and one whose id is wrong is not', () => {
  // golang.org/x/mod/sumdb/note, the key of the example.
  const text = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
  const verifier = parseVerifier(text);
  assert.ok(verifier);
  assert.equal(verifierText(verifier), text);
  const note = parseNote(
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n" +
      '\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n',
  );
  assert.ok(note && verifyNote(note, verifier));
  assert.ok(!verifyNote({ ...note, text: note.text.replace('answer', 'question') }, verifier));
  assert.equal(parseVerifier(text.replace('c74f20a3', 'c74f20a4')), undefined);
});

test('a checkpoint signed in both ways is verified in both, and not when one byte differs', () => {
  const [plain, quantum] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ml-dsa-44')];
  const checkpoint = { origin: 'gamut/x/root', size: 7, root: leafHash(Buffer.from('x')) };
  const text = checkpointText(checkpoint);
  assert.deepEqual(parseCheckpoint(text), checkpoint);
  const verifiers = [
    { name: checkpoint.origin, kind: signatureKind.ed25519, key: rawPublicKey(plain.publicKey) },
    { name: checkpoint.origin, kind: signatureKind.mldsa44Cosignature, key: rawPublicKey(quantum.publicKey) },
  ] as const;
  const signatures = [
    { name: checkpoint.origin, keyId: keyIdOf(verifiers[0]), signature: sign(null, Buffer.from(text), plain.privateKey) },
    {
      name: checkpoint.origin,
      keyId: keyIdOf(verifiers[1]),
      signature: timestamped(1700, sign(null, mldsaMessage(checkpoint.origin, 1700, checkpoint), quantum.privateKey)),
    },
  ];
  const note = parseNote(formatNote({ text, signatures }));
  assert.ok(note);
  assert.deepEqual(verifyNote(note, verifiers[0]), {});
  assert.deepEqual(verifyNote(note, verifiers[1]), { at: 1700 });
  const other = { ...note, text: text.replace('\n7\n', '\n8\n') };
  for (const verifier of verifiers) assert.equal(verifyNote(other, verifier), undefined);
});

test('what is no note, or no checkpoint, is not taken for one', () => {
  for (const text of ['', '\n\n', 'a\n\nb\n', 'a\n\n\u2014 x y\n', 'a\n\n\u2014 x AAAA\n', 'a\n1\n\n\u2014 x +'.repeat(3)])
    assert.equal(parseNote(text), undefined, JSON.stringify(text));
  const root = emptyRoot.toString('base64');
  for (const text of ['', 'o\n01\n' + root, `o\n-1\n${root}\n`, 'o\n1\nAAAA\n', `\n1\n${root}\n`, `o\n1\n${root.slice(0, -1)}\n`])
    assert.equal(parseCheckpoint(text), undefined, JSON.stringify(text));
});
