import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scramClient } from '../../pgwire/scram.ts';
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
  const run = async (password: string) => {
    const server = scramServer('sha256', 'server');
    const client = scramClient(password, 'client-nonce-of-18');
    const challenge = server.first(client.first.replace('n=,', 'n=me=2C=3D,'), (user) => {
      assert.equal(user, 'me,=');
      return scramVerifierOf('sha256', 'right', salt, 4096);
    });
    const final = await client.final(challenge);
    return { server, final, client };
  };
  // The client's signature covers its own first message, in which the name was left out; only the form is tried here.
  const wrong = await run('wrong');
  assert.throws(() => wrong.server.final(wrong.final), /invalid-proof/);
});

test('a replayed nonce, another binding and broken messages are refused', () => {
  const server = scramServer('sha512', 'server');
  assert.throws(() => server.first('p=tls-unique,,n=a,r=b', () => scramVerifierOf('sha512', 'x', salt, 4096)), /other-error/);
  assert.throws(() => server.first('hello', () => scramVerifierOf('sha512', 'x', salt, 4096)), /other-error/);
  server.first('n,,n=a,r=abc', () => scramVerifierOf('sha512', 'x', salt, 4096));
  assert.throws(() => server.final('c=biws,r=abcother,p=AAAA'), /other-error/);
  assert.throws(() => server.final('c=eSws,r=abcserver,p=AAAA'), /channel-bindings/);
});
