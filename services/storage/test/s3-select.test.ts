import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import * as s3 from '@aws-sdk/client-s3';
import { DuckDBInstance } from '@duckdb/node-api';
import { Client, type SelectOptions } from 'minio';
import { type House, openHouse } from './fixtures/house.ts';

let house: House;
let owner: s3.S3Client;
const Bucket = 'asked';
const people = 'name,Age,city\n# nobody\nann,31,"New, ""York"""\nbob,7,x\ncy,100,"two\nlines"\n';

before(async () => {
  house = await openHouse();
  owner = house.client();
  await owner.send(new s3.CreateBucketCommand({ Bucket }));
  await put('people', people);
});
after(() => house.stop());

const put = (Key: string, Body: string | Uint8Array) => owner.send(new s3.PutObjectCommand({ Bucket, Key, Body }));

type More = Partial<Omit<s3.SelectObjectContentCommandInput, 'Bucket' | 'Key' | 'Expression'>>;
const csv = { CSV: { FileHeaderInfo: 'USE', Comments: '#', AllowQuotedRecordDelimiter: true } } as const;
const lines = { JSON: { Type: 'LINES' } } as const;

/** The answer to a question, and the messages that came beside it. */
async function ask(Key: string, Expression: string, more: More = {}, client = owner) {
  const { Payload } = await client.send(
    new s3.SelectObjectContentCommand({
      Bucket,
      Key,
      Expression,
      ExpressionType: 'SQL',
      InputSerialization: csv,
      OutputSerialization: { CSV: {} },
      ...more,
    }),
  );
  const pieces: Uint8Array[] = [];
  const told: string[] = [];
  let stats: s3.Stats | undefined;
  for await (const message of Payload!) {
    told.push(...Object.keys(message));
    if (message.Records?.Payload) pieces.push(message.Records.Payload);
    stats = message.Stats?.Details ?? stats;
  }
  return { text: Buffer.concat(pieces).toString('utf8'), told, stats };
}

const asked = async (...inputs: Parameters<typeof ask>) => (await ask(...inputs)).text;
const asJson = { OutputSerialization: { JSON: {} } };

test('a CSV is asked by the names and places of its fields, and answered as CSV or JSON, with what was scanned', async () => {
  const all = await ask('people', 'SELECT * FROM S3Object', { RequestProgress: { Enabled: true } });
  assert.equal(all.text, 'ann,31,"New, ""York"""\nbob,7,x\ncy,100,"two\nlines"\n');
  assert.deepEqual(all.told, ['Progress', 'Records', 'Stats', 'End']);
  const returned = Buffer.byteLength(all.text);
  assert.deepEqual(all.stats, { BytesScanned: people.length, BytesProcessed: people.length, BytesReturned: returned });
  assert.equal(await asked('people', 'select s.NAME, s._2 from s3object s where s.age > 8 limit 1', asJson), '{"NAME":"ann","_2":"31"}\n');
  const bobAndCy = '{"name":"bob","Age":"7","city":"x"}\n{"name":"cy","Age":"100","city":"two\\nlines"}\n';
  assert.equal(await asked('people', "SELECT * FROM S3Object s WHERE s.city LIKE '%x' OR s.age BETWEEN 90 AND 100", asJson), bobAndCy);
  const sums = 'SELECT COUNT(*), SUM(CAST(s.age AS INT)), AVG(s.age), MIN(s.age), MAX(s._2), COUNT(s._9) FROM S3Object s';
  assert.equal(await asked('people', sums), '3,138,46,7,100,0\n');
  const quoted = { OutputSerialization: { CSV: { QuoteFields: 'ALWAYS', FieldDelimiter: '|', RecordDelimiter: '\r\n' } } } as const;
  assert.equal(
    await asked('people', "SELECT name, city FROM S3Object WHERE name IN ('ann', 'cy') AND NOT age = 100", quoted),
    '"ann"|"New, ""York"""\r\n',
  );
  await put('odd', "1;'a;b';x~2;'it\\'s';y~3~");
  const odd = { CSV: { FieldDelimiter: ';', RecordDelimiter: '~', QuoteCharacter: "'", QuoteEscapeCharacter: '\\' } };
  const missing = "SELECT _1, COALESCE(_2, 'none'), s._3 IS MISSING FROM S3Object s";
  assert.equal(await asked('odd', missing, { InputSerialization: odd }), "1,a;b,false\n2,it's,false\n3,none,true\n");
});

