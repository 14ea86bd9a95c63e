import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildIso8583 } from '#wire/iso8583/build.ts';
import { FrameReader, framed } from '#wire/iso8583/frame.ts';
import type { IsoMessage } from '#wire/iso8583/message.ts';
import { parseIso8583 } from '#wire/iso8583/parse.ts';
import { answerTo, originalElements, schemeOf, schemeSpec } from '#wire/iso8583/scheme.ts';
import type { Encoding } from '#wire/iso8583/spec.ts';
import { AnswerMissing, Connection, NotSent } from '../connection.ts';
import { Host } from '../host.ts';
import type { Answer } from '../link.ts';

const address = '127.0.0.1';
const visa = schemeOf('4242424242424242')!;

/** An issuer that approves, in any order; an amount of 13 it never answers. */
const approves: Answer = async (message) => {
  if (message.mti === '0800') return answerTo(message, { 39: '00' });
  const amount = Number(message.fields[4]);
  if (amount % 3 === 0) await sleep(1);
  if (amount === 13) return undefined;
  return answerTo(message, { 38: String(amount % 1_000_000).padStart(6, '0'), 39: '00' });
};

async function hosted(t: TestContext, encoding: Encoding, answer: Answer = approves): Promise<{ host: Host; port: number }> {
  const host = new Host(schemeSpec(visa, encoding), answer);
  t.after(() => host.close());
  return { host, port: await host.listen(0, address) };
}

const purchase = (connection: Connection, amount: number): IsoMessage => ({
  mti: '0100',
  fields: { 2: '4242424242424242', 3: '000000', 4: String(amount), 7: '1126153058', 11: connection.nextTrace(), 41: 'TERM0001', 49: '756' },
});

test('requests of eight connections are answered, each its own, in both encodings', async (t) => {
  for (const encoding of ['ascii', 'binary'] as const) {
    const { port } = await hosted(t, encoding);
    const connections = await Promise.all(Array.from({ length: 8 }, () => Connection.open(port, address, { scheme: visa, encoding })));
    const wanted = Array.from({ length: 2000 }, (_, index) => index * 17 + 20);
    const answers = await Promise.all(
      wanted.map((amount, index) => connections[index % 8]!.request(purchase(connections[index % 8]!, amount))),
    );
    assert.deepEqual(
      answers.map(({ mti, fields }) => [mti, fields[39], Number(fields[38])]),
      wanted.map((amount) => ['0110', '00', amount % 1_000_000]),
    );
    await Promise.all(connections.map((one) => one.close()));
    await assert.rejects(connections[0]!.request(purchase(connections[0]!, 1)), NotSent);
  }
});

test('an answer that does not come is told, one that comes late is handed over, and the reversal is answered', async (t) => {
  const arrived = Promise.withResolvers<() => void>();
  const { port } = await hosted(t, 'ascii', (message, signal) => {
    if (message.mti !== '0100') return approves(message, signal);
    return new Promise((resolve) => arrived.resolve(() => resolve(answerTo(message, { 39: '00' }))));
  });
  const late: IsoMessage[] = [];
  const connection = await Connection.open(port, address, { scheme: visa, encoding: 'ascii', late: (message) => late.push(message) });
  const sent = purchase(connection, 100);
  await assert.rejects(connection.request(sent, 30), AnswerMissing);
  const answerNow = await arrived.promise;
  answerNow();
  const reversal: IsoMessage = { mti: '0420', fields: { ...sent.fields, 11: connection.nextTrace(), 90: originalElements(sent) } };
  const answer = await connection.request(reversal);
  assert.deepEqual([answer.mti, answer.fields[39], answer.fields[90]], ['0430', '00', reversal.fields[90]]);
  assert.deepEqual(
    late.map(({ mti, fields }) => [mti, fields[11]]),
    [['0110', sent.fields[11]]],
  );
  await connection.close();
});

test('what cannot be read is answered with code 30 and its place; what has no type ends the connection', async (t) => {
  for (const encoding of ['ascii', 'binary'] as const) {
    const { port } = await hosted(t, encoding);
    const spec = schemeSpec(visa, encoding);
    const socket = connect(port, address);
    t.after(() => socket.destroy());
    const frames = new FrameReader();
    const found: IsoMessage[] = [];
    socket.on('data', (piece: Buffer) => found.push(...frames.push(piece).map((bytes) => parseIso8583(bytes, spec))));
    const good = buildIso8583({ mti: '0100', fields: { 4: '100', 7: '1126153058', 11: '000001' } }, spec);
    socket.write(framed(good.subarray(0, good.length - 2)));
    while (found.length === 0) await once(socket, 'data');
    assert.deepEqual([found[0]!.mti, found[0]!.fields[39]], ['0110', '30']);
    assert.match(String(found[0]!.fields[44]), /^field 11, byte \d+$/);
    // It goes on: the next message is answered.
    socket.write(framed(good));
    while (found.length === 1) await once(socket, 'data');
    assert.equal(found[1]!.fields[39], '00');
    socket.write(framed(Buffer.from('GET / HTTP/1.1')));
    await once(socket, 'close');
  }
});

test('a message too long to be one ends the connection, and so does the end of the other side', async (t) => {
  const { host, port } = await hosted(t, 'ascii');
  const socket = connect(port, address);
  socket.write(Buffer.from('ffff', 'hex'));
  await once(socket, 'close');
  const connection = await Connection.open(port, address, { scheme: visa, encoding: 'ascii' });
  const lost = assert.rejects(connection.request(purchase(connection, 13)), AnswerMissing);
  await connection.request(purchase(connection, 20));
  await host.close();
  await lost;
  assert.equal(connection.isOpen, false);
});

test('who may not sign on has no connection; requests without a trace number of their own are not sent', async (t) => {
  const refusing = await hosted(t, 'ascii', (message) => answerTo(message, { 39: '91' }));
  await assert.rejects(Connection.open(refusing.port, address, { scheme: visa, encoding: 'ascii' }), /answered with 91/);
  const { port } = await hosted(t, 'ascii');
  const connection = await Connection.open(port, address, { scheme: visa, encoding: 'ascii' });
  const sent = purchase(connection, 20);
  const first = connection.request(sent);
  await assert.rejects(connection.request(sent), NotSent);
  await assert.rejects(connection.request({ mti: '0110', fields: {} }), NotSent);
  await first;
  await connection.close();
});

test('a silent connection is asked whether it is there, and ended when it does not answer', async (t) => {
  const asked: unknown[] = [];
  const { port } = await hosted(t, 'binary', (message) => {
    if (message.fields[70] !== visa.network.echo) return answerTo(message, { 39: '00' });
    asked.push(message.fields[70]);
    return undefined;
  });
  const connection = await Connection.open(port, address, { scheme: visa, encoding: 'binary', echoMs: 50 });
  while (connection.isOpen) await sleep(10);
  assert.equal(asked[0], visa.network.echo);
});
