import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fault } from '#kernel/contract/fault.ts';
import { type HttpDoor, httpServer } from '#kernel/listen/http.ts';
import { restHandler } from '#kernel/derive/rest.ts';
import { bytesOf, type Handed, type Handler, testGate, textOf } from '#kernel/derive/test/fixture.ts';
import { allContracts } from '../verb/contract.ts';

const main = join(import.meta.dirname, '../main.ts');
const seen: { operation: string; name: string; input: Record<string, unknown>; body: string | undefined }[] = [];
const bucket = (name: string) => ({
  uid: `u-${name}`,
  name,
  generation: 1,
  version: '1',
  labels: {},
  createdAt: 1_700_000_000_000,
  spec: { location: 'us-east-1' },
  status: { objects: 0, sizeBytes: 0 },
});
const thing = (uid: string, name: string, spec: object = {}) => ({
  uid,
  name,
  generation: 1,
  version: '1',
  labels: {},
  createdAt: 0,
  spec,
});
const faces = {
  id: 'c1',
  bearer: 'gmt_x',
  s3: { accessKeyId: 'AK', secretAccessKey: 'SK', region: 'us-east-1' },
  basic: { username: 'c1', password: 'p' },
  sasl: { username: 'c1', password: 's' },
};

const answers: Record<string, (name: string, input: Record<string, unknown>) => unknown> = {
  ListBuckets: (_name, { after }) =>
    after === undefined
      ? { items: [bucket('photos'), bucket('evil\u001b[31m')], next: 'photos', version: '1' }
      : { items: [], version: '1' },
  CreateBucket: (name) => {
    if (name === 'taken') throw fault('BucketAlreadyExists', 'taken');
    return bucket(name);
  },
  DeleteBucket: () => ({}),
  PutObject: (_name, { key }) => ({ key, etag: 'e', size: 3, lastModified: 1_700_000_000_000 }),
  CompleteMultipartUpload: (_name, { key }) => ({ key, etag: 'e', size: 3, lastModified: 0 }),
  GetObject: (_name, { key }) => ({ key, etag: 'e', size: 5, lastModified: 0 }),
  CreateOrganization: (_name, { name, title }) => thing('t1', String(name ?? 'from-title'), { title, regions: [] }),
  GetOrganization: (name) => {
    if (name !== 'acme' && name !== 't1') throw fault('NotFound', `organization ${name}`);
    return thing('t1', 'acme', { title: 'Acme', regions: [] });
  },
  CreateProject: (name) => thing('p1', name, { title: name }),
  GetProject: () => thing('p1', 'web', { title: 'Web' }),
  ListEnvironments: () => ({
    items: [
      thing('e1', 'live', { project: 'p0', kind: 'live', title: 'x' }),
      thing('e2', 'e2', { project: 'p1', kind: 'live', title: 'x' }),
    ],
    version: '0',
  }),
  CreateCredential: () => faces,
  RevokeCredential: () => ({}),
  ListCredentials: (_name, { after }) =>
    after === undefined
      ? { items: [thing('c1', 'c1', { principal: 'p', environment: 'e', role: 'admin', title: '' })], next: 'c1', version: '0' }
      : { items: [thing('c2', 'c2', { principal: 'q', environment: 'e', role: 'reader', title: '' })], version: '0' },
};

const handed: Handed[] = [];
let door: HttpDoor;
let url = '';
let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gamut-verb-'));
  const handlers = (await allContracts()).map((contract) => {
    const all = Object.keys(contract.operations).map((operation): [string, Handler] => [
      operation,
      async (name, input, more) => {
        const body = more.body && (await textOf(more.body));
        seen.push({ operation, name, input, body });
        return { output: answers[operation]?.(name, input) ?? {}, ...(operation === 'GetObject' ? { body: bytesOf('hel', 'lo') } : {}) };
      },
    ]);
    return [`/v1/${contract.name}/`, restHandler(contract, testGate(contract, Object.fromEntries(all), handed))] as const;
  });
  door = await httpServer({ name: 'test', host: '127.0.0.1', port: 0, fallback: 'refuse', plain: 'loopback' }, (request, response) => {
    const [, handler] = handlers.find(([prefix]) => request.url?.startsWith(prefix)) ?? [];
    return handler?.(request, response, { secure: false });
  });
  url = door.url;
});
after(async () => {
  await door.close();
  await rm(folder, { recursive: true });
});