test('texts and times are worked on as S3 does', async () => {
  const texts =
    "SELECT SUBSTRING(name FROM 2 FOR 1), TRIM(LEADING 'b' FROM name), CHAR_LENGTH(name), NULLIF(name, 'bob'), UPPER(name) || '!', " +
    "CASE WHEN age > 50 THEN 'old' ELSE 'young' END FROM S3Object WHERE name <> 'ann'";
  assert.equal(await asked('people', texts), 'o,ob,3,,BOB!,young\ny,cy,2,cy,CY!,old\n');
  const times =
    "SELECT TO_STRING(DATE_ADD(month, 1, TO_TIMESTAMP('2024-01-31T10:20Z')), 'MMMM d, yyyy HH:mm') AS a, `2007T` AS b, " +
    "EXTRACT(year FROM TO_TIMESTAMP('2007-02-23T12:14:33.079-08:00')) AS c, " +
    'DATE_DIFF(day, `2010-01-01T23:00Z`, `2010-01-02T01:00Z`) AS d, UTCNOW() > `2020T` AS e, 7 % 4 - -2 * 3 AS f FROM S3Object LIMIT 1';
  assert.equal(
    await asked('people', times, asJson),
    '{"a":"February 29, 2024 10:20","b":"2007-01-01T00:00:00.000Z","c":2007,"d":0,"e":true,"f":9}\n',
  );
});

test('JSON is asked by its paths, line by line or as documents, and what is null and what is missing differ', async () => {
  await put('lines', '{"a":1,"b":{"c":["x","y"]},"n":null}\n{"a":"2","b":{"c":[]},"s":"q,\\"z"}\n');
  const json = { InputSerialization: lines, ...asJson };
  assert.equal(
    await asked('lines', 'SELECT s.a, s.b.c[0] AS c, s.n, s.s FROM S3Object s', json),
    '{"a":1,"c":"x","n":null}\n{"a":"2","s":"q,\\"z"}\n',
  );
  assert.equal(
    await asked('lines', 'SELECT s.n IS NULL AS x, s.n IS MISSING AS y FROM S3Object[*] s WHERE s.a >= 2', json),
    '{"x":true,"y":true}\n',
  );
  assert.equal(await asked('lines', 'SELECT d FROM S3Object[*].b.c[*] d', json), '{"d":"x"}\n{"d":"y"}\n');
  assert.equal(
    await asked('lines', 'SELECT * FROM S3Object', { InputSerialization: lines }),
    '1,"{""c"":[""x"",""y""]}",\n2,"{""c"":[]}","q,""z"\n',
  );
  await put('document', '{"rules":[{"id":1},\n {"id":2}]}\n {"rules":[{"id":3,"t":"é"}]}');
  const document = { InputSerialization: { JSON: { Type: 'DOCUMENT' } }, ...asJson } as const;
  assert.equal(await asked('document', 'SELECT r.* FROM S3Object[*].rules[*] r WHERE r.id <> 2', document), '{"id":1}\n{"id":3,"t":"é"}\n');
});

