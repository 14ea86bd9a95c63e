import assert from 'node:assert/strict';
import { createHmac, pbkdf2Sync } from 'node:crypto';
import { test } from 'node:test';
import { scramClient } from '../client.ts';
import { scramServer } from '../server.ts';
import { scramVerifierOf } from '../verifier.ts';

const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');

test('RFC 7677 3: the published exchange', () => {
  const server = scramServer('sha256', '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0');
  const first = server.first('n,,n=user,r=rOprNGfwEbeRWgbNEkqO', () => scramVerifierOf('sha256', 'pencil', salt, 4096));
  assert.equal(first, 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096');
  const final = server.final('c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=');
  assert.equal(final, 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=');
});

test('a client that knows the password is let in and knows the server; another is refused', async () => {
  for (const hash of ['sha256', 'sha512'] as const) {
    const run = async (password: string) => {
      const server = scramServer(hash, 'server');
      const client = scramClient(password, 'client-nonce-of-18', { user: 'me,=', hash });
      const challenge = server.first(client.first, (user) => {
        assert.equal(user, 'me,=');
        return scramVerifierOf(hash, 'right', salt, 4096);
      });
      return { server, final: await client.final(challenge), client };
    };
    const right = await run('right');
    right.client.verify(right.server.final(right.final));
    const wrong = await run('wrong');
    assert.throws(() => wrong.server.final(wrong.final), /invalid-proof/);
  }
});

test('a nonce with the client part once more in front is taken, as librdkafka before 2.6 writes it', () => {
  const server = scramServer('sha256', 'server');
  const verifier = scramVerifierOf('sha256', 'pencil', salt, 4096);
  const challenge = server.first('n,,n=user,r=mine', () => verifier);
  const salted = pbkdf2Sync('pencil', salt, 4096, 32, 'sha256');
  const clientKey = createHmac('sha256', salted).update('Client Key').digest();
  const unproven = 'c=biws,r=minemineserver';
  const signature = createHmac('sha256', verifier.storedKey).update(`n=user,r=mine,${challenge},${unproven}`).digest();
  const proof = clientKey.map((byte, at) => byte ^ (signature[at] as number));
  assert.match(server.final(`${unproven},p=${Buffer.from(proof).toString('base64')}`), /^v=/);
});

test('a replayed nonce, another binding and broken messages are refused', () => {
  const server = scramServer('sha512', 'server');
  assert.throws(() => server.first('p=tls-unique,,n=a,r=b', () => scramVerifierOf('sha512', 'x', salt, 4096)), /other-error/);
  assert.throws(() => server.first('hello', () => scramVerifierOf('sha512', 'x', salt, 4096)), /other-error/);
  server.first('n,,n=a,r=abc', () => scramVerifierOf('sha512', 'x', salt, 4096));
  assert.throws(() => server.final('c=biws,r=abcother,p=AAAA'), /other-error/);
  assert.throws(() => server.final('c=eSws,r=abcserver,p=AAAA'), /channel-bindings/);
});
