import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogLevel } from '#kernel/contract/implement.ts';
import { logItemsMax, logLineMaxBytes, logLinesMax, logTextMax } from '../limits.ts';
import { createLog } from '../log.ts';
import { labelNames, markPersonal, withPersonal, withPersonalOf } from '../personal.ts';

function capture(level: LogLevel = 'debug') {
  const lines: string[] = [];
  const clock = { now: Date.UTC(2030, 0, 1) };
  const log = createLog({ process: 'storage', level, write: (line) => lines.push(line), now: () => clock.now });
  const parsed = (at = lines.length - 1) => JSON.parse(lines[at] ?? '') as Record<string, unknown>;
  return { lines, clock, log, parsed };
}

test('a line has time, level, process and message first, then the fields', () => {
  const { log, lines } = capture();
  log('info', 'door open', { door: 'storage.s3', port: 9000, id: 12345678901234567890n });
  assert.equal(
    lines[0],
    '{"time":"2030-01-01T00:00:00.000Z","level":"info","process":"storage","message":"door open","door":"storage.s3","port":9000,"id":"12345678901234567890"}\n',
  );
});

test('lines below the level are not written', () => {
  const { log, lines } = capture('warn');
  log('debug', 'a');
  log('info', 'b');
  log('warn', 'c');
  log('error', 'd');
  assert.equal(lines.length, 2);
});

test('fields that name a secret are hidden at every depth', () => {
  const { log, lines, parsed } = capture();
  log('info', 'request', {
    Authorization: 'Bearer abc',
    headers: { 'Set-Cookie': 'sid=1', 'x-amz-security-token': 't', host: 'h' },
    list: [{ password: 'p', secretAccessKey: 's', user: 'u' }],
    bearer: 'b',
    API_KEY: 'k',
    key_pem: 'z',
  });
  const entry = parsed();
  assert.deepEqual(entry.headers, { 'Set-Cookie': '[hidden]', 'x-amz-security-token': '[hidden]', host: 'h' });
  assert.deepEqual(entry.list, [{ password: '[hidden]', secretAccessKey: '[hidden]', user: 'u' }]);
  for (const name of ['Authorization', 'bearer', 'API_KEY', 'key_pem']) assert.equal(entry[name], '[hidden]');
  assert.doesNotMatch(lines[0] ?? '', /sid=1|"t"|"p"|"s"|"b"|"k"|"z"/);
});

test('secrets inside texts and errors are hidden by their shape', () => {
  const { log, lines } = capture();
  const error = new Error('cannot reach smtp://user:hunter2@mail.example:25 with gmt_abcdefgh12345678');
  log('error', 'Authorization: Bearer eyJhbGciOi.J9 and sk_live_0123456789', { error, url: 'postgres://a:b@h/db' });
  assert.doesNotMatch(lines[0] ?? '', /hunter2|abcdefgh1234|eyJhbGci|0123456789|a:b@/);
  assert.match(lines[0] ?? '', /mail\.example:25/);
});

test('whatever a message or field holds, one entry is one line of valid JSON', () => {
  const { log, lines, parsed } = capture();
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const hostile = Object.defineProperty({}, 'bad', {
    enumerable: true,
    get: () => {
      throw new Error('no');
    },
  });
  log('info', 'a\nb\r\u2028\u2029\u0085\u009b31m\u001b[0m\u0000\ud800', {
    circular,
    hostile,
    symbol: Symbol('s'),
    run: () => 1,
    nan: Number.NaN,
    none: undefined,
    date: new Date(Number.NaN),
    bytes: Buffer.alloc(9),
    map: new Map(),
    toJSON: () => 'replaced',
    time: 'mine',
    level: 'mine',
    ['__proto__']: 'p',
  });
  assert.equal(lines[0]?.indexOf('\n'), (lines[0]?.length ?? 0) - 1);
  assert.doesNotMatch(lines[0] ?? '', /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]/);
  const entry = parsed();
  assert.equal(entry.level, 'info');
  assert.equal(entry.level_, 'mine');
  assert.equal(entry.time_, 'mine');
  assert.equal(entry.bytes, '[9 bytes]');
  assert.deepEqual(entry.hostile, { bad: '[unreadable]' });
});

test('texts, lists, depth and the whole line are bounded', () => {
  const { log, lines, parsed } = capture();
  log('info', 'x'.repeat(10 * logTextMax), { list: Array(1000).fill(1), deep: [[[[[[1]]]]]] });
  assert.equal((parsed().message as string).length, logTextMax + 3);
  assert.equal((parsed().list as unknown[]).length, logItemsMax + 1);
  assert.match(JSON.stringify(parsed().deep), /\[deep\]/);
  log('info', 'big', Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`field${at}`, 'é'.repeat(logTextMax)])));
  assert.ok(Buffer.byteLength(lines[1] ?? '') <= logLineMaxBytes);
  assert.equal((parsed().leftOut as string[])[0], 'field0');
});

test('a flood is cut within its second and counted in the next', () => {
  const { log, lines, clock, parsed } = capture();
  for (let at = 0; at < logLinesMax + 50; at += 1) log('info', 'flood');
  assert.equal(lines.length, logLinesMax);
  clock.now += 1000;
  log('info', 'after');
  assert.equal(parsed(logLinesMax).message, 'log lines were left out');
  assert.equal(parsed(logLinesMax).count, 50);
  assert.equal(parsed(logLinesMax + 1).message, 'after');
});

test('what is personal in the input of the call that runs, or by the name of its field, is in no line, nor in what is said of its error', () => {
  const { log, parsed, lines } = capture();
  labelNames(['telephone']);
  const failure = new Error('no room for Mme du Châtelet');
  withPersonal(['Mme du Châtelet'], () => {
    log('warn', 'Mme du Châtelet was refused', { by: ['Mme du Châtelet'], telephone: 'unlisted', order: 17 });
    markPersonal(failure, ['Mme du Châtelet']);
  });
  const { message, by, telephone, order } = parsed();
  assert.deepEqual(
    { message, by, telephone, order },
    { message: '[personal] was refused', by: ['[personal]'], telephone: '[personal]', order: 17 },
  );
  withPersonalOf(failure, () => log('error', 'failed', { error: failure }));
  assert.ok(!lines.join('').includes('Châtelet'));
});