test('what is compressed and what is Parquet is asked alike, by the AWS SDK and by the minio client', async () => {
  const rows = Array.from({ length: 30_000 }, (_, at) => `${at},${at % 13},text ${at}`).join('\n');
  await put('rows.gz', gzipSync(rows));
  const program = 'import bz2,sys; sys.stdout.buffer.write(bz2.compress(sys.stdin.buffer.read()))';
  await put('rows.bz2', execFileSync('python3', ['-c', program], { input: rows }));
  await put(
    'rows.parquet',
    await parquetOf("SELECT i AS id, i % 13 AS m, {'deep': i} AS s, date '2024-02-03' AS d FROM range(40960) t(i)"),
  );
  const sum = (of: string, m: string) => `SELECT COUNT(*) AS n, SUM(s.${of}) AS total FROM S3Object s WHERE s.${m} = 3`;
  const wanted = '{"n":2308,"total":34616538}\n';
  for (const CompressionType of ['GZIP', 'BZIP2'] as const) {
    const Key = CompressionType === 'GZIP' ? 'rows.gz' : 'rows.bz2';
    const answer = await ask(Key, sum('_1', '_2'), { InputSerialization: { CSV: {}, CompressionType }, ...asJson });
    assert.equal(answer.text, wanted);
    assert.equal(answer.stats?.BytesProcessed, rows.length);
  }
  const parquet = { InputSerialization: { Parquet: {} }, ...asJson };
  const few = sum('id', 'm').replace(' = 3', ' = 3 AND s.id < 30000');
  assert.equal(await asked('rows.parquet', few, parquet), wanted);
  assert.equal(
    await asked('rows.parquet', 'SELECT s.s.deep, s.D FROM S3Object s WHERE s.id = 29999', parquet),
    '{"deep":29999,"D":"2024-02-03"}\n',
  );
  const { hostname, port } = new URL(house.s3);
  const { accessKeyId: accessKey, secretAccessKey: secretKey } = house.owner.s3;
  const minio = new Client({ endPoint: hostname, port: Number(port), useSSL: false, accessKey, secretKey, pathStyle: true });
  const answer = await minio.selectObjectContent(Bucket, 'people', {
    expression: 'SELECT s.name FROM S3Object s',
    expressionType: 'SQL',
    inputSerialization: { CSV: { FileHeaderInfo: 'USE', Comments: '#', AllowQuotedRecordDelimiter: true }, CompressionType: 'NONE' },
    outputSerialization: { CSV: { RecordDelimiter: '\n', FieldDelimiter: ',' } },
    requestProgress: { Enabled: true },
  } as unknown as SelectOptions);
  assert.equal(Buffer.from((answer as unknown as { records: Uint8Array }).records).toString(), 'ann\nbob\ncy\n');
});

/** A Parquet in several row groups. */
async function parquetOf(query: string): Promise<Buffer> {
  const engine = await (await DuckDBInstance.create(':memory:')).connect();
  const file = `${house.data}/made.parquet`;
  await engine.run(`COPY (${query}) TO '${file}' (FORMAT parquet, ROW_GROUP_SIZE 10240)`);
  engine.closeSync();
  return readFile(file);
}

test('ranges that share out an object give each of its records once', async () => {
  const rows = Array.from({ length: 900 }, (_, at) => `${at},${'x'.repeat(at % 40)}`);
  const all = `id,x\n${rows.join('\n')}`;
  await put('ranged', all);
  const found: string[] = [];
  for (let Start = 0; Start < all.length; Start += 4001) {
    const ScanRange = { Start, End: Math.min(Start + 4000, all.length - 1) };
    const text = await asked('ranged', 'SELECT s.id FROM S3Object s', {
      InputSerialization: { CSV: { FileHeaderInfo: 'USE' } },
      ScanRange,
    });
    found.push(...text.split('\n').slice(0, -1));
  }
  assert.deepEqual(
    found.map(Number),
    Array.from({ length: 900 }, (_, at) => at),
  );
  const last = { InputSerialization: { CSV: {} }, ScanRange: { End: 6 } };
  assert.equal(await asked('ranged', 'SELECT COUNT(*) FROM S3Object', last), '0\n');
  const groups = { InputSerialization: { Parquet: {} } };
  const { ContentLength = 0 } = await owner.send(new s3.HeadObjectCommand({ Bucket, Key: 'rows.parquet' }));
  const half = Math.floor(ContentLength / 2);
  const counts: number[] = [];
  for (const ScanRange of [{ Start: 0, End: half }, { Start: half + 1 }])
    counts.push(Number(await asked('rows.parquet', 'SELECT COUNT(*) FROM S3Object', { ...groups, ScanRange })));
  assert.equal(counts[0]! + counts[1]!, 40_960);
  assert.ok(
    counts.every((count) => count > 0 && count % 10_240 === 0),
    String(counts),
  );
});

