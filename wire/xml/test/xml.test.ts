import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { child, childrenOf, childText, readXml, type XmlBounds, XmlError } from '../read.ts';
import { escapeXml, writeXml } from '../write.ts';

const read = (text: string, bounds?: XmlBounds) => readXml(Buffer.from(text), bounds);
const refused = (text: string | Buffer, bounds?: XmlBounds) => assert.throws(() => readXml(Buffer.from(text as string), bounds), XmlError);

test('a written document is exact: declaration, attributes, escapes, empty elements, left out children', () => {
  assert.equal(
    writeXml([
      'Root',
      [['Key', 'a&b<c>"d\''], ['Size', 3], ['Flag', false], undefined, ['Empty', ''], ['None']],
      { xmlns: 'http://x/?a&b' },
    ]),
    '<?xml version="1.0" encoding="UTF-8"?>\n<Root xmlns="http://x/?a&amp;b"><Key>a&amp;b&lt;c&gt;&quot;d\'</Key><Size>3</Size><Flag>false</Flag><Empty/><None/></Root>',
  );
});

test('control characters are written as references and halves of surrogate pairs are replaced', () => {
  assert.equal(escapeXml('a\u0000\u0001\t\n\r\u007f\u0085z'), 'a&#x0;&#x1;&#x9;&#xa;&#xd;&#x7f;&#x85;z');
  assert.equal(escapeXml('a\ud800b'), 'a\ufffdb');
  assert.equal(escapeXml('\u{1f600}'), '\u{1f600}');
});

test('whatever text is written is read back', () => {
  const text = fc
    .string({ unit: 'grapheme' })
    .filter((one) => !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(one) && one.isWellFormed());
  fc.assert(
    fc.property(text, text, (a, b) => {
      const root = read(
        writeXml([
          'R',
          [
            ['A', a],
            ['B', b],
            ['A', 'x'],
          ],
        ]),
      );
      assert.equal(childText(root, 'A'), a);
      assert.equal(child(root, 'B')?.text, b);
      assert.equal(childrenOf(root, 'A').length, 2);
    }),
  );
});

test('names are read without their prefix, in any namespace', () => {
  const root = read('<s:Delete xmlns:s="http://s3.amazonaws.com/doc/2006-03-01/"><s:Quiet> true </s:Quiet></s:Delete>');
  assert.equal(root.name, 'Delete');
  assert.equal(childText(root, 'Quiet'), ' true ');
});

test('document types and entities are refused, so no bomb can be built', () => {
  refused('<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>');
  refused('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>');
  refused('<a>&x;</a>');
});

test('documents that are too long, too deep or too many are refused', () => {
  refused('<a>aaaaaaaaaaaa</a>', { bytes: 10 });
  refused('<a>'.repeat(100) + '</a>'.repeat(100));
  refused(`<a>${'<b/>'.repeat(20)}</a>`, { elements: 10 });
});

test('what is not well formed or not UTF-8 is refused', () => {
  for (const text of ['', '   ', '<a>', '<a></b>', 'text', '<a/><b/>', '<a b=c/>', '<a>&#0;</a>', '<a>\u0001</a>', '{}']) refused(text);
  refused(Buffer.from([0x3c, 0x61, 0x3e, 0xff, 0x3c, 0x2f, 0x61, 0x3e]));
});

test('hostile text of any kind is read or refused, never another error', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.constantFrom(
          '<',
          '>',
          'a',
          '/',
          '&',
          ';',
          '<![CDATA[',
          ']]>',
          '<!--',
          '-->',
          '<?xml ',
          '?>',
          '"',
          '=',
          ' ',
          'xmlns:',
          '__proto__',
        ),
      ),
      (pieces) => {
        try {
          read(pieces.join(''));
        } catch (error) {
          assert.ok(error instanceof XmlError, String(error));
        }
      },
    ),
    { numRuns: 1000 },
  );
});
