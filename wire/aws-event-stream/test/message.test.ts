import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventDecoder, encodeEvent, type EventMessage, EventStreamError } from '../message.ts';

const headers = { ':message-type': 'event', ':event-type': 'Records' };

test('a message has the bytes that the format says', () => {
  // The example of the documentation of Amazon Transcribe's event stream with an empty message: 16 bytes, the sums of its prelude and of all.
  assert.equal(encodeEvent({ headers: {}, payload: Buffer.alloc(0) }).toString('hex'), '000000100000000005c248eb7d98c8ff');
});

test('messages are read whatever pieces they come in', () => {
  const sent = [Buffer.from('one,two\n'), Buffer.alloc(0), Buffer.alloc(70_000, 7)];
  const bytes = Buffer.concat(sent.map((payload) => encodeEvent({ headers, payload })));
  for (const size of [1, 13, 5000, bytes.length]) {
    const decoder = new EventDecoder();
    const read: EventMessage[] = [];
    for (let at = 0; at < bytes.length; at += size) read.push(...decoder.push(bytes.subarray(at, at + size)));
    decoder.end();
    assert.deepEqual(
      read.map(({ payload }) => Buffer.from(payload).toString('hex')),
      sent.map((payload) => payload.toString('hex')),
    );
    assert.deepEqual(read[0]!.headers, headers);
  }
});

test('one wrong byte anywhere, and half a message, are noticed', () => {
  const bytes = encodeEvent({ headers, payload: Buffer.from('payload') });
  for (let at = 0; at < bytes.length; at++) {
    const wrong = Buffer.from(bytes);
    wrong[at]! ^= 0x10;
    assert.throws(() => new EventDecoder().push(wrong), EventStreamError, `byte ${at}`);
  }
  const decoder = new EventDecoder();
  decoder.push(bytes.subarray(0, 40));
  assert.throws(() => decoder.end(), EventStreamError);
});