test("what is refused is refused in S3 Select's own codes, and SQL reaches nothing but its object", async () => {
  const refused = (expression: string, name: string, more: More = {}, key = 'people') =>
    assert.rejects(ask(key, expression, more), { name }, `${expression}: ${name}`);
  await refused("SELECT * FROM read_csv('/etc/passwd')", 'InvalidTableAlias');
  await refused("SELECT read_text('/etc/passwd') FROM S3Object", 'UnsupportedFunction');
  await refused("SELECT * FROM S3Object; COPY (SELECT 1) TO '/tmp/x'", 'ParseUnexpectedToken');
  await refused('DELETE FROM S3Object', 'ParseUnsupportedSelect');
  await refused('SELECT name', 'ParseSelectMissingFrom');
  await refused("SELECT 'open FROM S3Object", 'LexerInvalidLiteral');
  await refused('SELECT COUNT(*) FROM S3Object GROUP BY name', 'UnsupportedSqlStructure');
  await refused('SELECT name, COUNT(*) FROM S3Object', 'UnsupportedSqlStructure');
  await refused('SELECT nowhere FROM S3Object', 'MissingHeaders');
  await refused(`SELECT ${'('.repeat(500)}1${')'.repeat(500)} FROM S3Object`, 'UnsupportedSqlStructure');
  await refused('SELECT CAST(name AS INT) FROM S3Object', 'CastFailed');
  await refused('SELECT * FROM S3Object', 'InvalidFileHeaderInfo', { InputSerialization: { CSV: { FileHeaderInfo: 'ALL' as 'USE' } } });
  await refused('SELECT * FROM S3Object', 'InvalidCompressionFormat', { InputSerialization: { CSV: {}, CompressionType: 'GZIP' } });
  await refused('SELECT * FROM S3Object', 'JSONParsingError', { InputSerialization: lines });
  await refused('SELECT * FROM S3Object', 'ParquetParsingError', { InputSerialization: { Parquet: {} } });
  await refused('SELECT * FROM S3Object', 'InvalidScanRange', { ScanRange: { Start: 5000 }, InputSerialization: { CSV: {} } });
  await refused('SELECT * FROM S3Object', 'NoSuchKey', {}, 'absent');
  // Names are quoted all the way down, whatever they hold.
  assert.equal(
    await asked('people', `SELECT s.name AS "a"") FROM read_text('/etc/passwd') --" FROM S3Object s LIMIT 1`, asJson),
    `{"a\\") FROM read_text('/etc/passwd') --":"ann"}\n`,
  );
  await put('late', `${'{"n":1}\n'.repeat(200_000)}{"n":"no number"}\n`);
  const late = ask('late', 'SELECT CAST(s.n AS INT) FROM S3Object s', { InputSerialization: lines });
  await assert.rejects(late, { name: 'CastFailed' }, 'what goes wrong behind the first records is an error within the stream');
});

test('who may not read an object may not ask it, and a key of the customer is asked for as a read asks', async () => {
  const { bearer: _, ...stranger } = await house.credential({}, await house.tenant('strangers'));
  await assert.rejects(ask('people', 'SELECT * FROM S3Object', {}, house.client(stranger.s3)), { name: 'AccessDenied' });
  const Statement = [{ Effect: 'Deny', Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${Bucket}/people` }];
  await owner.send(new s3.PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify({ Version: '2012-10-17', Statement }) }));
  await assert.rejects(ask('people', 'SELECT * FROM S3Object'), { name: 'AccessDenied' });
  await owner.send(new s3.DeleteBucketPolicyCommand({ Bucket }));
  const key = randomBytes(32);
  const customer = {
    SSECustomerAlgorithm: 'AES256',
    SSECustomerKey: key.toString('base64'),
    SSECustomerKeyMD5: createHash('md5').update(key).digest('base64'),
  };
  await owner.send(new s3.PutObjectCommand({ Bucket, Key: 'sealed', Body: people, ...customer }));
  assert.equal(await asked('sealed', 'SELECT COUNT(*) FROM S3Object', customer), '3\n');
  await assert.rejects(ask('sealed', 'SELECT COUNT(*) FROM S3Object'), { name: 'InvalidRequest' });
});
