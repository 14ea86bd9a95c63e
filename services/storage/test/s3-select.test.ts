import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import * as s3 from '@aws-sdk/client-s3';
import { DuckDBInstance } from '@duckdb/node-api';
import { Client, type SelectOptions } from 'minio';
import { type House, openHouse } from './fixtures/house.ts';

let house: House;
let owner: s3.S3Client;
const Bucket = 'asked';
const people = 'name,Age,city\n# nobody\nann,31,"New, ""York"""\nbob,7,x\ncy,100,"two\nlines"\n';

before(async () => {
  // A day of inventories is this short.
  process.env.GAMUT_STORAGE_DAY_MS = '3000';
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

const reports = 'reports';
const inventoryOf = (Id: string, more: Partial<s3.InventoryConfiguration> = {}, to: Partial<s3.InventoryS3BucketDestination> = {}) => ({
  Id,
  IsEnabled: true,
  IncludedObjectVersions: 'All' as const,
  Schedule: { Frequency: 'Daily' as const },
  Destination: { S3BucketDestination: { Bucket: `arn:aws:s3:::${reports}`, Format: 'Parquet' as const, Prefix: 'lists', ...to } },
  ...more,
});
const putInventory = (InventoryConfiguration: s3.InventoryConfiguration, of = 'listed') =>
  owner.send(new s3.PutBucketInventoryConfigurationCommand({ Bucket: of, Id: InventoryConfiguration.Id, InventoryConfiguration }));
const getReport = async (Key: string) =>
  Buffer.from(await (await owner.send(new s3.GetObjectCommand({ Bucket: reports, Key }))).Body!.transformToByteArray());
const reportsOf = async (Id: string) => {
  const { Contents = [] } = await owner.send(new s3.ListObjectsV2Command({ Bucket: reports, Prefix: `lists/listed/${Id}/` }));
  return Contents.map(({ Key }) => Key!);
};

type Manifest = {
  sourceBucket: string;
  fileFormat: string;
  fileSchema: string;
  files: { key: string; size: number; MD5checksum: string }[];
};

/** The last manifest of an inventory, once so many files of its rows were written and the checksum is the manifest's. */
async function manifestOf(Id: string, files = 1): Promise<Manifest> {
  let keys: string[] = [];
  for (let tries = 0; tries < 300; tries++) {
    keys = await reportsOf(Id);
    const sum = keys.findLast((key) => key.endsWith('/manifest.checksum'));
    if (sum !== undefined && keys.filter((key) => key.includes('/data/')).length >= files) {
      const manifest = await getReport(sum.replace('checksum', 'json'));
      if (createHash('md5').update(manifest).digest('hex') === (await getReport(sum)).toString()) return JSON.parse(manifest.toString());
    }
    await setTimeout(100);
  }
  throw new Error(`no inventory ${Id}: ${keys.join()}`);
}

test('inventories of a bucket are put, read, listed and deleted, and what they cannot be is refused', async () => {
  for (const name of ['listed', reports]) await owner.send(new s3.CreateBucketCommand({ Bucket: name }));
  const off = { IsEnabled: false };
  const whole = inventoryOf(
    'whole',
    { ...off, Filter: { Prefix: 'in/' }, OptionalFields: ['Size', 'ETag'] },
    { Encryption: { SSES3: {} }, AccountId: undefined },
  );
  await putInventory(whole);
  const get = (Id: string) => owner.send(new s3.GetBucketInventoryConfigurationCommand({ Bucket: 'listed', Id }));
  assert.deepEqual((await get('whole')).InventoryConfiguration, JSON.parse(JSON.stringify(whole)));
  const sealed = inventoryOf('kms', off, { Encryption: { SSEKMS: { KeyId: 'a-key' } } });
  await putInventory(sealed);
  assert.deepEqual((await get('kms')).InventoryConfiguration, sealed);
  await Promise.all(Array.from({ length: 100 }, (_, at) => putInventory(inventoryOf(`n${String(at).padStart(3, '0')}`, off))));
  const list = (ContinuationToken?: string) =>
    owner.send(new s3.ListBucketInventoryConfigurationsCommand({ Bucket: 'listed', ContinuationToken }));
  const first = await list();
  const second = await list(first.NextContinuationToken);
  assert.deepEqual([first.InventoryConfigurationList?.length, first.IsTruncated], [100, true]);
  assert.deepEqual([second.InventoryConfigurationList?.map(({ Id }) => Id), second.IsTruncated], [['n099', 'whole'], false]);
  const remove = (Id: string) => owner.send(new s3.DeleteBucketInventoryConfigurationCommand({ Bucket: 'listed', Id }));
  await remove('whole');
  for (const gone of [get('whole'), remove('whole')]) await assert.rejects(gone, { name: 'NoSuchConfiguration' });
  const refusals: [s3.InventoryConfiguration, string][] = [
    [inventoryOf('x', {}, { Format: 'ORC' }), 'NotImplemented'],
    [inventoryOf('x', { OptionalFields: ['ObjectLockEventHoldStatus'] }), 'NotImplemented'],
    [inventoryOf('x y'), 'InvalidArgument'],
    [inventoryOf('x', {}, { Bucket: reports }), 'InvalidArgument'],
    [inventoryOf('x', {}, { AccountId: '123456789012' }), 'InvalidArgument'],
    [inventoryOf('x', {}, { Bucket: 'arn:aws:s3:::not-there-at-all' }), 'InvalidS3DestinationBucket'],
    [inventoryOf('x', { OptionalFields: ['Colour' as 'Size'] }), 'MalformedXML'],
    [inventoryOf('x', { Schedule: { Frequency: 'Hourly' as 'Daily' } }), 'MalformedXML'],
  ];
  for (const [one, name] of refusals) await assert.rejects(putInventory(one), { name }, name);
});

test('an inventory waits for the destination to let it in, and is then written each day as Parquet with all versions', async () => {
  const versioned = { Bucket: 'listed', VersioningConfiguration: { Status: 'Enabled' as const } };
  const store = (Key: string, Body: string, more: Partial<s3.PutObjectCommandInput> = {}) =>
    owner.send(new s3.PutObjectCommand({ Bucket: 'listed', Key, Body, ...more }));
  const unversioned = await store('in/a b+ü', 'one');
  await owner.send(new s3.PutBucketVersioningCommand(versioned));
  const newer = await store('in/a b+ü', 'newer', { ServerSideEncryption: 'AES256', ChecksumAlgorithm: 'SHA256' });
  const marker = await owner.send(new s3.DeleteObjectCommand({ Bucket: 'listed', Key: 'in/gone' }));
  const many = (at: number) => Array.from({ length: 50 }, (_, more) => store(`many/${at + more}`, 'x', { StorageClass: 'STANDARD_IA' }));
  for (let at = 0; at < 1050; at += 50) await Promise.all(many(at));
  const OptionalFields = Object.values(s3.InventoryOptionalField).filter((name) => !/EventHold|ReferenceDate/.test(name));
  await putInventory(inventoryOf('all', { OptionalFields }));
  let failed: { data: { id: string; reason: string } } | undefined;
  for (let tries = 0; tries < 300 && !failed; tries++) {
    const { body } = await house.call('GET', '/v1/platform/events?type=storage.InventoryFailed');
    failed = (body.items as unknown as { data: { id: string; reason: string } }[] | undefined)?.[0];
    if (!failed) await setTimeout(100);
  }
  assert.deepEqual([failed?.data.id, /does not let/.test(failed?.data.reason ?? '')], ['all', true]);
  assert.deepEqual(await reportsOf('all'), []);
  const Condition = {
    ArnLike: { 'aws:SourceArn': 'arn:aws:s3:::listed' },
    StringEquals: { 's3:x-amz-acl': 'bucket-owner-full-control' },
  };
  const Resource = `arn:aws:s3:::${reports}/lists/*`;
  const Statement = [{ Effect: 'Allow', Principal: { Service: 's3.amazonaws.com' }, Action: 's3:PutObject', Resource, Condition }];
  await owner.send(new s3.PutBucketPolicyCommand({ Bucket: reports, Policy: JSON.stringify({ Version: '2012-10-17', Statement }) }));
  // The next day's is written, and that of the day after it.
  const manifest = await manifestOf('all', 2);
  await putInventory(inventoryOf('all', { OptionalFields, IsEnabled: false }));
  const { sourceBucket, fileFormat, fileSchema, files } = manifest;
  assert.deepEqual([sourceBucket, fileFormat, files.length], ['listed', 'Parquet', 1]);
  assert.ok(
    fileSchema.startsWith('message s3.inventory { required binary bucket (UTF8); required binary key (UTF8); optional binary version'),
  );
  const { key, size, MD5checksum } = files[0]!;
  assert.match(key, /^lists\/listed\/all\/data\/[0-9a-f-]{36}\.parquet$/);
  const bytes = await getReport(key);
  assert.deepEqual([bytes.length, createHash('md5').update(bytes).digest('hex')], [size, MD5checksum]);
  const links = (await reportsOf('all')).find((one) => /\/hive\/dt=\d{4}-\d\d-\d\d-\d\d-\d\d\/symlink\.txt$/.test(one));
  assert.match((await getReport(links!)).toString(), /^s3:\/\/reports\/lists\/listed\/all\/data\/[0-9a-f-]+\.parquet\n$/);
  await put('inventory', bytes);
  const parquet = { InputSerialization: { Parquet: {} }, ...asJson };
  const count = 'SELECT COUNT(*) AS n, COUNT(size) AS sizes, SUM(size) AS sum FROM S3Object';
  assert.deepEqual(JSON.parse(await asked('inventory', count, parquet)), { n: 1053, sizes: 1052, sum: 1058 });
  const rows = (await asked('inventory', "SELECT * FROM S3Object s WHERE s.key LIKE 'in/%'", parquet)).trim().split('\n');
  const [latest, older, deleted] = rows.map((row) => JSON.parse(row) as Record<string, unknown>);
  const grants = JSON.parse(Buffer.from(String(latest!.object_access_control_list), 'base64').toString()) as { grants: object[] };
  assert.deepEqual(grants.grants, [{ canonicalId: latest!.object_owner, permission: 'FULL_CONTROL', type: 'CanonicalUser' }]);
  assert.deepEqual(
    [latest!.bucket, latest!.key, latest!.version_id, latest!.is_latest, latest!.is_delete_marker, latest!.e_tag],
    ['listed', 'in/a b+ü', newer.VersionId, true, false, newer.ETag!.replaceAll('"', '')],
  );
  assert.deepEqual(
    [latest!.encryption_status, latest!.checksum_algorithm, latest!.storage_class, latest!.object_lock_legal_hold_status],
    ['SSE-S3', 'SHA256', 'STANDARD', 'Off'],
  );
  assert.ok(Math.abs(Date.parse(String(latest!.last_modified_date)) - Date.now()) < 600_000);
  assert.deepEqual(
    [older!.version_id, older!.is_latest, older!.size, older!.e_tag, older!.encryption_status],
    ['null', false, 3, unversioned.ETag!.replaceAll('"', ''), 'NOT-SSE'],
  );
  assert.deepEqual([deleted!.version_id, deleted!.is_delete_marker, deleted!.size ?? null], [marker.VersionId, true, null]);
});

test('an inventory of what is current, below a prefix, is CSV with quoted and encoded values', async () => {
  const to = { Format: 'CSV' as const, Encryption: { SSES3: {} } };
  const more: Partial<s3.InventoryConfiguration> = { IncludedObjectVersions: 'Current', Schedule: { Frequency: 'Weekly' } };
  await putInventory(inventoryOf('csv', { ...more, Filter: { Prefix: 'in/' }, OptionalFields: ['StorageClass', 'Size'] }, to));
  const manifest = await manifestOf('csv');
  assert.equal(manifest.fileSchema, 'Bucket, Key, Size, StorageClass');
  const { key } = manifest.files[0]!;
  assert.match(key, /\.csv\.gz$/);
  assert.equal(gunzipSync(await getReport(key)).toString(), '"listed","in/a%20b%2B%C3%BC","5","STANDARD"\n');
  const head = await owner.send(new s3.HeadObjectCommand({ Bucket: reports, Key: key }));
  assert.equal(head.ServerSideEncryption, 'AES256');
});
