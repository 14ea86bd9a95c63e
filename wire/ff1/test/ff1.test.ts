import assert from 'node:assert/strict';
import { randomBytes, randomInt } from 'node:crypto';
import { test } from 'node:test';
import { Ff1, Ff1Error } from '../ff1.ts';
import { ff1LengthMax, ff1TogetherMax, tweakMaxBytes } from '../limits.ts';

const key = (bytes: number) => Buffer.from('2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F7F036D6F04FC6A94', 'hex').subarray(0, bytes);
const none = Buffer.alloc(0);
const ten = Buffer.from('39383736353433323130', 'hex');
const eleven = Buffer.from('3737373770717273373737', 'hex');

test('the nine samples of NIST come out, both ways', () => {
  const samples = [
    [16, 10, none, '0123456789', '2433477484'],
    [16, 10, ten, '0123456789', '6124200773'],
    [16, 36, eleven, '0123456789abcdefghi', 'a9tv40mll9kdu509eum'],
    [24, 10, none, '0123456789', '2830668132'],
    [24, 10, ten, '0123456789', '2496655549'],
    [24, 36, eleven, '0123456789abcdefghi', 'xbj3kv35jrawxv32ysr'],
    [32, 10, none, '0123456789', '6657667009'],
    [32, 10, ten, '0123456789', '1001623463'],
    [32, 36, eleven, '0123456789abcdefghi', 'xs8a0azh2avyalyzuwd'],
  ] as const;
  for (const [bytes, radix, tweak, plain, sealed] of samples) {
    const ff1 = new Ff1(key(bytes), radix);
    assert.equal(ff1.encrypt(plain, tweak), sealed);
    assert.equal(ff1.decrypt(sealed, tweak), plain);
  }
});

test('whatever is encrypted comes back, at every length, and with every tweak becomes something else', () => {
  const ff1 = new Ff1(randomBytes(32));
  for (let length = 6; length <= ff1LengthMax; length += 1) {
    const plain = Array.from({ length }, () => randomInt(10)).join('');
    const tweaks = [none, randomBytes(randomInt(1, 40)), randomBytes(tweakMaxBytes)];
    const sealed = tweaks.map((tweak) => ff1.encrypt(plain, tweak));
    assert.deepEqual(
      sealed.map((text, index) => ff1.decrypt(text, tweaks[index]!)),
      [plain, plain, plain],
    );
    assert.ok(sealed.every((text) => text.length === length && /^\d+$/.test(text)));
    if (length > 12) assert.equal(new Set([...sealed, plain]).size, 4);
  }
});

test('a small domain is permuted: no two texts become one', () => {
  const ff1 = new Ff1(key(32));
  const seen = new Set(Array.from({ length: 3000 }, (_, index) => ff1.encrypt(String(index).padStart(6, '0'), ten)));
  assert.equal(seen.size, 3000);
});

test('texts together become what each becomes alone', () => {
  const ff1 = new Ff1(key(32));
  for (const [length, tweak] of [
    [16, ten],
    [19, eleven],
    [16, Buffer.alloc(40, 3)],
    [40, ten],
  ] as const) {
    const texts = Array.from({ length: 50 }, (_, index) => String(index * 7919).padStart(length, '4'));
    const sealed = ff1.encryptAll(texts, tweak);
    assert.deepEqual(
      sealed,
      texts.map((text) => ff1.encrypt(text, tweak)),
    );
    assert.deepEqual(ff1.decryptAll(sealed, tweak), texts);
  }
  assert.deepEqual(ff1.encryptAll([], ten), []);
  assert.throws(() => ff1.encryptAll(['4242424242424242', '42424242424242429'], ten), Ff1Error);
  assert.throws(
    () =>
      ff1.encryptAll(
        Array.from({ length: ff1TogetherMax + 1 }, () => '4242424242424242'),
        ten,
      ),
    Ff1Error,
  );
});

test('what cannot be encrypted safely is refused', () => {
  const ff1 = new Ff1(key(16));
  for (const text of ['', '12345', '4242 4242', '42424242x', '１２３４５６７', '1'.repeat(ff1LengthMax + 1)])
    assert.throws(() => ff1.encrypt(text, none), Ff1Error);
  assert.throws(() => ff1.encrypt('123456', Buffer.alloc(tweakMaxBytes + 1)), Ff1Error);
  assert.throws(() => new Ff1(key(16), 36).encrypt('ABCDEF', none), Ff1Error);
});
