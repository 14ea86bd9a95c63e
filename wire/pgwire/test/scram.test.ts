import assert from 'node:assert/strict';
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { scramClient, scramKeys } from '../../scram/client.ts';
import { ScramRefusal } from '../../scram/server.ts';
import { md5Answer, scramVerifier } from '../scram.ts';

/** A server's side of RFC 5802, from a verifier alone. */
function server(verifier: string) {
  const [, rounds = '', salt = '', stored = '', serverKey = ''] = /^SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):(.+)$/.exec(verifier) ?? [];
  let message = '';
  return {
    first(clientFirst: string): string {
      const bare = clientFirst.slice(3);
      const answer = `r=${bare.slice(bare.indexOf('r=') + 2)}server,s=${salt},i=${rounds}`;
      message = `${bare},${answer}`;
      return answer;
    },
    final(clientFinal: string): string {
      const [closing = '', proof = ''] = clientFinal.split(',p=');
      const whole = `${message},${closing}`;
      const key = createHmac('sha256', Buffer.from(stored, 'base64')).update(whole).digest();
      const client = Buffer.from(proof, 'base64').map((byte, i) => byte ^ (key[i] as number));
      assert.equal(createHash('sha256').update(client).digest('base64'), stored, 'the proof is wrong');
      return `v=${createHmac('sha256', Buffer.from(serverKey, 'base64')).update(whole).digest('base64')}`;
    },
  };
}

test('RFC 7677 3: the keys give the proof of the example', async () => {
  const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
  const nonce = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
  const message = `n=user,r=rOprNGfwEbeRWgbNEkqO,r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=${nonce}`;
  const keys = await scramKeys('pencil', salt, 4096);
  const signature = createHmac('sha256', keys.stored).update(message).digest();
  assert.equal(
    Buffer.from(keys.client.map((byte, i) => byte ^ (signature[i] as number))).toString('base64'),
    'dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
  );
  assert.equal(createHmac('sha256', keys.server).update(message).digest('base64'), '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=');
});

test('a client and a server that has only the verifier agree', async () => {
  const verifier = await scramVerifier('pass wörd', randomBytes(16), 1000);
  const there = server(verifier);
  const here = scramClient('pass wörd', 'clientnonce');
  here.verify(there.final(await here.final(there.first(here.first))));
});

test('a server with another password, a replayed nonce, absurd rounds or an error ends the exchange', async () => {
  const there = server(await scramVerifier('right', randomBytes(16), 10));
  const here = scramClient('wrong', 'nonce');
  const final = await here.final(there.first(here.first));
  assert.throws(() => there.final(final), /proof is wrong/);
  assert.throws(() => here.verify(`v=${randomBytes(32).toString('base64')}`), ScramRefusal);
  assert.throws(() => here.verify('e=invalid-proof'), ScramRefusal);
  assert.throws(() => scramClient('x', 'n').verify('v='), ScramRefusal);
  for (const hostile of [
    'r=other,s=AAAA,i=10',
    'r=nonce,s=AAAA,i=10',
    'r=nonceX,s=AAAA,i=99999999',
    'r=nonceX,s=AAAA,i=-1',
    'r=nonceX,s=AAAA,i=1e3',
    '',
  ]) {
    await assert.rejects(scramClient('x', 'nonce').final(hostile), ScramRefusal, hostile);
  }
});

test('the md5 answer is the one PostgreSQL expects', () => {
  const inner = createHash('md5').update('secretalice').digest('hex');
  const salt = Buffer.from([1, 2, 3, 4]);
  assert.equal(
    md5Answer('alice', 'secret', salt),
    `md5${createHash('md5')
      .update(Buffer.concat([Buffer.from(inner), salt]))
      .digest('hex')}`,
  );
});