type Ran = { code: number | null; out: string; err: string };
function gamut(line: string | string[], more: { stdin?: string; env?: Record<string, string> } = {}): Promise<Ran> {
  seen.length = 0;
  handed.length = 0;
  const words = typeof line === 'string' ? line.split(' ') : line;
  const env = { ...process.env, GAMUT_URL: url, GAMUT_TOKEN: 'good', NODE_OPTIONS: '', ...more.env };
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...words], { cwd: folder, env });
    let [out, err] = ['', ''];
    child.stdout.on('data', (piece) => {
      out += piece;
    });
    child.stderr.on('data', (piece) => {
      err += piece;
    });
    child.on('error', reject).on('close', (code) => resolve({ code, out, err }));
    child.stdin.end(more.stdin ?? '');
  });
}

test('an operation is a verb with its fields as options', async () => {
  const ran = await gamut('storage create-bucket photos --location us-east-1 --labels app=web --labels tier=one -o json');
  assert.equal(ran.code, 0, ran.err);
  assert.deepEqual(JSON.parse(ran.out), bucket('photos'));
  assert.deepEqual(seen, [
    {
      operation: 'CreateBucket',
      name: 'photos',
      input: { name: 'photos', location: 'us-east-1', labels: { app: 'web', tier: 'one' } },
      body: undefined,
    },
  ]);
});

test('a verb without its kind is enough where nothing else could be meant', async () => {
  assert.equal((await gamut('storage delete photos')).out, 'Done.\n');
  assert.deepEqual(
    seen.map(({ operation, name }) => [operation, name]),
    [['DeleteBucket', 'photos']],
  );
});

