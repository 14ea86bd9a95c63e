import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { Bzip2Decoder, Bzip2Error } from '../decode.ts';

/** What Python's own bzip2 makes of bytes. */
const compress = (bytes: Buffer, level = 9) =>
  execFileSync('python3', ['-c', `import bz2,sys; sys.stdout.buffer.write(bz2.compress(sys.stdin.buffer.read(), ${level}))`], {
    input: bytes,
    maxBuffer: 64 * 1024 * 1024,
  });

function decompress(bytes: Buffer, pieceBytes = bytes.length): Buffer {
  const decoder = new Bzip2Decoder();
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) found.push(...decoder.push(bytes.subarray(at, at + pieceBytes)));
  found.push(...decoder.end());
  return Buffer.concat(found);
}

const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const text = Buffer.from(Array.from({ length: 50_000 }, (_, at) => `${at},${at % 7},row ${(at * 7919) % 1000}\n`).join(''));

test('what bzip2 compressed is what it was: text, one byte over and over, bytes of chance, nothing, and several streams', () => {
  const samples = [
    text,
    Buffer.alloc(1_000_000, 97),
    randomBytes(230_000),
    Buffer.alloc(0),
    Buffer.from('aaaa'),
    Buffer.from('aaaaaaaaab'),
  ];
  for (const sample of samples)
    for (const level of [1, 9]) assert.equal(digest(decompress(compress(sample, level), 100_003)), digest(sample), `${sample.length}`);
  assert.equal(
    digest(decompress(Buffer.concat([compress(text), compress(Buffer.from('more'))]))),
    digest(Buffer.concat([text, Buffer.from('more')])),
  );
});

test('bytes that are damaged or cut off are refused, whichever they are', () => {
  const bytes = compress(text.subarray(0, 5000));
  for (let at = 0; at < bytes.length; at += 3) {
    const wrong = Buffer.from(bytes);
    wrong[at]! ^= 1 << (at % 8);
    let read: Buffer | undefined;
    try {
      read = decompress(wrong);
    } catch (error) {
      assert.ok(error instanceof Bzip2Error, String(error));
    }
    // A stream may say that its blocks are larger than they are, and the last bits fill a byte up.
    if (read) assert.ok(read.equals(text.subarray(0, 5000)) && (at === 3 || at === bytes.length - 1), `byte ${at}`);
  }
  for (const size of [3, 10, bytes.length - 2]) assert.throws(() => decompress(bytes.subarray(0, size)), Bzip2Error);
});
