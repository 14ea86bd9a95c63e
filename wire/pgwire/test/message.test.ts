import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Backend, readBackend, writeBackend } from '../backend.ts';
import {
  readFrontend,
  readStartup,
  writeBind,
  writeCancel,
  writeClose,
  writeCopyFail,
  writeDescribe,
  writeExecute,
  writeFlush,
  writeParse,
  writePassword,
  writeQuery,
  writeSslRequest,
  writeStartup,
  writeSync,
  writeTerminate,
} from '../frontend.ts';
import { MessageReader } from '../reader.ts';
import { ProtocolViolation } from '../violation.ts';
import { Writer } from '../writer.ts';

const word = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((text) => !text.includes('\0') && text.isWellFormed());
const bytes = fc.uint8Array({ maxLength: 60 }).map((each) => Buffer.from(each));
const value = fc.option(bytes, { nil: null });
const oid = fc.nat(0xffff_ffff);
const small = fc.integer({ min: -32_768, max: 32_767 });
const long = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

const backend: fc.Arbitrary<Backend> = fc.oneof(
  fc
    .constantFrom('parseComplete', 'bindComplete', 'closeComplete', 'noData', 'emptyQuery', 'portalSuspended', 'copyDone')
    .map((type) => ({ type }) as Backend),
  fc.record({
    type: fc.constant('authentication' as const),
    request: fc.oneof(
      fc.constantFrom('ok' as const, 'cleartext' as const).map((method) => ({ method })),
      bytes.filter((each) => each.length >= 4).map((each) => ({ method: 'md5' as const, salt: each.subarray(0, 4) })),
      fc
        .array(
          word.filter((text) => text !== ''),
          { maxLength: 4 },
        )
        .map((mechanisms) => ({ method: 'sasl' as const, mechanisms })),
      bytes.map((data) => ({ method: 'saslContinue' as const, data })),
      bytes.map((data) => ({ method: 'saslFinal' as const, data })),
    ),
  }),
  fc.record({ type: fc.constant('keyData' as const), processId: long, key: bytes }),
  fc.record({ type: fc.constant('parameterStatus' as const), name: word, value: word }),
  fc.record({
    type: fc.constant('ready' as const),
    status: fc.constantFrom('idle' as const, 'transaction' as const, 'failed' as const),
  }),
  fc.record({ type: fc.constant('parameterDescription' as const), types: fc.array(oid) }),
  fc.record({
    type: fc.constant('rowDescription' as const),
    columns: fc.array(
      fc.record({ name: word, table: oid, attribute: small, oid, size: small, modifier: long, format: fc.constantFrom(0, 1) }),
    ),
  }),
  fc.record({ type: fc.constant('dataRow' as const), values: fc.array(value) }),
  fc.record({ type: fc.constant('commandComplete' as const), tag: word }),
  fc.record({
    type: fc.constantFrom('error' as const, 'notice' as const),
    report: fc.dictionary(fc.constantFrom('S', 'V', 'C', 'M', 'D', 'n'), word, { noNullPrototype: true }),
  }),
  fc.record({ type: fc.constant('notification' as const), processId: long, channel: word, payload: word }),
  fc.record({
    type: fc.constantFrom('copyIn' as const, 'copyOut' as const, 'copyBoth' as const),
    format: fc.constantFrom(0, 1),
    formats: fc.array(small),
  }),
  fc.record({ type: fc.constant('copyData' as const), data: bytes }),
  fc.record({ type: fc.constant('negotiate' as const), minor: long, unknown: fc.array(word) }),
);

function written(write: (w: Writer) => void): Buffer {
  const w = new Writer();
  write(w);
  return Buffer.from(w.take());
}

function readAll(stream: Buffer, cut: (reader: MessageReader) => void): void {
  const reader = new MessageReader();
  reader.push(stream);
  while (reader.next()) cut(reader);
}

test('every message of a server is read back as it was written, whatever the chunks it comes in', () => {
  fc.assert(
    fc.property(fc.array(backend, { maxLength: 12 }), fc.array(fc.nat(50), { minLength: 1 }), (messages, cuts) => {
      const stream = written((w) => messages.forEach((each) => writeBackend(w, each)));
      const reader = new MessageReader();
      const read: Backend[] = [];
      for (let at = 0, i = 0; at < stream.length; i++) {
        const size = 1 + (cuts[i % cuts.length] as number);
        reader.push(Buffer.from(stream.subarray(at, at + size)));
        at += size;
        while (reader.next()) read.push(structuredCopy(readBackend(reader.type, reader.buffer, reader.start, reader.end)));
      }
      assert.deepEqual(read, messages.map(structuredCopy));
      assert.equal(reader.pending, 0);
    }),
    { numRuns: 300 },
  );
});

function structuredCopy(message: Backend): Backend {
  return JSON.parse(JSON.stringify(message)) as Backend;
}