test('a list is an aligned table with the columns of its kind; what others wrote cannot steer the terminal', async () => {
  const { out } = await gamut('storage list-buckets');
  const [head, first, second, , more] = out.split('\n');
  assert.match(head ?? '', /^NAME +LOCATION +CREATED$/);
  assert.match(first ?? '', /^photos +us-east-1 +2023-11-14T22:13:20\.000Z$/);
  assert.match(second ?? '', /^evil\\u001b\[31m +us-east-1/);
  assert.equal(more, 'There is more: --after photos');
  assert.equal((await gamut('storage list-buckets --after photos')).out, 'None.\n');
});

test('bytes come from a file or standard input and go to standard output or a file', async () => {
  const file = join(folder, 'in');
  await writeFile(file, 'abc');
  assert.equal(
    (
      await gamut([
        'storage',
        'put-object',
        'photos',
        '--key',
        'a b/c',
        '--body',
        file,
        '--metadata',
        '{"x":"y"}',
        '--if-match',
        'e1',
        '--if-match',
        'e2',
      ])
    ).code,
    0,
  );
  assert.deepEqual(seen[0], {
    operation: 'PutObject',
    name: 'photos',
    input: { key: 'a b/c', metadata: { x: 'y' }, ifMatch: ['e1', 'e2'] },
    body: 'abc',
  });
  assert.equal((await gamut('storage put-object photos --key k --body -', { stdin: 'piped' })).code, 0);
  assert.equal(seen[0]?.body, 'piped');
  assert.equal((await gamut('storage get-object photos --key k --range.first 1')).out, 'hello');
  assert.deepEqual(seen.at(-1)?.input.range, { first: 1 });
  const target = join(folder, 'out');
  const saved = await gamut(['storage', 'get-object', 'photos', '--key', 'k', '--save', target, '-o', 'json']);
  assert.equal(await readFile(target, 'utf8'), 'hello');
  assert.equal(JSON.parse(saved.out).etag, 'e');
});

test('an input comes from JSON as well, and options add to it', async () => {
  const input = { key: 'k', uploadId: 'u', parts: [{ partNumber: 1, etag: 'e' }] };
  const ran = await gamut('storage complete-multipart-upload photos --input - --size 7', { stdin: JSON.stringify(input) });
  assert.equal(ran.code, 0, ran.err);
  assert.deepEqual(seen[0]?.input, { ...input, size: 7 });
});

test('a wrong command line exits with 2, names the option and sends nothing', async () => {
  const cases: [string, RegExp][] = [
    ['storage create-bucket Abc', /The name must match/],
    ['storage list-buckets --limit 0', /--limit must be at least 1/],
    ['storage list-buckets --limit x', /--limit must be an integer/],
    ['storage list-buckets extra', /one word too many/],
    ['storage head-bucket', /name of the Bucket is missing/],
    ['storage get-object b', /--key is required/],
    ['storage list-buckets --nothing 1', /--nothing is not an option/],
    ['storage list-buckets --limit', /--limit needs a value/],
    ['storage put-object b --key k', /--body FILE is missing/],
    ['storage put-object b --key k --body /nowhere', /cannot be read/],
    ['storage put-object b --key k --body /', /is a directory/],
    ['storage fly', /no verb "fly"/],
    ['storge list', /neither a command nor a service/],
    ['tenant fly', /gamut tenant has no "fly"/],
    ['tenant create', /NAME is missing/],
    ['tenant create a b', /one word too many/],
    ['credential create --rank x', /rank/],
    ['storage list-buckets --limit 1 --limit 2', /given twice/],
    ['storage list-buckets --input /nowhere', /cannot be read/],
  ];
  for (const [line, sentence] of cases) {
    const { code, err } = await gamut(line);
    assert.equal(code, 2, `${line}: ${err}`);
    assert.match(err, sentence, line);
    assert.equal(err.trim().split('\n').length, 1, err);
    assert.deepEqual(seen, [], line);
  }
});

test('a refusal of the platform exits with 1 and tells its code', async () => {
  const text = await gamut('storage create-bucket taken');
  assert.deepEqual([text.code, text.out], [1, '']);
  assert.match(text.err, /^gamut: BucketAlreadyExists: The requested bucket name is not available/);
  const json = await gamut('storage create-bucket taken -o json');
  assert.equal(JSON.parse(json.err).error.code, 'BucketAlreadyExists');
  assert.equal((await gamut('storage list', { env: { GAMUT_TOKEN: 'bad' } })).code, 1);
});

test('when nothing runs or answers it says so in one sentence and exits with 3', async () => {
  const nothing = await gamut(['storage', 'list', '--data', join(folder, 'none')], { env: { GAMUT_URL: '' } });
  assert.equal(nothing.code, 3);
  assert.match(nothing.err, /^gamut: Nothing runs on .*; `gamut up` starts it\.\n$/);
  const silent = await gamut('tenant list -o json', { env: { GAMUT_URL: 'http://127.0.0.1:1' } });
  assert.equal(silent.code, 3);
  assert.equal(JSON.parse(silent.err).error.code, 'NotRunning');
});

test('tenant create prints id and name; a title for people is taken as one', async () => {
  assert.deepEqual(JSON.parse((await gamut('tenant create acme -o json')).out), { id: 't1', name: 'acme' });
  assert.deepEqual(seen[0]?.input, { name: 'acme' });
  assert.deepEqual(JSON.parse((await gamut(['tenant', 'create', 'Acme Ltd', '-o', 'json'])).out), { id: 't1', name: 'from-title' });
  assert.deepEqual(seen[0]?.input, { title: 'Acme Ltd' });
});

test('project create acts in the tenant named by name or id', async () => {
  for (const tenant of ['acme', 't1']) {
    assert.deepEqual(JSON.parse((await gamut(`project create web --tenant ${tenant} -o json`)).out), { id: 'p1', name: 'web' });
    assert.deepEqual(
      handed.map(({ material }) => material.environment),
      [undefined, 't1'],
    );
  }
  assert.match((await gamut('project create web --tenant nobody')).err, /^gamut: NotFound: .*nobody/);
});

test('credential create prints one credential in all its faces', async () => {
  const ran = await gamut('credential create --tenant acme --project web --environment test --role reader --as alice -o json');
  assert.deepEqual(JSON.parse(ran.out), faces);
  assert.deepEqual(seen.at(-1)?.input, { project: 'web', environment: 'test', role: 'reader', principal: 'alice' });
  assert.equal((await gamut('credential create')).out, ran.out);
  const text = await gamut('credential create -o text');
  assert.match(text.out, /^s3\.secretAccessKey +SK$/m);
  assert.deepEqual(seen.at(-1)?.input, {});
});

test('credential revoke and list work, the list over all pages', async () => {
  assert.equal((await gamut('credential revoke c1')).out, 'Revoked c1.\n');
  assert.deepEqual(
    seen.map(({ operation, name }) => [operation, name]),
    [['RevokeCredential', 'c1']],
  );
  const listed = JSON.parse((await gamut('credential list -o json')).out) as { items: { name: string }[] };
  assert.deepEqual(
    listed.items.map(({ name }) => name),
    ['c1', 'c2'],
  );
});

test('a verb acts in the environment that tenant, project and environment name', async () => {
  assert.equal((await gamut('storage list --tenant acme --project web --environment live')).code, 0);
  assert.equal(handed.at(-1)?.material.environment, 'e2');
  assert.match((await gamut('storage list --environment nowhere')).err, /^gamut: NotFound: .*environment nowhere/);
});

test('--help tells how to use a service, a verb and a short command', async () => {
  assert.match((await gamut('storage --help')).out, /create-bucket +\(create\) +Make a bucket\./);
  const verb = (await gamut('storage get-object --help')).out;
  assert.match(verb, /--range\.first NUMBER/);
  assert.match(verb, /--key TEXT +Key of the object.*Required\./);
  assert.match(verb, /--save FILE/);
  assert.ok(!verb.includes('--body'));
  assert.match((await gamut('credential --help')).out, /--role owner\|admin/);
});