test('a message of a server cut short at any byte of its body is a protocol violation and not a wrong message', () => {
  const open = new Set(['copyData', 'keyData', 'saslContinue', 'saslFinal']);
  fc.assert(
    fc.property(backend, (message) => {
      const stream = written((w) => writeBackend(w, message));
      readAll(stream, (reader) => {
        if (open.has(message.type === 'authentication' ? message.request.method : message.type)) return;
        for (let end = reader.start; end < reader.end; end++) {
          assert.throws(
            () => readBackend(reader.type, reader.buffer, reader.start, end),
            ProtocolViolation,
            `${message.type} cut at ${end}`,
          );
        }
      });
    }),
    { numRuns: 200 },
  );
});

test('a stream cut at any byte gives whole messages only', () => {
  const stream = written((w) => {
    writeParse(w, 's1', 'select $1', [23]);
    writeBind(w, '', 's1', ['a', null, Buffer.from([1, 2])]);
    writeSync(w);
  });
  for (let cut = 0; cut <= stream.length; cut++) {
    const seen: number[] = [];
    readAll(stream.subarray(0, cut), (reader) => seen.push(reader.type));
    assert.deepEqual(seen, [0x50, 0x42, 0x53].slice(0, seen.length));
    assert.equal(seen.length === 3, cut === stream.length);
  }
});

test('every message of a client is read back as it was written', () => {
  const params = fc.array(fc.option(fc.oneof(word, bytes), { nil: null }), { maxLength: 20 });
  fc.assert(
    fc.property(word, word, params, fc.array(oid), fc.nat(2 ** 31 - 1), (name, text, values, types, rowsMax) => {
      const stream = written((w) => {
        writeParse(w, name, text, types);
        writeBind(w, name, text, values);
        writeDescribe(w, 'statement', name);
        writeClose(w, 'portal', name);
        writeExecute(w, name, rowsMax);
        writeQuery(w, text);
        writePassword(w, text);
        writeCopyFail(w, text);
        writeFlush(w);
        writeSync(w);
        writeTerminate(w);
      });
      const read: unknown[] = [];
      readAll(stream, (r) => read.push(readFrontend(r.type, r.buffer, r.start, r.end)));
      const binary = values.some((each) => each instanceof Buffer);
      assert.deepEqual(read, [
        { type: 'parse', name, text, types },
        {
          type: 'bind',
          portal: name,
          name: text,
          formats: binary ? values.map((each) => (each instanceof Buffer ? 1 : 0)) : [],
          params: values.map((each) => (each === null ? null : Buffer.from(each as string))),
          results: [],
        },
        { type: 'describe', kind: 'statement', name },
        { type: 'close', kind: 'portal', name },
        { type: 'execute', portal: name, rowsMax },
        { type: 'query', text },
        { type: 'password', body: Buffer.from(`${text}\0`) },
        { type: 'copyFail', reason: text },
        { type: 'flush' },
        { type: 'sync' },
        { type: 'terminate' },
      ]);
    }),
    { numRuns: 200 },
  );
});

test('the first packet is read as startup, SSLRequest or cancel', () => {
  const settings = new Map([
    ['user', 'a'],
    ['database', 'ö'],
  ]);
  const key = Buffer.from([9, 8, 7, 6]);
  const streams = [written((w) => writeStartup(w, settings)), written(writeSslRequest), written((w) => writeCancel(w, 77, key))];
  const read = streams.map((stream) => {
    const reader = new MessageReader({ startup: true });
    reader.push(stream);
    assert.ok(reader.next());
    return readStartup(reader.buffer, reader.start, reader.end);
  });
  assert.deepEqual(read, [{ type: 'startup', minor: 0, settings }, { type: 'ssl' }, { type: 'cancel', processId: 77, key }]);
});

test('hostile lengths end the stream at once, without room being made for them', () => {
  for (const length of [-1, 0, 3, 2 ** 31 - 1, -(2 ** 31), 300 * 1024 * 1024]) {
    const head = Buffer.alloc(5);
    head[0] = 0x44;
    head.writeInt32BE(length, 1);
    const reader = new MessageReader();
    reader.push(head);
    assert.throws(() => reader.next(), ProtocolViolation, String(length));
  }
  const huge = Buffer.alloc(4);
  huge.writeInt32BE(10_001);
  const reader = new MessageReader({ startup: true });
  reader.push(huge);
  assert.throws(() => reader.next(), ProtocolViolation);
});

test('random bytes are messages or protocol violations, never another error', () => {
  fc.assert(
    fc.property(fc.nat(255), fc.uint8Array({ maxLength: 200 }), (type, body) => {
      for (const read of [readBackend, readFrontend]) {
        try {
          read(type, Buffer.from(body), 0, body.length);
        } catch (error) {
          assert.ok(error instanceof ProtocolViolation, String(error));
        }
      }
    }),
    { numRuns: 3000 },
  );
});

test('a large message in many chunks is put together whole', () => {
  const w = new Writer();
  writeBackend(w, { type: 'copyData', data: Buffer.alloc(8 * 1024 * 1024, 7) });
  const stream = w.take();
  const reader = new MessageReader();
  let copied = 0;
  for (let at = 0; at < stream.length; at += 1000) {
    reader.push(stream.subarray(at, at + 1000));
    copied += reader.next() ? 1 : 0;
  }
  assert.equal(copied, 1);
  assert.equal(reader.end - reader.start, 8 * 1024 * 1024);
});
